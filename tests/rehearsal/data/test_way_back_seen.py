"""Old tables that nothing but the down was seen to have to do with: on a live PostgreSQL."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from glowplug.rehearsal.measured import DataOutcome, When

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Measurement

pytestmark = pytest.mark.postgres

USERS = "CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL);"
PURGE = "CREATE FUNCTION purge() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; END $$;"
FLAGS = "CREATE TABLE flags (id integer PRIMARY KEY);"
GUARD = "DO $$ BEGIN IF EXISTS (SELECT FROM users) THEN RAISE EXCEPTION 'no way back'; END IF; END $$;"


def lost(found: Measurement) -> list[tuple[str, str, str, int]]:
    return [
        (loss.table, loss.by.value, loss.how.value, loss.rows)
        for loss in found.data.losses
        if not loss.expected and loss.written is When.BEFORE
    ]


def test_a_function_that_only_the_down_calls(on_postgres: Measure) -> None:
    found = on_postgres(USERS + PURGE, FLAGS, "DROP TABLE flags; SELECT purge();")
    assert lost(found) == [("public.users", "down", "deleted", 20)]
    assert found.data.outcome is DataOutcome.LOSSY


def test_a_trigger_that_the_down_fires(on_postgres: Measure) -> None:
    trigger = (
        "CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM purge(); RETURN OLD; END $$;"
    )
    up = (
        f"{FLAGS} CREATE TRIGGER t AFTER DELETE ON flags FOR EACH ROW EXECUTE FUNCTION fired();"
        "INSERT INTO flags SELECT generate_series(0, 100);"
    )
    found = on_postgres(USERS + PURGE + trigger, up, "DELETE FROM flags; DROP TABLE flags;")
    assert lost(found) == [("public.users", "down", "deleted", 20)]


def test_a_table_that_is_locked_for_its_references_anyway(on_postgres: Measure) -> None:
    flags = "CREATE TABLE flags (id integer PRIMARY KEY, user_id integer REFERENCES users);"
    found = on_postgres(USERS + PURGE, flags, "DROP TABLE flags; SELECT purge();")
    assert lost(found) == [("public.users", "down", "deleted", 20)]


def test_a_table_beside_the_one_that_is_touched(on_postgres: Measure) -> None:
    found = on_postgres(
        f"{USERS}{PURGE} CREATE TABLE t (id integer PRIMARY KEY);",
        "ALTER TABLE t ADD COLUMN c integer;",
        "ALTER TABLE t DROP COLUMN c; SELECT purge();",
    )
    assert lost(found) == [("public.users", "down", "deleted", 20)]


@pytest.mark.parametrize("up", ["CREATE VIEW v AS SELECT 1;", FLAGS])
def test_a_down_that_only_looks_and_refuses(up: str, on_postgres: Measure) -> None:
    found = on_postgres(USERS, up, f"{GUARD} DROP {'VIEW v' if 'VIEW' in up else 'TABLE flags'};")
    (refusal,) = found.data.refusals
    assert (refusal.error.message, refusal.written, refusal.enough) == ("no way back", When.BEFORE, 1)
    assert found.data.outcome is DataOutcome.NOT_MEASURED


def test_rows_of_a_table_that_is_but_referred_to_are_not_asked_for(
    on_postgres: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each new table with a reference would cost a copy of the database more."""
    monkeypatch.setattr(importlib.import_module("glowplug.rehearsal.data.measure"), "WithRows", None)
    new = "CREATE TABLE t (id serial PRIMARY KEY, user_id integer REFERENCES users);"
    found = on_postgres(USERS, new, "DROP TABLE t;")
    assert (found.data.outcome, found.data.seeded) == (DataOutcome.LOSSY, 1)
