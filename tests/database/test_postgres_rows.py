"""Rows on live PostgreSQL servers: what is written, refused, and read; and the session stays as it was."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres import rows
from glowplug.database.postgres.session import Session
from glowplug.database.postgres.snapshot import SnapshotReader
from glowplug.database.postgres.values import LONGEST
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres import source
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.database.postgres import PostgresConnection
    from glowplug.database.rows import Value
    from glowplug.schema.tables import Table
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

MAJORS = ("14", "15", "16", "17", "18")


def request(major: str, *, timeout: float = 60.0) -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version=major),
        settings=ScratchSettings(),
        statement_timeout=timeout,
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
def connection(servers: Callable[[str], PostgresServer]) -> Iterator[PostgresConnection]:
    database = create_database(servers("18").conninfo, request=request("18"), superuser=False, private=True)
    with contextlib.closing(database):
        yield database.connection


def run(connection: PostgresConnection, sql: str, *, transaction: bool = True) -> None:
    version = os.urandom(8).hex()
    one = Migration(
        version=version, name=version, path=version, up=sql.encode(), down=None, run_in_transaction=transaction
    )
    error = connection.run(one, Direction.UP).error
    assert error is None, error


def table(connection: PostgresConnection, name: str = "public.t") -> Table:
    return next(table for table in connection.rows.tables() if table.name == name)


def insert(
    connection: PostgresConnection, columns: str, rows: list[tuple[Value, ...]], *, name: str = "public.t"
) -> list[str | None]:
    """Insert; the codes of the errors."""
    errors = connection.rows.insert(table(connection, name), columns.split(), rows)
    assert len(errors) == len(rows)
    return [None if error is None else error.code for error in errors]


def read(connection: PostgresConnection, name: str = "public.t") -> list[tuple[Value, ...]]:
    contents = connection.rows.read(table(connection, name))
    assert contents.error is None
    return sorted(contents.rows, key=repr)


VALUES = """
CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION hstore;
CREATE TYPE mood AS ENUM ('sad', 'it''s'); CREATE TYPE pair AS (x int, y text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE t (a boolean, b bigint, c numeric, c2 numeric(6, 3), d float8, e text, f varchar(9), g char(5), h bytea,
  i bit(3), j date, k timetz, l timestamp, m timestamptz, n interval, o uuid, p jsonb, q inet, r point, s tsvector,
  t mood, u mood[], v pair, w int4range, x int4multirange, y citext, z ltree, aa hstore, bb positive, cc money,
  dd "char", ee xml, ff json, gg float4, "Odd ""n" text)
"""

# column, what is written, what is read
GIVEN: list[tuple[str, Value, Value]] = [
    ("a", "true", "t"),
    ("b", "-9223372036854775808", "-9223372036854775808"),
    ("c", "1.500", "1.5"),
    ("c2", "2.5", "2.5"),
    ("d", "0.1", "0.1"),
    ("e", "it's a \\ \"quote\" ü 🦆\n", "it's a \\ \"quote\" ü 🦆\n"),
    ("f", "", ""),
    ("g", "ab ", "ab"),
    ("h", b"\x00\xff'\\", b"\x00\xff'\\"),
    ("i", "101", "101"),
    ("j", "2024-02-01", "2024-02-01"),
    ("k", "10:00:00+02", "10:00:00+02"),
    ("l", "2024-02-01 10:00:00.5", "2024-02-01 10:00:00.5"),
    ("m", "2024-02-01 10:00:00+02", "2024-02-01 08:00:00+00"),
    ("n", "1 day -01:00:00", "1 day -01:00:00"),
    ("o", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("p", '{"b":1,  "a":2}', '{"a": 2, "b": 1}'),
    ("q", "10.0.0.1/8", "10.0.0.1/8"),
    ("r", "(1,2)", "(1,2)"),
    ("s", "b a", "'a' 'b'"),
    ("t", "it's", "it's"),
    ("u", "{sad,it's}", "{sad,it's}"),
    ("v", '(1,"a,b")', '(1,"a,b")'),
    ("w", "[1,3]", "[1,4)"),
    ("x", "{[1,3]}", "{[1,4)}"),
    ("y", "AbC", "AbC"),
    ("z", "a.b", "a.b"),
    ("aa", "a=>1", '"a"=>"1"'),
    ("bb", "1", "1"),
    ("cc", "1234.50", "1234.5"),
    ("dd", "x", "x"),
    ("ee", "<a/>", "<a/>"),
    ("ff", '{"b":1,  "a":2}', '{"b":1,  "a":2}'),
    ("gg", "1e-5", "1e-05"),
    ('Odd "n', None, None),
]  # fmt: skip
STRANGE_SETTINGS = (
    "SET datestyle = 'SQL, DMY'; SET intervalstyle = sql_standard; SET timezone = 'Asia/Tokyo';"
    "SET bytea_output = escape; SET extra_float_digits = -3; SET standard_conforming_strings = off;"
    "SET search_path = nowhere; SET statement_timeout = 100; SET default_transaction_read_only = on;"
    "SET client_encoding = LATIN1; SET default_transaction_isolation = serializable"
)


@pytest.mark.parametrize("major", MAJORS)
def test_values_of_every_type_there_and_back(servers: Callable[[str], PostgresServer], major: str) -> None:
    database = create_database(servers(major).conninfo, request=request(major), superuser=False, private=True)
    with contextlib.closing(database):
        connection = database.connection
        run(connection, VALUES)
        connection.session.batch(STRANGE_SETTINGS.encode())
        before = connection.state()
        one = table(connection)
        xml = connection.rows.query("SELECT '<a/>'::xml").error is None  # not in every build
        given = GIVEN if xml else [(name, *values) for name, *values in GIVEN if name != "ee"]
        columns = [name for name, _, _ in given]
        assert connection.rows.insert(one, columns, [[value for _, value, _ in given]]) == (None,)
        read = connection.rows.read(one)
        assert read.columns == tuple(column.name for column in one.columns)
        shown_now = dict(zip(read.columns, read.rows[0], strict=True))
        assert {name: shown_now[name] for name in columns} == {name: shown for name, _, shown in given}
        # each value, as it was written or read, finds its row again
        for name, written, shown in given:
            for value in {written, shown}:
                assert connection.rows.update(one, ["e"], [(f"by {name}", value)], by=[name]) == (None,)
                text = connection.rows.read(one).rows[0][read.columns.index("e")]
                assert text == f"by {name}", (name, value)
                connection.rows.update(one, ["e"], [(GIVEN[5][1], "-9223372036854775808")], by=["b"])
        assert connection.state() == before


def test_all_at_once_or_those_that_are_taken(connection: PostgresConnection) -> None:
    run(connection, "CREATE TABLE t (a int PRIMARY KEY, b varchar(3) NOT NULL CHECK (b <> 'no'))")
    assert insert(connection, "a b", [("1", "x"), ("2", "y")]) == [None, None]
    rows: list[tuple[Value, ...]] = [
        ("3", "x"), ("1", "x"), ("4", None), ("5", "no"), ("6", "long"), ("x", "x"), ("7", "\0"), ("8", "\ud800"),
        ("9", "z"), ("9", "z"),
    ]  # fmt: skip
    codes = [None, "23505", "23502", "23514", "22001", "22P02", "22021", "22021", None, "23505"]
    assert insert(connection, "a b", rows) == codes
    assert read(connection) == [("1", "x"), ("2", "y"), ("3", "x"), ("9", "z")]
    assert insert(connection, "a b", [("1", "x")]) == ["23505"]
    assert insert(connection, "a b", []) == []


def test_a_row_of_defaults(connection: PostgresConnection) -> None:
    run(
        connection,
        "CREATE TABLE t (a serial, b int GENERATED ALWAYS AS IDENTITY, c int GENERATED ALWAYS AS (1) STORED)",
    )
    assert insert(connection, "", [(), ()]) == [None, None]
    assert read(connection) == [("1", "1", "1"), ("2", "2", "1")]
    assert insert(connection, "c", [("1",)]) == ["428C9"]


def test_what_is_looked_at_when_the_transaction_ends_is_found_and_what_needs_each_other_is_taken(
    connection: PostgresConnection,
) -> None:
    run(
        connection,
        "CREATE TABLE t (id int PRIMARY KEY, next int REFERENCES t DEFERRABLE INITIALLY DEFERRED,"
        " n int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
    )
    ring: list[tuple[Value, ...]] = [("1", "2", "1"), ("2", "3", "2"), ("3", "1", "3")]
    assert insert(connection, "id next n", ring) == [None] * 3
    rows: list[tuple[Value, ...]] = [
        ("4", "5", "4"), ("5", "9", "5"), ("6", "99", "6"), ("7", "7", "1"), ("8", "4", "8"), ("9", "8", "9"),
    ]  # fmt: skip
    assert insert(connection, "id next n", rows) == [None, None, "23503", "23505", None, None]
    assert [row[0] for row in read(connection)] == ["1", "2", "3", "4", "5", "8", "9"]
    one = table(connection)
    errors = connection.rows.update(one, ["n"], [("2", "1"), ("7", "2"), ("2", "3")], by=["id"])
    # a swap is fine in the end: 1 takes 2's number, which 2 gives up; then 3 can't have it too
    assert [error and error.code for error in errors] == [None, None, "23505"]


def test_whom_a_deferred_trigger_means_is_found_by_halves(connection: PostgresConnection) -> None:
    run(
        connection,
        "CREATE TABLE t (a int);"
        "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        "  IF NEW.a % 5 = 0 THEN RAISE EXCEPTION 'no fives'; END IF; RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION late()",
    )
    codes = insert(connection, "a", [(str(number),) for number in range(1, 21)])
    assert codes == [None if number % 5 else "P0001" for number in range(1, 21)]
    assert len(read(connection)) == 16


def test_nothing_planted_is_asked_and_triggers_find_their_names(connection: PostgresConnection) -> None:
    run(connection, "CREATE TABLE t (a text, b uuid); CREATE TABLE log (a text)")
    run(
        connection,
        "CREATE FUNCTION no(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;"
        "CREATE OPERATOR = (FUNCTION = no, LEFTARG = text, RIGHTARG = text);"
        "CREATE DOMAIN text AS pg_catalog.text CHECK (VALUE IS NULL);"
        "CREATE TABLE uuid (a int);"
        "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        "  INSERT INTO log VALUES (NEW.a); RETURN NEW; END $$;"
        "CREATE TRIGGER noted BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION noted()",
    )
    connection.session.batch(b"SET search_path = public, pg_catalog")
    key = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    assert insert(connection, "a b", [("x", key)]) == [None]
    one = table(connection)
    assert connection.rows.update(one, ["a"], [("y", "x", key)], by=["a", "b"]) == (None,)
    assert (read(connection), read(connection, "public.log")) == ([("y", key)], [("x",)])


def test_rows_through_a_partitioned_table(connection: PostgresConnection) -> None:
    run(
        connection,
        "CREATE TABLE t (id int, at date) PARTITION BY RANGE (at);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');"
        "CREATE TABLE u (a int); CREATE TABLE v () INHERITS (u); INSERT INTO v VALUES (1)",
    )
    assert insert(connection, "id at", [("1", "2024-05-05"), ("2", "2026-01-01")]) == [None, "23514"]
    assert read(connection) == read(connection, "public.t1") == [("1", "2024-05-05")]
    assert (read(connection, "public.u"), read(connection, "public.v")) == ([], [("1",)])  # each row is read once


def test_a_limit_is_told(connection: PostgresConnection) -> None:
    run(connection, "CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 20)")
    one = table(connection)
    assert (len(connection.rows.read(one, limit=19).rows), connection.rows.read(one, limit=19).complete) == (19, False)
    assert (len(connection.rows.read(one, limit=20).rows), connection.rows.read(one, limit=20).complete) == (20, True)
    answer = connection.rows.query(
        "SELECT 1 AS n FROM generate_series(1, 99999) a, generate_series(1, 99999) b", limit=3
    )  # none of it is kept
    assert (answer.columns, answer.rows, answer.complete) == (("n",), (("1",),) * 3, False)


def test_what_can_not_be_read_says_so(connection: PostgresConnection) -> None:
    run(connection, "CREATE TABLE t (a int)")
    one = table(connection)
    run(connection, "DROP TABLE t")
    contents = connection.rows.read(one)
    assert (contents.rows, contents.complete) == ((), False)
    assert contents.error is not None
    assert contents.error.code == "42P01"
    assert [error and error.code for error in connection.rows.insert(one, ["a"], [("1",), ("2",)])] == ["42P01"] * 2


@pytest.mark.parametrize(
    ("sql", "rows", "code"),
    [
        ("SELECT a FROM t ORDER BY a", (("1",), ("2",)), None),
        ("SELECT a FROM t WHERE a = 1; -- and that is all", (("1",),), None),
        ("WITH x AS (DELETE FROM t RETURNING a) SELECT count(*) FROM x", (("2",),), None),
        ("DELETE FROM t WHERE a = 2 RETURNING a", (("2",),), None),
        ("DROP TABLE t", (), None),
        ("SHOW timezone", (("UTC",),), None),
        ("VALUES (NULL, ''), (DATE '2024-02-01', '\\x00'::bytea::text)", ((None, ""), ("2024-02-01", "\\x00")), None),
        ("SELECT 1; SELECT 2", (), "42601"),
        ("SELECT 1;\n SELEC 2", (), "42601"),
        ("SELECT 1 / a FROM (VALUES (0)) x (a)", (), "22012"),
        ("COMMIT", (), None),
        ("SELECT 1 FROM nowhere", (), "42P01"),
        ("", (), None),
    ],
)
def test_a_query_leaves_no_trace(
    connection: PostgresConnection, sql: str, rows: tuple[tuple[Value, ...], ...], code: str | None
) -> None:
    run(connection, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)")
    answer = connection.rows.query(sql)
    assert (answer.rows, answer.error and answer.error.code) == (rows, code)
    assert read(connection) == [("1",), ("2",)]
    if code == "42P01":
        assert answer.error is not None
        assert (answer.error.line, answer.error.column) == (1, 15)


def test_what_a_query_does_in_a_transaction_that_is_open_is_undone_alone(connection: PostgresConnection) -> None:
    run(connection, "CREATE TABLE t (a int)")
    run(connection, "BEGIN; INSERT INTO t VALUES (1)", transaction=False)
    one = table(connection)
    assert connection.rows.query("DELETE FROM t RETURNING a").rows == (("1",),)
    assert connection.rows.read(one).rows == (("1",),)
    errors = (*connection.rows.insert(one, ["a"], [("2",)]), connection.rows.execute("INSERT INTO t VALUES (3)"))
    assert [error and error.code for error in errors] == ["25001", "25001"]
    connection.session.batch(b"ROLLBACK")
    assert connection.rows.read(one).rows == ()


def test_a_batch_is_committed_and_what_it_sets_is_put_back(connection: PostgresConnection) -> None:
    run(connection, "CREATE TABLE t (a int); CREATE SCHEMA other")
    run(connection, "SET search_path = other, public; SET app.tenant = 'x'")
    before = connection.state()
    sql = """
    SELECT pg_catalog.set_config('search_path', '', false); SET work_mem = '9MB'; SET app.tenant = 'y';
    SET app.other = 'z'; RESET timezone;
    INSERT INTO public.t VALUES (1); INSERT INTO public.t VALUES (2)
    """
    assert connection.rows.execute(sql) is None
    assert read(connection) == [("1",), ("2",)]
    assert dict(connection.state().settings) == {**dict(before.settings), "app.other": ""} or (
        connection.state() == before
    )


def test_a_command_of_glowplugs_own_is_one_message(
    connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(connection, "CREATE SEQUENCE s; SELECT nextval('s')")
    sent: list[bytes] = []
    batch = Session.batch
    monkeypatch.setattr(Session, "batch", lambda self, sql, **rest: sent.append(sql) or batch(self, sql, **rest))
    assert connection.rows.command("SELECT pg_catalog.setval('s', 41)") is None
    assert connection.rows.command("DISCARD SEQUENCES") is None
    assert len(sent) == 2
    answers = [connection.rows.query(sql) for sql in ("SELECT currval('s')", "SELECT nextval('s')")]
    assert [answer.error and answer.error.code for answer in answers] == ["55000", None]
    assert answers[1].rows == (("42",),)
    error = connection.rows.command("SELECT 1 / 0")
    assert (error and error.code) == "22012"
    run(connection, "BEGIN", transaction=False)
    error = connection.rows.command("DISCARD SEQUENCES")
    assert (error and error.code) == "25001"


@pytest.mark.parametrize(
    ("sql", "code", "line", "left"),
    [
        ("INSERT INTO t VALUES (1);\nINSERT INTO t VALUES ('x')", "22P02", 2, []),
        ("INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (2);\nSELEC", "42601", 2, []),
        ("BEGIN; INSERT INTO t VALUES (1)", None, None, []),
        ("BEGIN; INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (2);\nSELECT 1 / 0", "22012", 2, [("1",)]),
        ("COPY t FROM stdin;\n1\n\\.", "42601", 2, []),
        ("COPY t FROM stdin", None, None, []),
        ("INSERT INTO t VALUES (1)\0", "22021", None, []),
    ],
)
def test_a_batch_that_fails_says_where(
    connection: PostgresConnection, sql: str, code: str | None, line: int | None, left: list[tuple[Value, ...]]
) -> None:
    run(connection, "CREATE TABLE t (a int)")
    error = connection.rows.execute(sql)
    assert error is not None
    assert (error.code, error.line) == (code, line)
    assert read(connection) == left


def test_nothing_but_comments_is_no_failure(connection: PostgresConnection) -> None:
    assert connection.rows.execute("-- nothing yet") is None


def test_the_timeout_holds(servers: Callable[[str], PostgresServer]) -> None:
    wish = request("18", timeout=0.3)
    database = create_database(servers("18").conninfo, request=wish, superuser=False, private=True)
    with contextlib.closing(database):
        connection = database.connection
        run(
            connection,
            "CREATE TABLE t (a int);"
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            "  IF NEW.a = 2 THEN PERFORM pg_sleep(60); END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()",
        )
        errors = connection.rows.insert(table(connection), ["a"], [("1",), ("2",), ("3",)])
        assert [error is not None and error.timed_out for error in errors] == [True] * 3
        assert read(connection) == []
        answer = connection.rows.query("SELECT pg_sleep(60)")
        assert answer.error is not None
        assert answer.error.timed_out


def test_triggers_that_change_the_schema_are_seen_by_the_next_snapshot(connection: PostgresConnection) -> None:
    run(
        connection,
        "CREATE TABLE t (a int);"
        "CREATE FUNCTION grow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        "  EXECUTE format('CREATE TABLE made_%s (a int)', NEW.a); RETURN NEW; END $$;"
        "CREATE TRIGGER grow BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION grow()",
    )
    one = table(connection)
    for number, write in enumerate((
        lambda: connection.rows.insert(one, ["a"], [("0",)]),
        lambda: connection.rows.update(one, ["a"], [("1", "0")], by=["a"]),
        lambda: connection.rows.execute("INSERT INTO t VALUES (2)"),
    )):  # fmt: skip
        connection.snapshot()
        write()
        schema = connection.snapshot()
        assert ("table", f"public.made_{number}") in schema.objects
        assert schema.objects == SnapshotReader(connection.session).read(None).objects


def test_a_session_that_a_trigger_ends_is_an_error_of_each_row_and_the_next_call_has_another(
    connection: PostgresConnection,
) -> None:
    run(
        connection,
        "CREATE TABLE t (a int);"
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        "  PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;"
        "CREATE TRIGGER die BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION die()",
    )
    rows = connection.rows
    errors = rows.insert(table(connection), ["a"], [("1",), ("2",)])
    assert [error and error.code for error in errors] == ["57P01", "57P01"]
    assert rows.read(table(connection)).rows == ()


def test_the_role_that_a_migration_took_writes(servers: Callable[[str], PostgresServer]) -> None:
    database = create_database(servers("18").conninfo, request=request("18"), superuser=True, private=True)
    with contextlib.closing(database):
        connection = database.connection
        name = f"w_{os.urandom(4).hex()}"
        run(
            connection,
            f"CREATE ROLE {name}; CREATE TABLE t (a text DEFAULT current_user, b int);"
            f"GRANT INSERT, SELECT ON t TO {name}",
        )
        run(connection, f"GRANT SELECT, INSERT ON __diesel_schema_migrations TO {name}; SET ROLE {name}")
        assert insert(connection, "b", [("1",)]) == [None]
        assert read(connection) == [(name, "1")]
        errors = connection.rows.update(table(connection), ["b"], [("2", "1")], by=["b"])
        assert [error and error.code for error in errors] == ["42501"]
        assert connection.rows.execute("RESET ROLE; INSERT INTO t (b) VALUES (3)") is None
        assert connection.state().role == name
        connection.session.batch(f"RESET ROLE; DROP OWNED BY {name}; DROP ROLE {name}".encode())


def test_equal_numbers_in_arrays_ranges_and_composites_are_equal_texts(connection: PostgresConnection) -> None:
    run(
        connection,
        "CREATE TYPE pair AS (n numeric, c char(3));"
        "CREATE TABLE t (id int, n numeric[], r numrange, m numrange[], c char(4)[], p pair, q pair[])",
    )
    first = """INSERT INTO t VALUES (1, '{NaN,1.500,-0.0010,1000}', '[1.50,2.0)', '{"[1.0,10)"}', '{a,NULL}',
      (1.50, 'x'), NULL), (2, '[0:1][1:2]={{1.0,NULL},{100.10,0.00}}', '(,5]', NULL, '[2:2]={"b "}', NULL, NULL),
      (3, '{}', 'empty', '{}', '{}', (NULL, NULL), NULL), (4, NULL, NULL, NULL, NULL, (1, NULL), NULL)"""
    run(connection, first)
    one = table(connection)
    before = connection.rows.read(one).rows
    run(
        connection,
        "ALTER TABLE t ALTER n TYPE numeric(12,4)[] USING n::numeric[], ALTER c TYPE char(9)[];"
        "UPDATE t SET r = '[1.5000,2.00)', m = '{\"[1,10.00)\"}', p = (1.5000, 'x') WHERE id = 1;",
    )
    one = table(connection)
    assert one.columns[1].type.name == "numeric(12,4)[]"
    assert sorted(connection.rows.read(one).rows, key=str) == sorted(before, key=str)
    assert before[0][1:6] == ("{NaN,1.5,-0.001,1000}", "[1.5,2)", '{"[1,10)"}', "{a,NULL}", "(1.5,x)")
    assert before[1][1] == "[0:1][1:2]={{1,NULL},{100.1,0}}"
    assert before[2][1:6] == ("{}", "empty", "{}", "{}", "(,)")
    assert before[3][1:6] == (None, None, None, None, "(1,)")
    assert connection.rows.update(one, ["id"], [("7", before[0][1])], by=["n"]) == (None,)
    assert {row[0] for row in connection.rows.read(one).rows} == {"7", "2", "3", "4"}


def test_long_values_are_told_apart_by_length_and_digest(connection: PostgresConnection) -> None:
    run(connection, "CREATE TABLE t (id int, a text, b bytea, c jsonb, d int[])")
    for number, letter in enumerate("xxy"):
        run(
            connection,
            f"INSERT INTO t SELECT {number}, repeat('{letter}', 3000000), repeat('{letter}', 3000000)::bytea,"
            f" to_jsonb(repeat('{letter}', 3000000)), array_fill(ascii('{letter}'), ARRAY[600000])",
        )
    run(connection, f"INSERT INTO t VALUES (3, repeat('z', {LONGEST}), repeat('z', {LONGEST})::bytea, '[1]', '{{1}}')")
    contents = connection.rows.read(table(connection))
    assert contents.complete
    first, second, third, fourth = (row[1:] for row in contents.rows)
    assert first == second
    assert all(one != other for one, other in zip(first, third, strict=True))
    assert first[0] == f"(3000000 bytes, md5 {hashlib.md5(b'x' * 3000000, usedforsecurity=False).hexdigest()})"
    assert first[1] == first[0]
    assert fourth == ("z" * LONGEST, b"z" * LONGEST, "[1]", "{1}")


def test_more_bytes_than_are_read(connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    run(connection, "CREATE TABLE t AS SELECT g, repeat('x', 1000) FROM generate_series(1, 500) g")
    monkeypatch.setattr(rows, "_KEPT", replace(rows._KEPT, room=20_000))  # noqa: SLF001 - a smaller one
    contents = connection.rows.read(table(connection))
    assert (contents.complete, contents.error) == (False, None)
    assert 20 <= len(contents.rows) <= 100
    assert not connection.rows.query("SELECT * FROM t").complete
    assert not connection.rows.query("DELETE FROM t RETURNING *").complete
    assert connection.rows.query("SELECT count(*) FROM t").rows == (("500",),)


def test_what_is_as_before_is_not_read_again(connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    run(connection, "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, NULL), (2, '')")
    one = table(connection)
    known = connection.rows.read(one)
    assert connection.rows.read(one) is known
    for change in (
        "UPDATE t SET b = '' WHERE a = 1",
        "UPDATE t SET b = NULL",
        "INSERT INTO t VALUES (3, NULL)",
        "DELETE FROM t WHERE a = 2",
        "DELETE FROM t",
    ):
        run(connection, change)
        found = connection.rows.read(one)
        assert found is not known
        assert set(found.rows) == set(connection.rows.query("SELECT a::text, b FROM t").rows)
        known = found
    session = connection.session
    monkeypatch.setattr(rows, "_REMEMBERED", 2)
    run(connection, "INSERT INTO t SELECT g, 'x' FROM generate_series(1, 3) g")
    assert connection.rows.read(one) is not connection.rows.read(one)  # too much to be kept
    session.batch(b"BEGIN; DELETE FROM t WHERE a = 1")
    assert sorted(connection.rows.read(one).rows) == [("2", "x"), ("3", "x")]
    session.batch(b"ROLLBACK")
    assert len(connection.rows.read(one).rows) == 3


def test_rows_without_a_digest_are_read(connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    run(connection, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    monkeypatch.setattr(rows, "_digest_of", lambda *_: "SELECT 1 / 0")
    first, second = connection.rows.read(table(connection)), connection.rows.read(table(connection))
    assert first.rows == second.rows == (("1",),)
    assert first.error is second.error is None
    assert first is not second


def test_rows_are_read_for_the_first_time_in_one_message(
    connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(connection, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    one = table(connection)
    sent: list[bytes] = []
    batch = Session.batch
    monkeypatch.setattr(Session, "batch", lambda self, sql, **rest: sent.append(sql) or batch(self, sql, **rest))
    for messages in (1, 2):
        known = connection.rows.read(one)
        assert (known.rows, len(sent)) == ((("1",),), messages)
    monkeypatch.undo()
    run(connection, "INSERT INTO t VALUES (2)")
    assert connection.rows.read(one).rows == (("1",), ("2",))


def test_code_that_knew_a_column_by_another_type_is_no_reason(connection: PostgresConnection) -> None:
    run(
        connection,
        "CREATE TABLE t (a int, b int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.b := NEW.a + 1; RETURN NEW; END $$;"
        " CREATE TRIGGER f BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()",
    )
    assert insert(connection, "a", [("1",)]) == [None]
    run(connection, "ALTER TABLE t ALTER a TYPE bigint, ALTER b TYPE bigint")
    assert insert(connection, "a", [("2",), ("x",)]) == [None, "22P02"]
    assert read(connection) == [("1", "2"), ("2", "3")]
    run(connection, "ALTER TABLE t ALTER a TYPE smallint, ALTER b TYPE smallint")
    one = table(connection)
    assert connection.rows.update(one, ["a"], [("5", "1")], by=["a"]) == (None,)
    assert read(connection) == [("2", "3"), ("5", "6")]
