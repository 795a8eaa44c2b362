"""Running a file on PostgreSQL: what Diesel would do with it, sentence by sentence."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.interface import Connection, SqlError
    from glowplug.scratch.interface import Server

pytestmark = pytest.mark.postgres

TIMEOUT = 3.0


def request(**chain: object) -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(**chain),
        settings=ScratchSettings(),
        statement_timeout=TIMEOUT,
        environment=dict(os.environ),
    )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with open_server(request()) as running:
        yield running


@pytest.fixture
def connection(server: Server) -> Iterator[Connection]:
    database = server.create()
    yield database.connection
    database.close()


def migration(
    up: bytes | str | None, down: bytes | str | None = None, *, version: str = "1", transaction: bool = True
) -> Migration:
    def encode(text: bytes | str | None) -> bytes | None:
        return text.encode() if isinstance(text, str) else text

    return Migration(
        version=version,
        name=f"{version}_x",
        path=f"migrations/{version}_x",
        up=encode(up),
        down=encode(down),
        run_in_transaction=transaction,
    )


def up(connection: Connection, sql: bytes | str | None, **more: object) -> SqlError | None:
    return connection.run(migration(sql, **more), Direction.UP).error  # type: ignore[arg-type]


def kinds(connection: Connection) -> set[tuple[str, str]]:
    return {key for key in connection.snapshot().objects if key[0] in ("table", "index")}


def test_an_up_and_its_down(connection: Connection) -> None:
    one = migration("CREATE TABLE t (a int); CREATE TABLE u (a int)", "DROP TABLE t; DROP TABLE u", version="0001")
    run = connection.run(one, Direction.UP)
    assert run.error is None
    assert 0 < run.seconds < TIMEOUT
    assert kinds(connection) == {("table", "public.t"), ("table", "public.u")}
    assert connection.recorded() == ("0001",)
    assert connection.run(one, Direction.DOWN).error is None
    assert kinds(connection) == set()
    assert connection.recorded() == ()


def test_recorded_is_highest_first_by_collation(connection: Connection) -> None:
    for version in ("10", "9", "a", "B", "00", ""):
        assert up(connection, "SELECT 1", version=version) is None
    assert connection.recorded() == ("a", "B", "9", "10", "00", "")


def test_recorded_after_downs_is_what_a_reading_sees(connection: Connection) -> None:
    ones = [migration(f"CREATE TABLE t{n} (a int)", f"DROP TABLE t{n}", version=version)
            for n, version in enumerate(("10", "9", "a", "B", "c\x1fd"))]  # fmt: skip
    for one in ones:
        assert connection.run(one, Direction.UP).error is None
    assert connection.recorded() == ("c\x1fd", "a", "B", "9", "10")
    assert connection.run(ones[1], Direction.DOWN).error is None
    assert connection.recorded() == ("c\x1fd", "a", "B", "10")
    assert connection.run(ones[4], Direction.DOWN).error is None
    assert connection.recorded() == connection.recorded() == ("a", "B", "10")
    assert up(connection, "SELECT 1", version="7") is None
    assert connection.recorded() == ("a", "B", "7", "10")


def test_a_down_where_the_bookkeeping_table_is_elsewhere(connection: Connection) -> None:
    two = migration("CREATE TABLE u (a int)", "DROP TABLE u", version="2")
    assert connection.run(two, Direction.UP).error is None
    moved = "CREATE SCHEMA other; ALTER TABLE __diesel_schema_migrations SET SCHEMA other"
    assert up(connection, f"{moved}; SET search_path = other, public", version="3") is None
    assert connection.run(two, Direction.DOWN).error is None
    assert connection.recorded() == ("3",)
    assert kinds(connection) == set()


def test_a_failure_undoes_the_file(connection: Connection) -> None:
    error = up(connection, "CREATE TABLE t (a int);\nSELECT 1;\nCREATE TABLE t (a int)")
    assert error is not None
    assert (error.code, error.line, error.column) == ("42P07", 3, 1)
    assert kinds(connection) == set()
    assert connection.recorded() == ()


@pytest.mark.parametrize(
    ("sql", "code", "line", "column"),
    [
        ("SELECT 1;\n  SELECT nothing;", "42703", 2, 10),
        ("-- ünïcödé ☃\nSELECT 'ä', nothing", "42703", 2, 13),
        ("SELECT 1;\n\n\tSELEC 2", "42601", 3, 2),
        ("SELECT 1;;;\n-- a comment\n /* one ; more */ SELECT 1/0; SELECT 2", "22012", 3, 19),
        ("SELECT 'ö';\r\nDO $$ BEGIN\n RAISE EXCEPTION 'no'; END $$", "P0001", 2, 1),
        ("SELECT 1;\nDO $$ BEGIN EXECUTE 'SELECT nothing'; END $$;\nSELECT 2", "42703", 2, 1),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n SELECT nothing $$", "42703", 2, 9),
        ("\ufeffSELECT 1", "42601", 1, 1),
        (  # the place that the server gives is one in the index's definition, which it reads again
            "-- a b\nCREATE TABLE w (b text); CREATE INDEX ON w (lower(b));\n  ALTER TABLE w ALTER b TYPE int USING 1",
            "42883",
            3,
            3,
        ),
    ],
)
def test_an_error_has_a_place(connection: Connection, sql: str, code: str, line: int, column: int) -> None:
    error = up(connection, sql)
    assert error is not None
    assert (error.code, error.line, error.column) == (code, line, column)


def test_an_error_has_detail_and_hint(connection: Connection) -> None:
    error = up(connection, "DO $$ BEGIN RAISE EXCEPTION 'm' USING DETAIL = 'd', HINT = 'h', ERRCODE = 'XX123'; END $$")
    assert error is not None
    assert (error.code, error.message, error.detail, error.hint) == ("XX123", "m", "d", "h")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no up.sql"),
        (b"", "0 bytes"),
        (b"-- only a comment\n/* and another */\n", "nothing but comments"),
        (b"SELECT 1;\n\xff\xfe", "UTF-8"),
        (b"SELECT 1;\0", "NUL"),
    ],
)
@pytest.mark.parametrize("transaction", [True, False])
def test_what_cannot_be_sent_is_an_error(
    connection: Connection, content: bytes | None, words: str, transaction: bool
) -> None:
    error = up(connection, content, transaction=transaction)
    assert error is not None
    assert words in error.message
    assert connection.recorded() == ()
    assert up(connection, "SELECT 1") is None


def test_commit_in_the_file_keeps_and_records_and_fails(connection: Connection) -> None:
    error = up(connection, "CREATE TABLE t (a int);\n  COMMIT;")
    assert error is not None
    assert error.line == 2
    assert error.column == 3
    assert connection.recorded() == ("1",)
    assert kinds(connection) == {("table", "public.t")}


def test_rollback_in_the_file_loses_and_records_and_fails(connection: Connection) -> None:
    error = up(connection, "CREATE TABLE t (a int); ROLLBACK")
    assert error is not None
    assert connection.recorded() == ("1",)
    assert kinds(connection) == set()


def test_commit_and_begin_in_the_file_is_success(connection: Connection) -> None:
    assert up(connection, "CREATE TABLE t (a int); COMMIT; BEGIN; CREATE TABLE u (a int)") is None
    assert connection.recorded() == ("1",)


def test_commit_then_failure_keeps_and_does_not_record(connection: Connection) -> None:
    error = up(connection, "CREATE TABLE t (a int); COMMIT; SELECT 1/0")
    assert error is not None
    assert error.code == "22012"
    assert connection.recorded() == ()
    assert kinds(connection) == {("table", "public.t")}


def test_a_deferred_constraint_fails_at_commit(connection: Connection) -> None:
    error = up(
        connection,
        "CREATE TABLE p (id int PRIMARY KEY);"
        "CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED); INSERT INTO c VALUES (1)",
    )
    assert error is not None
    assert error.code == "23503"
    assert connection.recorded() == ()


def test_without_a_transaction_one_statement_runs_alone(connection: Connection) -> None:
    assert up(connection, "CREATE TABLE t (a int)") is None
    concurrently = "-- a comment\nCREATE INDEX CONCURRENTLY i ON t (a);\n"
    assert up(connection, concurrently, version="2", transaction=False) is None
    assert ("index", "public.t.i") in kinds(connection)
    error = up(connection, f"SET lock_timeout = '1s'; DROP INDEX CONCURRENTLY i; {concurrently}", transaction=False)
    assert error is not None
    assert error.code == "25001"


def test_without_a_transaction_many_statements_are_one_implicit_transaction(connection: Connection) -> None:
    error = up(connection, "CREATE TABLE t (a int); SELECT 1/0", transaction=False)
    assert error is not None
    assert kinds(connection) == set()


def test_begin_without_commit_and_without_a_transaction_is_no_error_and_kept_open(
    connection: Connection,
) -> None:
    assert up(connection, "BEGIN; CREATE TABLE t (a int)", transaction=False) is None
    assert connection.recorded() == ("1",)
    assert ("table", "public.t") in kinds(connection)
    assert up(connection, "SELECT 1", version="2") is None  # whose COMMIT keeps both
    assert connection.recorded() == ("2", "1")


def test_a_search_path_for_the_session_breaks_the_bookkeeping(connection: Connection) -> None:
    error = up(connection, "CREATE SCHEMA s; SET search_path = s")
    assert error is not None
    assert error.code == "42P01"
    assert "bookkeeping" in error.message
    assert connection.recorded() == ()


def test_a_dropped_bookkeeping_table_is_an_error_and_absent_is_no_row(connection: Connection) -> None:
    assert up(connection, "DROP TABLE __diesel_schema_migrations") is not None
    assert connection.recorded() == ()
    error = up(connection, "DROP TABLE __diesel_schema_migrations", transaction=False)
    assert error is not None
    assert error.code == "42P01"
    assert connection.recorded() == ()


def test_a_version_that_is_too_long_fails(connection: Connection) -> None:
    error = up(connection, "SELECT 1", version="x" * 51)
    assert error is not None
    assert error.code == "22001"


def test_a_session_setting_lasts_for_the_next_migration(connection: Connection) -> None:
    assert up(connection, "SET check_function_bodies = off") is None
    body = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT nothing $$"
    assert up(connection, body, version="2") is None


def test_the_session_is_set_up_as_diesel_does(connection: Connection) -> None:
    checks = (
        "current_setting('TimeZone') = 'UTC'",
        "current_setting('client_encoding') = 'UTF8'",
        "current_setting('statement_timeout') = '0'",
        "current_setting('search_path') = '\"$user\", public'",
        "(SELECT count(*) FROM pg_settings WHERE source = 'session') = 2",
        "NOT (SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles WHERE rolname = user)",
    )
    for check in checks:
        asserted = f"DO $$ BEGIN ASSERT {check}; END $$"
        assert up(connection, asserted, version=check[:40]) is None, check


def test_copy_with_the_client_is_a_failure_since_diesel_never_returns_from_it(connection: Connection) -> None:
    assert up(connection, "CREATE TABLE t (a int)") is None
    for copy in (
        "COPY t FROM STDIN; SELECT 1",
        "COPY t TO STDOUT",
        "COPY (SELECT generate_series(1, 200000)) TO STDOUT",
    ):
        for transaction in (True, False):
            error = up(connection, copy, version="2", transaction=transaction)
            assert error is not None
            assert "COPY" in error.message
    assert connection.recorded() == ("1",)
    assert up(connection, "INSERT INTO t VALUES (1)", version="2") is None


def test_many_notices_and_rows_are_thrown_away(connection: Connection) -> None:
    notices = "DO $$ BEGIN FOR i IN 1..20000 LOOP RAISE NOTICE 'n %', i; END LOOP; END $$; "
    assert up(connection, notices + "SELECT generate_series(1, 100000)") is None


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_sleep(60)",
        "SET statement_timeout = 0; DO $$ BEGIN LOOP NULL; END LOOP; END $$",
        "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$",
    ],
)
def test_a_statement_that_never_ends_is_ended_from_outside(connection: Connection, sql: str) -> None:
    started = time.monotonic()
    error = up(connection, f"CREATE TABLE t (a int); {sql}")
    assert error is not None
    assert error.timed_out
    assert time.monotonic() - started < TIMEOUT + 30
    assert connection.recorded() == ()
    assert kinds(connection) == set()
    assert up(connection, "CREATE TABLE t (a int)") is None


@pytest.mark.parametrize("transaction", [True, False])
def test_a_migration_that_kills_its_connection(connection: Connection, transaction: bool) -> None:
    kill = "CREATE TABLE t (a int); SELECT pg_terminate_backend(pg_backend_pid())"
    error = up(connection, kill, transaction=transaction)
    assert error is not None
    assert error.code == "57P01"
    assert not error.timed_out
    assert connection.recorded() == ()
    assert up(connection, "CREATE TABLE t (a int)") is None
    assert connection.recorded() == ("1",)


def test_a_signal_is_answered_while_a_statement_runs(connection: Connection) -> None:
    class Woken(Exception):
        pass

    def wake(_number: int, _frame: object) -> None:
        raise Woken

    previous = signal.signal(signal.SIGUSR1, wake)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGUSR1))
    started = time.monotonic()
    try:
        timer.start()
        with pytest.raises(Woken):
            up(connection, "SELECT pg_sleep(60)")
    finally:
        timer.cancel()
        signal.signal(signal.SIGUSR1, previous)
    assert time.monotonic() - started < 30
    assert up(connection, "SELECT 1") is None  # a new session


def test_an_extension_that_the_server_lacks_is_named(connection: Connection) -> None:
    error = up(connection, 'CREATE EXTENSION IF NOT EXISTS "no-such-extension"')
    assert error is not None
    assert error.missing_extension == "no-such-extension"
    assert not error.needs_superuser


OWN_POLICY = """
CREATE TABLE t (a int);
ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON t USING (true) WITH CHECK (a > 0);
INSERT INTO t VALUES (0);
"""


@pytest.mark.parametrize(
    ("sql", "needed"),
    [
        ("COPY (SELECT 1) TO '/tmp/x'", True),
        ("CREATE ROLE another", True),
        ("SET session_replication_role = replica", True),
        ("SELECT rolpassword FROM pg_authid", True),
        ("SELECT pg_read_file('/etc/passwd')", True),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x'", True),
        ("COMMENT ON EXTENSION plpgsql IS 'x'", True),
        ("CREATE TABLE t (a int); REVOKE ALL ON t FROM CURRENT_USER; SELECT * FROM t", False),
        ("CREATE SEQUENCE s; REVOKE ALL ON SEQUENCE s FROM CURRENT_USER; SELECT nextval('s')", False),
        ("CREATE SCHEMA s; REVOKE ALL ON SCHEMA s FROM CURRENT_USER; CREATE TABLE s.t (a int)", False),
        (OWN_POLICY, False),
        ("DO $$ BEGIN RAISE insufficient_privilege USING MESSAGE = 'not you'; END $$", False),
        ("SELECT 1/0", False),
    ],
)
def test_what_only_a_superuser_may_do_is_said(connection: Connection, sql: str, needed: bool) -> None:
    error = up(connection, sql)
    assert error is not None
    assert error.needs_superuser is needed
    assert error.missing_extension is None


def test_libpq_variables_change_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PGOPTIONS": "-c check_function_bodies=off",
        "PGTZ": "Asia/Tokyo",
        "PGSERVICE": "no-such-service",
        "PGCLIENTENCODING": "LATIN1",
        "PGDATESTYLE": "German",
    }.items():
        monkeypatch.setenv(name, value)
    database = server.create()
    try:
        shown = "DO $$ BEGIN ASSERT current_setting('DateStyle') = 'ISO, MDY'; END $$"
        assert up(database.connection, shown) is None
    finally:
        database.close()
    assert os.environ["PGTZ"] == "Asia/Tokyo"


def test_session_setup_runs_on_every_session_of_the_migrations(server: Server) -> None:
    del server
    wish = request(session_setup=("SELECT pg_advisory_lock(4711)", "SET my.setting = 'on'"))
    with open_server(wish) as own:
        database = own.create()
        check = "DO $$ BEGIN ASSERT current_setting('my.setting') = 'on'; END $$"
        assert up(database.connection, check) is None
        assert up(database.connection, "SELECT pg_terminate_backend(pg_backend_pid())") is not None
        assert up(database.connection, check, version="2") is None
        database.close()
