"""What statements were seen to do on PostgreSQL: what another session sees, and nothing else than ``run`` does."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from glowplug.database.postgres.trace_look import last_part
from glowplug.database.postgres.trace_message import message
from glowplug.database.postgres.trace_reading import MODES, RANKS
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres import source
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings
from tests.proof.postgres_locks import ALONE, SETUP, Effects, Form, forms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.database.postgres import PostgresConnection
    from glowplug.database.trace import Seen, Trace
    from glowplug.scratch.postgres.server import PostgresServer
    from tests.conftest import Thorough

pytestmark = pytest.mark.postgres

MAJORS = ("14", "15", "16", "17", "18")
NEWEST = MAJORS[-1]
TIMEOUT = 20.0
MODE_OF = {words: mode for mode, words in MODES.items()}
PG_RELATIONS = """
SELECT oid::int, relkind::text, relname::text, pg_relation_filenode(oid)::int FROM pg_class
WHERE oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'S', 'i') AND relnamespace <> 'pg_toast'::regnamespace
"""


def request(major: str) -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version=major),
        settings=ScratchSettings(),
        statement_timeout=TIMEOUT,
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


@contextlib.contextmanager
def fresh(server: PostgresServer, major: str, setup: str = SETUP) -> Iterator[PostgresConnection]:
    database = create_database(server.conninfo, request=request(major), superuser=False, private=True)
    try:
        assert database.connection.run(migration(setup, version="0"), Direction.UP).error is None
        yield database.connection
    finally:
        database.close()


@pytest.fixture
def connect(servers: Callable[[str], PostgresServer]) -> Iterator[Callable[..., PostgresConnection]]:
    with contextlib.ExitStack() as stack:

        def to(major: str = NEWEST, setup: str = SETUP) -> PostgresConnection:
            return stack.enter_context(fresh(servers(major), major, setup))

        yield to


def migration(sql: object, *, version: str | None = None, transaction: bool = True) -> Migration:
    version = version or os.urandom(8).hex()
    up = sql if isinstance(sql, bytes) else str(sql).encode()
    return Migration(version=version, name=version, path=version, up=up, down=None, run_in_transaction=transaction)


def observe(connection: PostgresConnection, sql: str, **more: object) -> Trace:
    return connection.observe(migration(sql, **more), Direction.UP)  # type: ignore[arg-type]


def session(connection: PostgresConnection) -> psycopg.Connection[Any]:
    return psycopg.connect(autocommit=True, **connection.access.conninfo)  # type: ignore[arg-type]  # strings


def plain(names: tuple[str, ...]) -> set[str]:
    return {last_part(name) for name in names}


def effects_of(seen: Seen) -> Effects:
    return Effects(
        locks={last_part(lock.relation): lock.mode for lock in seen.locks},
        rewrites=plain(seen.rewritten),
        scans=plain(seen.scanned),
        rebuilds=plain(seen.rebuilt_indexes),
    )


def truth(form: Form, runs: psycopg.Connection[Any], watches: psycopg.Connection[Any]) -> Effects:
    """What another session sees of the locks, and the catalogue of the files; of the scans what is written down."""
    old = {row[0]: row[1:] for row in watches.execute(PG_RELATIONS)}
    found = Effects()
    runs.execute("BEGIN")
    try:
        runs.execute(form.sql.encode())
        query = "SELECT relation::int, mode FROM pg_locks WHERE pid = %s AND locktype = 'relation' AND granted"
        for oid, mode in watches.execute(query, (runs.info.backend_pid,)):
            if oid in old and str(old[oid][0]) in "rpvmS":
                name = str(old[oid][1])
                strongest = max(str(mode), MODE_OF.get(found.locks.get(name, ""), str(mode)), key=RANKS.__getitem__)
                found.locks[name] = MODES[strongest]
        new = {row[0]: row[1:] for row in runs.execute(PG_RELATIONS)}
    finally:
        runs.execute("ROLLBACK")
    later = {(kind, name): filenode for oid, (kind, name, filenode) in new.items() if oid not in old}
    for oid, (kind, name, filenode) in old.items():
        other = new[oid][2] if oid in new else later.get((kind, name), filenode)
        if other != filenode and str(kind) in "rmi":
            (found.rebuilds if kind == "i" else found.rewrites).add(str(name))
    return found


@pytest.mark.parametrize("major", MAJORS)
def test_the_table_of_locks_is_what_the_server_does_and_what_is_seen(
    major: str, connect: Callable[..., PostgresConnection], thorough: Thorough
) -> None:
    table = [form for form in forms() if form.section != ALONE and form.since <= int(major)]
    connection = connect(major)
    different = []
    with session(connection) as runs, session(connection) as watches:
        for form in table if major == NEWEST else thorough(table):
            expected = form.effects(int(major))
            there = truth(form, runs, watches)
            there.scans = expected.scans
            trace = observe(connection, form.sql, version="0")  # recorded already: the bookkeeping undoes it all
            assert trace.error is not None
            assert "at Diesel's bookkeeping" in trace.error.message, f"{form.sql}: {trace.error}"
            (seen,) = trace.statements
            if not expected == there == effects_of(seen) or trace.blind or seen.error:
                different.append((form.sql, expected, there, effects_of(seen), trace.blind))
    assert not different, different


def test_the_table_of_locks_is_long_enough() -> None:
    assert len({form.sql for form in forms()}) >= 150


BLOCKED = ("t", "r", "bare", "nodefault", "nd1")


def waited_for(form: Form, connection: PostgresConnection) -> dict[str, str]:
    """The mode in which it first asks for each table: each is locked by a session of its own, until it is asked for."""
    found: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        runs, watches = (stack.enter_context(session(connection)) for _ in range(2))
        blockers = {name: stack.enter_context(session(connection)) for name in BLOCKED}
        for name, blocker in blockers.items():
            blocker.execute(f"BEGIN; LOCK TABLE ONLY {name}")
        thread = threading.Thread(target=runs.execute, args=(form.sql.encode(),))
        thread.start()
        query = "SELECT relation::regclass::text, mode FROM pg_locks WHERE pid = %s AND relation > 0 AND NOT granted"
        while thread.is_alive():
            for name, asked in watches.execute(query, (runs.info.backend_pid,)).fetchall():
                found.setdefault(str(name), MODES[str(asked)])
                blockers[str(name)].execute("ROLLBACK")
            thread.join(0.001)
    return found


@pytest.mark.parametrize("major", MAJORS)
def test_what_must_run_alone_is_seen_from_another_session(
    major: str,
    servers: Callable[[str], PostgresServer],
    connect: Callable[..., PostgresConnection],
    thorough: Thorough,
) -> None:
    table = [form for form in forms() if form.section == ALONE and form.since <= int(major)]
    different = []
    asked_too = {form.sql for form in thorough(table)}
    connection = connect(major)  # for one after the other: none of them changes what the next does
    for form in table if major == NEWEST else thorough(table):
        expected = form.effects(int(major))
        asked = {name: mode for name, mode in expected.locks.items() if name in BLOCKED}
        if form.sql in asked_too:
            with fresh(servers(major), major) as another:
                asked = waited_for(form, another)
        trace = observe(connection, form.sql, transaction=False)
        assert trace.error is None, f"{form.sql}: {trace.error}"
        (seen,) = trace.statements
        weaker = [name for name, mode in asked.items() if RANKS[MODE_OF[mode]] > RANKS[MODE_OF[expected.locks[name]]]]
        missing = (expected.locks.keys() & set(BLOCKED)) ^ asked.keys()
        if expected != effects_of(seen) or weaker or missing or trace.blind:
            different.append((form.sql, expected, asked, effects_of(seen), trace.blind))
    assert not different, different


FILES = (
    "ALTER TABLE t ADD one int",
    "ALTER TABLE t ADD one int",
    "SELECT 1;\nALTER TABLE t\n  ADD two int;\n\nALTER TABLE t ADD one int",
    "SELECT 1;\n  SELECT nope FROM t",
    "SELECT 1;\n  SELECTT nope FROM t",
    "ALTER TABLE t ADD three int; INSERT INTO r (id) VALUES (1)",
    "-- nothing to do",
    "",
    ";;",
    ";; ALTER TABLE t ADD four int ;;",
    "/* a */ ALTER TABLE t ADD five int -- b\n",
    "/* a /* b */ ALTER TABLE t ADD no int",
    "SELECT 'é', nope FROM t",
    "SELECT 'é'; SELECT 'é', nope FROM t",
    "BEGIN; ALTER TABLE t ADD six int",
    "ALTER TABLE t ADD seven int; COMMIT; ALTER TABLE t ADD eight int",
    "ALTER TABLE t ADD nine int; COMMIT; ALTER TABLE t ADD nine int",
    "ALTER TABLE t ADD ten int; ROLLBACK",
    "COMMIT; BEGIN; ALTER TABLE t ADD eleven int",
    "SAVEPOINT a; ALTER TABLE t ADD twelve int; ROLLBACK TO a; ALTER TABLE t ADD thirteen int; RELEASE a",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; ALTER TABLE t ADD fourteen int",
    "LOCK TABLE bare; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; ALTER TABLE t ADD fifteen int",
    "SET TRANSACTION READ ONLY; SELECT * FROM t; ALTER TABLE t ADD no int",
    "SET LOCAL lock_timeout = '1s'; SET search_path = other; CREATE TABLE sixteen (id int)",
    "CREATE TABLE seventeen (id int); RESET search_path",
    "SET client_min_messages = error; SET statement_timeout = '10s'",
    "SET standard_conforming_strings = off; SELECT 'a\\'",
    "SELECT 1;\nALTER TABLE nope ADD x int",
    "SELECT 'a\\'; SELECT 1'; ALTER TABLE t ADD no int; SELECT '",
    "RESET ALL",
    "SET ROLE nobody_such",
    "CREATE INDEX CONCURRENTLY ON t (a)",
    "VACUUM t",
    "COPY t FROM STDIN",
    "COPY t TO STDOUT",
    "COPY t TO STDOUT; ALTER TABLE t ADD no int",
    "INSERT INTO bare (x) VALUES (5001); INSERT INTO bare (x) VALUES (5002); INSERT INTO bare (x) VALUES (5003)",
    "INSERT INTO bare (x) VALUES (5004);\nINSERT INTO bare (x) VALUES (5005);\nINSERT INTO bare (x) VALUES (5004)",
    "SELECT setval('seq', nextval('seq') + 5)",
    "ALTER TABLE r ADD CONSTRAINT late FOREIGN KEY (self) REFERENCES t DEFERRABLE INITIALLY DEFERRED",
    "INSERT INTO r (id, self) VALUES (7000, 7000)",
    "CREATE TEMPORARY TABLE tmp AS SELECT * FROM t; ALTER TABLE tmp ADD x int; DROP TABLE tmp",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT f()",
    "CREATE RULE two AS ON INSERT TO bare DO ALSO (SELECT 1; SELECT 2); INSERT INTO bare (x) VALUES (6000)",
    "DROP RULE two ON bare",
    "DO $$ BEGIN ALTER TABLE t ADD eighteen int; RAISE 'no'; EXCEPTION WHEN OTHERS THEN NULL; END $$",
    "DO $$ BEGIN RAISE 'no' USING ERRCODE = 'P0002', HINT = 'h', DETAIL = 'd'; END $$; SELECT 1",
    "DO $$ BEGIN EXECUTE 'SELECT nope'; END $$",
    "PREPARE a AS SELECT 1; EXECUTE a; DEALLOCATE a",
    "DISCARD PLANS; DEALLOCATE ALL",
    "CREATE EXTENSION nope",
    "CREATE ROLE nope",
    "ALTER TYPE mood ADD VALUE 'new'; SELECT 'new'::mood",
    "DROP TABLE __diesel_schema_migrations",
    "ALTER TABLE r DROP CONSTRAINT late; ALTER TABLE t RENAME TO tt; ALTER TABLE tt ALTER z TYPE bigint",
    "SELECT pg_terminate_backend(pg_backend_pid())",
    "ALTER TABLE tt RENAME TO t",
)
CHAIN = "+".join(["1"] * 3000)
ODD = (
    f"SELECT 1;\nSELECT {CHAIN};\nALTER TABLE nope ADD x int",
    f"SELECT {CHAIN};\nSELECT nope",
    b"SELECT '\xff'",
    b"SELECT 1; SELECT '\0'",
)
APART = (
    "ALTER TABLE t ADD one int",
    "ALTER TABLE t ADD two int;\nALTER TABLE t ADD one int",
    "CREATE INDEX CONCURRENTLY one ON t (w)",
    "CREATE INDEX CONCURRENTLY one ON t (w)",
    "CREATE INDEX CONCURRENTLY two ON t (w); SELECT 1",
    "CREATE UNIQUE INDEX CONCURRENTLY three ON bare ((y))",
    "LOCK TABLE t",
    "SAVEPOINT a",
    "SET LOCAL lock_timeout = 5",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; ALTER TABLE t ADD three int",
    "BEGIN; ALTER TABLE t ADD four int; COMMIT; ALTER TABLE t ADD five int",
    "DO $$ BEGIN UPDATE t SET w = 'x'; COMMIT; RAISE 'no'; END $$",
    "DO $$ BEGIN UPDATE t SET w = 'y'; COMMIT; END $$; SELECT 1",
    "VACUUM (ANALYZE) t",
    "VACUUM FULL t, r",
    "DISCARD ALL",
    "REINDEX TABLE CONCURRENTLY p",
    "-- nothing",
    "SELEC",
    "ALTER TYPE mood ADD VALUE 'new'",
    "SELECT nextval('seq'); SELECT nope",
    "DROP INDEX CONCURRENTLY IF EXISTS one",
    "BEGIN",
    "ALTER TABLE t ADD six int",
    "ROLLBACK",
)


@pytest.mark.parametrize("transaction", [True, False])
def test_it_leaves_and_says_what_run_does(transaction: bool, connect: Callable[..., PostgresConnection]) -> None:
    ran, observed = connect(), connect()
    for number, sql in enumerate((*FILES, *ODD) if transaction else APART):
        file = migration(sql, version=str(number + 1), transaction=transaction)
        expected, trace = ran.run(file, Direction.UP).error, observed.observe(file, Direction.UP)
        assert trace.error == expected, sql
        if expected is None and trace.blind is None:
            assert all(seen.error is None for seen in trace.statements), sql
        assert ran.session.transaction_status == observed.session.transaction_status, sql
        assert ran.snapshot() == observed.snapshot(), sql
        assert ran.recorded() == observed.recorded(), sql
        assert ran.state() == observed.state(), sql
        assert left(ran) == left(observed), sql


def left(connection: PostgresConnection) -> list[tuple[object, ...]]:
    """What a session leaves behind beside the schema."""
    query = (
        "SELECT (SELECT count(*) FROM pg_catalog.pg_prepared_statements WHERE name !~ 'glowplug'),"
        " (SELECT pg_catalog.string_agg(name || setting, ',' ORDER BY name) FROM pg_catalog.pg_settings"
        " WHERE source IN ('session', 'client') AND name !~ 'application'),"
        " (SELECT last_value FROM public.seq), (SELECT count(*) FROM public.bare)"
    )
    reply = connection.session.batch(query.encode(), rows=True)
    if not reply.ok:
        return []
    return [tuple(reply.results[0].get_value(0, column) for column in range(4))]


def test_a_lock_is_listed_where_it_is_taken_and_where_it_grows(connect: Callable[..., PostgresConnection]) -> None:
    connection = connect()
    trace = observe(
        connection,
        "-- first\nSELECT * FROM t;\nSELECT * FROM t;\nCREATE INDEX late ON t (w);\n\n  ALTER TABLE t ADD x int;\n"
        "ALTER TABLE t RENAME TO other_name; DROP TABLE bare; CREATE TABLE bare (x int); LOCK TABLE bare",
    )
    assert trace.error is None
    assert [(seen.line, [(lock.relation, lock.mode) for lock in seen.locks]) for seen in trace.statements] == [
        (2, [("public.t", "ACCESS SHARE")]),
        (3, []),
        (4, [("public.t", "SHARE")]),
        (6, [("public.t", "ACCESS EXCLUSIVE")]),
        (7, []),
        (7, [("public.bare", "ACCESS EXCLUSIVE")]),
        (7, []),
        (7, []),
    ]
    held = [lock.held_seconds or 0.0 for seen in trace.statements for lock in seen.locks]
    assert held == sorted(held, reverse=True)
    assert held[-1] > 0
    assert held[0] >= sum(seen.seconds for seen in trace.statements)  # to the transaction's end, not the statement's


def test_a_lock_is_let_go_where_the_file_ends_the_transaction(connect: Callable[..., PostgresConnection]) -> None:
    connection = connect()
    trace = observe(connection, "ALTER TABLE t ADD x int; COMMIT; SELECT 1; ALTER TABLE t ADD y int")
    first, commit, _, last = trace.statements
    assert (first.locks[0].mode, last.locks[0].mode) == ("ACCESS EXCLUSIVE", "ACCESS EXCLUSIVE")
    assert first.locks[0].held_seconds == pytest.approx(first.seconds + commit.seconds)


@pytest.mark.parametrize("major", MAJORS)
def test_what_an_earlier_file_read_is_not_taken_for_this_ones(
    major: str, connect: Callable[..., PostgresConnection]
) -> None:
    connection = connect(major, "CREATE TABLE empty (x int); CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
    for _ in range(3):
        read = observe(connection, "SELECT * FROM t; SELECT * FROM empty")
        assert [seen.scanned for seen in read.statements] == [("public.t",), ("public.empty",)]
        other = observe(connection, "LOCK TABLE t; LOCK TABLE empty; ALTER TABLE t SET (fillfactor = 70)")
        assert [seen.scanned for seen in other.statements] == [(), (), ()]


def test_only_what_is_read_to_its_end_is_scanned(connect: Callable[..., PostgresConnection]) -> None:
    connection = connect(setup="CREATE TABLE t (x int); INSERT INTO t SELECT g FROM generate_series(1, 5000) g")
    trace = observe(connection, "SELECT * FROM t LIMIT 1; SELECT count(*) FROM t; SELECT EXISTS (SELECT FROM t)")
    assert [seen.scanned for seen in trace.statements] == [(), ("public.t",), ()]


def test_an_index_that_is_made_by_another_statement_is_not_rebuilt(connect: Callable[..., PostgresConnection]) -> None:
    connection = connect()
    trace = observe(connection, "DROP INDEX t_a_idx; CREATE INDEX t_a_idx ON t (a); REINDEX INDEX t_z_idx")
    assert [seen.rebuilt_indexes for seen in trace.statements] == [(), (), ("public.t_z_idx",)]


def test_what_was_rolled_back_is_not_seen_again(connect: Callable[..., PostgresConnection]) -> None:
    undone = ("TRUNCATE bare", "DROP TABLE bare", "DROP INDEX bare_x", "ALTER TABLE bare ALTER y TYPE bigint")
    for sql in undone:
        trace = observe(
            connect(),
            f"SAVEPOINT a; {sql}; ROLLBACK TO a; LOCK TABLE bare; REINDEX TABLE bare; ALTER TABLE bare ADD z int",
        )
        _, _, back, lock, reindex, alter = trace.statements
        assert (back.rewritten, lock.rewritten, lock.rebuilt_indexes, alter.rewritten) == ((), (), (), ())
        assert reindex.rebuilt_indexes == ("public.bare_x",)
        assert [one.mode for one in lock.locks] == ["ACCESS EXCLUSIVE"]


def test_what_was_committed_is_not_seen_again(connect: Callable[..., PostgresConnection]) -> None:
    trace = observe(connect(), "TRUNCATE bare; COMMIT; LOCK TABLE bare; TRUNCATE bare")
    first, _, lock, second = trace.statements
    assert [seen.rewritten for seen in (first, lock, second)] == [("public.bare",), (), ("public.bare",)]


def test_a_name_is_written_as_in_a_schema(connect: Callable[..., PostgresConnection]) -> None:
    connection = connect(
        setup='CREATE SCHEMA "a.b"; CREATE TABLE "a.b"."My ""T" (x int); CREATE INDEX "i x" ON "a.b"."My ""T" (x)'
    )
    (seen,) = observe(connection, 'ALTER TABLE "a.b"."My ""T" ALTER x TYPE bigint').statements
    assert seen.rewritten == ('"a.b"."My ""T"',)
    assert seen.rebuilt_indexes == ('"a.b".i x',)
    assert {str(name).partition(":")[0] for _, name in connection.snapshot().objects} >= {'"a.b"."My ""T"'}


def test_what_can_not_be_told_apart_is_said(connect: Callable[..., PostgresConnection]) -> None:
    connection = connect()
    hidden = observe(connection, "LOCK TABLE t; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nLOCK TABLE r")
    assert hidden.error is None
    assert (
        hidden.blind == "the statements before line 2 can't be told apart: SET TRANSACTION must come before any query"
    )
    deep = f"SELECT {CHAIN};\nALTER TABLE t ADD x int"
    unread = observe(connection, deep)
    assert unread.error is None
    assert unread.blind == "the file could not be parsed: it was seen as a whole"
    assert [lock.mode for seen in unread.statements for lock in seen.locks] == ["ACCESS EXCLUSIVE"]
    apart = observe(connection, f"SELECT {CHAIN};\nALTER TABLE t ADD y int", transaction=False)
    assert (apart.error, apart.statements) == (None, ())
    assert apart.blind == "the file could not be parsed: what it did was not seen"
    vacuum = observe(connection, "VACUUM FULL t, r", transaction=False)
    assert vacuum.blind is not None
    assert vacuum.statements[0].rewritten == ("public.r", "public.t")


def test_code_that_commits_is_seen_to_lock_what_it_writes(connect: Callable[..., PostgresConnection]) -> None:
    code = "UPDATE t SET w = 'x'; COMMIT; DELETE FROM r; COMMIT; ALTER TABLE bare ADD z int; UPDATE t SET w = 'y';"
    trace = observe(connect(), f"DO $$ BEGIN {code} END $$", transaction=False)
    assert trace.error is None
    assert trace.blind is not None
    assert {lock.relation: lock.mode for lock in trace.statements[0].locks}.items() >= {
        ("public.t", "ROW EXCLUSIVE"),
        ("public.r", "ROW EXCLUSIVE"),
        ("public.bare", "ACCESS EXCLUSIVE"),
    }


def test_what_takes_too_long_is_ended_as_in_run(servers: Callable[[str], PostgresServer]) -> None:
    short = Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version=NEWEST),
        settings=ScratchSettings(),
        statement_timeout=0.4,
        environment=dict(os.environ),
    )
    database = create_database(servers(NEWEST).conninfo, request=short, superuser=False, private=True)
    file = migration("SELECT pg_sleep(0.3);\nSELECT pg_sleep(0.3)")
    expected = database.connection.run(file, Direction.UP).error
    trace = database.connection.observe(file, Direction.UP)
    assert expected is not None
    assert expected.timed_out
    assert trace.error == expected
    assert [seen.error for seen in trace.statements] == [None, expected]
    database.close()


def test_a_message_leads_back_to_its_file() -> None:
    text = "/* é */ SELECT 1 ;\n\nSELECT 2 -- x\n;\nINSERT INTO t VALUES (1); INSERT INTO t VALUES (2)"
    plan = message(text, first="FIRST", look="LOOK", in_transaction=True)
    assert plan is not None
    assert plan.sql is not None
    assert plan.lines == (1, 3, 5, 5)
    assert plan.looked == (0, 1, 3)
    assert plan.sql.count("LOOK") == 3
    for number, character in enumerate(text):
        places = [place for place in range(len(plan.sql)) if plan.offset_in_file(place) == number]
        assert plan.sql[places[-1]] == character
    assert [text[start : start + 6] for start in plan.starts] == ["SELECT", "SELECT", "INSERT", "INSERT"]


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("t", "t"),
        ("a.t", "t"),
        ('"a.b".t', "t"),
        ('a."b.c"', "b.c"),
        ('"a""b"', 'a"b'),
        ('x."a""."', 'a".'),
        ('"T"', "T"),
    ],
)
def test_the_last_part_of_a_name(name: str, last: str) -> None:
    assert last_part(name) == last
