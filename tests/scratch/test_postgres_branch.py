"""A branch is a database in the same state, where everything is committed, and nothing of it stays."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres.snapshot import SnapshotReader
from glowplug.dialect import Dialect, Direction
from glowplug.errors import CannotBranch
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres import source
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.database.interface import Connection, SqlError
    from glowplug.scratch.postgres.database import PostgresDatabase
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

MAJORS = ("14", "15", "16", "17", "18")


def request(major: str = "18") -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version=major, session_setup=("SET work_mem = '7MB'",)),
        settings=ScratchSettings(),
        environment=dict(os.environ),
    )


@pytest.fixture(scope="module")
def servers() -> Iterator[Callable[[str], PostgresServer]]:
    running: dict[str, PostgresServer] = {}
    with contextlib.ExitStack() as stack:

        def of(major: str) -> PostgresServer:
            if int(major) not in {each.major for each in source.find_all(os.environ, [])}:
                pytest.skip(f"no PostgreSQL {major}: glowplug server install {major}")
            if major not in running:
                running[major] = stack.enter_context(open_server(request(major)))
            return running[major]

        yield of


@pytest.fixture
def database(servers: Callable[[str], PostgresServer]) -> Iterator[PostgresDatabase]:
    made = create_database(servers("18").conninfo, request=request(), superuser=False, private=True)
    with contextlib.closing(made):
        yield made


def run(connection: Connection, sql: str, *, transaction: bool = True, version: str | None = None) -> SqlError | None:
    version = version or os.urandom(8).hex()
    one = Migration(
        version=version, name=version, path=version, up=sql.encode(), down=None, run_in_transaction=transaction
    )
    return connection.run(one, Direction.UP).error


def ask(connection: Connection, sql: str) -> str | None:
    answer = connection.rows.query(sql)
    assert answer.error is None, answer.error
    value = answer.rows[0][0]
    assert not isinstance(value, bytes)
    return value


BASE = """
CREATE TABLE t (id serial PRIMARY KEY, a text); INSERT INTO t (a) VALUES ('x'), ('y');
CREATE SEQUENCE s; SELECT nextval('s'), nextval('s');
CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED);
SET app.tenant = 'own'; SET work_mem = '9MB';
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 1234', current_database()); END $$
"""


@pytest.mark.parametrize("major", MAJORS)
def test_it_is_in_the_same_state_and_leaves_no_trace(servers: Callable[[str], PostgresServer], major: str) -> None:
    made = create_database(servers(major).conninfo, request=request(major), superuser=False, private=True)
    with contextlib.closing(made):
        home = made.connection
        assert run(home, BASE, version="1") is None
        schema, state, rows = home.snapshot(), home.state(), home.rows.read(home.rows.tables()[0])
        for _ in range(2):  # the second is as good as the first
            with made.branch() as branch:
                assert branch.snapshot().objects == schema.objects
                assert branch.recorded() == ("1",)
                assert branch.state() == state
                assert branch.rows.read(branch.rows.tables()[0]) == rows
                assert ask(branch, "SELECT current_setting('work_mem') || current_setting('app.tenant')") == "9MBown"
                assert ask(branch, "SELECT last_value FROM s") == "2"
                # committed, each by itself: another session would see it
                assert branch.rows.execute("INSERT INTO t (a) VALUES ('z')") is None
                assert run(branch, "INSERT INTO c VALUES (9)") is not None  # at its COMMIT
                assert run(branch, "ALTER TABLE t ADD b int; SELECT nextval('s')", version="2") is None
                assert branch.recorded() == ("2", "1")
                assert branch.snapshot().objects == SnapshotReader(branch.session).read(None).objects
                assert ask(branch, "SELECT count(*) FROM t") == "3"
        assert home.snapshot().objects == schema.objects == SnapshotReader(home.session).read(None).objects
        assert home.recorded() == ("1",)
        assert home.state() == state
        assert home.rows.read(home.rows.tables()[0]) == rows
        assert ask(home, "SELECT last_value FROM s") == "2"
        databases = "SELECT count(*) FROM pg_database WHERE datname LIKE current_database() || '%'"
        assert made.administrator.rows(databases.replace("current_database()", f"'{home.access.conninfo['dbname']}'"))
        assert ask(home, databases) == "1"


def test_there_is_one_world(database: PostgresDatabase) -> None:
    assert database.other_world is None


def test_what_an_error_leaves_of_it_is_removed(database: PostgresDatabase) -> None:
    with pytest.raises(ZeroDivisionError), database.branch():
        raise ZeroDivisionError
    with database.branch() as branch:
        assert ask(branch, "SELECT 1") == "1"


@pytest.mark.parametrize(
    ("sql", "transaction", "reason"),
    [
        ("BEGIN; CREATE TABLE x (a int)", False, "transaction open"),
        ("CREATE TEMP TABLE x (a int)", True, "temporary tables"),
        ("CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", True, "temporary tables"),
        ("CREATE TEMP TABLE x (a int); DROP TABLE x", True, None),
        ("CREATE TEMP TABLE x (a int) ON COMMIT DROP", True, None),
    ],
)
def test_what_no_other_session_can_have_is_said(
    database: PostgresDatabase, sql: str, transaction: bool, reason: str | None
) -> None:
    run(database.connection, sql, transaction=transaction)
    if reason is None:
        with database.branch() as branch:
            assert ask(branch, "SELECT 1") == "1"
        return
    with pytest.raises(CannotBranch, match=reason), database.branch():
        pass
    assert ask(database.connection, "SELECT 1") == "1"


def test_what_the_server_refuses_to_copy_is_said(database: PostgresDatabase) -> None:
    run(database.connection, "CREATE TABLE x (a int); PREPARE TRANSACTION 'prepared'", transaction=False)
    run(database.connection, "BEGIN; CREATE TABLE y (a int); PREPARE TRANSACTION 'one'", transaction=False)
    try:
        with pytest.raises(CannotBranch, match="being accessed by other users"), database.branch():
            pass
    finally:
        database.connection.session.batch(b"ROLLBACK PREPARED 'one'")


def test_a_role_and_read_only_sessions_are_taken_over(servers: Callable[[str], PostgresServer]) -> None:
    made = create_database(servers("18").conninfo, request=request(), superuser=True, private=True)
    with contextlib.closing(made):
        name = f"b_{os.urandom(4).hex()}"
        run(made.connection, f"CREATE ROLE {name}; GRANT INSERT ON __diesel_schema_migrations TO {name}")
        run(made.connection, f"SET default_transaction_read_only = on; SET ROLE {name}")
        state = made.connection.state()
        with made.branch() as branch:
            assert ask(branch, "SELECT current_user") == name
        assert made.connection.state() == state
        assert state.role == name
        made.connection.session.batch(b"RESET ROLE; SET default_transaction_read_only = off")
        made.connection.session.batch(f"DROP OWNED BY {name}".encode())
        made.connection.session.batch(f"DROP ROLE {name}".encode())


def test_what_a_branch_does_to_the_role_is_undone(database: PostgresDatabase) -> None:
    with database.branch() as branch:
        assert run(branch, "ALTER ROLE CURRENT_USER SET work_mem = '5MB'") is None
    with database.branch() as branch:
        assert ask(branch, "SELECT setting FROM pg_settings WHERE name = 'work_mem'") == str(7 * 1024)
    settings = (
        "SELECT count(*) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole AND rolname = current_user"
    )
    assert ask(database.connection, settings) == "0"


def test_an_excursion_writes_rows_in_its_copy(database: PostgresDatabase) -> None:
    assert run(database.connection, BASE) is None
    down = Migration(version="9", name="9", path="9", up=b"", down=b"ALTER TABLE t DROP a", run_in_transaction=True)
    with database.excursion() as excursion:
        assert excursion.run(down, Direction.DOWN).error is None
        table = next(table for table in excursion.rows.tables() if table.name == "public.t")
        assert [column.name for column in table.columns] == ["id"]  # what had been done is done there too
        assert excursion.rows.insert(table, (), [()]) == (None,)
        assert len(excursion.rows.read(table).rows) == 3
    assert ask(database.connection, "SELECT count(*) FROM t WHERE a IS NOT NULL") == "2"


def test_an_excursion_from_an_open_transaction_has_no_rows(database: PostgresDatabase) -> None:
    run(database.connection, "BEGIN; CREATE TABLE x (a int)", transaction=False)
    with database.excursion() as excursion:
        with pytest.raises(CannotBranch):
            assert excursion.rows
        trace = excursion.observe(
            Migration(version="9", name="9", path="9", up=b"SELECT 1", down=None, run_in_transaction=True), Direction.UP
        )
        assert trace.error is not None


@pytest.mark.parametrize("by", ["SET", "ALTER ROLE CURRENT_USER SET"])
def test_a_short_time_that_a_migration_sets_is_not_the_copys(database: PostgresDatabase, by: str) -> None:
    connection = database.connection
    assert run(connection, "CREATE TABLE t AS SELECT repeat(md5(g::text), 30) FROM generate_series(1, 60000) g") is None
    limits = ("statement_timeout", "lock_timeout", "transaction_timeout")
    assert run(connection, "; ".join(f"{by} {name} = '40ms'" for name in limits)) is None
    database.restart_session()  # for what ALTER ROLE has set
    if by == "SET":
        assert run(connection, "; ".join(f"SET {name} = '40ms'" for name in limits)) is None
    before = connection.state()
    with database.branch() as branch:
        assert branch.snapshot().objects == connection.snapshot().objects
    assert connection.state() == before
    shown = connection.session.batch(b"SHOW statement_timeout", rows=True).results[0].get_value(0, 0)
    assert shown == b"40ms"


def test_a_session_waits_for_its_branch_however_long_it_may_be_idle(database: PostgresDatabase) -> None:
    connection = database.connection
    assert run(connection, "SET idle_session_timeout = '300ms'") is None
    before, backend = connection.state(), connection.session.backend_pid
    with database.branch():
        time.sleep(0.7)
    assert (connection.state(), connection.session.backend_pid) == (before, backend)
