"""Rows of different tables have different numbers, odd rows too, where a migration puts two tables into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Direction
from glowplug.rehearsal.data.files.names import Names
from glowplug.rehearsal.data.filling.numbering import numberings
from glowplug.rehearsal.measured import DataOutcome
from glowplug.schema.tables import Column, Family, Table, Type, Written

if TYPE_CHECKING:
    from conftest import Measure

TWO = "CREATE TABLE a (id {key}, name {text} NOT NULL); CREATE TABLE b (id {key}, name {text} NOT NULL);"
ONE = (
    "CREATE TABLE both_of_them (id INTEGER PRIMARY KEY, name {text} NOT NULL);"
    "INSERT INTO both_of_them SELECT id, name FROM a; INSERT INTO both_of_them SELECT id, name FROM b;"
)


def are_put_together(measure: Measure, key: str, text: str) -> None:
    found = measure(TWO.format(key=key, text=text), ONE.format(text=text), "DROP TABLE both_of_them;").data
    assert (found.refusals, found.up_again, found.not_seeded) == ((), None, ())
    assert found.outcome is DataOutcome.LOSSY


@pytest.mark.sqlite
def test_two_tables_put_into_one_on_sqlite(on_sqlite: Measure) -> None:
    are_put_together(on_sqlite, "INTEGER PRIMARY KEY", "TEXT")


@pytest.mark.postgres
@pytest.mark.parametrize("key", ["serial PRIMARY KEY", "smallserial PRIMARY KEY", "bigserial PRIMARY KEY"])
def test_two_tables_put_into_one_on_postgres(key: str, on_postgres: Measure) -> None:
    are_put_together(on_postgres, key, "text")


@pytest.mark.mysql
@pytest.mark.parametrize("key", ["INTEGER PRIMARY KEY AUTO_INCREMENT", "SMALLINT PRIMARY KEY AUTO_INCREMENT"])
def test_two_tables_put_into_one_on_mysql(key: str, on_mysql: Measure) -> None:
    are_put_together(on_mysql, key, "VARCHAR(60)")


@pytest.mark.postgres
@pytest.mark.parametrize(("key", "kind"), [("bigserial", "integer"), ("serial", "smallint")])
def test_numbers_are_those_that_both_types_have(key: str, kind: str, on_postgres: Measure) -> None:
    found = on_postgres(
        f"CREATE TABLE t (id {key} PRIMARY KEY, name text NOT NULL);",
        f"ALTER TABLE t ALTER COLUMN id TYPE {kind};",
        "ALTER TABLE t ALTER COLUMN id TYPE bigint;",
    ).data
    assert (found.refusals, found.outcome) == ((), DataOutcome.LOSSLESS)


def table(name: str, maximum: int | None) -> Table:
    kind = Type(name="int", family=Family.INTEGER, maximum=maximum)
    column = Column(name="id", type=kind, nullable=False, written=Written.SERVER_IF_LEFT_OUT, numbered=True)
    return Table(name=name, sql=name, columns=(column,))


def test_a_table_keeps_its_place_through_a_rename_and_a_new_one_takes_none() -> None:
    before, after = [table("a", None), table("b", None)], [table("n", None), table("b", None), table("c", None)]
    names = Names({"a": "c", "b": "b"}, {})
    found = numberings(before, after, names, later=(), earlier=())
    old = {each.name: found[Direction.UP].first(each, each.columns[0], 1000) for each in before}
    new = {each.name: found[Direction.DOWN].first(each, each.columns[0], 1000) for each in after}
    assert (new["c"], new["b"]) == (old["a"], old["b"])
    assert len({*new.values()}) == len(new)


def test_small_types_share_what_room_there_is() -> None:
    before = [table(name, 127) for name in "abcd"]
    numbering = numberings(before, [], Names({}, {}), later=(), earlier=())[Direction.UP]
    firsts = [numbering.first(each, each.columns[0], 1000, turn=turn) for each in before for turn in (0, 1)]
    assert firsts == [63, 71, 79, 87, 95, 103, 111, 119]
