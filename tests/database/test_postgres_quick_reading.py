"""What is read of changed relations alone, by the shorter query where that is enough, is what a whole reading sees."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres import Nested
from glowplug.database.postgres.snapshot import SnapshotReader
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.sql.postgres_concurrent import lone_index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.postgres import PostgresConnection
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

PLAIN = """
CREATE TABLE q (id serial PRIMARY KEY, a int NOT NULL DEFAULT 1, b text, big text);
CREATE TABLE r (id int PRIMARY KEY, q int REFERENCES q);
CREATE INDEX q_b ON q (b);
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
"""
REFERRING = """
CREATE TABLE w (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE w1 PARTITION OF w DEFAULT;
ALTER TABLE q ADD FOREIGN KEY (a) REFERENCES w;
"""
CHANGES = [
    "ALTER TABLE q ADD x numeric(4, 1) DEFAULT 2 NOT NULL",
    "ALTER TABLE q DROP a",
    "ALTER TABLE q SET (fillfactor = 70)",
    "ALTER TABLE q SET (toast.autovacuum_enabled = false)",
    "ALTER TABLE q REPLICA IDENTITY FULL",
    "ALTER TABLE q ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE q ALTER a SET (n_distinct = 5)",
    "ALTER TABLE q ALTER a SET STATISTICS 7",
    "ALTER TABLE q ALTER b SET STORAGE external",
    "ALTER TABLE q ADD g int GENERATED ALWAYS AS (a + 1) STORED",
    "ALTER TABLE q ADD i int GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE q ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
    "ALTER TABLE q ADD CONSTRAINT un UNIQUE (b) WITH (fillfactor = 60)",
    "CREATE TABLE child () INHERITS (q)",
    "CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE INDEX ON p (id); CREATE TABLE p1 PARTITION OF p DEFAULT",
    "CREATE INDEX lower_b ON q (lower(b)); ALTER INDEX lower_b ALTER 1 SET STATISTICS 9",
    "CREATE INDEX q_a ON q (a) WITH (fillfactor = 50)",
    "CREATE TRIGGER tr BEFORE INSERT ON q FOR EACH ROW EXECUTE FUNCTION trg()",
    "CREATE RULE ru AS ON DELETE TO q DO INSTEAD NOTHING",
    "CREATE POLICY po ON q USING (a > 1)",
    "CREATE VIEW v AS SELECT id, b FROM q",
    "CREATE MATERIALIZED VIEW m AS SELECT id FROM q WITH NO DATA",
    "CREATE SEQUENCE s INCREMENT 3 OWNED BY q.a",
    "ALTER SEQUENCE q_id_seq CYCLE",
    "ALTER TABLE q CLUSTER ON q_pkey",
    "ALTER TABLE q REPLICA IDENTITY USING INDEX q_pkey",
    "COMMENT ON INDEX q_pkey IS 'x'; COMMENT ON CONSTRAINT q_pkey ON q IS 'y'",
    "CREATE UNIQUE INDEX ub ON q (b); ALTER TABLE q ADD UNIQUE (a); COMMENT ON INDEX ub IS 'x'",
    "ALTER TABLE q ADD CONSTRAINT ex EXCLUDE USING btree (a WITH =)",
    REFERRING,
    'CREATE TABLE "we.i""rd\\" ("a.b" int NOT NULL, "c,d" serial, "(!)" text DEFAULT \'(!)\', CHECK ("a.b" > 0))',
    "ALTER TABLE q RENAME a TO renamed; ALTER TABLE q RENAME TO qq",
    "ALTER TABLE q RENAME a TO renamed; COMMENT ON COLUMN q.renamed IS 'x'; COMMENT ON COLUMN q.id IS 'y'",
    "CREATE TYPE comp AS (a int, b text); COMMENT ON COLUMN comp.a IS 'x'",
    "CREATE TABLE none ()",
    "GRANT SELECT ON q TO PUBLIC",
    "GRANT SELECT (b) ON q TO PUBLIC",
    "COMMENT ON COLUMN q.b IS 'x'; COMMENT ON TABLE q IS 'y'",
    "DROP TABLE r; DROP TABLE q",
]


def request() -> Request:
    return Request(
        dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
    )


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with open_server(request()) as running:
        yield running


@pytest.fixture
def connection(server: PostgresServer) -> Iterator[PostgresConnection]:
    database = create_database(server.conninfo, request=request(), superuser=False, private=True)
    up(database.connection, PLAIN)
    database.connection.snapshot()
    yield database.connection
    database.close()


def migration(sql: str, *, transaction: bool = True) -> Migration:
    version = os.urandom(8).hex()
    return Migration(
        version=version, name=version, path=version, up=sql.encode(), down=None, run_in_transaction=transaction
    )


def up(connection: PostgresConnection, sql: str, *, transaction: bool = True) -> None:
    error = connection.run(migration(sql, transaction=transaction), Direction.UP).error
    assert error is None, error


def truth(connection: PostgresConnection) -> object:
    return SnapshotReader(connection.session).read(None).objects


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_commit(connection: PostgresConnection, change: str) -> None:
    up(connection, change)
    assert connection.snapshot().objects == truth(connection)
    up(connection, "ALTER TABLE IF EXISTS q ADD later int")  # what the change left is there in the next reading, too
    assert connection.snapshot().objects == truth(connection)


@pytest.mark.parametrize("change", CHANGES)
def test_inside_of_the_transaction(connection: PostgresConnection, change: str) -> None:
    nested = Nested(connection)
    assert nested.run(migration(change), Direction.UP, writes=False) is None
    assert nested.snapshot().objects == truth(connection)
    nested.end()
    assert connection.snapshot().objects == truth(connection)


def test_a_column_with_all_that_is_unusual(connection: PostgresConnection) -> None:
    for change in (
        "ALTER TABLE q RENAME a TO renamed",
        "ALTER TABLE q ALTER renamed SET DEFAULT 7, ALTER renamed SET STATISTICS 7",
        "COMMENT ON COLUMN q.renamed IS 'This is ''a'', or was'",
        "ALTER TABLE q ADD later int",
        "ALTER TABLE q DROP later",
    ):
        up(connection, change)
        assert connection.snapshot().objects == truth(connection)


def test_triggers_by_which_a_foreign_key_works(server: PostgresServer) -> None:
    database = create_database(server.conninfo, request=request(), superuser=True, private=True)
    up(database.connection, PLAIN)
    before = database.connection.snapshot()
    up(database.connection, "ALTER TABLE r DISABLE TRIGGER ALL")
    found = database.connection.snapshot().objects
    assert found == truth(database.connection)
    assert {kind for kind, _ in found.keys() - before.objects.keys()} == {"constraint trigger"}
    up(database.connection, "ALTER TABLE r ENABLE TRIGGER ALL")
    assert database.connection.snapshot().objects == truth(database.connection) == before.objects
    database.close()


def test_an_index_made_and_dropped_concurrently(connection: PostgresConnection) -> None:
    before = connection.snapshot()
    up(connection, "CREATE INDEX CONCURRENTLY new_one ON q (a)", transaction=False)
    made = connection.snapshot()
    assert made.objects == truth(connection)
    assert made.objects.keys() - before.objects.keys() == {("index", "public.q.new_one")}
    up(connection, "DROP INDEX CONCURRENTLY new_one", transaction=False)
    assert connection.snapshot().objects == truth(connection) == before.objects


def test_an_index_is_found_where_the_session_looks(connection: PostgresConnection) -> None:
    up(connection, "CREATE SCHEMA other; CREATE TABLE other.q (a int)")
    up(connection, "SET search_path = other, public", transaction=False)
    connection.snapshot()
    up(connection, "CREATE INDEX CONCURRENTLY new_one ON q (a)", transaction=False)
    assert connection.snapshot().objects == truth(connection)
    assert ("index", "other.q.new_one") in connection.snapshot().objects


@pytest.mark.parametrize(
    "text",
    [
        "CREATE INDEX i ON q (a)",
        "CREATE INDEX CONCURRENTLY i ON q (mine(a))",
        "CREATE INDEX CONCURRENTLY i ON q (a); SELECT 1",
        "DROP INDEX CONCURRENTLY i, j",
        "DROP INDEX CONCURRENTLY i CASCADE",
        "DROP INDEX i",
        "REINDEX INDEX CONCURRENTLY i",
        "VACUUM q",
        "",
    ],
)
def test_no_other_file_is_taken_for_one_index(text: str) -> None:
    assert lone_index(text) is None


INNOCENT = "$$ BEGIN INSERT INTO r (id) VALUES (1) ON CONFLICT DO NOTHING; RETURN 1; END $$"
CHANGING = "$$ BEGIN EXECUTE 'DROP TABLE r'; RETURN 1; END $$"


def function(name: str, body: str, *, returns: str = "int", language: str = "plpgsql", how: str = "VOLATILE") -> str:
    return f"CREATE FUNCTION {name}() RETURNS {returns} LANGUAGE {language} {how} AS {body};"


VIEW = "CREATE VIEW v AS SELECT f()"
NOTHING: frozenset[str] = frozenset()
HIDDEN = frozenset({"hidden_code"})
TRIGGERING = frozenset({"triggering"})


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (function("f", INNOCENT), NOTHING),
        (function("f", CHANGING), NOTHING),  # who could call it names it
        (function("f", CHANGING) + "ALTER TABLE q ALTER a SET DEFAULT f()", HIDDEN),
        (function("f", CHANGING) + "ALTER TABLE q ADD CHECK (a > f())", HIDDEN),
        (function("f", CHANGING) + VIEW, HIDDEN),
        (function("f", CHANGING) + "CREATE RULE ru AS ON DELETE TO q DO ALSO SELECT f()", HIDDEN | {"guarded"}),
        (function("f", CHANGING) + "CREATE POLICY p ON q USING (a = f())", HIDDEN),
        (function("f", CHANGING) + "CREATE DOMAIN d AS int CHECK (f() > 0)", HIDDEN),
        (function("f", CHANGING) + function("g", "$$ SELECT f() $$", language="sql"), HIDDEN),
        (function("f", CHANGING) + function("g", '$$ SELECT "f" () $$', language="sql"), HIDDEN),
        (function("f", CHANGING) + "CREATE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT f(); END", HIDDEN),
        (function("f", "$$ BEGIN COMMENT ON TABLE q IS 'x'; RETURN 1; END $$") + VIEW, HIDDEN),
        (function("f", "$$ BEGIN COMMENT/**/ON TABLE q IS 'x'; RETURN 1; END $$") + VIEW, HIDDEN),
        (function("f", "$$ SELECT max(id) FROM comment $$", language="sql") + VIEW, NOTHING),
        (
            function("f", "$$ SELECT max(q.id) FROM q JOIN comment ON comment.id = q.id $$", language="sql") + VIEW,
            NOTHING,
        ),
        (function("f", "$$ BEGIN DO 'BEGIN NULL; END'; RETURN 1; END $$") + VIEW, HIDDEN),
        (function("f", "$$ BEGIN DO/**/'BEGIN NULL; END'; RETURN 1; END $$") + VIEW, HIDDEN),
        (function("f", "$$\nBEGIN\nDrOp SCHEMA x; RETURN 1; END $$") + VIEW, HIDDEN),
        (function("f", "$$ BEGIN UPDATE q SET created_at = now(); RETURN 1; END $$") + VIEW, NOTHING),
        (function("count", INNOCENT), {"forbidding", "hidden_code"}),
        (function("count", "$$ SELECT 1 $$", language="sql", how="STABLE"), NOTHING),
        ("CREATE TRIGGER tr AFTER INSERT ON q FOR EACH ROW EXECUTE FUNCTION trg()", NOTHING),
        (
            function("t", INNOCENT.replace("RETURN 1", "RETURN NULL"), returns="trigger")
            + "CREATE TRIGGER tr AFTER INSERT ON q FOR EACH ROW EXECUTE FUNCTION t()",
            {"guarded"},
        ),
        (
            function("t", CHANGING.replace("RETURN 1", "RETURN NULL"), returns="trigger")
            + "CREATE TRIGGER tr AFTER INSERT ON q FOR EACH ROW EXECUTE FUNCTION t()",
            TRIGGERING | {"guarded"},
        ),
        (
            function("f", CHANGING)
            + function("t", "$$ BEGIN PERFORM f(); RETURN NULL; END $$", returns="trigger")
            + "CREATE TRIGGER tr AFTER INSERT ON q FOR EACH ROW EXECUTE FUNCTION t()",
            TRIGGERING | HIDDEN | {"guarded"},
        ),
        ("CREATE EXTENSION pgcrypto; CREATE EXTENSION citext", NOTHING),
        ("CREATE TEMP TABLE x (a int)", {"forbidding"}),
        ("CREATE TEMP TABLE x (a int); DROP TABLE x", NOTHING),
        ("CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", {"forbidding"}),
        ("CREATE TYPE pg_temp.e AS ENUM ('a')", {"forbidding"}),
        ("CREATE TEMP SEQUENCE s", {"forbidding"}),
        ("CREATE TEMP VIEW v AS SELECT 1", {"forbidding"}),
    ],
)
def test_which_code_of_the_users_could_change_a_schema(
    connection: PostgresConnection, sql: str, told: set[str]
) -> None:
    up(connection, "CREATE TABLE comment (id int); ALTER TABLE q ADD created_at timestamptz")
    up(connection, sql)
    connection.snapshot()
    found = connection._reader._circumstances  # noqa: SLF001 - nobody else asks for them
    names = ("answered", "forbidding", "triggering", "hidden_code", "guarded")
    assert {name for name in names if getattr(found, name)} == told


def test_a_temporary_table_that_is_no_more_hinders_nothing(connection: PostgresConnection) -> None:
    up(connection, "CREATE TEMP TABLE x (a int)")
    connection.snapshot()
    with_it = connection.nestable
    up(connection, "DROP TABLE x")
    connection.snapshot()
    assert (with_it, connection.nestable) == (False, True)
    assert connection.snapshot().objects == truth(connection)


ROWS_BY_TRIGGER = (
    function("t", "$$ BEGIN INSERT INTO r (id) VALUES (1); RETURN NULL; END $$", returns="trigger")
    + "CREATE TRIGGER tr AFTER INSERT ON q FOR EACH ROW EXECUTE FUNCTION t()"
)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO q (b) VALUES ('x')",
        "ALTER TABLE q ADD c int; INSERT INTO q (b) VALUES ('x'); ALTER TABLE r ADD d int",
        "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n, max(b) AS b FROM q",
        "CREATE TABLE copied AS SELECT id, sum(a) AS a FROM q GROUP BY id",
        "CREATE VIEW v AS SELECT unheard_of(id) FROM q",
        "ALTER TYPE mood ADD VALUE 'new'",
        "DROP TABLE r; CREATE TABLE r (id int PRIMARY KEY)",
    ],
)
def test_what_is_read_of_a_part_is_all(connection: PostgresConnection, sql: str) -> None:
    up(connection, function("unheard_of", "$$ SELECT $1 $$", language="sql").replace("()", "(int)"))
    up(connection, "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE feels (m mood DEFAULT 'sad')")
    up(connection, ROWS_BY_TRIGGER)
    connection.snapshot()
    reader = connection._reader  # noqa: SLF001 - that not all is read is what is shown
    reader._all = None  # type: ignore[assignment, method-assign]  # noqa: SLF001 - the same
    up(connection, sql)
    assert connection.snapshot().objects == truth(connection)
