"""Which functions in SQL a file leaves broken, on live servers of every major: as a call in a fresh session shows."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

import pytest

from glowplug.database.broken import Asked
from glowplug.database.postgres.failure import explain
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal.leaving_broken import State, broken_in, left_broken, left_unasked
from glowplug.scratch.postgres import source
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.postgres import PostgresConnection
    from glowplug.scratch.postgres.database import PostgresDatabase

pytestmark = pytest.mark.postgres

MAJORS = ("14", "15", "16", "17", "18")

USERS = "CREATE TABLE users (id int PRIMARY KEY, name text, price int); CREATE TABLE audit (id int, item text);"
ONE = "CREATE TABLE one (a int, b int);"
MOOD = "CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE t (x mood);"
ADDRESS = "CREATE TYPE addr AS (street text, zip text); CREATE TABLE t (a addr); CREATE VIEW v AS SELECT a FROM t;"
G = "CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
OWN = "CREATE SCHEMA app; CREATE TABLE app.own (a int); SET search_path = app, public;"
UNCHECKED = "SET check_function_bodies = off;"


class Case(NamedTuple):
    """What is there, a function ``f`` and how it is called, what a file does; with which code the call then fails."""

    before: str
    function: str
    ddl: str
    code: str | None = None
    call: str = "SELECT public.f()"


def f(returns: str, body: str, arguments: str = "", *, name: str = "public.f", more: str = "") -> str:
    return f"CREATE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE sql {more} AS $$ {body} $$;"


GETU = f("SETOF users", "SELECT * FROM users", name="getu")
CONFLICT = "INSERT INTO users VALUES (1, 'a', 1) ON CONFLICT ON CONSTRAINT users_pkey DO NOTHING"
NO_MORE_OF_ADDRESS = "ALTER TYPE addr DROP ATTRIBUTE zip"
CASES = {
    "nothing": Case(USERS, f("SETOF text", "SELECT name FROM users"), "COMMENT ON TABLE users IS 'x'"),
    "a column": Case(USERS, f("SETOF text", "SELECT name FROM users"), "ALTER TABLE users RENAME name TO n", "42703"),
    "an ambiguous column": Case(
        USERS, f("SETOF text", "SELECT item FROM users, audit"), "ALTER TABLE users ADD item text", "42702"
    ),
    "fewer columns than values": Case(
        USERS, f("void", "INSERT INTO audit VALUES (1, 'x')"), "ALTER TABLE audit DROP item", "42601"
    ),
    "more columns than values": Case(
        USERS, f("void", "INSERT INTO audit VALUES (1, 'x')"), "ALTER TABLE audit ADD more int"
    ),
    "an ambiguous function": Case(
        G,
        f("int", "SELECT g(1)"),
        "DROP FUNCTION g(int);"
        + f("int", "SELECT 2", "a int, b int DEFAULT 1", name="g")
        + f("int", "SELECT 2", "a int, b text DEFAULT 'x'", name="g"),
        "42725",
    ),
    "an enum's value": Case(MOOD, f("text", "SELECT 'a'::mood"), "ALTER TYPE mood RENAME VALUE 'a' TO 'c'", "22P02"),
    "an enum's value, by a column": Case(
        MOOD, f("SETOF int", "SELECT 1 FROM t WHERE x = 'a'"), "ALTER TYPE mood RENAME VALUE 'a' TO 'c'", "22P02"
    ),
    "an enum that is a text": Case(
        MOOD, f("SETOF int", "SELECT 1 FROM t WHERE x = 'a'"), "ALTER TABLE t ALTER x TYPE text"
    ),
    "a row's column, of a function": Case(
        USERS + GETU, f("SETOF text", "SELECT (getu()).name"), "ALTER TABLE users RENAME name TO n", "42703"
    ),
    "a row's column, of a function of a function": Case(
        USERS + GETU + f("SETOF users", "SELECT * FROM getu()", name="getv"),
        f("SETOF text", "SELECT u.name FROM getv() u"),
        "ALTER TABLE users DROP name",
        "42703",
    ),
    "a row's column, as a function": Case(
        USERS, f("SETOF text", "SELECT name(u) FROM users u"), "ALTER TABLE users RENAME name TO n", "42883"
    ),
    "an argument's column": Case(
        USERS,
        f("text", "SELECT u.name", "u users"),
        "ALTER TABLE users RENAME name TO n",
        "42P01",
        "SELECT f(NULL)",
    ),
    "a row that grows": Case(
        USERS, f("SETOF users", "SELECT id, name, price FROM users"), "ALTER TABLE users ADD more int", "42P13"
    ),
    "a row that grows with its table": Case(
        USERS, f("SETOF users", "SELECT * FROM users"), "ALTER TABLE users ADD more int"
    ),
    "a table in a function that gives fewer columns": Case(
        USERS, f("TABLE (a int, b text)", "SELECT * FROM audit"), "ALTER TABLE audit ADD more int", "42P13"
    ),
    "an attribute of a column's type": Case(
        ADDRESS, f("SETOF text", "SELECT (t.a).street FROM t"), "ALTER TYPE addr RENAME ATTRIBUTE street TO s", "42703"
    ),
    "an attribute of a view's column's type": Case(
        ADDRESS, f("SETOF text", "SELECT (v.a).zip FROM v"), NO_MORE_OF_ADDRESS, "42703"
    ),
    "an attribute that a row had": Case(
        ADDRESS, f("text", "SELECT (ROW('a', 'b')::addr).street"), NO_MORE_OF_ADDRESS, "42846"
    ),
    "an attribute that is given": Case(ADDRESS, f("addr", "SELECT 'a'::text, 'b'::text"), NO_MORE_OF_ADDRESS, "42P13"),
    "an attribute of an argument": Case(
        ADDRESS, f("text", "SELECT ($1).zip", "addr"), NO_MORE_OF_ADDRESS, "42703", "SELECT f(NULL)"
    ),
    "an extension's function": Case(
        "CREATE EXTENSION pg_trgm;", f("real", "SELECT similarity('a', 'b')"), "DROP EXTENSION pg_trgm", "42883"
    ),
    "an extension's operator": Case(
        "CREATE EXTENSION pg_trgm;", f("bool", "SELECT 'a'::text % 'b'"), "DROP EXTENSION pg_trgm", "42883"
    ),
    "an extension's type": Case(
        "CREATE EXTENSION hstore;", f("text", "SELECT 'a=>1'::hstore -> 'a'"), "DROP EXTENSION hstore", "42704"
    ),
    "a function's arguments": Case(
        G, f("int", "SELECT g(1)"), "DROP FUNCTION g; " + f("int", "SELECT 1", "a date", name="g"), "42883"
    ),
    "a function's argument's name": Case(
        G, f("int", "SELECT g(a => 1)"), "DROP FUNCTION g; " + f("int", "SELECT 1", "b int", name="g"), "42883"
    ),
    "a function's result": Case(
        G, f("int", "SELECT g(1)"), "DROP FUNCTION g; " + f("text", "SELECT 'x'", "a int", name="g"), "42P13"
    ),
    "a function that is a procedure": Case(
        G, f("int", "SELECT g(1)"), "DROP FUNCTION g; CREATE PROCEDURE g(int) LANGUAGE sql AS 'SELECT 1'", "42809"
    ),
    "a function that gives many": Case(
        f("bool", "SELECT true", name="g"),
        f("SETOF int", "SELECT 1 WHERE g()"),
        "DROP FUNCTION g; " + f("SETOF bool", "SELECT true", name="g"),
        "0A000",
    ),
    "a column's type": Case(
        USERS, f("SETOF int", "SELECT price FROM users"), "ALTER TABLE users ALTER price TYPE text", "42P13"
    ),
    "a column's type, for an operator": Case(
        USERS, f("SETOF int", "SELECT 1 FROM users WHERE price > 3"), "ALTER TABLE users ALTER price TYPE text", "42883"
    ),
    "a column's type, for a value": Case(
        USERS,
        f("SETOF int", "SELECT 1 FROM users WHERE name = 'x'"),
        "ALTER TABLE users ALTER name TYPE date USING NULL",
        "22007",
    ),
    "a column's type, for its room": Case(
        USERS,
        f("SETOF int", "SELECT 1 FROM users WHERE name = '100000'"),
        "ALTER TABLE users ALTER name TYPE smallint USING 1",
        "22003",
    ),
    "a column's type, for its order": Case(
        USERS,
        f("SETOF int", "SELECT id FROM users ORDER BY name"),
        "ALTER TABLE users ALTER name TYPE json USING NULL",
        "42883",
    ),
    "types that match": Case(
        USERS,
        f("SETOF text", "SELECT name FROM users UNION SELECT item FROM audit"),
        "ALTER TABLE users ALTER name TYPE int USING 1",
        "42804",
    ),
    "a key that groups": Case(
        USERS,
        f("SETOF text", "SELECT name FROM users GROUP BY id"),
        "ALTER TABLE users DROP CONSTRAINT users_pkey",
        "42803",
    ),
    "a constraint": Case(USERS, f("void", CONFLICT), "ALTER TABLE users RENAME CONSTRAINT users_pkey TO pk", "42704"),
    "a column that is generated": Case(
        USERS,
        f("void", "INSERT INTO users VALUES (1, 'a', 1)"),
        "ALTER TABLE users ALTER id ADD GENERATED ALWAYS AS IDENTITY",
        "428C9",
    ),
    "a table that is a view": Case(
        USERS, f("void", "DELETE FROM audit"), "DROP TABLE audit; CREATE VIEW audit AS SELECT 1 AS id", "55000"
    ),
    "a table that is a type": Case(
        USERS, f("bigint", "SELECT count(*) FROM audit"), "DROP TABLE audit; CREATE TYPE audit AS (id int)", "42809"
    ),
    "a schema": Case(
        "CREATE SCHEMA app;" + f("int", "SELECT 1", name="app.g"),
        f("int", "SELECT app.g()"),
        "ALTER SCHEMA app RENAME TO other",
        "3F000",
    ),
    "a collation": Case(
        "CREATE COLLATION c (locale = 'C');", f("bool", "SELECT 'a' < 'b' COLLATE c"), "DROP COLLATION c", "42704"
    ),
    "an operator": Case(
        f("int", "SELECT 1", "int, int", name="o")
        + "CREATE OPERATOR === (FUNCTION = o, LEFTARG = int, RIGHTARG = int);",
        f("int", "SELECT 1 === 2"),
        "DROP OPERATOR === (int, int)",
        "42883",
    ),
    "a cast": Case(
        ADDRESS + f("int", "SELECT 1", "addr", name="c") + "CREATE CAST (addr AS int) WITH FUNCTION c(addr);",
        f("int", "SELECT ROW('a', 'b')::addr::int"),
        "DROP CAST (addr AS int)",
        "42846",
    ),
    "a query of one column": Case(
        "CREATE TABLE one (a int);", f("int", "SELECT (SELECT * FROM one)"), "ALTER TABLE one ADD b int", "42601"
    ),
    "as many names as columns": Case(
        ONE, f("SETOF int", "SELECT x FROM one AS o (x, y)"), "ALTER TABLE one DROP b", "42P10"
    ),
    "a body that is parsed": Case(
        USERS,
        "CREATE FUNCTION f() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT name FROM users; END;",
        "ALTER TABLE users RENAME name TO n",
    ),
    "a row that a parsed body gives": Case(
        USERS,
        "CREATE FUNCTION f() RETURNS SETOF users LANGUAGE sql BEGIN ATOMIC SELECT * FROM users; END;",
        "ALTER TABLE users ADD more int",
        "42P13",
    ),
    "a procedure": Case(
        USERS, "CREATE PROCEDURE f() LANGUAGE sql AS 'DELETE FROM audit';", "DROP TABLE audit", "42P01", "CALL f()"
    ),
    "a function's own search_path": Case(
        OWN,
        f("SETOF int", "SELECT a FROM own", more="SET search_path = app"),
        "ALTER TABLE app.own RENAME TO other",
        "42P01",
    ),
    "another table, in a session like the application's": Case(
        OWN + "CREATE TABLE public.own (a int);", f("SETOF int", "SELECT a FROM own"), "DROP TABLE public.own", "42P01"
    ),
}
BEFORE_AS_WELL = {
    "a table of its maker's search_path": Case(
        OWN, f("SETOF int", "SELECT a FROM own"), "ALTER TABLE app.own RENAME TO other", "42P01"
    ),
    "another error than before": Case(
        OWN + "CREATE TABLE public.own (b int); CREATE TABLE public.other (b int);",
        f("bigint", "SELECT count(b) FROM own, other"),
        "DROP TABLE public.other",
        "42P01",
    ),
    "a schema that was not there": Case(UNCHECKED, f("int", "SELECT app.g()"), "CREATE SCHEMA app", "42883"),
    "no SQL at all": Case(UNCHECKED, f("int", "SELEC a FROM t"), "CREATE TABLE t (a int)", "42601"),
}
ONLY_A_CALL_TELLS = {
    "the plan": Case(
        USERS,
        f("void", "INSERT INTO users VALUES (1) ON CONFLICT (id) DO NOTHING"),
        "ALTER TABLE users DROP CONSTRAINT users_pkey",
        "42P10",
    ),
    "the row": Case(
        USERS, f("void", "INSERT INTO audit (id) VALUES (1)"), "ALTER TABLE audit ADD more int NOT NULL", "23502"
    ),
}
NOT_ASKED = {
    "arguments of any type": (
        Case(ONE, f("anyelement", "SELECT $1 FROM one", "anyelement"), "DROP TABLE one", "42P01", "SELECT f(1)"),
        None,
    ),
    "a right that is taken": (
        Case(
            "CREATE SCHEMA app; CREATE TABLE app.t (a int);",
            f("SETOF int", "SELECT a FROM app.t"),
            "REVOKE ALL ON SCHEMA app FROM CURRENT_USER",
            "42501",
        ),
        "42501",
    ),
}


class Servers:
    """Makes databases on one server."""

    def __init__(self, wish: Request, conninfo: dict[str, str]) -> None:
        self._wish = wish
        self._conninfo = conninfo

    def database(self, *, superuser: bool = False) -> PostgresDatabase:
        return create_database(self._conninfo, request=self._wish, superuser=superuser, private=True)


@pytest.fixture(name="servers", scope="module", params=MAJORS)
def _servers(request: pytest.FixtureRequest) -> Iterator[Servers]:
    major = request.param
    if int(major) not in {each.major for each in source.find_all(os.environ, [])}:
        pytest.skip(f"no PostgreSQL {major}: glowplug server install {major}")
    wish = Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version=major),
        settings=ScratchSettings(),
        environment=dict(os.environ),
    )
    with open_server(wish) as server:
        yield Servers(wish, dict(server.conninfo))


def run(connection: PostgresConnection, sql: str, *, transaction: bool = True) -> None:
    version = os.urandom(8).hex()
    one = Migration(
        version=version, name=version, path=version, up=sql.encode(), down=None, run_in_transaction=transaction
    )
    error = connection.run(one, Direction.UP).error
    assert error is None, error


def state(connection: PostgresConnection) -> State:
    schema = connection.snapshot()
    return State(schema=schema, broken=broken_in(connection, schema, Dialect.POSTGRES))


def called(connection: PostgresConnection, sql: str) -> str | None:
    """Call as an application would whose session begins now; the code with which that fails."""
    session = connection.access.connect()
    try:
        reply = session.batch(f"BEGIN; {sql}; ROLLBACK".encode())
    finally:
        session.leave()
    return None if reply.failure is None else explain(reply.failure).code


def told(servers: Servers, case: Case) -> tuple[str | None, list[str | None], list[str | None]]:
    """How a call fails before the file, and what is said of ``f`` after it: broken, not asked, by their codes."""
    with contextlib.closing(servers.database()) as database:
        connection = database.connection
        run(connection, case.before + case.function)
        before = state(connection)
        failed = called(connection, case.call)
        run(connection, case.ddl)
        after = state(connection)
        assert called(connection, case.call) == case.code
    broken = [each.error.code for each in left_broken(before, after) if each.name.startswith("public.f(")]
    unasked = [each.error and each.error.code for each in left_unasked(before, after)]
    return failed, broken, unasked


@pytest.mark.parametrize("case", CASES)
def test_a_function_is_broken_where_a_call_fails_that_did_not(servers: Servers, case: str) -> None:
    code = CASES[case].code
    assert told(servers, CASES[case]) == (None, [] if code is None else [code], [])


@pytest.mark.parametrize("case", BEFORE_AS_WELL)
def test_a_function_that_no_session_could_call_before_is_not_told(servers: Servers, case: str) -> None:
    failed, broken, unasked = told(servers, BEFORE_AS_WELL[case])
    assert failed is not None
    assert (broken, unasked) == ([], [])


@pytest.mark.parametrize("case", ONLY_A_CALL_TELLS)
def test_what_only_a_call_tells_is_not_told(servers: Servers, case: str) -> None:
    assert told(servers, ONLY_A_CALL_TELLS[case]) == (None, [], [])


@pytest.mark.parametrize("case", NOT_ASKED)
def test_what_the_server_does_not_look_at_is_said_to_be_unknown(servers: Servers, case: str) -> None:
    asked, code = NOT_ASKED[case]
    assert told(servers, asked) == (None, [], [code])


FUNCTION = USERS + f("SETOF text", "SELECT name FROM users")
RENAME = "ALTER TABLE users RENAME name TO n;"


def left(database: PostgresDatabase, sql: str, *, transaction: bool = True) -> tuple[list[str], list[str]]:
    connection = database.connection
    run(connection, FUNCTION)
    before = state(connection)
    assert before.broken == Asked()
    run(connection, sql, transaction=transaction)
    after = state(connection)
    return [each.name for each in left_broken(before, after)], [each.why for each in left_unasked(before, after)]


def test_an_open_transaction_is_said(servers: Servers) -> None:
    with contextlib.closing(servers.database()) as database:
        broken, (why,) = left(database, f"COMMIT; BEGIN; {RENAME}", transaction=False)
        assert broken == []
        assert "a transaction is open" in why


def test_an_event_trigger_is_said_and_all_is_asked_once_it_is_gone(servers: Servers) -> None:
    trigger = "CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
    trigger += "CREATE EVENT TRIGGER et ON ddl_command_start EXECUTE FUNCTION e();"
    with contextlib.closing(servers.database(superuser=True)) as database:
        broken, (why,) = left(database, RENAME + trigger)
        assert broken == []
        assert "event trigger" in why
        before = state(database.connection)
        run(database.connection, "CREATE TABLE more (id int)")
        assert left_unasked(before, state(database.connection)) == ()
        run(database.connection, "DROP EVENT TRIGGER et")
        after = state(database.connection)
        assert [each.name for each in left_broken(before, after)] == ["public.f()"]


def test_no_session_is_said(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    from glowplug.database.postgres.access import Access  # noqa: PLC0415 - only this test takes it away
    from glowplug.errors import LostConnection  # noqa: PLC0415 - the same

    with contextlib.closing(servers.database()) as database:
        connection = database.connection
        run(connection, FUNCTION)
        before = state(connection)
        run(connection, RENAME)

        def refuse(_: Access) -> None:
            raise LostConnection("too many connections")

        with monkeypatch.context() as changed:
            changed.setattr(Access, "connect", refuse)
            after = state(connection)
        (unasked,) = left_unasked(before, after)
        assert unasked.error is not None
        assert unasked.error.message == "too many connections"
        again = state(connection)
        assert [each.name for each in left_broken(before, again)] == ["public.f()"]
