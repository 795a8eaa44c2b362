"""A down that refuses plain rows: nothing is known of the way back, and few rows may be enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.rehearsal.measured import DataOutcome, When

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Refusal

T = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT NOT NULL);"
INDEX = "CREATE INDEX i ON t (v);"


def refusal(measure: Measure, before: str, up: str, down: str, *seeds: str) -> Refusal:
    found = measure(before, up, down, seeds=seeds)
    assert found.data.outcome is DataOutcome.NOT_MEASURED
    assert (found.data.why or "").startswith("its down refuses rows that were there before the up: ")
    (told,) = (each for each in found.data.refusals if each.written is When.BEFORE)
    return told


def test_any_row(on_sqlite: Measure) -> None:
    told = refusal(on_sqlite, T, INDEX, "DROP INDEX i; INSERT INTO t SELECT id, v FROM t;")
    assert (told.table, told.enough) == ("t", 1)


def test_any_two_rows(on_sqlite: Measure) -> None:
    told = refusal(on_sqlite, T, INDEX, "DROP INDEX i; UPDATE t SET v = 'x'; CREATE UNIQUE INDEX j ON t (v);")
    assert (told.table, told.enough) == ("t", 2)


def test_not_those_of_the_chain(on_sqlite: Measure) -> None:
    told = refusal(
        on_sqlite,
        f"{T} INSERT INTO t VALUES (-1, 'x');",
        INDEX,
        "DROP INDEX i; INSERT INTO t SELECT id, v FROM t WHERE id > 0;",
    )
    assert (told.table, told.enough) == ("t", None)


def test_not_those_of_seeds(on_sqlite: Measure) -> None:
    told = refusal(
        on_sqlite,
        T,
        INDEX,
        "DROP INDEX i; INSERT INTO t SELECT id, v FROM t WHERE id > 0;",
        "INSERT INTO t VALUES (-1, 'x');",
    )
    assert told.enough is None


def test_what_the_up_takes_is_known_without_a_way_back(on_sqlite: Measure) -> None:
    found = on_sqlite(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT NOT NULL, w TEXT NOT NULL);",
        "ALTER TABLE t DROP COLUMN w;",
        "INSERT INTO t SELECT id, v FROM t; ALTER TABLE t ADD COLUMN w TEXT NOT NULL DEFAULT '';",
    )
    assert found.data.outcome is DataOutcome.IRREVERSIBLE
    assert (found.data.why or "").startswith("its down refuses rows")


def test_a_down_that_fails_anyway_is_not_lossless(on_sqlite: Measure) -> None:
    for up in (INDEX, "CREATE TABLE n (id INTEGER PRIMARY KEY);"):
        found = on_sqlite(T, up, "DROP INDEX absent;")
        assert found.data.outcome is DataOutcome.NOT_MEASURED
        assert "without any rows of ours" in (found.data.why or "")


def test_a_reference_that_made_up_rows_can_not_have(on_postgres: Measure) -> None:
    told = refusal(
        on_postgres,
        "CREATE TABLE u (id uuid PRIMARY KEY); CREATE TABLE n (id uuid PRIMARY KEY, u uuid NOT NULL);",
        "CREATE TABLE m (id uuid PRIMARY KEY, u uuid NOT NULL); INSERT INTO m SELECT id, u FROM n; DROP TABLE n;",
        "CREATE TABLE n (id uuid PRIMARY KEY, u uuid NOT NULL REFERENCES u); INSERT INTO n SELECT id, u FROM m;"
        " DROP TABLE m;",
    )
    assert told.enough is None
