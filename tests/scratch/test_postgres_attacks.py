"""What a stranger's migration may try on the machine that checks it: each must fail, or reach nothing."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres import Administrator
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glowplug.database.interface import SqlError
    from glowplug.scratch.interface import Database
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

FORBIDDEN = "42501"
OUTSIDE_TRANSACTIONS = ("ALTER SYSTEM", "CREATE TABLESPACE", "CREATE DATABASE", "DROP DATABASE")


def request(environment: dict[str, str], **settings: object) -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(),
        settings=ScratchSettings(**settings),  # type: ignore[arg-type]
        statement_timeout=20.0,
        environment=environment,
    )


def migration(up: str, down: str = "SELECT 1", *, version: str = "1", in_transaction: bool = True) -> Migration:
    return Migration(
        version=version,
        name=version,
        path=version,
        up=up.encode(),
        down=down.encode(),
        run_in_transaction=in_transaction,
    )


def attempt(database: Database, up: str, *, version: str = "1", in_transaction: bool = True) -> SqlError | None:
    return database.connection.run(migration(up, version=version, in_transaction=in_transaction), Direction.UP).error


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return dict(os.environ)


@pytest.fixture(scope="module")
def server(environment: dict[str, str]) -> Iterator[PostgresServer]:
    with open_server(request(environment)) as started:
        yield started  # type: ignore[misc]


@pytest.fixture
def database(server: PostgresServer) -> Iterator[Database]:
    with contextlib.closing(server.create()) as made:
        yield made


@pytest.fixture
def listener() -> Iterator[tuple[int, list[object]]]:
    """A port on 127.0.0.1, and who connected to it."""
    seen: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        done = threading.Event()

        def accept() -> None:
            while not done.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, address = listening.accept()
                    connection.close()
                    seen.append(address)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listening.getsockname()[1], seen
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 'x') TO PROGRAM 'cat > {file}'",
        "CREATE TABLE t (line text); COPY t FROM PROGRAM 'id'",
        "COPY (SELECT 'x') TO '{file}'",
        "CREATE TABLE t (line text); COPY t FROM '/etc/passwd'",
        "CREATE FUNCTION run(cstring) RETURNS integer LANGUAGE c AS 'libc.so.6', 'system'",
        "CREATE FUNCTION hook() RETURNS void LANGUAGE internal AS 'pg_reload_conf'",
        "LOAD '/tmp/evil.so'",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_export(lo_create(0), '{file}')",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_read_binary_file('/etc/passwd')",
        "SELECT pg_ls_dir('/')",
        "SELECT pg_stat_file('/etc/passwd')",
        "CREATE EXTENSION file_fdw",
        "CREATE EXTENSION adminpack",
        "CREATE EXTENSION dblink",
        "CREATE EXTENSION postgres_fdw",
        "ALTER SYSTEM SET archive_command = 'touch {file}'",
        "SET session_preload_libraries = 'evil'",
        "CREATE TABLESPACE elsewhere LOCATION '/tmp'",
        "CREATE ROLE mine SUPERUSER",
        "CREATE ROLE mine",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "ALTER ROLE CURRENT_USER CREATEROLE",
        "GRANT pg_execute_server_program TO CURRENT_USER",
        "GRANT pg_read_server_files TO CURRENT_USER",
        "SET ROLE glowplug_administrator",
        "SET SESSION AUTHORIZATION glowplug_administrator",
        "ALTER ROLE glowplug_administrator SET search_path = public",
        "CREATE EVENT TRIGGER planted ON ddl_command_end EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE OR REPLACE FUNCTION pg_catalog.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'",
        "UPDATE pg_catalog.pg_authid SET rolsuper = true",
        "SELECT * FROM pg_catalog.pg_authid",
        "DROP DATABASE postgres",
        "CREATE DATABASE mine",
    ],
)
def test_what_only_an_administrator_may_is_refused(database: Database, tmp_path: Path, sql: str) -> None:
    file = tmp_path / "made"
    tmp_path.chmod(0o777)
    error = attempt(database, sql.format(file=file), in_transaction=not sql.startswith(OUTSIDE_TRANSACTIONS))
    assert error is not None
    assert error.code in {FORBIDDEN, "42883", "0A000", "58P01"} or "permission denied" in error.message, error
    assert not file.exists()
    assert attempt(database, "SELECT 1", version="2") is None


@pytest.mark.parametrize("language", ["plpython3u", "plperlu", "pltclu"])
def test_languages_that_reach_the_machine_are_not_there(database: Database, language: str) -> None:
    error = attempt(database, f"CREATE EXTENSION {language}")
    assert error is not None
    assert error.code in {FORBIDDEN, "0A000", "58P01"}


@pytest.mark.parametrize("reset", ["RESET SESSION AUTHORIZATION", "RESET ROLE", "DISCARD ALL", "SET ROLE NONE"])
def test_no_reset_gives_more_than_the_migrations_role_has(database: Database, reset: str) -> None:
    attempt(database, reset, in_transaction=False)
    error = attempt(database, "COPY (SELECT 1) TO PROGRAM 'true'", version="2")
    assert error is not None
    assert error.code == FORBIDDEN


def test_a_subscription_reaches_no_listener(database: Database, listener: tuple[int, list[object]]) -> None:
    port, seen = listener
    error = attempt(
        database,
        f"CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port={port} password=x dbname=x' PUBLICATION p",
        in_transaction=False,
    )
    assert error is not None
    assert error.code == FORBIDDEN
    assert seen == []


def test_a_trusted_dblink_is_what_the_setting_says(
    environment: dict[str, str], listener: tuple[int, list[object]]
) -> None:
    port, seen = listener
    with open_server(request(environment, trust_extensions=("dblink", "file_fdw"))) as server:
        database = server.create()
        assert attempt(database, "CREATE EXTENSION dblink; CREATE EXTENSION file_fdw") is None
        loopback = attempt(
            database,
            "SELECT dblink_connect('self', format('host=%s dbname=postgres user=glowplug_administrator', "
            "split_part(current_setting('unix_socket_directories'), ',', 1)))",
            version="2",
        )
        assert loopback is not None
        outside = attempt(
            database, f"SELECT dblink_connect('out', 'host=127.0.0.1 port={port} user=x dbname=x')", version="3"
        )
        assert outside is not None
        assert seen == []
        read = attempt(
            database,
            "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
            "CREATE FOREIGN TABLE passwd (line text) SERVER files OPTIONS (filename '/etc/passwd')",
            version="4",
        )
        assert read is not None
        assert read.code == FORBIDDEN


def test_the_server_listens_on_no_port(server: PostgresServer) -> None:
    with Administrator(server.conninfo) as administrator:
        assert administrator.rows("SHOW listen_addresses") == [("",)]


TRAPS = {
    "a function in public that shadows the catalogue's": (
        "CREATE FUNCTION public.format_type(oid, integer) RETURNS text LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'sprung'; END $$;"
        "CREATE FUNCTION public.quote_ident(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'sprung'; END $$;"
        "CREATE FUNCTION public.quote_ident(name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'sprung'; END $$"
    ),
    "an operator in public": (
        "CREATE FUNCTION public.trap(name, name) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'sprung'; END $$;"
        "CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = name, FUNCTION = public.trap)"
    ),
    "a search_path of the session": "SET search_path = public, pg_catalog",
    "a search_path of the database": (
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database());"
        " END $$"
    ),
    "a search_path of the role": "ALTER ROLE CURRENT_USER SET search_path = public, pg_catalog",
    "a table that shadows the catalogue's": (
        "CREATE TABLE public.pg_class (oid oid, relname name); CREATE TABLE public.pg_namespace (oid oid);"
        "SET search_path = public, pg_catalog"
    ),
    "a temporary table that shadows the catalogue's": "CREATE TEMP TABLE pg_class (oid oid, relname name)",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_traps_for_glowplug_itself_are_not_sprung(database: Database, trap: str) -> None:
    before = {key for key in database.connection.snapshot().objects if "pg_" not in key[1]}
    assert attempt(database, TRAPS[trap]) is None
    assert attempt(database, "CREATE TABLE public.marker (id integer)", version="2") is None
    after = database.connection.snapshot()
    assert ("table", "public.marker") in after.objects
    assert before <= set(after.objects)
    assert database.connection.recorded() == ("2", "1")
    with database.excursion() as excursion:
        assert ("table", "public.marker") in excursion.snapshot().objects


def test_a_trigger_on_the_bookkeeping_table_gets_no_more_rights(database: Database) -> None:
    assert (
        attempt(
            database,
            "CREATE FUNCTION plant() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER AS $$ BEGIN"
            " COPY (SELECT 1) TO PROGRAM 'true'; RETURN NEW; END $$;"
            "CREATE TRIGGER planted BEFORE INSERT ON __diesel_schema_migrations"
            " FOR EACH ROW EXECUTE FUNCTION plant()",
        )
        is not None
    )
    assert database.connection.recorded() == ()


def test_a_lifted_timeout_does_not_help(environment: dict[str, str]) -> None:
    wish = Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(),
        settings=ScratchSettings(),
        statement_timeout=1.0,
        environment=environment,
    )
    with open_server(wish) as server:
        database = server.create()
        started = time.monotonic()
        error = attempt(
            database,
            "SET statement_timeout = 0; DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60);"
            " EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$",
        )
        assert error is not None
        assert error.timed_out
        assert time.monotonic() - started < 30
        assert attempt(database, "SELECT 1", version="2") is None


@pytest.mark.parametrize("transactional", [True, False])
def test_filling_the_disk_fails_the_migration(environment: dict[str, str], *, transactional: bool) -> None:
    with open_server(request(environment, size_limit="60 MiB")) as server:
        database = server.create()
        error = attempt(
            database,
            "CREATE TABLE filler AS SELECT repeat(md5(n::text), 30) AS text FROM generate_series(1, 100000000) AS n",
            in_transaction=transactional,
        )
        assert error is not None
        assert "size_limit = 60 MiB" in error.message
        assert "glowplug.toml" in (error.hint or "")
        assert attempt(database, "SELECT 1", version="2") is None


def test_temporary_files_count_as_well(environment: dict[str, str]) -> None:
    with open_server(request(environment, size_limit="60 MiB")) as server:
        database = server.create()
        error = attempt(
            database,
            "SELECT count(*) FROM (SELECT n FROM generate_series(1, 100000000) AS n ORDER BY n DESC) AS sorted",
        )
        assert error is not None
        assert "size_limit = 60 MiB" in error.message
        assert "glowplug.toml" in (error.hint or "")


def test_the_servers_log_counts_as_well(environment: dict[str, str]) -> None:
    with open_server(request(environment, size_limit="30 MiB")) as server:
        error = attempt(
            server.create(), "DO $$ BEGIN LOOP RAISE LOG '%', repeat('glowplug stand-in: ', 50000); END LOOP; END $$"
        )
        assert error is not None
        assert "size_limit = 30 MiB" in error.message
        assert server.describe().stand_ins == ()


def test_a_superuser_is_announced_and_still_no_more_than_the_servers_user(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("A_SECRET", "hunter2")
    closed = tmp_path / "closed"
    closed.touch(mode=0o600)
    with open_server(request(environment, superuser=True)) as server:
        assert server.describe().superuser
        database = server.create()
        uid = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
        assert (
            attempt(
                database,
                "CREATE TABLE seen (line text); COPY seen FROM PROGRAM 'id -u';"
                f"DO $$ BEGIN ASSERT (SELECT line FROM seen) = '{uid}'; END $$;"
                "COPY seen FROM PROGRAM 'env';"
                "DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM seen WHERE line LIKE '%hunter2%'); END $$",
            )
            is None
        )
        if os.geteuid() == 0:
            refused = attempt(database, f"CREATE TABLE t (line text); COPY t FROM '{closed}'", version="2")
            assert refused is not None
            assert "Permission denied" in refused.message
