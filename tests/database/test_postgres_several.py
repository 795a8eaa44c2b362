"""Several files as one message: the same as one after the other, also where one fails, or is in another's way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from glowplug.database.postgres.session import Session
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.schema import diff
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.postgres import PostgresConnection
    from glowplug.database.postgres.session import Reply
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

REQUEST = Request(
    dialect=Dialect.POSTGRES,
    chain=ChainSettings(),
    settings=ScratchSettings(),
    statement_timeout=2.0,
    environment=dict(os.environ),
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with open_server(REQUEST) as running:
        yield running


@pytest.fixture
def connection(server: PostgresServer) -> Iterator[PostgresConnection]:
    database = create_database(server.conninfo, request=REQUEST, superuser=False, private=True)
    yield database.connection
    database.close()


def chain(*files: tuple[str, str], transaction: bool = True) -> list[Migration]:
    return [
        Migration(
            version=f"{number:02}",
            name=f"{number:02}_x",
            path=f"migrations/{number:02}_x",
            up=up.encode(),
            down=down.encode(),
            run_in_transaction=transaction,
        )
        for number, (up, down) in enumerate(files, 1)
    ]


TABLES = [(f"CREATE TABLE t{number} (id int)", f"DROP TABLE t{number}") for number in range(5)]


def go(connection: PostgresConnection, files: list[Migration], direction: Direction) -> tuple[list[int], str | None]:
    """Run them all, to the first failure: how many each time, and its message."""
    counts, done = [], 0
    while done < len(files):
        runs = connection.run_several(files[done:], direction)
        counts.append(len(runs))
        if runs[-1].error is not None:
            return counts, runs[-1].error.message
        done += len(runs)
    return counts, None


def names(connection: PostgresConnection) -> list[str]:
    return sorted(one.name for one in connection.snapshot() if one.kind == "table")


def test_they_run_as_one_message_up_and_down(connection: PostgresConnection) -> None:
    files = chain(*TABLES)
    assert go(connection, files, Direction.UP) == ([5], None)
    assert connection.recorded() == ("05", "04", "03", "02", "01")
    assert names(connection) == [f"public.t{number}" for number in range(5)]
    assert go(connection, files[::-1], Direction.DOWN) == ([5], None)
    assert connection.recorded() == ()
    assert names(connection) == []


def test_what_came_before_a_failure_stays_and_it_fails_by_itself(connection: PostgresConnection) -> None:
    files = chain(*TABLES[:3], ("CREATE TABLE t1 (id int)", "DROP TABLE t9"), TABLES[4])
    assert go(connection, files, Direction.UP) == ([3, 1], 'relation "t1" already exists')
    assert connection.recorded() == ("03", "02", "01")
    assert connection.run(files[4], Direction.UP).error is None
    assert names(connection) == ["public.t0", "public.t1", "public.t2", "public.t4"]


def test_what_fails_at_its_commit_is_undone(connection: PostgresConnection) -> None:
    late = (
        "CREATE TABLE parent (id int PRIMARY KEY);"
        "CREATE TABLE child (p int REFERENCES parent DEFERRABLE INITIALLY DEFERRED); INSERT INTO child VALUES (1)"
    )
    files = chain(*TABLES[:2], (late, "SELECT 1"), TABLES[2])
    counts, message = go(connection, files, Direction.UP)
    assert counts == [2, 1]
    assert message is not None
    assert "violates foreign key constraint" in message
    assert names(connection) == ["public.t0", "public.t1"]
    assert connection.recorded() == ("02", "01")


def test_one_that_takes_too_long_costs_none_of_the_others(connection: PostgresConnection) -> None:
    files = chain(*TABLES[:2], ("SELECT pg_sleep(60)", "SELECT 1"), TABLES[2])
    counts, message = go(connection, files, Direction.UP)
    assert sum(counts) == 3
    assert message == "did not end within 2 s"
    assert connection.recorded() == ("02", "01")


def test_one_that_ends_the_connection_costs_none_of_the_others(connection: PostgresConnection) -> None:
    suicide = "CREATE TABLE gone (id int); SELECT pg_terminate_backend(pg_backend_pid())"
    files = chain(*TABLES[:2], (suicide, "SELECT 1"), TABLES[2])
    counts, message = go(connection, files, Direction.UP)
    assert sum(counts) == 3
    assert message is not None
    assert names(connection) == ["public.t0", "public.t1"]
    assert connection.recorded() == ("02", "01")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE SCHEMA app; SET search_path = app",
        "SET standard_conforming_strings = off",
        "SET client_encoding = 'LATIN1'",
        "SELECT set_config('standard_conforming_strings', 'off', false)",
        "CREATE RULE r AS ON DELETE TO __diesel_schema_migrations DO INSTEAD NOTHING",
        "COMMIT",
        "BEGIN; COMMIT",
        "VACUUM",
    ],
)
def test_what_changes_how_the_others_are_read_or_recorded_runs_alone(connection: PostgresConnection, sql: str) -> None:
    quoted = ("COMMENT ON TABLE t0 IS 'a\\'", "COMMENT ON TABLE t0 IS NULL")
    files = chain(TABLES[0], (sql, "SELECT 1"), TABLES[1], quoted)
    together = [connection.run_several(files[start:], Direction.UP) for start in range(3)]
    assert [len(runs) for runs in together][1] == 1
    assert len(together[0]) == 1


def test_a_version_that_stays_recorded_is_seen(connection: PostgresConnection) -> None:
    files = chain(*TABLES[:3])
    assert go(connection, files, Direction.UP) == ([3], None)
    connection.require("DELETE FROM __diesel_schema_migrations WHERE version = '02'")
    assert go(connection, files[::-1], Direction.DOWN) == ([3], None)
    assert connection.recorded() == ()


def test_a_search_path_that_a_file_sets_outlives_what_is_read_at_its_end(connection: PostgresConnection) -> None:
    files = chain(
        ("CREATE TABLE public.a (id int)", "DROP TABLE public.a"),
        ("CREATE SCHEMA app", "DROP SCHEMA app"),
        ("SET search_path = app, public; CREATE TABLE app.b (id int)", "DROP TABLE app.b"),
        ("SET search_path = app, public; CREATE TABLE app.c (id int)", "DROP TABLE app.c"),
    )
    for migration in files:
        assert connection.run(migration, Direction.UP).error is None
        connection.snapshot()
    shown = connection.session.batch(b"SHOW search_path", rows=True)
    assert shown.results[0].get_value(0, 0) == b"app, public"
    assert names(connection) == ["app.b", "app.c", "public.a"]


def test_a_down_that_takes_the_bookkeeping_away_fails_there_too(server: PostgresServer) -> None:
    """Also where a way there and back leaves the bookkeeping out: nothing near it is left to that."""
    database = create_database(server.conninfo, request=REQUEST, superuser=False, private=True)
    files = chain(
        ("CREATE TABLE a (id int)", "DROP TABLE a"),
        ("CREATE TABLE b (id int)", 'DROP TABLE b; DROP TABLE U&"\\005f_diesel_schema_migrations"'),
        ("CREATE TABLE c (id int)", "DROP TABLE c"),
    )
    outcomes = []
    for migration in files:
        assert database.connection.run(migration, Direction.UP).error is None
        database.connection.snapshot()
        with database.excursion() as excursion:
            outcomes.append(excursion.run(migration, Direction.DOWN).error is None)
    database.close()
    assert outcomes == [True, False, True]


def test_what_ran_before_decides_whether_files_go_together(server: PostgresServer) -> None:
    plain = chain(*((f"CREATE TABLE t{number} ()", f"DROP TABLE t{number}") for number in range(3)))
    moving = chain(("CREATE TABLE s (); SET search_path = public", "DROP TABLE s"))
    database = create_database(server.conninfo, request=REQUEST, superuser=False, private=True)
    try:
        database.connection.run_several(plain, Direction.UP)
        database.restart_session()
        connection = database.connection
        connection.bookkeeping.moved = True  # as it is where another process made the database
        assert len(connection.run_several(plain[:0:-1], Direction.DOWN)) == 1
        connection.ran_before([*plain, *moving])
        assert len(connection.run_several([plain[1]], Direction.DOWN)) == 1
        assert connection.bookkeeping.moved
        connection.ran_before(plain)
        assert connection.run_several(plain[1:], Direction.UP)[-1].error is None
        assert len(connection.run_several(plain[::-1], Direction.DOWN)) == len(plain)
        assert connection.recorded() == ()
    finally:
        database.close()


@pytest.mark.parametrize("setting", ["jit = on", "lc_monetary = 'POSIX'", "statement_timeout = 10000"])
def test_a_server_with_other_settings_is_read_once(
    server: PostgresServer, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = create_database(server.conninfo, request=REQUEST, superuser=False, private=True)
    try:
        database.connection.run_several(chain(("CREATE TABLE t (a int)", "DROP TABLE t")), Direction.UP)
        usual = database.connection.snapshot()
        role = database.connection.access.conninfo["user"]
        database.administrator.execute(f'ALTER ROLE "{role}" SET {setting}')
        database.restart_session()
        sent: list[bytes] = []
        batch = Session.batch

        def kept(session: Session, sql: bytes, **more: Any) -> Reply:  # noqa: ANN401 - as the method has them
            sent.append(sql)
            return batch(session, sql, **more)

        before = database.connection.snapshot()
        monkeypatch.setattr(Session, "batch", kept)
        database.connection.forget()
        after = database.connection.snapshot()
        assert sum(b"_common" in each for each in sent) == 1
        assert diff(before, after) == ()
        assert [each for each in diff(usual, after) if each.kind in {"table", "column"}] == []
    finally:
        monkeypatch.undo()
        database.close()
