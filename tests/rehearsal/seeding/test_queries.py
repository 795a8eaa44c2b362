"""The queries that edges come with: they find such rows in production, whatever its database is called."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding import DataSettings, edges, seed
from glowplug.schema.tables import Action, ForeignKey, Unique
from tests.rehearsal.seeding.servers import database

SETUP = (
    "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, w INTEGER NOT NULL)"
)
DIALECTS = [
    pytest.param(Dialect.SQLITE, marks=pytest.mark.sqlite),
    pytest.param(Dialect.POSTGRES, marks=pytest.mark.postgres),
    pytest.param(Dialect.MYSQL, marks=pytest.mark.mysql),
]


@pytest.mark.parametrize("nulls_distinct", [True, False])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_later_tables_refuse(dialect: Dialect, nulls_distinct: bool) -> None:
    settings = DataSettings(rows=5)
    with database(dialect, SETUP) as rows:
        tables = {table.name.rpartition(".")[2]: table for table in rows.tables()}
        table, parent = tables["t"], tables["p"]
        seed(rows, tuple(tables.values()), dialect=dialect, settings=settings)
        key = ForeignKey(
            name="k",
            columns=("v",),
            table=parent.name,
            referenced=("id",),
            on_delete=Action.NO_ACTION,
            on_update=Action.NO_ACTION,
        )
        unique = Unique(name="u", columns=("v", "w"), nulls_distinct=nulls_distinct)
        later = replace(table, foreign_keys=(key,), uniques=(*table.uniques, unique))
        found = edges(
            rows, tuple(tables.values()), dialect=dialect, settings=settings, only=[table.name], later=[later, parent]
        )
        told = {(edge.columns, edge.value): edge for edge in found}
        orphan, pair = told[("v",), "a value that refers to nothing"], told[("v", "w"), "two equal values"]
        for edge in (orphan, pair):
            assert edge.query is not None
            assert "glowplug" not in edge.query
            before = rows.query(edge.query).rows
            for row in edge.rows:
                assert rows.insert(table, tuple(row), [tuple(row.values())]) == (None,)
            answer = rows.query(edge.query)
            assert answer.error is None
            assert len(answer.rows) > len(before)
        assert rows.execute("DELETE FROM t; INSERT INTO t VALUES (-1, NULL, 1), (-2, NULL, 1)") is None
        assert pair.query is not None
        assert len(rows.query(pair.query).rows) == (0 if nulls_distinct else 1)
        assert orphan.query is not None
        assert rows.query(orphan.query).rows == ()
