"""The snapshot of a PostgreSQL database: it sees every kind of object, and leaves the session as it was."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres.snapshot import SnapshotReader
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
    from glowplug.schema import Schema
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

BASE = """
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 1, b text, c numeric(10, 2),
  CONSTRAINT c_check CHECK (a > 0));
CREATE TABLE u (id serial PRIMARY KEY, t int REFERENCES t, w text, n int UNIQUE);
CREATE TABLE part (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE part_1 (id int, at date);
CREATE INDEX t_b ON t (b);
CREATE VIEW v AS SELECT id, b FROM t;
CREATE MATERIALIZED VIEW m AS SELECT id FROM t WITH DATA;
CREATE FUNCTION f(x int, y text) RETURNS int LANGUAGE sql AS $$ SELECT x $$;
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION trg();
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (x int, y text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE SEQUENCE s;
CREATE RULE r AS ON DELETE TO u DO INSTEAD NOTHING;
CREATE POLICY p ON t USING (a > 1);
CREATE STATISTICS st ON a, id FROM t;
CREATE SCHEMA other;
"""

CASES: list[tuple[str, set[tuple[str, str, str]]]] = [
    ("CREATE SCHEMA x", {("schema", "x", "extra")}),
    ("CREATE TABLE x (a int)", {("table", "public.x", "extra")}),
    ("DROP TABLE u", {("table", "public.u", "missing")}),
    ("ALTER TABLE t ADD d int", {("column", "public.t.d", "extra")}),
    ("ALTER TABLE u DROP n", {("column", "public.u.n", "missing"), ("constraint", "public.u.u_n_key", "missing")}),
    ("ALTER TABLE t ALTER a DROP NOT NULL", {("column", "public.t.a", "not_null")}),
    ("ALTER TABLE t ALTER a SET DEFAULT 2", {("column", "public.t.a", "default")}),
    ("ALTER TABLE t ALTER c TYPE numeric(12, 2)", {("column", "public.t.c", "type")}),
    ('ALTER TABLE u ALTER w TYPE text COLLATE "C"', {("column", "public.u.w", "collation")}),
    ("ALTER TABLE t ALTER b SET STORAGE external", {("column", "public.t.b", "storage")}),
    ("ALTER TABLE t ALTER b SET STATISTICS 7", {("column", "public.t.b", "statistics")}),
    ("ALTER TABLE t ALTER b SET (n_distinct = 5)", {("column", "public.t.b", "options")}),
    ("ALTER TABLE t ALTER b SET COMPRESSION pglz", {("column", "public.t.b", "compression")}),
    ("ALTER TABLE t ALTER id ADD GENERATED ALWAYS AS IDENTITY",
     {("column", "public.t.id", "identity"), ("sequence", "public.t_id_seq", "extra")}),
    ("ALTER TABLE t ADD g int GENERATED ALWAYS AS (a + 1) STORED", {("column", "public.t.g", "extra")}),
    ("GRANT SELECT (b) ON t TO PUBLIC", {("column", "public.t.b", "privileges")}),
    ("COMMENT ON COLUMN t.b IS 'x'", {("column", "public.t.b", "comment")}),
    ("ALTER TABLE part_1 SET UNLOGGED", {("table", "public.part_1", "persistence")}),
    ("ALTER TABLE t SET (fillfactor = 50)", {("table", "public.t", "options")}),
    ("ALTER TABLE t SET (toast.autovacuum_enabled = off)", {("table", "public.t", "toast_options")}),
    ("ALTER TABLE t REPLICA IDENTITY FULL", {("table", "public.t", "replica_identity")}),
    ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", {("table", "public.t", "row_security")}),
    ("ALTER TABLE t FORCE ROW LEVEL SECURITY", {("table", "public.t", "force_row_security")}),
    ("GRANT SELECT ON t TO PUBLIC", {("table", "public.t", "privileges")}),
    ("COMMENT ON TABLE t IS 'x'", {("table", "public.t", "comment")}),
    ("ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
     {("table", "public.part_1", "partition_bound"), ("table", "public.part_1", "inherits"),
      ("column", "public.part_1.id", "inherited"), ("column", "public.part_1.at", "inherited")}),
    ("CREATE TABLE x () INHERITS (t)", {("table", "public.x", "extra")}),
    ("ALTER TABLE t ADD CHECK (a < 9) NOT VALID", {("constraint", "public.t.t_a_check", "extra")}),
    ("ALTER TABLE t DROP CONSTRAINT c_check, ADD CONSTRAINT c_check CHECK (a > 0) NOT VALID",
     {("constraint", "public.t.c_check", "validated")}),
    ("ALTER TABLE t DROP CONSTRAINT c_check, ADD CONSTRAINT c_check CHECK (a > 1)",
     {("constraint", "public.t.c_check", "definition")}),
    ("ALTER TABLE u ALTER CONSTRAINT u_t_fkey DEFERRABLE", {("constraint", "public.u.u_t_fkey", "definition")}),
    ("ALTER TABLE u ADD CONSTRAINT x EXCLUDE USING btree (n WITH =)", {("constraint", "public.u.x", "extra")}),
    ("COMMENT ON CONSTRAINT c_check ON t IS 'x'", {("constraint", "public.t.c_check", "comment")}),
    ("ALTER TABLE t CLUSTER ON t_pkey", {("constraint", "public.t.t_pkey", "clustered")}),
    ("ALTER INDEX t_pkey SET (fillfactor = 50)", {("constraint", "public.t.t_pkey", "index_options")}),
    ("CREATE INDEX x ON t (a)", {("index", "public.t.x", "extra")}),
    ("DROP INDEX t_b; CREATE UNIQUE INDEX t_b ON t (b)",
     {("index", "public.t.t_b", "definition"), ("index", "public.t.t_b", "unique")}),
    ("DROP INDEX t_b; CREATE INDEX t_b ON t (b DESC) WHERE a > 1", {("index", "public.t.t_b", "definition")}),
    ("ALTER TABLE t CLUSTER ON t_b", {("index", "public.t.t_b", "clustered")}),
    ("COMMENT ON INDEX t_b IS 'x'", {("index", "public.t.t_b", "comment")}),
    ("ALTER INDEX t_b RENAME TO t_c", {("index", "public.t.t_b", "missing"), ("index", "public.t.t_c", "extra")}),
    ("ALTER TABLE t DISABLE TRIGGER tr", {("trigger", "public.t.tr", "enabled")}),
    ("DROP TRIGGER tr ON t; CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION trg()",
     {("trigger", "public.t.tr", "definition")}),
    ("COMMENT ON TRIGGER tr ON t IS 'x'", {("trigger", "public.t.tr", "comment")}),
    ("DROP RULE r ON u", {("rule", "public.u.r", "missing")}),
    ("ALTER TABLE u DISABLE RULE r", {("rule", "public.u.r", "enabled")}),
    ("ALTER POLICY p ON t USING (a > 2)", {("policy", "public.t.p", "using")}),
    ("DROP POLICY p ON t; CREATE POLICY p ON t FOR SELECT USING (a > 1)", {("policy", "public.t.p", "command")}),
    ("CREATE OR REPLACE VIEW v AS SELECT id, b FROM t WHERE a > 1", {("view", "public.v", "definition")}),
    ("ALTER VIEW v SET (security_barrier)", {("view", "public.v", "options")}),
    ("ALTER VIEW v ALTER id SET DEFAULT 1", {("column", "public.v.id", "default")}),
    ("REFRESH MATERIALIZED VIEW m WITH NO DATA", {("materialized view", "public.m", "populated")}),
    ("CREATE OR REPLACE FUNCTION f(x int, y text) RETURNS int LANGUAGE sql AS $$ SELECT 2 $$",
     {("function", "public.f(integer, text)", "definition")}),
    ("ALTER FUNCTION f(int, text) STRICT", {("function", "public.f(integer, text)", "definition")}),
    ("REVOKE EXECUTE ON FUNCTION f FROM PUBLIC", {("function", "public.f(integer, text)", "privileges")}),
    ("CREATE PROCEDURE q(x int) LANGUAGE sql AS $$ SELECT 1 $$", {("procedure", "public.q(integer)", "extra")}),
    ("CREATE AGGREGATE agg(int) (SFUNC = int4pl, STYPE = int)", {("aggregate", "public.agg(integer)", "extra")}),
    ("ALTER TYPE mood ADD VALUE 'new' BEFORE 'ok'", {("type", "public.mood", "labels")}),
    ("ALTER TYPE mood RENAME VALUE 'sad' TO 'bad'", {("type", "public.mood", "labels")}),
    ("CREATE TYPE rng AS RANGE (SUBTYPE = float8)", {("type", "public.rng", "extra")}),
    ("ALTER TYPE pair ADD ATTRIBUTE z int", {("column", "public.pair.z", "extra")}),
    ("REVOKE USAGE ON TYPE mood FROM PUBLIC", {("type", "public.mood", "privileges")}),
    ("ALTER DOMAIN positive SET NOT NULL", {("domain", "public.positive", "not_null")}),
    ("ALTER DOMAIN positive SET DEFAULT 3", {("domain", "public.positive", "default")}),
    ("ALTER DOMAIN positive ADD CONSTRAINT x CHECK (VALUE < 9) NOT VALID",
     {("constraint", "public.positive.x", "extra")}),
    ("ALTER SEQUENCE s INCREMENT 2", {("sequence", "public.s", "increment")}),
    ("ALTER SEQUENCE s MAXVALUE 9 CYCLE", {("sequence", "public.s", "maximum"), ("sequence", "public.s", "cycle")}),
    ("ALTER SEQUENCE u_id_seq OWNED BY NONE", {("sequence", "public.u_id_seq", "owned_by")}),
    ("CREATE EXTENSION citext", {("extension", "citext", "extra")}),
    ("ALTER DEFAULT PRIVILEGES IN SCHEMA other GRANT SELECT ON TABLES TO PUBLIC",
     {("default privileges", "{role} in other on tables", "extra")}),
    ("COMMENT ON SCHEMA public IS 'x'", {("schema", "public", "comment")}),
    ("GRANT CREATE ON SCHEMA other TO PUBLIC", {("schema", "other", "privileges")}),
    ("ALTER STATISTICS st SET STATISTICS 9", {("statistics", "public.st", "target")}),
    ("DROP STATISTICS st; CREATE STATISTICS st (dependencies) ON a, id FROM t",
     {("statistics", "public.st", "definition")}),
    ("CREATE PUBLICATION pub FOR TABLE t", {("publication", "pub", "extra")}),
    ("CREATE COLLATION coll (provider = libc, locale = 'C')", {("collation", "public.coll", "extra")}),
    ("CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int)",
     {("operator", "public.===(integer, integer)", "extra")}),
    ("CREATE CAST (pair AS text) WITH INOUT", {("cast", "(public.pair AS text)", "extra")}),
    ("CREATE TEXT SEARCH CONFIGURATION ts (COPY = simple)", {("text search configuration", "public.ts", "extra")}),
    ("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = %L', current_database(), '9MB'); END $$",
     {("setting", "database.work_mem", "extra")}),
    ('ALTER TABLE t RENAME TO "odd.name"', {("table", "public.t", "missing"), ("table", 'public."odd.name"', "extra"),
     ("view", "public.v", "definition"), ("materialized view", "public.m", "definition"),
     ("constraint", "public.u.u_t_fkey", "definition"),
     ("statistics", "public.st", "definition")}),
]  # fmt: skip

NOTHING = [
    "UPDATE t SET a = 2",
    "CREATE TEMP TABLE x (a int)",
    "GRANT SELECT ON t TO PUBLIC; REVOKE SELECT ON t FROM PUBLIC",
    "ALTER TABLE t ADD x int; ALTER TABLE t DROP x",
    "ANALYZE t",
    "REINDEX INDEX t_b",
    "SET search_path = pg_catalog, public; SET quote_all_identifiers = on; SET datestyle = 'German'",
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
    yield database.connection
    database.close()


def up(connection: PostgresConnection, sql: str, *, transaction: bool = True) -> None:
    version = os.urandom(8).hex()
    one = Migration(
        version=version, name=version, path=version, up=sql.encode(), down=None, run_in_transaction=transaction
    )
    error = connection.run(one, Direction.UP).error
    assert error is None, error


def differences(before: Schema, after: Schema) -> set[tuple[str, str, str]]:
    return {(item.kind, item.name, item.property) for item in diff(before, after)}


@pytest.mark.parametrize(("change", "expected"), CASES, ids=[change[:50] for change, _ in CASES])
def test_a_change_is_seen(connection: PostgresConnection, change: str, expected: set[tuple[str, str, str]]) -> None:
    up(connection, BASE)
    before = connection.snapshot()
    up(connection, change)
    assert connection.snapshot().objects == SnapshotReader(connection.session).read(None).objects  # memory and truth
    role = next(iter(before.objects["schema", "other"].properties["privileges"].split("=")))
    assert differences(before, connection.snapshot()) == {
        (kind, name.replace("{role}", role), what) for kind, name, what in expected
    }


@pytest.mark.parametrize("change", NOTHING)
def test_what_changes_nothing_is_not_seen(connection: PostgresConnection, change: str) -> None:
    up(connection, BASE)
    before = connection.snapshot()
    up(connection, change)
    assert differences(before, connection.snapshot()) == set()


def test_an_invalid_index_is_seen(connection: PostgresConnection) -> None:
    up(connection, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1); CREATE INDEX i ON t (a)")
    before = connection.snapshot()
    one = Migration(
        version="x", name="x", path="x", up=b"CREATE UNIQUE INDEX CONCURRENTLY j ON t (a)", down=None,
        run_in_transaction=False,
    )  # fmt: skip
    assert connection.run(one, Direction.UP).error is not None
    after = connection.snapshot()
    assert differences(before, after) == {("index", "public.t.j", "extra")}
    assert after.objects["index", "public.t.j"].properties["valid"] == "false"


def test_properties_have_their_names_and_values(connection: PostgresConnection) -> None:
    up(connection, 'CREATE TABLE "T""x" (id bigserial PRIMARY KEY, email varchar(20) NOT NULL DEFAULT \'a,"b"\\\')')
    schema = connection.snapshot()
    table = schema.objects["table", 'public."T""x"']
    email = schema.objects["column", 'public."T""x".email']
    assert table.parent == ("schema", "public")
    assert email.parent == table.key
    assert {name: email.properties[name] for name in ("type", "not_null", "default", "position")} == {
        "type": "character varying(20)",
        "not_null": "true",
        "default": "'a,\"b\"\\'::character varying",
        "position": "2",
    }
    assert ("table", "public.__diesel_schema_migrations") not in schema.objects


def test_columns_keep_their_position_when_one_before_goes(connection: PostgresConnection) -> None:
    up(connection, "CREATE TABLE t (a int, b int, c int); ALTER TABLE t DROP a, ADD d int")
    positions = {item.name: item.properties["position"] for item in connection.snapshot() if item.kind == "column"}
    assert positions == {"public.t.b": "1", "public.t.c": "2", "public.t.d": "3"}


def test_it_reads_inside_an_open_transaction(connection: PostgresConnection) -> None:
    up(connection, "BEGIN; CREATE TABLE t (a int); SAVEPOINT glowplug", transaction=False)
    assert ("table", "public.t") in connection.snapshot().objects
    up(connection, "ROLLBACK TO SAVEPOINT glowplug; ROLLBACK", transaction=False)
    assert ("table", "public.t") not in connection.snapshot().objects


SHOWN = (
    "SELECT string_agg(name || '=' || setting || ' ' || source, E'\\n' ORDER BY name) || current_setting('role')"
    " FROM pg_settings WHERE name <> 'transaction_read_only'"
)


@pytest.mark.parametrize(
    "setting",
    [
        "SELECT 1",
        "SET search_path = other, public; SET statement_timeout = '1min'; SET lock_timeout = 5000",
        "SET default_transaction_read_only = on",
        "SET default_transaction_isolation = serializable; SET default_transaction_deferrable = on",
        "SET DateStyle = 'SQL, DMY'; SET IntervalStyle = iso_8601; SET bytea_output = escape",
        "SET standard_conforming_strings = off; SET backslash_quote = off",
        "SET row_security = off; SET plan_cache_mode = force_custom_plan; SET jit_above_cost = 0",
        "SET statement_timeout = 1",
    ],
)
def test_the_session_is_left_as_it_was(connection: PostgresConnection, setting: str) -> None:
    up(connection, "CREATE SCHEMA other; CREATE TABLE t (a interval DEFAULT '1 day', d date DEFAULT '2024-02-01')")
    before = connection.snapshot()
    session = connection.session
    assert session.batch(setting.encode()).ok
    shown = session.batch(f"SET statement_timeout = 0; {SHOWN}".encode(), rows=True).results[0].get_value(0, 0)
    assert session.batch(setting.encode()).ok
    assert differences(before, connection.snapshot()) == set()
    again = session.batch(f"SET statement_timeout = 0; {SHOWN}".encode(), rows=True).results[0].get_value(0, 0)
    assert again == shown


PLANTED_OPERATOR = """
CREATE FUNCTION f(text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'forged' $$;
CREATE OPERATOR || (FUNCTION = f, LEFTARG = text, RIGHTARG = text)
"""


@pytest.mark.parametrize(
    "trap",
    [
        "CREATE FUNCTION pg_get_viewdef(oid) RETURNS text LANGUAGE sql AS $$ SELECT 'forged' $$",
        PLANTED_OPERATOR,
        "CREATE VIEW pg_class AS SELECT 1 AS oid; CREATE TABLE pg_namespace (oid oid)",
        "CREATE DOMAIN text AS pg_catalog.text",
    ],
)
def test_nothing_planted_is_used(connection: PostgresConnection, trap: str) -> None:
    up(connection, "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t")
    before = connection.snapshot()
    up(connection, f"SET LOCAL search_path = public, pg_catalog; {trap}; SET LOCAL search_path = public")
    connection.session.batch(b"SET search_path = public, pg_catalog")
    connection.session.batch(b"CREATE TEMP TABLE pg_attribute (a int)")
    after = connection.snapshot()
    assert {what for _, _, what in differences(before, after)} == {"extra"}
    assert "forged" not in {value for item in after for value in item.properties.values() if item.kind == "view"}


def test_a_forged_prepared_statement_is_not_used(connection: PostgresConnection) -> None:
    up(connection, "CREATE TABLE t (a int)")
    before = connection.snapshot()
    session = connection.session
    up(
        connection,
        """DO $$ DECLARE one record; BEGIN
        FOR one IN SELECT name FROM pg_prepared_statements LOOP
          EXECUTE format('DEALLOCATE %I', one.name);
          EXECUTE format('PREPARE %I AS SELECT ''(forged)''::text', one.name);
        END LOOP; END $$""",
    )
    assert session.alive
    assert differences(before, connection.snapshot()) == set()
    up(connection, "DEALLOCATE ALL")
    assert differences(before, connection.snapshot()) == set()


def test_no_run_tells_the_scratch_roles_random_name(connection: PostgresConnection) -> None:
    up(connection, "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (a int); GRANT SELECT ON t TO PUBLIC")
    texts = [value for item in connection.snapshot() for value in (item.name, *item.properties.values())]
    assert any("owner=" in text for text in texts)
    assert not [text for text in texts if "glowplug_" in text]
