"""A scratch database on PostgreSQL: what it starts with, and that an excursion shows the truth and leaves no trace."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres import Administrator
from glowplug.dialect import Dialect, Direction
from glowplug.errors import ConfigurationError, EnvironmentFailure, MissingExtension
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.excursion import Excursion
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.sql.postgres_nesting import nesting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.schema import Schema
    from glowplug.scratch.postgres.database import PostgresDatabase
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

NESTED, IN_PLACE, COPY = "nested", "in place", "copy"


def request(**chain: object) -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(**chain),  # type: ignore[arg-type]
        settings=ScratchSettings(),
        statement_timeout=10.0,
        environment=dict(os.environ),
    )


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with open_server(request()) as running:
        yield running


@pytest.fixture
def database(server: PostgresServer) -> Iterator[PostgresDatabase]:
    made = make(server)
    yield made
    made.close()


def make(server: PostgresServer, *, superuser: bool = False, **chain: object) -> PostgresDatabase:
    return create_database(server.conninfo, request=request(**chain), superuser=superuser, private=True)


def migration(up: str, down: str = "SELECT 1", *, version: str = "2", transaction: bool = True) -> Migration:
    return Migration(
        version=version,
        name=version,
        path=version,
        up=up.encode(),
        down=down.encode(),
        run_in_transaction=transaction,
    )


def run(database: PostgresDatabase, sql: str, *, version: str = "1", transaction: bool = True) -> None:
    error = database.connection.run(migration(sql, version=version, transaction=transaction), Direction.UP).error
    assert error is None, error


def ask(database: PostgresDatabase, sql: str) -> str:
    reply = database.connection.session.batch(sql.encode(), rows=True)
    assert reply.ok
    return (reply.results[-1].get_value(0, 0) or b"").decode()


BASE = """
CREATE TABLE t (id serial PRIMARY KEY, a int, b text);
INSERT INTO t (a, b) SELECT i, 'x' FROM generate_series(1, 10) i;
CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p);
CREATE INDEX old ON t (b); CREATE SCHEMA far; CREATE TABLE far.y (a int);
CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE feels (m mood DEFAULT 'ok');
CREATE SEQUENCE s; CREATE TABLE log (at timestamptz DEFAULT now(), n int DEFAULT nextval('s'));
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN IF NEW IS DISTINCT FROM OLD THEN NEW.b := coalesce(NEW.b, 'x'); END IF; RETURN NEW; END $$;
CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO log DEFAULT VALUES; RETURN NEW; END $$
"""

# up, down, run_in_transaction, the way that the first run takes, whether down works, whether the second up works
WITHOUT_THE_VALUE = """
ALTER TABLE feels ALTER m DROP DEFAULT, ALTER m TYPE text; DROP TYPE mood; CREATE TYPE mood AS ENUM ('sad', 'ok');
ALTER TABLE feels ALTER m TYPE mood USING m::mood, ALTER m SET DEFAULT 'ok'
"""

Pair = tuple[str, str, bool, str, bool, bool]

INDEX = ("CREATE INDEX CONCURRENTLY old ON t (b)", "DROP INDEX CONCURRENTLY old")

PAIRS: list[Pair] = [
    ("CREATE TABLE x (a int)", "DROP TABLE x", True, NESTED, True, True),
    ("ALTER TABLE t ADD d int DEFAULT 5, ADD CHECK (d > 0)", "ALTER TABLE t DROP d", True, NESTED, True, True),
    ("CREATE INDEX i ON t (lower(b))", "DROP INDEX i", True, NESTED, True, True),
    ("ALTER TABLE t ALTER a TYPE bigint", "ALTER TABLE t ALTER a TYPE int USING a::int", True, NESTED, True, True),
    ("UPDATE t SET a = a + 1", "UPDATE t SET a = a - 1", True, NESTED, True, True),
    ("UPDATE t SET b = 'y' WHERE a = 1; DELETE FROM c", "UPDATE t SET b = upper(b)", True, NESTED, True, True),
    ("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'",
     "ALTER TYPE mood RENAME VALUE 'fine' TO 'ok'", True, NESTED, True, True),
    # what a longer transaction would change, or no rollback brings back
    ("INSERT INTO t (a) VALUES (99)", "DELETE FROM t WHERE a = 99", True, NESTED, True, True),
    ("INSERT INTO t (a) SELECT * FROM generate_series(1, 3)", "INSERT INTO log (at) VALUES (now()); DELETE FROM t",
     True, NESTED, True, True),
    ("INSERT INTO t DEFAULT VALUES; INSERT INTO log DEFAULT VALUES", "DELETE FROM log", True, NESTED, True, True),
    ("CREATE VIEW tv AS SELECT * FROM t; INSERT INTO tv (a) VALUES (1)", "DELETE FROM tv; DROP VIEW tv",
     True, NESTED, True, True),
    ("CREATE DOMAIN counted AS int DEFAULT nextval('s'); CREATE TABLE x (n counted); INSERT INTO x DEFAULT VALUES",
     "DELETE FROM x; DROP TABLE x; DROP DOMAIN counted", True, NESTED, True, True),
    ("CREATE TABLE x (id serial, a int); INSERT INTO x (a) VALUES (1)",
     "DROP TABLE x", True, NESTED, True, True),
    ("CREATE TRIGGER own BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch()",
     "UPDATE t SET a = 2; DROP TRIGGER own ON t", True, NESTED, True, True),
    ("SELECT setval('s', 100)", "SELECT setval('s', 1); SELECT nextval('s')", True, COPY, True, True),
    ("ALTER TYPE mood ADD VALUE 'new'", WITHOUT_THE_VALUE, True, NESTED, True, True),
    ("CREATE INDEX CONCURRENTLY i ON t (a)", "DROP INDEX CONCURRENTLY i", False, IN_PLACE, True, True),
    ("DROP INDEX CONCURRENTLY old", "CREATE INDEX CONCURRENTLY old ON t (b)", False, IN_PLACE, True, True),
    ("DROP INDEX CONCURRENTLY old", "CREATE INDEX CONCURRENTLY old ON t (a)", False, IN_PLACE, True, True),
    ("CREATE INDEX CONCURRENTLY i ON t (a)", "DROP INDEX CONCURRENTLY old", False, COPY, True, False),
    ("CREATE INDEX CONCURRENTLY i ON t (a)", "DROP INDEX CONCURRENTLY nowhere", False, COPY, False, False),
    ("CREATE INDEX CONCURRENTLY IF NOT EXISTS old ON t (a)", "DROP INDEX CONCURRENTLY old", False, COPY, True, True),
    ("DROP INDEX CONCURRENTLY old", "CREATE UNIQUE INDEX CONCURRENTLY old ON t (b)", False, COPY, False, False),
    # the index that the down makes is not the one that the up drops
    ("DROP INDEX CONCURRENTLY IF EXISTS far.i", "CREATE INDEX CONCURRENTLY i ON t (a)", False, COPY, True, True),
    ("DROP INDEX CONCURRENTLY IF EXISTS i", "CREATE INDEX CONCURRENTLY i ON far.y (a)", False, COPY, True, True),
    ("DROP INDEX CONCURRENTLY IF EXISTS far.i",
     "CREATE INDEX CONCURRENTLY i ON far.y (a)", False, IN_PLACE, True, True),
    ("DROP INDEX CONCURRENTLY IF EXISTS i", "CREATE INDEX CONCURRENTLY i ON t (a)", False, IN_PLACE, True, True),
    ("CREATE INDEX CONCURRENTLY i ON t (a)", "SELECT 1; DROP INDEX i", False, COPY, True, True),
    ("CREATE TABLE x (a int)", "SET lock_timeout = '1s'; DROP TABLE x", True, COPY, True, True),
    ("SET LOCAL search_path = public", "SET LOCAL check_function_bodies = off", True, COPY, True, True),
    ("CREATE TABLE x (a int)", "DROP TABLE x; COMMIT", True, COPY, False, True),
    ("CREATE TABLE x (a int)", "DROP TABLE x; ROLLBACK", True, COPY, False, False),
    ("CREATE TABLE x (a int)", "DROP TABLE y", True, COPY, False, False),
    ("CREATE TABLE x (a int)", "SELECT 1", True, COPY, True, False),
    ("CREATE TABLE IF NOT EXISTS x (a int)", "SELECT 1", True, COPY, True, True),
    ("INSERT INTO p VALUES (1)", "UPDATE t SET a = 1", True, NESTED, True, False),
    ("ALTER TABLE c DROP CONSTRAINT c_p_fkey; INSERT INTO c VALUES (7)",
     "ALTER TABLE c ADD CONSTRAINT c_p_fkey FOREIGN KEY (p) REFERENCES p DEFERRABLE INITIALLY DEFERRED",
     True, COPY, False, False),
    ("SELECT 1", "INSERT INTO c VALUES (8)", True, COPY, False, False),
    ("CREATE TRIGGER tr AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION remember(); UPDATE t SET a = 0",
     "UPDATE t SET a = 3; DROP TRIGGER tr ON t", True, COPY, True, True),
    ("DO $$ BEGIN PERFORM pg_advisory_lock(1); END $$", "SELECT pg_advisory_unlock_all()", True, COPY, True, True),
    ("CREATE TEMP TABLE tmp (a int)", "DROP TABLE tmp", True, COPY, False, False),
    ("SELECT 1", "SELECT pg_terminate_backend(pg_backend_pid())", True, COPY, False, False),
    ("SELECT 1", "-- nothing", True, NESTED, False, False),
    ("SELECT 1", "SELEC 1", True, COPY, False, False),
    ("PREPARE q AS SELECT 1", "DEALLOCATE q", True, COPY, False, False),
    ("ALTER ROLE CURRENT_USER SET work_mem = '9MB'",
     "ALTER ROLE CURRENT_USER RESET work_mem", True, COPY, True, True),  # whether a session still begins is tried
    ("SELECT 1", "DO $$ BEGIN ALTER ROLE CURRENT_USER SET work_mem = '7MB'; END $$", True, COPY, True, True),
    ("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = %L', current_database(), '8MB'); END $$",
     "SELECT 1", True, COPY, True, True),
]  # fmt: skip

TRACES = """
SELECT concat_ws(E'\\n',
  (SELECT string_agg(format('%s', t), ',' ORDER BY id) FROM t), (SELECT string_agg(format('%s', p), ',') FROM p),
  (SELECT string_agg(format('%s', c), ',') FROM c), (SELECT count(*) FROM log),
  (SELECT format('%s', s) FROM (SELECT last_value, is_called FROM s) s),
  (SELECT format('%s', s) FROM (SELECT last_value, is_called FROM t_id_seq) s),
  (SELECT string_agg(name || setting, ',' ORDER BY name) FROM pg_settings WHERE source = 'session'),
  (SELECT string_agg(format('%s', s), ',') FROM pg_db_role_setting s
    WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = user)
    OR setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
  (SELECT string_agg(objid::text, ',' ORDER BY objid) FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
  (SELECT string_agg(version, ',' ORDER BY version) FROM __diesel_schema_migrations),
  (SELECT rolcreatedb FROM pg_roles WHERE rolname = user))
"""


def round_trip(database: PostgresDatabase, one: Migration, *, nest: bool) -> tuple[list[object], list[str]]:
    """What an excursion saw, and the way each of its steps went."""
    seen: list[object] = []
    ways = []
    excursion = Excursion(database.connection, database.administrator, nest=nest)
    try:
        for direction in (Direction.DOWN, Direction.UP):
            error = excursion.run(one, direction).error
            ways.append(COPY if excursion.in_copy else NESTED if one.run_in_transaction else IN_PLACE)
            seen.append(None if error is None else (error.code, error.line, error.column))
            seen.append(dict(excursion.snapshot().objects))
            seen.append(excursion.recorded())
    finally:
        excursion.close()
    return seen, ways


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{up[:40]}|{down[:40]}" for up, down, *_ in PAIRS])
def test_an_excursion_is_the_same_both_ways_and_leaves_no_trace(database: PostgresDatabase, pair: Pair) -> None:
    up, down, transaction, way, down_works, up_works = pair
    run(database, BASE)
    one = migration(up, down, transaction=transaction)
    assert database.connection.run(one, Direction.UP).error is None
    before: Schema = database.connection.snapshot()
    traces = ask(database, TRACES)
    seen, ways = round_trip(database, one, nest=True)
    assert database.connection.snapshot().objects == before.objects
    assert ask(database, TRACES) == traces
    faithful, _ = round_trip(database, one, nest=False)
    assert seen == faithful
    assert ask(database, TRACES) == traces
    assert ways[0] == way
    assert (seen[0] is None, seen[3] is None) == (down_works, up_works)
    assert database.connection.snapshot().objects == before.objects


@pytest.mark.parametrize("way", [INDEX, tuple(reversed(INDEX))], ids=["made", "dropped"])
def test_an_index_that_is_left_halfway_is_put_right(database: PostgresDatabase, way: tuple[str, str]) -> None:
    run(database, f"{BASE}; DROP INDEX old" if way == INDEX else BASE)
    one = migration(*way, transaction=False)
    assert database.connection.run(one, Direction.UP).error is None
    before = database.connection.snapshot()
    with database.excursion() as excursion:
        assert excursion.run(one, Direction.DOWN).error is None
        assert database.connection.snapshot().objects != before.objects
    assert database.connection.snapshot().objects == before.objects
    assert one.version in database.connection.recorded()


def test_an_index_of_another_schema_is_left_alone_where_one_is_put_right(database: PostgresDatabase) -> None:
    run(database, "CREATE SCHEMA far; CREATE TABLE far.y (a int); CREATE TABLE x (a int); CREATE INDEX i ON x (a)")
    run(database, "SET search_path = public, far", version="0")
    one = migration("CREATE INDEX CONCURRENTLY i ON y (a)", "DROP INDEX CONCURRENTLY far.i", transaction=False)
    assert database.connection.run(one, Direction.UP).error is None
    before = database.connection.snapshot()
    with database.excursion() as excursion:
        assert excursion.run(one, Direction.DOWN).error is None
    assert database.connection.snapshot().objects == before.objects


def test_an_index_that_can_not_be_put_right_ends_the_rehearsal(database: PostgresDatabase) -> None:
    run(database, f"{BASE}; DROP INDEX old")
    one = migration("CREATE UNIQUE INDEX CONCURRENTLY old ON t (a)", INDEX[1], transaction=False)
    assert database.connection.run(one, Direction.UP).error is None
    excursion = Excursion(database.connection, database.administrator)
    assert excursion.run(one, Direction.DOWN).error is None
    assert database.connection.session.batch(b"INSERT INTO t (a) VALUES (1)").ok
    with pytest.raises(EnvironmentFailure):
        excursion.close()


def test_what_the_session_has_set_goes_along(database: PostgresDatabase) -> None:
    run(database, 'CREATE SCHEMA other; CREATE TABLE other.x (a int); SET search_path = public, other, "odd, name"')
    settings = "SET my.own = 'a''b\\c'; SET DateStyle = 'SQL, DMY'; SET default_transaction_read_only = on"
    run(database, settings, version="0")
    check = migration(
        "SELECT 1",
        "DO $$ BEGIN ASSERT current_setting('my.own') = 'a''b\\c'; ASSERT current_setting('DateStyle') = 'SQL, DMY';"
        " ASSERT current_setting('search_path') = 'public, other, \"odd, name\"';"
        " ASSERT current_setting('default_transaction_read_only') = 'on'; END $$",
        transaction=False,
    )
    with database.excursion() as excursion:
        error = excursion.run(check, Direction.DOWN).error
    assert error is not None
    assert error.code == "25006"  # the checks hold; the bookkeeping can't be written to
    assert ask(database, "SHOW default_transaction_read_only") == "on"


def test_a_restarted_session_knows_nothing_of_the_last(database: PostgresDatabase) -> None:
    run(database, "CREATE TABLE x (a int)")
    run(
        database,
        "SET check_function_bodies = off; BEGIN; CREATE TABLE public.y (a int)",
        version="2",
        transaction=False,
    )
    database.restart_session()
    assert database.connection.recorded() == ("1",)
    assert ask(database, "SHOW check_function_bodies") == "on"
    assert ("table", "public.y") not in database.connection.snapshot().objects


def test_database_settings_go_along(database: PostgresDatabase) -> None:
    run(
        database,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, \"x y\"', current_database());"
        " EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET work_mem = ''7MB''', current_database()); END $$",
    )
    before = database.connection.snapshot()
    assert ("setting", "database.search_path") in before.objects
    with database.excursion() as excursion:
        assert excursion.run(migration("SELECT 1", "DO $$ BEGIN END $$", version="1"), Direction.DOWN).error is None
        assert excursion.snapshot().objects == before.objects


def test_an_open_transaction_is_said_not_guessed(database: PostgresDatabase) -> None:
    run(database, "BEGIN; CREATE TABLE x (a int)", transaction=False)
    with database.excursion() as excursion:
        error = excursion.run(migration("SELECT 1", "DROP TABLE x", version="1"), Direction.DOWN).error
    assert error is not None
    assert "left a transaction open" in error.message


def test_an_excursion_left_by_an_error_is_undone(database: PostgresDatabase) -> None:
    run(database, "CREATE TABLE x (a int)")
    before = database.connection.snapshot()

    class Left(Exception):
        pass

    def leave() -> None:
        with database.excursion() as excursion:
            assert excursion.run(migration("", "DROP TABLE x", version="1"), Direction.DOWN).error is None
            raise Left

    with pytest.raises(Left):
        leave()
    assert database.connection.snapshot().objects == before.objects


def test_nothing_is_left_on_the_server(server: PostgresServer) -> None:
    question = "SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles"
    with Administrator(server.conninfo) as administrator:
        before = set(administrator.rows(question))
        database = make(server)
        run(database, "CREATE TABLE x (a int)")
        with database.excursion() as excursion:
            excursion.run(migration("", "DO $$ BEGIN DROP TABLE x; END $$", version="1"), Direction.DOWN)
            assert len(set(administrator.rows(question)) - before) == 3 - 1
        database.close()
        assert set(administrator.rows(question)) == before


SETUP = (
    "CREATE EXTENSION citext",
    "CREATE SCHEMA app; CREATE TABLE app.t (id serial, e citext); CREATE VIEW app.v AS SELECT id FROM app.t",
    "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE TYPE app.mood AS ENUM ('ok')",
    "CREATE TYPE app.pair AS (a int); CREATE DOMAIN app.positive AS int; CREATE SEQUENCE app.s",
    "CREATE MATERIALIZED VIEW app.m AS SELECT 1 AS a; CREATE AGGREGATE app.agg(int) (SFUNC = int4pl, STYPE = int)",
    "CREATE TEXT SEARCH CONFIGURATION app.ts (COPY = simple); CREATE TYPE app.rng AS RANGE (SUBTYPE = float8)",
    'CREATE OPERATOR app.=== (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int); CREATE TABLE app."T x" (a int)',
    "CREATE STATISTICS app.st ON id, e FROM app.t; CREATE COLLATION app.coll (provider = libc, locale = 'C')",
)


def test_what_database_setup_made_belongs_to_the_migrations(server: PostgresServer) -> None:
    database = make(server, database_setup=SETUP)
    owners = {
        item.name: item.properties["owner"] for item in database.connection.snapshot() if "owner" in item.properties
    }
    assert set(owners) <= {"public"}
    run(
        database,
        "ALTER TABLE app.t ADD x int; CREATE OR REPLACE FUNCTION app.f() RETURNS int LANGUAGE sql AS $$ SELECT 2 $$;"
        'ALTER TYPE app.mood RENAME TO feeling; CREATE TABLE public.y (e public.citext); DROP TABLE app."T x"',
    )
    database.close()


def test_a_setup_that_fails_is_a_configuration_error(server: PostgresServer) -> None:
    for wish in ({"database_setup": ("SELEC 1",)}, {"session_setup": ("SELEC 1",)}, {"collation": "no_SUCH"}):
        with pytest.raises(ConfigurationError):
            make(server, **wish)


def test_encoding_and_collation_are_as_wished(server: PostgresServer) -> None:
    database = make(server, collation="C")
    assert ask(database, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C"
    database.close()
    database = make(server)
    assert ask(database, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    assert ask(database, "SHOW server_encoding") == "UTF8"
    database.close()


def test_the_role_is_a_superuser_only_when_asked_for(server: PostgresServer) -> None:
    question = "SELECT concat(rolsuper, rolcreaterole, rolcreatedb, rolreplication) FROM pg_roles WHERE rolname = user"
    for superuser, expected in ((False, "ffff"), (True, "tfff")):
        database = make(server, superuser=superuser)
        assert ask(database, question) == expected
        run(database, "CREATE TABLE x (a int)")
        with database.excursion() as excursion:
            assert (
                excursion.run(migration("", "DO $$ BEGIN DROP TABLE x; END $$", version="1"), Direction.DOWN).error
                is None
            )
        assert ask(database, question) == expected
        database.close()


@pytest.mark.parametrize(
    "sql",
    [
        "COMMIT", "BEGIN", "ROLLBACK", "SAVEPOINT a", "SET LOCAL a.b = 'c'", "SET a.b = 'c'", "DO $$ BEGIN END $$",
        "SELECT 1", "INSERT INTO t VALUES (nextval('s'))", "CREATE TABLE x AS SELECT f()",
        "CREATE TEMP TABLE x AS SELECT 1", "CREATE TABLE pg_temp.x AS SELECT 1", "CREATE TABLE x AS EXECUTE q",
        "CREATE MATERIALIZED VIEW x AS SELECT nextval('s')",
        "INSERT INTO t DEFAULT VALUES", "CREATE VIEW x AS SELECT 1; INSERT INTO x VALUES (1)",
        "VACUUM", "CALL p()", "LISTEN x",
        "NOTIFY x", "SET CONSTRAINTS ALL DEFERRED", "CREATE TEMP TABLE x (a int)", "CREATE TABLE pg_temp.x (a int)",
        "CREATE TEMP VIEW x AS SELECT 1", "CREATE TEMP SEQUENCE x", "ALTER TYPE m ADD VALUE 'x'", "PREPARE q AS SELECT",
        "CREATE INDEX CONCURRENTLY i ON t (a)", "DROP INDEX CONCURRENTLY i", "CREATE EXTENSION x", "DROP EXTENSION x",
        "UPDATE t SET a = nextval('s')", "UPDATE t SET a = DEFAULT", "ALTER TABLE t ADD a int DEFAULT f()",
        "CREATE CONSTRAINT TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "DISCARD ALL",
        "CREATE INDEX i ON t (f(a))", "DELETE FROM t WHERE f(a)", "REFRESH MATERIALIZED VIEW m", "CLUSTER t",
        "CREATE SCHEMA x CREATE TABLE y (a int DEFAULT f())", "COPY t FROM STDIN", "ALTER SYSTEM SET a = 'b'",
        "CREATE DATABASE x", "REINDEX TABLE t", "SELEC",
        "WITH x AS (SELECT nextval('s') AS n) UPDATE t SET a = n FROM x",
        "ALTER TABLE t ALTER a TYPE int USING pg_catalog.set_config('a.b', a, false)::int", "EXPLAIN ANALYZE SELECT 1",
        "WITH x AS (INSERT INTO t DEFAULT VALUES RETURNING 1) DELETE FROM u",
    ],
)  # fmt: skip
def test_what_is_not_known_to_be_neutral_is_not_nested(sql: str) -> None:
    assert nesting(f"CREATE TABLE a (b int); {sql}") is None


def test_an_extension_that_database_setup_lacks_is_no_mistake_of_the_file() -> None:
    wish = Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(database_setup=("CREATE EXTENSION no_such_thing",)),
        settings=ScratchSettings(),
        environment=os.environ,
    )
    with open_server(wish) as server, pytest.raises(MissingExtension, match="asks for the extension 'no_such_thing'"):
        server.create()


def test_a_closed_connection_has_no_backend_left_that_a_drop_would_wait_for(database: PostgresDatabase) -> None:
    pid = database.connection.session.backend_pid
    count = f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}"
    assert database.administrator.rows(count) == [("1",)]
    database.connection.close()
    assert database.administrator.rows(count) == [("0",)]
    database.connection.close()


@pytest.mark.parametrize("private", [True, False])
def test_a_role_has_a_password_where_it_is_asked_for_one(server: PostgresServer, *, private: bool) -> None:
    made = create_database(server.conninfo, request=request(), superuser=False, private=private)
    role = made.access.conninfo["user"]
    rows = made.administrator.rows(f"SELECT rolpassword IS NOT NULL FROM pg_authid WHERE rolname = '{role}'")
    made.close()
    assert rows == [("f" if private else "t",)]
