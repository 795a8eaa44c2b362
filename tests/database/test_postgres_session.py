"""A message and its answers: what is kept, how long it may take, and that nothing waits for ever."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from psycopg import pq

from glowplug.database.postgres import Administrator
from glowplug.database.postgres.answers import Kept
from glowplug.database.postgres.session import CANCEL_GRACE, Session
from glowplug.database.postgres.within import within
from glowplug.dialect import Dialect, Direction
from glowplug.errors import LostConnection
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres.claim import remove
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres import PostgresConnection
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

REQUEST = Request(
    dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
)
MEGABYTE = 1 << 20


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[PostgresServer]:
    with open_server(REQUEST) as server:
        yield server


@pytest.fixture(name="connection")
def _connection(server: PostgresServer) -> Iterator[PostgresConnection]:
    database = create_database(server.conninfo, request=REQUEST, superuser=False, private=True)
    with contextlib.closing(database):
        yield database.connection


@pytest.fixture(name="libpq", params=[pq.version(), 160004], ids=["this libpq", "an older one"])
def _libpq(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What newer ones offer is left alone where there is an older one."""
    monkeypatch.setattr(pq, "version", lambda: request.param)


@pytest.fixture(name="session")
def _session(server: PostgresServer) -> Iterator[Session]:
    with contextlib.closing(Session(server.conninfo, statement_timeout=0.2)) as session:
        yield session


def migration(sql: str) -> Migration:
    return Migration(version="1", name="1_x", path="migrations/1_x", up=sql.encode(), down=None)


@contextlib.contextmanager
def no_more_memory_than(more: int) -> Iterator[None]:
    """Let this process have so many bytes more than it has."""
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def values(results: Sequence[PGresult]) -> list[list[bytes | None]]:
    return [[one.get_value(row, 0) for row in range(one.ntuples)] for one in results]


def test_rows_of_a_file_fill_no_memory(connection: PostgresConnection) -> None:
    connection.snapshot()
    many = "CREATE TABLE u (id int PRIMARY KEY); SELECT repeat('x', 1000) FROM generate_series(1, 500000)"
    with no_more_memory_than(200 * MEGABYTE):
        assert connection.run(migration(many), Direction.UP).error is None
    assert ("table", "public.u") in connection.snapshot().objects


def test_rows_of_a_file_that_is_observed_fill_no_memory(connection: PostgresConnection) -> None:
    many = "CREATE TABLE u (id int PRIMARY KEY); SELECT repeat('x', 1000) FROM generate_series(1, 500000); DROP TABLE u"
    with no_more_memory_than(200 * MEGABYTE):
        trace = connection.observe(migration(many), Direction.UP)
    assert (trace.error, trace.blind, len(trace.statements)) == (None, None, 3)


def test_what_libpq_can_not_take_is_no_failure_of_the_servers(session: Session) -> None:
    with no_more_memory_than(50 * MEGABYTE), pytest.raises(LostConnection, match="could not be taken"):
        session.batch(b"SELECT repeat('x', 1000) FROM generate_series(1, 200000)", rows=True)
    assert not session.alive


@pytest.mark.usefixtures("libpq")
@pytest.mark.parametrize("at_once", [1, 2, 250])
def test_what_is_kept_of_the_answers(session: Session, at_once: int) -> None:
    sql = b"""SELECT 1 AS a; SELECT 2 AS a; CREATE TEMP TABLE t (); SELECT 3 AS mark; SELECT 4 AS a;
    SELECT g FROM generate_series(1, 5) g; SELECT 5 AS a WHERE false; SELECT 6 AS a"""
    kept = Kept(first=1, last=3, mark=b"mark", at_once=at_once)
    reply = session.batch(sql, rows=kept)
    assert (reply.ok, reply.cut, reply.completed) == (True, False, 8)
    assert values(reply.results) == [[b"1"], [b"3"], [b"1", b"2", b"3", b"4", b"5"], [], [b"6"]]
    assert [one.fname(0) for one in reply.results] == [b"a", b"mark", b"g", b"a", b"a"]


def test_an_answer_that_is_too_long_is_cut_and_said_to_be(session: Session) -> None:
    long = "SELECT repeat('x', 100) FROM generate_series(1, 50)"
    short = Kept(last=1, room=1000, at_once=1)
    assert not session.batch(f"{long}; SELECT 1".encode(), rows=short).cut
    reply = session.batch(f"SELECT 1; {long}".encode(), rows=short)
    assert (reply.ok, reply.cut) == (True, True)
    assert 10 <= reply.results[0].ntuples < 20


def test_a_message_is_ended_where_no_more_is_wanted(session: Session) -> None:
    reply = session.batch(
        b"SELECT repeat('x', 1000), generate_series(1, 1000000000)",
        rows=Kept(last=1, room=100_000, at_once=1, no_more=True),
    )
    assert reply.cut
    assert 100 <= reply.results[0].ntuples < 110
    assert session.batch(b"SELECT 1", rows=True).ok


def test_a_limit_of_the_migrations_is_none_of_a_reading(session: Session) -> None:
    assert session.batch(b"SELECT pg_sleep(0.6)").ok
    assert within(session, "SELECT pg_sleep(0.6)").ok
    assert session.batch(b"SELECT pg_sleep(6)", timed=True).timed_out


def test_a_copy_that_goes_on_and_on_is_ended(session: Session) -> None:
    reply = session.batch(b"COPY (SELECT generate_series(1, 1000000000)) TO STDOUT", timed=True)
    assert (reply.copied, reply.timed_out, reply.lost) == (True, True, None)
    assert session.batch(b"SELECT 1", rows=True).ok


def test_a_large_message_is_sent_whole(session: Session) -> None:
    size = 20 * MEGABYTE
    sql = b"SELECT length('" + b"x" * size + b"')"
    assert values(session.batch(sql, rows=True).results) == [[str(size).encode()]]


@contextlib.contextmanager
def stopped(session: Session) -> Iterator[None]:
    """Stop the session's backend and the server itself."""
    fields = Path(f"/proc/{session.backend_pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    server = int(fields[1])
    for pid in (session.backend_pid, server):
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in (server, session.backend_pid):
            os.kill(pid, signal.SIGCONT)


def seconds_of(action: threading.Thread, *, most: float) -> float:
    started = time.monotonic()
    action.start()
    action.join(most)
    return time.monotonic() - started


@pytest.mark.usefixtures("libpq")
@pytest.mark.parametrize("size", [1, 20 * MEGABYTE])
def test_a_server_that_does_not_answer_is_given_up(session: Session, size: int) -> None:
    replies = []
    sql = b"SELECT 1 -- " + b"x" * size
    waiting = threading.Thread(target=lambda: replies.append(session.batch(sql, timed=True)), daemon=True)
    with stopped(session):
        assert seconds_of(waiting, most=20.0) < 4 * CANCEL_GRACE
    assert replies
    assert (replies[0].timed_out, replies[0].ok) == (True, False)
    assert replies[0].lost
    assert not session.alive


def test_nothing_is_removed_from_a_server_that_does_not_answer(server: PostgresServer) -> None:
    with Administrator(server.conninfo) as administrator:
        assert administrator.answers()
        inside = administrator._session  # noqa: SLF001 - whose process is to be stopped
        removing = threading.Thread(target=remove, args=(administrator, "glowplug_x"), daemon=True)
        with stopped(inside):
            assert seconds_of(removing, most=30.0) < 4 * CANCEL_GRACE
        assert not administrator.answers()
