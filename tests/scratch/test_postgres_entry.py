"""A migration that keeps Diesel's next session out fails for it; glowplug's own next session gets in."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres import Administrator
from glowplug.database.postgres.session import Session
from glowplug.dialect import Dialect, Direction
from glowplug.errors import LostConnection
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.interface import SqlError
    from glowplug.scratch.interface import Database, Server

pytestmark = pytest.mark.postgres

DATABASE = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {}', current_database()); END $$"
MINE = "DO $$ BEGIN EXECUTE format('{} ON DATABASE %I FROM CURRENT_USER', current_database()); END $$"

SHUT = {
    "no connection": (DATABASE.format("CONNECTION LIMIT 0"), "too many connections for database"),
    "no right to connect": (MINE.format("REVOKE CONNECT"), "permission denied for database"),
    "read only": (DATABASE.format("SET default_transaction_read_only = on"), "read-only transaction"),
    "read only, for the role": ("ALTER ROLE CURRENT_USER SET default_transaction_read_only = on", "read-only"),
    "a library": (DATABASE.format("SET local_preload_libraries = nonsense"), "could not access file"),
    "no schema": (DATABASE.format("SET search_path = nonsense"), "no schema has been selected"),
}
SHUT_BY_SUPERUSER = {
    "no login": ("ALTER ROLE CURRENT_USER NOLOGIN", "not permitted to log in"),
    "a library": (DATABASE.format("SET session_preload_libraries = nonsense"), "could not access file"),
}

HARMLESS = {
    "a limit": DATABASE.format("CONNECTION LIMIT 20"),
    "the tightest limit": DATABASE.format("CONNECTION LIMIT 1"),
    "a setting": DATABASE.format("SET work_mem = ''9MB''"),
    "a setting of the role's": "ALTER ROLE CURRENT_USER SET lock_timeout = 9000",
    "a search_path": DATABASE.format("SET search_path = public, pg_catalog"),
    "a value that is none": DATABASE.format("SET timezone = ''UTC''"),
}

DENIED = {
    "another name": DATABASE.format("RENAME TO other"),
    "another owner": DATABASE.format("OWNER TO pg_monitor"),
    "no login": "ALTER ROLE CURRENT_USER NOLOGIN",
    "no connections for the role": "ALTER ROLE CURRENT_USER CONNECTION LIMIT 0",
    "a library for all": DATABASE.format("SET session_preload_libraries = nonsense"),
    "no connections": DATABASE.format("ALLOW_CONNECTIONS false"),
}


def request(*, superuser: bool = False, **environment: str) -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(),
        settings=ScratchSettings(superuser=superuser),
        environment={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with open_server(request()) as running:
        yield running


@pytest.fixture(scope="module")
def open_to_all() -> Iterator[Server]:
    with open_server(request(superuser=True)) as running:
        yield running


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    with contextlib.closing(server.create()) as made:
        yield made


def migration(up: str, down: str = "SELECT 1", version: str = "2") -> Migration:
    return Migration(version=version, name=version, path=f"m/{version}", up=up.encode(), down=down.encode())


def run(database: Database, up: str, version: str = "2") -> SqlError | None:
    return database.connection.run(migration(up, version=version), Direction.UP).error


def prove_that_it_goes_on(database: Database) -> None:
    """The session, the next session, and an excursion."""
    database.connection.snapshot()
    database.restart_session()
    assert "1" in database.connection.recorded()
    assert run(database, "CREATE TABLE later (i integer)", "3") is None
    away = migration("SELECT 1", "DROP TABLE later; DO $$ BEGIN EXECUTE 'DROP TABLE IF EXISTS later'; END $$", "3")
    with database.excursion() as excursion:
        assert excursion.run(away, Direction.DOWN).error is None
        assert ("table", "public.later") not in excursion.snapshot().objects
    assert ("table", "public.later") in database.connection.snapshot().objects


def prove_shut(database: Database, sql: str, message: str) -> None:
    assert run(database, "CREATE TABLE t (i integer)", "1") is None
    database.connection.snapshot()
    error = run(database, sql)
    assert error is not None
    assert error.message.startswith("shuts Diesel out: ")
    assert message in error.message
    prove_that_it_goes_on(database)
    with database.excursion() as excursion:
        error = excursion.run(migration("SELECT 1", sql), Direction.DOWN).error
        assert error is not None
        assert message in error.message
        excursion.snapshot()
    prove_that_it_goes_on_still(database)


def prove_that_it_goes_on_still(database: Database) -> None:
    database.restart_session()
    assert ("table", "public.later") in database.connection.snapshot().objects


@pytest.mark.parametrize(("sql", "message"), SHUT.values(), ids=SHUT)
def test_who_shuts_diesel_out_fails(database: Database, sql: str, message: str) -> None:
    prove_shut(database, sql, message)


@pytest.mark.parametrize(("sql", "message"), SHUT_BY_SUPERUSER.values(), ids=SHUT_BY_SUPERUSER)
def test_who_shuts_diesel_out_as_a_superuser_fails(open_to_all: Server, sql: str, message: str) -> None:
    with contextlib.closing(open_to_all.create()) as database:
        prove_shut(database, sql, message)


@pytest.mark.parametrize("sql", HARMLESS.values(), ids=HARMLESS)
def test_what_shuts_nobody_out_is_no_failure(database: Database, sql: str) -> None:
    assert run(database, "CREATE TABLE t (i integer)", "1") is None
    assert run(database, sql) is None
    prove_that_it_goes_on(database)


@pytest.mark.parametrize("sql", DENIED.values(), ids=DENIED)
def test_what_the_role_may_not_fails_by_itself(database: Database, sql: str) -> None:
    assert run(database, "CREATE TABLE t (i integer)", "1") is None
    assert run(database, sql) is not None
    prove_that_it_goes_on(database)


def test_another_password_is_survived(server: Server, database: Database) -> None:
    """Nobody but a superuser sees that there is another; it is asked for on a server that the user lends."""
    with Administrator(server.conninfo) as administrator:  # type: ignore[attr-defined]
        ((path,),) = administrator.rows("SHOW hba_file")
        hba = Path(path or "")
        rules = hba.read_text("utf-8")
        assert run(database, "CREATE TABLE t (i integer)", "1") is None
        hba.write_text("local all glowplug_administrator trust\nlocal all all scram-sha-256\n", "utf-8")
        administrator.execute("SELECT pg_reload_conf()")
        try:
            assert run(database, "ALTER ROLE CURRENT_USER PASSWORD 'other'") is None
            prove_that_it_goes_on(database)
        finally:
            hba.write_text(rules, "utf-8")
            administrator.execute("SELECT pg_reload_conf()")


def test_a_server_that_is_full_is_no_migrations_fault(server: Server, database: Database) -> None:
    """Nobody gets in then, whatever is done for the role."""
    assert run(database, "CREATE TABLE t (i integer)", "1") is None
    conninfo = server.conninfo | {"user": "filler"}  # type: ignore[attr-defined]
    with contextlib.ExitStack() as stack:
        administrator = stack.enter_context(Administrator(server.conninfo))  # type: ignore[attr-defined]
        administrator.execute("CREATE ROLE filler LOGIN; GRANT CONNECT ON DATABASE postgres TO filler")
        stack.callback(administrator.execute, "REVOKE CONNECT ON DATABASE postgres FROM filler; DROP ROLE filler")
        with contextlib.suppress(LostConnection):
            while True:
                stack.callback(Session(conninfo).close)
        with pytest.raises(LostConnection, match="takes no more sessions"):
            run(database, HARMLESS["a setting"])
    assert run(database, "CREATE TABLE u (i integer)", "3") is None
