"""Rows are read in one order, wherever the server keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.database.rows import Contents, Rows
from glowplug.rehearsal.data.losses.ordered import Ordered
from glowplug.schema.tables import Column, Family, Table, Type, Unique

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.database.rows import Value

ROWS: tuple[tuple[Value, ...], ...] = ((None, "b"), ("10", "a"), ("2", "a"), ("2", None), ("2", b"\0"))


class _Heap(Rows):
    def __init__(self, rows: tuple[tuple[Value, ...], ...]) -> None:
        self._rows = rows

    def read(self, table: Table, *, limit: int = 10_000) -> Contents:
        del limit
        return Contents(columns=tuple(column.name for column in table.columns), rows=self._rows)


def table(*key: str) -> Table:
    text = Type(name="text", family=Family.TEXT)
    return Table(
        name="t",
        sql="t",
        columns=(Column(name="a", type=text, nullable=True), Column(name="b", type=text, nullable=True)),
        uniques=(Unique(name="k", columns=key, primary=True),) if key else (),
    )


def test_by_the_whole_row() -> None:
    for rows in (ROWS, ROWS[::-1]):
        found = Ordered(_Heap(rows)).read(table()).rows
        assert found == ((None, "b"), ("2", None), ("2", "a"), ("2", b"\0"), ("10", "a"))


def test_by_the_key_first() -> None:
    rows: tuple[tuple[Value, ...], ...] = (("1", "z"), ("2", "y"))
    assert Ordered(_Heap(rows)).read(table("b")).rows == (("2", "y"), ("1", "z"))


@pytest.mark.postgres
def test_examples_do_not_follow_the_heap(on_postgres: Measure) -> None:
    before = (
        "CREATE TABLE t (id serial PRIMARY KEY, v text NOT NULL); INSERT INTO t (id, v) SELECT n, 'v' || n FROM {} n;"
    )
    told = [
        on_postgres(before.format(numbers), "ALTER TABLE t DROP COLUMN v;", "ALTER TABLE t ADD COLUMN v text;", rows=1)
        for numbers in ("generate_series(100, 109)", "generate_series(109, 100, -1)")
    ]
    assert [[each.before for each in found.data.losses[0].examples[1:]] for found in told] == [["v100", "v101"]] * 2
