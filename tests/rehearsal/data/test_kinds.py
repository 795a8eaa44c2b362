"""Columns that become of another kind, with a CHECK that no value of the old kind meets: rows are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.data.adversary import Case, holds

if TYPE_CHECKING:
    from conftest import Measure

WORDS = "VARCHAR(20) NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'old'))"
NUMBERS = "INTEGER NOT NULL DEFAULT 1 CHECK (state IN (1, 2, 3))"
TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL, state {});"
ANEW = "ALTER TABLE t DROP COLUMN state; ALTER TABLE t ADD COLUMN state {};"
COPIED = (
    TABLE.replace("TABLE t", "TABLE n")
    + "INSERT INTO n SELECT id, name, CASE state WHEN {} ELSE {} END FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;"
)
BY_COLUMN = Case(
    "a column made anew",
    TABLE.format(NUMBERS),
    ANEW.format(WORDS),
    ANEW.format(NUMBERS),
    "irreversible",
    ["up t.state"],
)
BY_TABLE = Case(
    "a table made anew",
    TABLE.format(NUMBERS),
    "DROP TABLE t;" + TABLE.format(WORDS),
    "DROP TABLE t;" + TABLE.format(NUMBERS),
    "irreversible",
    ["up t deleted", "down t deleted after"],
)
BY_COPY = Case(
    "a table copied",
    TABLE.format(NUMBERS),
    COPIED.format(WORDS, "1 THEN 'new'", "'old'"),
    COPIED.format(NUMBERS, "'new' THEN 1", "2"),
    "irreversible",
    ["up t.state changed"],
)


@pytest.mark.postgres
@pytest.mark.parametrize("case", [BY_COLUMN, BY_TABLE, BY_COPY])
def test_on_postgres(case: Case, on_postgres: Measure) -> None:
    holds(case, on_postgres)


@pytest.mark.mysql
@pytest.mark.parametrize("case", [BY_COLUMN, BY_TABLE, BY_COPY])
def test_on_mysql(case: Case, on_mysql: Measure) -> None:
    holds(case, on_mysql)


@pytest.mark.sqlite
@pytest.mark.parametrize("case", [BY_TABLE, BY_COPY])
def test_on_sqlite(case: Case, on_sqlite: Measure) -> None:
    holds(case, on_sqlite)
