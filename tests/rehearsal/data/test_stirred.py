"""Values that go round among the rows of one call, and those that stay with their row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.rehearsal.data.filling.stirred import Stirred
from glowplug.schema.tables import Check, Column, Family, ForeignKey, Table, Type, Unique

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.rows import Value

TEXT = Type(name="text", family=Family.TEXT)
COLUMNS = ("id", "a", "b", "c", "low", "high", "parent")
ROWS = [tuple(f"{name}{n}" for name in COLUMNS) for n in range(3)]


class Kept:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written: list[tuple[Value, ...]] = []

    def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> tuple[None, ...]:
        del table, columns
        self.written += map(tuple, rows)
        return (None,) * len(rows)


def table(*checks: str, unique: str | None = None) -> Table:
    return Table(
        name="t",
        sql="t",
        columns=tuple(Column(name=name, type=TEXT, nullable=True) for name in COLUMNS),
        checks=tuple(Check(name=text, expression=text) for text in checks),
        uniques=(Unique(name="key", columns=("id",), primary=True),)
        + (() if unique is None else (Unique(name="u", columns=(unique,)),)),
        foreign_keys=(ForeignKey(name="f", columns=("parent",), table="p", referenced=("id",)),),
    )


def written(now: Table, *later: Table) -> dict[str, list[str]]:
    kept = Kept()
    assert Stirred(kept, later).insert(now, COLUMNS, ROWS) == (None, None, None)  # type: ignore[arg-type]
    return {name: [str(row[place])[-1] for row in kept.written] for place, name in enumerate(COLUMNS)}


def test_free_columns_go_round_and_keys_checks_and_references_stay() -> None:
    found = written(table("low < high", "a <> ''"))
    assert (found["a"], found["b"], found["c"]) == (["1", "2", "0"], ["2", "0", "1"], ["0", "1", "2"])
    assert [found[name] for name in ("id", "low", "high", "parent")] == [["0", "1", "2"]] * 4


def test_what_is_bound_later_stays_as_well() -> None:
    assert written(table(), table(unique="a"))["a"] == ["0", "1", "2"]
    assert written(table(), table("b < c"))["b"] == ["0", "1", "2"]
    assert written(table())["b"] == ["2", "0", "1"]


def test_nothing_is_written_of_no_rows() -> None:
    kept = Kept()
    assert Stirred(kept, ()).insert(table(), COLUMNS, []) == ()  # type: ignore[arg-type]
    assert kept.written == []
