"""Keys that share a column: a row refers by each of them to rows that have the same there."""

from __future__ import annotations

import pytest

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding import DataSettings, seed
from tests.rehearsal.seeding.servers import contents, database

TWO = """
CREATE TABLE a (tenant {kind} NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (tenant, id));
CREATE TABLE b (tenant {kind} NOT NULL, code {kind} NOT NULL, PRIMARY KEY (tenant, code));
CREATE TABLE c (tenant {kind} NOT NULL, a_id INTEGER NOT NULL, code {kind} NOT NULL, PRIMARY KEY (tenant, a_id, code),
  FOREIGN KEY (tenant, a_id) REFERENCES a (tenant, id), FOREIGN KEY (tenant, code) REFERENCES b (tenant, code));
"""
ITSELF = """
CREATE TABLE c (tenant {kind} NOT NULL, id INTEGER NOT NULL, parent INTEGER, PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, parent) REFERENCES c (tenant, id));
"""
TENANTS = """
CREATE TABLE t (id {kind} NOT NULL PRIMARY KEY);
CREATE TABLE a (id INTEGER NOT NULL, t {kind} NOT NULL REFERENCES t (id), PRIMARY KEY (t, id));
CREATE TABLE b (id INTEGER NOT NULL, t {kind} NOT NULL REFERENCES t (id), a_id INTEGER NOT NULL, PRIMARY KEY (t, id),
  FOREIGN KEY (t, a_id) REFERENCES a (t, id));
CREATE TABLE c (t {kind} NOT NULL, b_id INTEGER NOT NULL, a_id INTEGER NOT NULL,
  FOREIGN KEY (t, b_id) REFERENCES b (t, id), FOREIGN KEY (t, a_id) REFERENCES a (t, id));
"""
KINDS = {
    Dialect.SQLITE: ("TEXT", "INTEGER"),
    Dialect.POSTGRES: ("text", "uuid", "bigint", "varchar(20)"),
    Dialect.MYSQL: ("VARCHAR(40)", "BIGINT"),
}


@pytest.mark.parametrize(
    ("dialect", "kind"),
    [pytest.param(one, kind, marks=getattr(pytest.mark, one.value)) for one, kinds in KINDS.items() for kind in kinds],
)
@pytest.mark.parametrize("tables", [TWO, ITSELF, TENANTS], ids=["two", "itself", "tenants"])
def test_keys_that_share_a_column(tables: str, dialect: Dialect, kind: str) -> None:
    with database(dialect, tables.format(kind=kind)) as rows:
        found = seed(rows, rows.tables(), dialect=dialect, settings=DataSettings(rows=20))
        assert found.not_seeded == ()
        assert {name.rpartition(".")[2]: number for name, number in found.written.items()}["c"] == 20
        if tables is ITSELF:
            assert any(row["parent"] is not None for row in contents(rows, "c"))
