"""The up that can't run again on what its down has left, which only rows show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Direction
from glowplug.rehearsal.measured import DataOutcome, When

if TYPE_CHECKING:
    from conftest import Measure

LOG = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE log (user_id INTEGER NOT NULL, what VARCHAR(20) NOT NULL, UNIQUE (user_id, what));
"""
UP = "INSERT INTO log (user_id, what) SELECT id, 'migrated' FROM users;"


def stays_behind(measure: Measure) -> None:
    refusal = measure(LOG, UP, "SELECT 1;").data.up_again
    assert refusal is not None
    assert (refusal.direction, refusal.written, refusal.error.line) == (Direction.UP, When.BEFORE, 1)
    assert measure(LOG, UP, "DELETE FROM log WHERE what = 'migrated';").data.up_again is None


def test_what_the_up_wrote_stays_behind_on_sqlite(on_sqlite: Measure) -> None:
    stays_behind(on_sqlite)


@pytest.mark.postgres
def test_what_the_up_wrote_stays_behind_on_postgres(on_postgres: Measure) -> None:
    stays_behind(on_postgres)


@pytest.mark.mysql
def test_what_the_up_wrote_stays_behind_on_mysql(on_mysql: Measure) -> None:
    stays_behind(on_mysql)


def test_the_down_leaves_what_the_up_refuses(on_sqlite: Measure) -> None:
    found = on_sqlite(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT NOT NULL); CREATE TABLE c (code TEXT NOT NULL UNIQUE);",
        "INSERT INTO c SELECT DISTINCT code FROM t WHERE code <> '';",
        "DELETE FROM c; UPDATE t SET code = 'x' || id; INSERT INTO c SELECT code FROM t;",
    )
    assert found.data.up_again is not None


def test_an_up_that_never_runs_again_is_no_matter_of_rows(on_sqlite: Measure) -> None:
    found = on_sqlite(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);",
        "CREATE TABLE u (id INTEGER PRIMARY KEY); UPDATE t SET n = n + 1;",
        "UPDATE t SET n = n - 1;",
    )
    assert found.data.up_again is None
    assert found.data.outcome is not DataOutcome.NOT_MEASURED


def test_what_is_written_to_a_new_table_stops_the_up(on_sqlite: Measure) -> None:
    found = on_sqlite(
        "CREATE TABLE kept (id INTEGER PRIMARY KEY);",
        "CREATE TABLE IF NOT EXISTS n (id INTEGER PRIMARY KEY, v INTEGER); CREATE UNIQUE INDEX i ON n (v);",
        "DROP INDEX i; UPDATE n SET v = 1;",
    )
    assert found.data.up_again is not None
    assert found.data.up_again.written is When.AFTER


def test_rows_that_the_up_refuses_at_its_first_run_are_told_as_such(on_sqlite: Measure) -> None:
    found = on_sqlite(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT NOT NULL);",
        "CREATE TABLE c (code TEXT NOT NULL UNIQUE); INSERT INTO c SELECT code FROM t;",
        "DROP TABLE c;",
    )
    assert [each.value for each in found.data.refusals if each.direction is Direction.UP] == ["two equal values"]
    assert found.data.up_again is None


TWICE = "INSERT INTO log SELECT min(id), 'twice' FROM users GROUP BY name HAVING count(*) > 1;"
CODES = "CREATE TABLE t (id INTEGER PRIMARY KEY, code VARCHAR(40) NOT NULL);"
OF_CODES = "CREATE TABLE c (code VARCHAR(40) NOT NULL); INSERT INTO c SELECT code FROM t;"


def said(measure: Measure, before: str, up: str, down: str) -> tuple[str | None, str | None, When] | None:
    refusal = measure(before, up, down).data.up_again
    return None if refusal is None else (refusal.column, refusal.value, refusal.written)


def stays_behind_of_odd_rows(measure: Measure) -> None:
    """Where the up takes all odd rows, and where it refuses others of them at its first run."""
    assert said(measure, LOG, TWICE, "SELECT 1;") == ("name", "two equal values", When.BEFORE)
    assert said(measure, LOG, TWICE, "DELETE FROM log WHERE what = 'twice';") is None
    of_names = "CREATE TABLE c (name VARCHAR(40) NOT NULL CHECK (name <> '')); INSERT INTO c SELECT name FROM users;"
    assert said(measure, LOG, TWICE + of_names, "DROP TABLE c;") == ("name", "two equal values", When.BEFORE)


def stays_after_the_down(measure: Measure, lets_be_null: str) -> None:
    up, down = lets_be_null + OF_CODES, "DROP TABLE c; UPDATE t SET code = {};"
    assert said(measure, CODES, up, down.format("trim(code)")) == ("code", "NULL", When.AFTER)
    assert said(measure, CODES, up, down.format("coalesce(code, '')")) is None


@pytest.mark.sqlite
def test_odd_rows_of_which_the_down_leaves_something_on_sqlite(on_sqlite: Measure) -> None:
    stays_behind_of_odd_rows(on_sqlite)
    stays_after_the_down(
        on_sqlite,
        "CREATE TABLE n (id INTEGER PRIMARY KEY, code VARCHAR(40)); INSERT INTO n SELECT id, code FROM t;"
        "DROP TABLE t; ALTER TABLE n RENAME TO t;",
    )


@pytest.mark.postgres
def test_odd_rows_of_which_the_down_leaves_something_on_postgres(on_postgres: Measure) -> None:
    stays_behind_of_odd_rows(on_postgres)
    stays_after_the_down(on_postgres, "ALTER TABLE t ALTER COLUMN code DROP NOT NULL;")


@pytest.mark.mysql
def test_odd_rows_of_which_the_down_leaves_something_on_mysql(on_mysql: Measure) -> None:
    stays_behind_of_odd_rows(on_mysql)
    stays_after_the_down(on_mysql, "ALTER TABLE t MODIFY code VARCHAR(40);")
