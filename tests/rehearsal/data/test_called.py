"""What a routine does that a file calls, the file does: rows are made that it picks, and what it takes is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Migration
from glowplug.rehearsal.data.files.text import Text, actions_of
from glowplug.rehearsal.measured import DataOutcome, Reversibility
from glowplug.sql.actions import Delete, Update

if TYPE_CHECKING:
    from conftest import Measure

TABLE = "CREATE TABLE b (id serial PRIMARY KEY, kind text NOT NULL, n integer NOT NULL DEFAULT 0);"
DELETING = "DELETE FROM b WHERE kind = 'stale';"
IN_SQL = f"CREATE FUNCTION purge() RETURNS void LANGUAGE sql AS $$ {DELETING} $$;"
IN_PLPGSQL = f"CREATE FUNCTION purge() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {DELETING} END $$;"
TWICE = f"{IN_SQL} CREATE FUNCTION tidy() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM purge(); END $$;"
LOOP = """DO $$ DECLARE r record; BEGIN
FOR r IN SELECT id FROM b WHERE kind = 'stale' LOOP DELETE FROM b WHERE id = r.id; END LOOP; END $$;"""


@pytest.mark.parametrize(
    ("before", "up"),
    [
        ("", f"{IN_SQL} SELECT purge(); DROP FUNCTION purge();"),
        ("", f"{IN_PLPGSQL} SELECT purge(); DROP FUNCTION purge();"),
        (IN_SQL, "SELECT purge();"),
        (IN_PLPGSQL, "DO $$ BEGIN PERFORM purge(); END $$;"),
        (TWICE, "SELECT tidy();"),
        (f"CREATE FUNCTION purge() RETURNS void LANGUAGE sql AS '';{IN_SQL.replace('CREATE', 'CREATE OR REPLACE')}",
         "SELECT purge();"),
        ("", LOOP),
    ],
)  # fmt: skip
def test_rows_that_a_routine_deletes(before: str, up: str, on_postgres: Measure) -> None:
    found = on_postgres(TABLE + before, up, "SELECT 1;").data
    assert (found.outcome, found.text_says) == (DataOutcome.IRREVERSIBLE, Reversibility.UNKNOWN)
    assert {(loss.table, loss.by.value, loss.how.value) for loss in found.losses} == {("public.b", "up", "deleted")}
    assert found.not_seeded == ()


def test_rows_that_the_downs_routine_deletes(on_postgres: Measure) -> None:
    found = on_postgres(TABLE, "SELECT 1;", f"{IN_PLPGSQL} SELECT purge(); DROP FUNCTION purge();").data
    assert [(loss.table, loss.by.value, loss.how.value) for loss in found.losses] == [("public.b", "down", "deleted")]


def text(up: str, *earlier: str) -> Text:
    migrations = [
        Migration(version=str(at), name=str(at), path=str(at), up=sql.encode(), down=None)
        for at, sql in enumerate((*earlier, up))
    ]
    return Text.of(migrations[-1], Dialect.POSTGRES, migrations[:-1])


def deleted(found: Text) -> list[str]:
    assert found.up is not None
    return [
        found.up.text_of(statement.span)
        for action, statement in actions_of(found.up)
        if isinstance(action, (Delete, Update))
    ]


def test_a_statement_of_an_earlier_file_is_found_by_its_span() -> None:
    found = text("SELECT 1; -- later\nSELECT tidy();", "SELECT 2;", TWICE)
    assert deleted(found) == [DELETING.rstrip(";")]


def test_the_last_definition_before_the_call_counts() -> None:
    other = IN_SQL.replace("CREATE", "CREATE OR REPLACE").replace("'stale'", "'old'")
    assert deleted(text("SELECT purge();", IN_SQL, other)) == ["DELETE FROM b WHERE kind = 'old'"]
    assert deleted(text(f"SELECT purge(); {other}", IN_SQL)) == ["DELETE FROM b WHERE kind = 'stale'"]
    assert deleted(text(f"{other} SELECT purge();", IN_SQL)) == ["DELETE FROM b WHERE kind = 'old'"]


def test_routines_that_call_each_other_end() -> None:
    one = "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT g(); DELETE FROM b WHERE n = 1 $$;"
    other = "CREATE FUNCTION g() RETURNS void LANGUAGE sql AS $$ SELECT f(); $$;"
    assert set(deleted(text("SELECT f();", one, other))) == {"DELETE FROM b WHERE n = 1"}


def test_diesels_own_function_makes_nothing_unknown() -> None:
    own = """CREATE FUNCTION diesel_manage_updated_at(_tbl regclass) RETURNS VOID AS $$ BEGIN
    EXECUTE format('CREATE TRIGGER set_updated_at BEFORE UPDATE ON %s FOR EACH ROW EXECUTE PROCEDURE f()', _tbl); END;
    $$ LANGUAGE plpgsql;"""
    assert not text("CREATE TABLE t (id int); SELECT diesel_manage_updated_at('t');", own).opaque
    assert text("CREATE TABLE t (id int); SELECT other('t');", own.replace("diesel_manage_updated_at", "other")).opaque
