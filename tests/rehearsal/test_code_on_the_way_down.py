"""Code of the user's that no file names runs on the way down as well: what it does is seen at the file that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.rehearsal.outcome import WayDown

from .bench import bench_of

if TYPE_CHECKING:
    from pathlib import Path

    from glowplug.rehearsal import ChainDown

pytestmark = pytest.mark.postgres

TABLE = ("CREATE TABLE a (id integer PRIMARY KEY, n integer)", "DROP TABLE a")
RECORDS_AGAIN = (
    (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.version = '03' THEN EXECUTE"
        " 'INSERT INTO __' || 'diesel_schema_migrations (version) VALUES ($1)' USING OLD.version; END IF;"
        " RETURN NULL; END $$"
    ),
    "DROP FUNCTION f() CASCADE",
)
HIDDEN = (
    (
        "DO $$ BEGIN EXECUTE 'CREATE OR REPLACE TRIGGER k AFTER DELETE ON __' || 'diesel_schema_migrations"
        " FOR EACH ROW EXECUTE FUNCTION f()'; END $$"
    ),
    "SELECT 1",
)
SHUTS = (
    (
        "CREATE TYPE ct AS ENUM ('x');"
        "CREATE FUNCTION vol() RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('ALTER DATABASE %I SET"
        " default_transaction_read_only = on', current_database()); RETURN 1; END $$;"
        "CREATE FUNCTION c2(ct) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF EXISTS"
        " (SELECT FROM public.a WHERE id = 77) THEN PERFORM public.vol(); END IF; RETURN 1; END $$;"
        "CREATE CAST (ct AS int) WITH FUNCTION c2(ct); CREATE TABLE e (v ct); CREATE INDEX i ON e ((v::int));"
        "INSERT INTO e VALUES ('x')"
    ),
    "DROP TABLE e; DROP CAST (ct AS int); DROP FUNCTION c2(ct); DROP FUNCTION vol(); DROP TYPE ct",
)
MORE = [(f"CREATE TABLE b{number} (id integer)", f"DROP TABLE b{number}") for number in range(2)]


def way_down(cache: Path, *files: tuple[str, str]) -> ChainDown:
    bench = bench_of(Dialect.POSTGRES, cache)
    chain = bench.chain(*files)
    migrations = [
        replace(each, run_in_transaction=b"CONCURRENTLY" not in (each.up or b"")) for each in chain.migrations
    ]
    return bench.rehearse(replace(chain, migrations=tuple(migrations)), cached=False).rehearsal.chain_down


@pytest.mark.parametrize(
    "index",
    [
        ("CREATE INDEX CONCURRENTLY i ON a (n)", "DROP INDEX CONCURRENTLY i"),
        ("CREATE INDEX i ON a (n)", "DROP INDEX i"),
    ],
)
def test_a_trigger_that_records_a_version_again(index: tuple[str, str], tmp_path: Path) -> None:
    found = way_down(tmp_path / "cache", TABLE, RECORDS_AGAIN, index, HIDDEN)
    assert (found.outcome, found.failed_at) == (WayDown.FAILED, "03")
    assert found.error is not None
    assert "still recorded" in found.error.error.message


def test_an_index_whose_expression_shuts_diesel_out(tmp_path: Path) -> None:
    index = ("DROP INDEX CONCURRENTLY i", "CREATE INDEX CONCURRENTLY i ON e ((v::int))")
    row = ("INSERT INTO a (id) VALUES (77) ON CONFLICT DO NOTHING", "SELECT 1")
    found = way_down(tmp_path / "cache", TABLE, SHUTS, index, row, *MORE)
    assert (found.outcome, found.failed_at) == (WayDown.FAILED, "03")
    assert found.error is not None
    assert "shuts Diesel out" in found.error.error.message
