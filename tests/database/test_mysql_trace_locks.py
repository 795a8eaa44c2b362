"""How long MariaDB's locks are held, as ``observe`` tells it, held against sessions that have to wait."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql.session import Session
from glowplug.database.mysql.trace_locks import Transaction
from glowplug.database.trace import Lock, Seen
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.sql.reader import read

from .mysql_place import own_server, place_on, shows_locks, unwatched_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.trace import Trace
    from glowplug.scratch.mysql.own import OwnServer
    from glowplug.scratch.mysql.place import Place

pytestmark = pytest.mark.mysql

SETUP = """
CREATE TABLE p (id int PRIMARY KEY, code varchar(10));
CREATE TABLE c (id int PRIMARY KEY, pid int, CONSTRAINT f FOREIGN KEY (pid) REFERENCES p (id) ON DELETE CASCADE);
CREATE TABLE t (id int PRIMARY KEY, n int, pid int);
CREATE TABLE u (id int PRIMARY KEY, n int);
CREATE VIEW v AS SELECT n FROM u;
INSERT INTO p VALUES (1, 'a'), (2, 'b');
INSERT INTO c VALUES (1, 1);
INSERT INTO t VALUES (1, 1, 1), (2, 2, 2);
INSERT INTO u VALUES (1, 1), (2, 2)
"""
PAUSE = 0.5
TRIES = 5
"""How often an alteration may be over before another session had its turn, on a busy machine."""


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[OwnServer]:
    with own_server() as started:
        if not shows_locks(started):
            pytest.skip("the server came without its plugin metadata_lock_info")
        yield started


@pytest.fixture(name="place")
def _place(server: OwnServer) -> Iterator[Place]:
    place = place_on(server)
    place.furnish()
    assert place.connection.rows.execute(SETUP) is None
    yield place
    place.disconnect()
    place.administrator.drop_schema(place.schema)
    place.close()


def observe(place: Place, sql: str, *, transaction: bool = True) -> Trace:
    migration = Migration(
        version="1", name="1_x", path="m/1_x", up=sql.encode(), down=None, run_in_transaction=transaction
    )
    return place.connection.observe(migration, Direction.UP)


def locks(trace: Trace) -> list[dict[str, str]]:
    return [{lock.relation: lock.mode for lock in seen.locks} for seen in trace.statements]


def test_what_a_transaction_locks_is_told_once_and_again_where_it_grows(place: Place) -> None:
    sql = "SELECT * FROM u; SELECT * FROM u; UPDATE u SET n = 1; SELECT * FROM v; INSERT INTO u SELECT id + 9, n FROM t"
    trace = observe(place, sql)
    assert trace.error is trace.blind is None
    assert locks(trace) == [
        {"u": "SHARED_READ"}, {}, {"u": "SHARED_WRITE"}, {"v": "SHARED_READ"}, {"t": "SHARED_READ"}
    ]  # fmt: skip
    held = [lock.held_seconds for seen in trace.statements for lock in seen.locks]
    assert None not in held
    assert held == sorted(held, reverse=True, key=lambda seconds: seconds or 0)


def test_who_writes_to_a_parent_locks_its_children(place: Place) -> None:
    assert locks(observe(place, "DELETE FROM p WHERE id = 1")) == [{"p": "SHARED_WRITE", "c": "SHARED_WRITE"}]


def test_new_tables_are_left_out_and_names_are_those_before(place: Place) -> None:
    sql = "RENAME TABLE u TO w; CREATE TABLE u (i int); BEGIN; INSERT INTO u VALUES (1); UPDATE w SET n = 3"
    assert locks(observe(place, sql)) == [{"u": "EXCLUSIVE"}, {}, {}, {}, {"u": "SHARED_WRITE"}]


@pytest.mark.parametrize(
    ("sql", "transaction", "table", "held"),
    [
        (f"UPDATE t SET n = 1; SELECT SLEEP({PAUSE})", True, "t", PAUSE),
        (f"SELECT SLEEP({PAUSE}); UPDATE t SET n = 1", True, "t", 0),
        (f"UPDATE t SET n = 1; ALTER TABLE u ADD z int; SELECT SLEEP({PAUSE})", True, "t", 0),
        (f"UPDATE t SET n = 1; CREATE TABLE x AS SELECT SLEEP({PAUSE})", True, "t", 0),
        (f"UPDATE t SET n = 1; COMMIT; SELECT SLEEP({PAUSE})", True, "t", 0),
        (f"BEGIN; UPDATE t SET n = 1; SELECT SLEEP({PAUSE}); ROLLBACK; SELECT SLEEP({PAUSE})", False, "t", PAUSE),
        (f"LOCK TABLES t WRITE; DO SLEEP({PAUSE}); UNLOCK TABLES; SELECT SLEEP({PAUSE})", False, "t", PAUSE),
        (f"LOCK TABLES t READ; DO SLEEP({PAUSE}); UNLOCK TABLES", False, "t", PAUSE),
        (f"UPDATE t SET n = 1; SELECT SLEEP({PAUSE}); FOO", True, "t", PAUSE),
    ],
)
def test_it_is_held_as_long_as_others_have_to_wait(
    server: OwnServer, place: Place, sql: str, table: str, held: float, *, transaction: bool
) -> None:
    waited: list[float] = []
    over = threading.Event()

    def knock() -> None:
        """Ask for the table, again and again, without waiting."""
        session = Session(server.address.to(place.schema))
        session.rows("SET lock_wait_timeout = 0")
        while not over.is_set():
            if session.batch(f"LOCK TABLES {table} WRITE".encode()).error is not None:
                waited.append(time.perf_counter())
            session.rows("UNLOCK TABLES")
            time.sleep(0.005)
        session.close()

    place.connection.recorded()  # connected
    other = threading.Thread(target=knock)
    other.start()
    try:
        trace = observe(place, sql, transaction=transaction)
    finally:
        over.set()
        other.join()
    (told,) = [
        lock.held_seconds
        for seen in trace.statements
        for lock in seen.locks
        if lock.relation == table and lock.held_seconds is not None
    ]
    refused = waited[-1] - waited[0] if waited else 0.0
    assert held <= told < held + PAUSE * 0.9
    assert held - PAUSE / 2 <= refused < held + PAUSE * 0.9


@pytest.mark.parametrize(
    ("statement", "held"),
    [
        ("COMMIT", 7.0),
        ("ROLLBACK", 7.0),
        ("UNLOCK TABLES", 7.0),
        ("DROP TABLE u", 5.0),
        ("BEGIN", 5.0),
        ("CALL x()", None),
    ],
)
def test_a_lock_ends_when_its_transaction_does(statement: str, held: float | None) -> None:
    transaction, seen = Transaction(), [Seen(line=1, seconds=1.0)]
    transaction.after(seen, {"t": "SHARED_WRITE"}, None, began=0.0, ended=1.0)
    seen.append(Seen(line=2, seconds=2.0))
    transaction.after(seen, {}, read(statement, Dialect.MYSQL).statements[0], began=5.0, ended=7.0)
    assert seen[0].locks == (Lock(relation="t", mode="SHARED_WRITE", held_seconds=held),)
    assert not transaction.holds


def test_a_lock_by_hand_lets_go_of_what_was_held_before(place: Place) -> None:
    trace = observe(place, f"BEGIN; UPDATE t SET n = 1; LOCK TABLES t READ; DO SLEEP({PAUSE}); UNLOCK TABLES")
    (first,), (second,) = (seen.locks for seen in trace.statements if seen.locks)
    assert (first.mode, second.mode) == ("SHARED_WRITE", "SHARED_READ_ONLY")
    assert (first.held_seconds or PAUSE) < PAUSE <= (second.held_seconds or 0)


def test_what_is_held_after_the_file_has_no_end(place: Place) -> None:
    trace = observe(place, "LOCK TABLES t WRITE, u READ", transaction=False)
    assert locks(trace) == [{"t": "SHARED_NO_READ_WRITE", "u": "SHARED_READ_ONLY"}]
    assert [lock.held_seconds for lock in trace.statements[0].locks] == [None, None]


def test_what_is_let_go_of_at_any_moment_has_no_time(place: Place) -> None:
    sql = "UPDATE t SET n = 1; BEGIN NOT ATOMIC DO SLEEP(0.05); COMMIT; DO SLEEP(0.05); END"
    trace = observe(place, sql)
    assert locks(trace) == [{"t": "SHARED_WRITE"}, {}]
    assert trace.statements[0].locks[0].held_seconds is None


def test_what_is_gone_when_it_is_looked_for_is_said(place: Place) -> None:
    trace = observe(place, "ALTER TABLE u ADD z int; UPDATE t SET n = 1;\nUPDATE t SET n = 2")
    assert locks(trace) == [{"u": "EXCLUSIVE"}, {}, {}]
    assert trace.blind == "line 1 runs outside of a transaction: its metadata locks are gone when it ends"


@pytest.mark.parametrize("statement", ["DROP TABLE t, u", "RENAME TABLE t TO t2, u TO u2"])
def test_some_hold_their_locks_from_beginning_to_end(server: OwnServer, place: Place, statement: str) -> None:
    """Let the statement wait for ``u``: from then on it has ``t``, to its end."""
    (seen,) = observe(place, statement).statements
    assert [lock.held_seconds for lock in seen.locks] == [seen.seconds] * 2
    place.furnish()
    assert place.connection.rows.execute(SETUP) is None
    reader, third = (Session(server.address.to(place.schema)) for _ in range(2))
    reader.rows("BEGIN; SELECT * FROM u")
    runs = threading.Thread(target=observe, args=(place, statement))
    runs.start()
    try:
        time.sleep(PAUSE)
        third.rows("SET lock_wait_timeout = 0")
        assert third.batch(b"SELECT * FROM t").error is not None
    finally:
        reader.close()
        runs.join()
        third.close()


@pytest.mark.parametrize("statement", ["ALTER TABLE t MODIFY n bigint", "ALTER TABLE t FORCE", "OPTIMIZE TABLE t"])
def test_an_alteration_lets_others_read_but_for_moments(server: OwnServer, place: Place, statement: str) -> None:
    assert place.connection.rows.execute("INSERT INTO t SELECT seq, 1, 1 FROM seq_3_to_60000") is None
    told: list[Trace] = []
    other = Session(server.address.to(place.schema))
    other.rows("SET lock_wait_timeout = 0")
    doing = f"SELECT info FROM information_schema.processlist WHERE id = {place.connection.session.number}"
    reads = 0
    while not reads and len(told) < TRIES:
        runs = threading.Thread(target=lambda: told.append(observe(place, statement)))
        runs.start()
        while runs.is_alive():
            before = other.rows(doing)
            could = other.batch(b"SELECT * FROM t LIMIT 1").error is None
            same = before == other.rows(doing) and statement[:5] in str(before)
            reads += could and same
    other.close()
    assert reads > 0
    (seen,) = told[0].statements
    assert [(lock.relation, lock.mode, lock.held_seconds) for lock in seen.locks] == [("t", "EXCLUSIVE", None)]


def test_not_even_an_instant_alteration_is_said_to_lock_for_as_long_as_it_runs(place: Place) -> None:
    (seen,) = observe(place, "ALTER TABLE t ADD z int").statements
    assert [(lock.relation, lock.mode, lock.held_seconds) for lock in seen.locks] == [("t", "EXCLUSIVE", None)]


def test_a_copy_keeps_others_from_writing_to_new_parents(place: Place) -> None:
    trace = observe(place, "ALTER TABLE t ADD FOREIGN KEY (pid) REFERENCES p (id)")
    (seen,) = trace.statements
    assert seen.algorithm == "COPY"
    assert [(lock.relation, lock.mode, lock.held_seconds) for lock in seen.locks] == [
        ("t", "EXCLUSIVE", None), ("p", "SHARED_NO_WRITE", seen.seconds)
    ]  # fmt: skip
    trace = observe(place, "SET foreign_key_checks = 0; ALTER TABLE u ADD FOREIGN KEY (n) REFERENCES p (id)")
    assert locks(trace) == [{}, {"u": "EXCLUSIVE"}]  # it checks nothing


def test_where_the_server_does_not_show_locks_that_is_said() -> None:
    with unwatched_server() as plain:
        place = place_on(plain)
        place.furnish()
        assert place.connection.rows.execute(SETUP) is None
        assert observe(place, "ALTER TABLE t ADD z int").blind is None
        trace = observe(place, "UPDATE t SET n = 1; LOCK TABLES t WRITE, u READ; UNLOCK TABLES")
        assert locks(trace) == [{}, {"t": "SHARED_NO_READ_WRITE", "u": "SHARED_READ_ONLY"}, {}]
        assert "the server shows no metadata locks" in (trace.blind or "")
        place.close()
