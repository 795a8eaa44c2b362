"""What becomes of rows on a live SQLite: each migration with its exact outcome and losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Direction
from glowplug.rehearsal.measured import DataOutcome, Measurement, Reversibility

if TYPE_CHECKING:
    from conftest import Measure

pytestmark = pytest.mark.sqlite

T = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL);"


def told(measurement: Measurement) -> list[tuple[str, str | None, str, str, str, bool]]:
    return [
        (each.table, each.column, each.by.value, each.how.value, each.written.value, each.expected)
        for each in measurement.data.losses
    ]


def test_an_index_touches_rows_and_loses_none(on_sqlite: Measure) -> None:
    found = on_sqlite(T, "CREATE INDEX i ON t (name);", "DROP INDEX i;")
    assert (found.data.outcome, found.data.losses) == (DataOutcome.LOSSLESS, ())
    assert found.data.seeded == 1
    assert found.observed is not None
    assert found.observed_down is not None
    assert found.data.text_says is Reversibility.LOSSLESS


def test_what_touches_no_row_takes_no_rows(on_sqlite: Measure) -> None:
    found = on_sqlite(T, "CREATE VIEW v AS SELECT 1 AS one;", "DROP VIEW v;")
    assert (found.data.outcome, found.data.seeded, found.data.losses) == (DataOutcome.LOSSLESS, 0, ())


def test_a_new_table_goes_with_the_down(on_sqlite: Measure) -> None:
    found = on_sqlite(T, "CREATE TABLE u (id INTEGER PRIMARY KEY, x TEXT NOT NULL);", "DROP TABLE u;")
    assert found.data.outcome is DataOutcome.LOSSY
    assert told(found) == [("u", None, "down", "dropped", "after", True)]
    assert found.data.text_says is Reversibility.LOSSY


def test_a_new_column_goes_with_the_down(on_sqlite: Measure) -> None:
    found = on_sqlite(T, "ALTER TABLE t ADD COLUMN nick TEXT NOT NULL DEFAULT '';", "ALTER TABLE t DROP COLUMN nick;")
    assert found.data.outcome is DataOutcome.LOSSY
    assert told(found) == [("t", "nick", "down", "dropped", "after", True)]


def test_a_dropped_column_is_gone_for_good(on_sqlite: Measure) -> None:
    found = on_sqlite(T, "ALTER TABLE t DROP COLUMN name;", "ALTER TABLE t ADD COLUMN name TEXT NOT NULL DEFAULT '';")
    assert found.data.outcome is DataOutcome.IRREVERSIBLE
    assert told(found) == [("t", "name", "up", "dropped", "before", False)]
    assert (found.data.losses[0].rows, found.data.losses[0].of) == (20, 20)
    assert found.data.text_says is Reversibility.IRREVERSIBLE


def test_a_rebuild_in_the_transaction_empties_the_children(on_sqlite: Measure) -> None:
    before = T + "CREATE TABLE child (id INTEGER PRIMARY KEY, t_id INTEGER NOT NULL REFERENCES t ON DELETE CASCADE);"
    rebuild = (
        "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL{});"
        "INSERT INTO n (id, name, age) SELECT id, name, age FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;"
    )
    found = on_sqlite(before, rebuild.format(" CHECK (age > 0)"), rebuild.format(""))
    assert found.data.outcome is DataOutcome.IRREVERSIBLE
    assert ("child", None, "up", "deleted", "before", False) in told(found)
    assert all(loss[0] == "child" for loss in told(found))


def test_the_other_world_tells_of_the_cascade(on_sqlite_without_foreign_keys: Measure) -> None:
    before = T + "CREATE TABLE child (id INTEGER PRIMARY KEY, t_id INTEGER NOT NULL REFERENCES t ON DELETE CASCADE);"
    rebuild = (
        "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL{});"
        "INSERT INTO n (id, name, age) SELECT id, name, age FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;"
    )
    found = on_sqlite_without_foreign_keys(before, rebuild.format(" DEFAULT 1"), rebuild.format(""))
    assert (found.data.outcome, found.data.losses) == (DataOutcome.LOSSLESS, ())
    (other,) = found.data.elsewhere
    assert other.world == "foreign_keys = ON"
    assert other.outcome is DataOutcome.IRREVERSIBLE
    assert [(loss.table, loss.by.value, loss.how.value) for loss in other.losses] == [("child", "up", "deleted")]


def test_a_rename_keeps_everything(on_sqlite: Measure) -> None:
    found = on_sqlite(
        T,
        "ALTER TABLE t RENAME COLUMN name TO title; ALTER TABLE t RENAME TO u;",
        "ALTER TABLE u RENAME TO t; ALTER TABLE t RENAME COLUMN title TO name;",
    )
    assert (found.data.outcome, found.data.losses) == (DataOutcome.LOSSLESS, ())
    assert found.data.seeded == 1


def test_an_update_that_merges_values(on_sqlite: Measure) -> None:
    found = on_sqlite(T, "UPDATE t SET name = 'x';", "SELECT 1;")
    assert told(found) == [("t", "name", "up", "changed", "before", False)]
    assert found.data.outcome is DataOutcome.IRREVERSIBLE


def test_two_columns_change_places_and_back(on_sqlite: Measure) -> None:
    swap = "UPDATE t SET name = other, other = name;"
    found = on_sqlite("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, other TEXT);", swap, swap)
    assert (found.data.outcome, found.data.losses) == (DataOutcome.LOSSLESS, ())


def test_rows_that_the_up_deletes(on_sqlite: Measure) -> None:
    found = on_sqlite(T, "DELETE FROM t;", "SELECT 1;")
    assert told(found) == [("t", None, "up", "deleted", "before", False)]


def test_a_down_that_deletes_what_was_there_before(on_sqlite: Measure) -> None:
    found = on_sqlite(
        T,
        "CREATE TABLE log (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (-5, 'x', 1);",
        "DROP TABLE log; DELETE FROM t;",
    )
    assert found.data.outcome is DataOutcome.LOSSY
    assert ("t", None, "down", "deleted", "before", False) in told(found)


def test_rows_of_the_chain_break_the_up(on_sqlite: Measure) -> None:
    found = on_sqlite(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER); INSERT INTO t VALUES (1, 7), (2, 7);",
        "CREATE UNIQUE INDEX u ON t (a);",
        "DROP INDEX u;",
    )
    assert found.data.outcome is DataOutcome.FAILS_ON_DATA
    assert found.data.failure is not None
    assert "UNIQUE" in found.data.failure.error.message


def test_rows_of_a_seed_file_break_the_up(on_sqlite: Measure) -> None:
    found = on_sqlite(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);",
        "CREATE UNIQUE INDEX u ON t (a);",
        "DROP INDEX u;",
        seeds=("INSERT INTO t VALUES (1, 7), (2, 7);", "INSERT INTO absent VALUES (1);"),
    )
    assert found.data.outcome is DataOutcome.FAILS_ON_DATA


def test_rows_of_a_seed_file_break_the_down(on_sqlite: Measure) -> None:
    found = on_sqlite(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);",
        "CREATE INDEX i ON t (a);",
        "DROP INDEX i; CREATE UNIQUE INDEX i ON t (a);",
        seeds=("INSERT INTO t VALUES (-1, -7), (-2, -7);",),
    )
    assert found.data.outcome is DataOutcome.FAILS_ON_DATA
    assert found.data.failure is not None
    assert found.data.failure.direction is Direction.DOWN


def test_a_down_that_fails_without_rows_is_no_matter_of_rows(on_sqlite: Measure) -> None:
    found = on_sqlite(T, "ALTER TABLE t DROP COLUMN age;", "DROP INDEX absent;")
    assert told(found) == [("t", "age", "up", "dropped", "before", False)]
    assert "without any rows of ours" in (found.data.why or "")
    assert found.data.refusals == ()


def test_a_down_that_does_not_run_twice_is_no_matter_of_rows(on_sqlite: Measure) -> None:
    found = on_sqlite(T, "DROP INDEX IF EXISTS absent;", "CREATE INDEX i ON t (age);")
    assert (found.data.outcome, found.data.refusals, found.data.why) == (DataOutcome.LOSSLESS, (), None)
    refused = on_sqlite(T, "DROP INDEX IF EXISTS absent;", "CREATE UNIQUE INDEX i ON t (age);").data.refusals
    assert refused
    assert all("UNIQUE" in each.error.message for each in refused)


def test_a_seed_file_that_does_not_run_is_told(on_sqlite: Measure) -> None:
    found = on_sqlite(T, "CREATE INDEX i ON t (name);", "DROP INDEX i;", seeds=("INSERT INTO absent VALUES (1);",))
    assert [each.table for each in found.data.not_seeded] == ["seeds/0.sql"]
    assert "absent" in found.data.not_seeded[0].why


def test_an_up_that_fails_anyway_is_not_measured(on_sqlite: Measure) -> None:
    found = on_sqlite(T, "ALTER TABLE absent ADD COLUMN x;", "SELECT 1;")
    assert found.data.outcome is DataOutcome.NOT_MEASURED
    assert "without any rows of ours" in (found.data.why or "")


def test_without_a_down_only_what_is_nowhere_is_lost(on_sqlite: Measure) -> None:
    moved = (
        "CREATE TABLE names (t_id INTEGER PRIMARY KEY, name TEXT); INSERT INTO names SELECT id, name FROM t;"
        "ALTER TABLE t DROP COLUMN name;"
    )
    assert on_sqlite(T, moved, None).data.outcome is DataOutcome.LOSSLESS
    found = on_sqlite(T, moved + "ALTER TABLE t DROP COLUMN age;", "SELECT 1;", forward_only=True)
    assert told(found) == [("t", "age", "up", "dropped", "before", False)]
    assert found.observed_down is None
