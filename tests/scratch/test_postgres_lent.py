"""A PostgreSQL server that the user lends: what a run makes on it vanishes, however the run ends."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres import Administrator, identifier
from glowplug.database.postgres.session import Session
from glowplug.dialect import Dialect, Direction
from glowplug.errors import ConfigurationError, NoServer
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.lent import RunNames
from glowplug.scratch.postgres import source
from glowplug.scratch.postgres.claim import sweep
from glowplug.scratch.postgres.url import is_answer
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.interface import Connection
    from glowplug.scratch.interface import Server

pytestmark = pytest.mark.postgres

IN_A_COPY = "SELECT 1; DO $$ BEGIN EXECUTE 'SELECT 2'; END $$"
"""A down that may not be nested."""

A_RUN = """
import os, sys
from glowplug.dialect import Dialect, Direction
from glowplug.project import ChainSettings, Migration
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

request = Request(
    dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
)
down = Migration(version="0", name="0", path="m/0", up=None, down=sys.argv[2].encode())
slow = Migration(version="1", name="1", path="m/1", up=sys.argv[1].encode(), down=None)
with open_server(request) as server:
    database = server.create()
    with database.excursion() as away:
        away.run(down, Direction.DOWN)
        print("ready", flush=True)
        away.run(slow, Direction.UP)
        sys.stdin.read()
"""


def request_for(url: str, **chain: tuple[str, ...]) -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(**chain),  # type: ignore[arg-type]
        settings=ScratchSettings(),
        statement_timeout=30,
        environment={**os.environ, "GLOWPLUG_SCRATCH_URL": url},
    )


@pytest.fixture(scope="module")
def administrator() -> Iterator[Administrator]:
    """One of a server as a user would lend it."""
    wish = Request(
        dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
    )
    with open_server(wish) as server, Administrator(server.conninfo) as session:  # type: ignore[attr-defined]
        session.execute("CREATE ROLE lender LOGIN SUPERUSER; CREATE ROLE poor LOGIN CREATEDB CREATEROLE")
        session.execute("CREATE DATABASE lenders")
        session.execute("GRANT CONNECT ON DATABASE postgres, lenders TO poor")
        yield session


@pytest.fixture(params=["lender", "poor"])
def lent(administrator: Administrator, request: pytest.FixtureRequest) -> str:
    """The server's URL, for a superuser and for one who may make databases and roles and nothing else."""
    return url_of(administrator, request.param)


def url_of(administrator: Administrator, user: str, database: str = "postgres") -> str:
    host = administrator.conninfo["host"].replace("/", "%2F")
    return f"postgresql://{user}@{host}/{database}"


def ours(administrator: Administrator) -> set[str]:
    rows = administrator.rows("SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles")
    return {name for (name,) in rows if name and "glowplug_" in name} - {"glowplug_administrator"}


def migration(up: str, down: str | None = None) -> Migration:
    return Migration(version="1", name="1", path="m/1", up=up.encode(), down=None if down is None else down.encode())


@contextlib.contextmanager
def another_run(url: str, up: str, administrator: Administrator) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start another run on the server, which runs ``up`` in a copy and then waits; give it and its database's name."""
    before = ours(administrator)
    environment = {**os.environ, "GLOWPLUG_SCRATCH_URL": url}
    with subprocess.Popen(
        [sys.executable, "-c", A_RUN, up, IN_A_COPY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as run:
        try:
            assert run.stdout is not None
            assert run.stdout.readline() == "ready\n"
            yield run, min(ours(administrator) - before)
        finally:
            run.kill()


def use(server: Server) -> Connection:
    connection = server.create().connection
    assert connection.run(migration("CREATE TABLE a (i integer)"), Direction.UP).error is None
    return connection


def test_a_run_leaves_nothing(lent: str, administrator: Administrator) -> None:
    with open_server(request_for(lent)) as server:
        assert server.describe().source == "url"
        database = server.create()
        with database.excursion() as away:
            assert away.run(migration("", IN_A_COPY), Direction.DOWN).error is None
            assert len(ours(administrator)) == 2
        assert len(ours(administrator)) == 1
        database.close()
        assert ours(administrator) == set()
        server.create()
    assert ours(administrator) == set()


@pytest.mark.parametrize(
    "up", ["SELECT 1", "CREATE TABLE a (i integer); SELECT pg_sleep(600)"], ids=["idle", "at work"]
)
def test_what_a_killed_run_left_is_removed_by_the_next(lent: str, administrator: Administrator, up: str) -> None:
    """Also while the server still runs the dead run's statement."""
    with another_run(lent, up, administrator) as (run, name):
        time.sleep(0.2)
        run.kill()
        run.wait()
    assert ours(administrator) == {name, f"{name}_copy"}
    with open_server(request_for(lent)) as server:
        assert f"removed {name}, which a killed run had left on the server" in server.describe().notes
        assert ours(administrator) == set()
        use(server)


@pytest.mark.parametrize("database", ["postgres", "lenders"])
def test_a_living_runs_database_stays(lent: str, administrator: Administrator, database: str) -> None:
    """Also where the other run came by another database: there advisory locks are others."""
    with another_run(lent, "SELECT 1", administrator) as (run, name):
        with open_server(request_for(lent.replace("/postgres", f"/{database}"))) as server:
            use(server)
            assert {name, f"{name}_copy"} < ours(administrator)
            assert len(server.describe().notes) == 1
        assert ours(administrator) == {name, f"{name}_copy"}
        run.communicate("", timeout=30)
        assert run.returncode == 0
    assert ours(administrator) == set()


def test_other_runs_may_start_at_any_moment(
    lent: str, administrator: Administrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep before each statement of glowplug's own, from the first to the last, finds nothing to remove."""
    batch, found, sweeping = Session.batch, [], threading.Lock()

    def batch_after_a_sweep(session: Session, sql: bytes, *, rows: bool = False, timed: bool = False) -> object:
        if threading.current_thread() is threading.main_thread() and sweeping.acquire(blocking=False):
            try:
                found.append(sweep(administrator.conninfo))
            finally:
                sweeping.release()
        return batch(session, sql, rows=rows, timed=timed)

    monkeypatch.setattr(Session, "batch", batch_after_a_sweep)
    with open_server(request_for(lent)) as server:
        database = server.create()
        with database.excursion() as away:
            assert away.run(migration("", IN_A_COPY), Direction.DOWN).error is None
        database.close()
    assert len(found) > 20
    assert set(found) == {()}


@pytest.mark.parametrize(
    "name",
    [
        *("glowplug_production", "glowplug_0123456789ab", "glowplug_0123456789abcdef"),
        *("{0}x", "x{0}", "{0}_copies", "{0}_", "{1}"),
    ],
)
def test_what_merely_resembles_ours_stays(administrator: Administrator, name: str) -> None:
    """The third and the last have the form of ours, as another server's runs make it: a restored dump brings it."""
    lent = url_of(administrator, "lender")
    here, elsewhere = (RunNames(server=each, suffix="_copy").new() for each in (administrator.identity(), "another"))
    resembling = name.format(here, elsewhere)
    administrator.execute(f"CREATE DATABASE {identifier(resembling)}")
    administrator.execute(f"CREATE ROLE {identifier(resembling)}")
    try:
        with open_server(request_for(lent)) as server:
            use(server)
        assert ours(administrator) == {resembling}
    finally:
        administrator.execute(f"DROP DATABASE {identifier(resembling)}")
        administrator.execute(f"DROP ROLE {identifier(resembling)}")


def test_what_cannot_be_removed_is_told(administrator: Administrator) -> None:
    """Another administrator's, whose role this one is no member of."""
    with another_run(url_of(administrator, "lender"), "SELECT 1", administrator) as (run, name):
        run.kill()
        run.wait()
    with open_server(request_for(url_of(administrator, "poor"))) as server:
        (note,) = server.describe().notes[1:]
        assert note.startswith(f"a killed run left {name} on the server, which can't be removed: ")
        use(server)
    assert sweep(administrator.conninfo) == (f"removed {name}, which a killed run had left on the server",)
    assert ours(administrator) == set()


def test_what_was_prepared_and_never_committed_is_no_obstacle(lent: str, administrator: Administrator) -> None:
    with another_run(lent, "BEGIN; CREATE TABLE x (i integer); PREPARE TRANSACTION 'x'", administrator) as (run, name):
        time.sleep(0.2)
        run.kill()
        run.wait()
    with open_server(request_for(lent)) as server:
        assert f"removed {name}, which a killed run had left on the server" in server.describe().notes
    assert ours(administrator) == set()


def test_a_setup_that_fails_leaves_nothing(lent: str, administrator: Administrator) -> None:
    for setting in ("database_setup", "session_setup"):
        with (
            open_server(request_for(lent, **{setting: ("CREATE NONSENSE",)})) as server,
            pytest.raises(ConfigurationError, match=setting),
        ):
            server.create()
        assert ours(administrator) == set()


def test_public_may_stay_another_roles() -> None:
    """Up to PostgreSQL 14 it is a superuser's, which this administrator is no member of; everyone may create in it."""
    if 14 not in {each.major for each in source.find_all(os.environ, [])}:
        pytest.skip("no PostgreSQL 14: glowplug server install 14")
    wish = Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version="14"),
        settings=ScratchSettings(),
        environment=dict(os.environ),
    )
    with open_server(wish) as server, Administrator(server.conninfo) as session:  # type: ignore[attr-defined]
        session.execute("CREATE ROLE poor LOGIN CREATEDB CREATEROLE; GRANT CONNECT ON DATABASE postgres TO poor")
        with open_server(request_for(url_of(session, "poor"))) as lent:
            assert lent.describe().server.startswith("PostgreSQL 14.")
            use(lent)
        assert ours(session) == set()


def test_a_server_that_lets_nobody_in_is_not_told_to_be_started(administrator: Administrator) -> None:
    for url in (url_of(administrator, "nobody"), url_of(administrator, "lender", "nothing")):
        with pytest.raises(NoServer, match=r"lets glowplug not in: .*does not exist") as caught:
            open_server(request_for(url))
        said = "See to the user, the password and the database in GLOWPLUG_SCRATCH_URL, or unset it."
        assert caught.value.advice == said
    with pytest.raises(NoServer, match="can't be reached") as caught:
        open_server(request_for("postgres://lender@%2Fnowhere/postgres"))
    assert caught.value.advice == "Start it, or unset GLOWPLUG_SCRATCH_URL."
    assert is_answer("port 5432 failed: fe_sendauth: no password supplied")
    assert is_answer("port 5432 failed: SCHWERWIEGEND:  Rolle »x« existiert nicht")
    assert not is_answer("port 5432 failed: Connection refused\n\tIs the server running on that host?")
