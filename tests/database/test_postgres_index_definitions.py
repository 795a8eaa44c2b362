"""An index's definition is the server's word for it, where glowplug puts it together itself, too."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres.catalogue import indexes
from glowplug.database.postgres.within import within
from glowplug.dialect import Direction
from glowplug.project import Migration

if TYPE_CHECKING:
    from glowplug.database.postgres import PostgresConnection
    from tests.database.conftest import Major

pytestmark = pytest.mark.postgres

TYPES = (
    "int2", "int4", "int8", "oid", "bool", "float4", "float8", "numeric", "numeric(5,2)", "money", "text", "varchar",
    "varchar(9)", "char(4)", "bpchar", "name", '"char"', "bytea", "date", "time", "timetz", "timestamp",
    "timestamptz(3)", "interval", "uuid", "inet", "cidr", "macaddr", "macaddr8", "bit(3)", "varbit", "jsonb",
    "tsvector", "pg_lsn", "int4range", "int4multirange", "int[]", "varchar[]", "mood", "whole", "pair", "own", "citext",
)  # fmt: skip
COLUMNS = ", ".join(f"c{number} {type_}" for number, type_ in enumerate(TYPES))
ASKED_FOR = {"cidr", "int4range", "int4multirange", "int[]", "varchar[]", "mood", "whole", "pair", "own", "citext"}
"""Types of columns whose operator class is one for others, too, or of an extension's."""

BASE = f"""
CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN whole AS int; CREATE DOMAIN own AS varchar; CREATE TYPE pair AS (x int);
CREATE TABLE typed ({COLUMNS});
CREATE SCHEMA "a.b"; CREATE SCHEMA "Up"; CREATE SCHEMA "q""x";
CREATE TABLE "a.b"."T ""t" ("c.d" int, "e""f" text, "Order" varchar(3), "select" int, plain int);
CREATE TABLE "Up".t (a int); CREATE TABLE "q""x"."select" (a int);
CREATE TABLE t (gone int, a int, b text, c varchar, d varchar COLLATE "C", e text COLLATE "POSIX", f date);
ALTER TABLE t DROP gone;
CREATE TABLE p (a int, b text) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT;
CREATE MATERIALIZED VIEW m AS SELECT a, b FROM p;
"""
INDEXES = (
    *(f"ON typed (c{number})" for number in range(len(TYPES))),
    'ON "a.b"."T ""t" ("c.d", "e""f" DESC, "Order")', 'ON "a.b"."T ""t" ("select", plain)', 'ON "Up".t (a)',
    'ON "q""x"."select" (a)', "ON t (a ASC)", "ON t (a DESC)", "ON t (a NULLS FIRST)", "ON t (a DESC NULLS LAST)",
    "ON t (a DESC, b NULLS FIRST, f)", "ON t (a, a)", "ON t (a, b, c, f)", "ON t (b text_pattern_ops)",
    "ON t (a, c varchar_pattern_ops)", "ON t (c text_ops)", "ON t (c varchar_ops)", "ON t (c bpchar_ops)",
    'ON t (c COLLATE "C")', 'ON t (d COLLATE "default")', "ON t (d)", "ON t (e, d)", "ON t (lower(b))",
    "ON t (a, lower(b))", "ON t ((a + 1))", "ON t (a) WHERE b IS NULL",
    "ON t (a) WHERE a > 1 AND (b <> 'x' OR NOT (f < '2020-01-01'))", "ON t (b) WHERE a IN (1, 2) AND b ~ E'\\n'",
    "ON t (a) WHERE CASE WHEN a > 1 THEN b ELSE c END = 'x'", "ON t (a, b) WHERE (t.*) IS NOT NULL",
    "ON typed (c0) WHERE c38 = 'a' AND c39 > 1 AND (c40).x = 1 AND c15 = 'n'",
    'ON "a.b"."T ""t" ("select") WHERE "e""f" = \'"\' AND "c.d" IS NOT NULL', "ON m (a) WHERE b LIKE 'x%'",
    "ON t (a) INCLUDE (b) WHERE a > 1", "ON t USING hash (a) WHERE a > 1", "ON t (a) INCLUDE (b)",
    "ON t (a) WITH (fillfactor = 50)", "ON t USING hash (a)", "ON t USING brin (a)",
    "ON t USING gin (to_tsvector('simple', b))",
    "ON p (a, b)", "ON ONLY p (b)", "ON m (a)",
)  # fmt: skip
UNIQUE = ("ON t (a, f)", "ON t (a) WHERE f IS NULL", "ON m (a, b)", "ON p (a)", "ON t (a) NULLS NOT DISTINCT")
NOT_EVERYWHERE = 1  # NULLS NOT DISTINCT, before 15
CHANGES = (
    'ALTER TABLE t RENAME a TO "A a"',
    'ALTER TABLE t RENAME TO "T"; ALTER TABLE "T" SET SCHEMA "Up"',
    'ALTER TABLE "Up"."T" ALTER b TYPE varchar, ALTER c TYPE text, ALTER d TYPE text COLLATE "default"',
    'ALTER SCHEMA "Up" RENAME TO up',
)
OWN_CLASS = """
CREATE FUNCTION own_cmp(varchar, varchar) RETURNS int LANGUAGE internal IMMUTABLE AS 'bttextcmp';
CREATE OPERATOR CLASS own_ops DEFAULT FOR TYPE varchar USING btree AS OPERATOR 1 < (text, text),
  OPERATOR 2 <= (text, text), OPERATOR 3 = (text, text), OPERATOR 4 >= (text, text), OPERATOR 5 > (text, text),
  FUNCTION 1 own_cmp(varchar, varchar)
"""


@pytest.fixture(scope="module")
def connection(each_major: Major) -> PostgresConnection:
    # A superuser's: what operator classes may be made, too.
    connection = each_major.connect(superuser=True)
    assert attempt(connection, "CREATE EXTENSION citext") is None
    assert attempt(connection, BASE) is None
    made = [
        attempt(connection, f"CREATE {unique}INDEX i{number}{unique.strip().lower()} {index}") is None
        for unique, wanted in (("", INDEXES), ("UNIQUE ", UNIQUE))
        for number, index in enumerate(wanted)
    ]
    assert made.count(False) <= NOT_EVERYWHERE
    return connection


def attempt(connection: PostgresConnection, sql: str) -> str | None:
    version = os.urandom(8).hex()
    migration = Migration(version=version, name=version, path=version, up=sql.encode(), down=None)
    error = connection.run(migration, Direction.UP).error
    return None if error is None else error.message


def servers_word(connection: PostgresConnection) -> dict[str, str]:
    """Every index with its definition, as the server tells it."""
    query = f"""SELECT c.relname, {indexes.DEFINITION} FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
        WHERE x.indexrelid >= 16384 AND NOT x.indisprimary AND c.relnamespace <> 'pg_toast'::regnamespace"""
    reply = within(connection.session, query)
    assert reply.ok, reply.failure
    rows = reply.results[0]
    return {
        (rows.get_value(row, 0) or b"").decode(): (rows.get_value(row, 1) or b"").decode()
        for row in range(rows.ntuples)
    }


def glowplugs(connection: PostgresConnection) -> dict[str, str]:
    connection.forget()
    schema = connection.snapshot()
    return {found.name.rpartition(".")[2]: found.properties["definition"] for found in schema if found.kind == "index"}


def test_every_definition_is_the_servers(connection: PostgresConnection) -> None:
    assert glowplugs(connection) == servers_word(connection)
    for change in CHANGES:
        assert attempt(connection, change) is None
        assert glowplugs(connection) == servers_word(connection), change


def test_what_is_plain_is_not_asked_for(connection: PostgresConnection) -> None:
    """Most of the definitions above are indeed put together here: without that they would show nothing."""
    sql = indexes.in_bulk(connection.session.server_version).replace(indexes.DEFINITION, "NULL")
    reply = within(
        connection.session,
        f"WITH {indexes.UNNAMED} SELECT c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid"
        f" WHERE x.indrelid = 'public.typed'::regclass AND {sql} IS NULL",
    )
    assert reply.ok, reply.failure
    rows = reply.results[0]
    asked_for = [(rows.get_value(row, 0) or b"").decode() for row in range(rows.ntuples)]
    assert {TYPES[int(name[1:])] for name in asked_for} == ASKED_FOR


def test_an_operator_class_of_ones_own(connection: PostgresConnection) -> None:
    assert attempt(connection, "CREATE TABLE o (v varchar, w text); CREATE INDEX o_before ON o (v)") is None
    assert attempt(connection, OWN_CLASS) is None
    assert attempt(connection, "CREATE INDEX o_after ON o (v, w)") is None
    found = glowplugs(connection)
    assert found == servers_word(connection)
    assert found["o_before"] == "CREATE INDEX ON public.o USING btree (v text_ops)"
    assert found["o_after"] == "CREATE INDEX ON public.o USING btree (v, w)"
    assert attempt(connection, "DROP TABLE o; DROP FUNCTION own_cmp CASCADE") is None


def test_the_classes_that_are_known_have_no_options(connection: PostgresConnection) -> None:
    assert attempt(connection, "CREATE TABLE plain (a int); CREATE INDEX plain_a ON plain (a)") is None
    refused = attempt(connection, "CREATE INDEX ON plain (a int4_ops (x = 1))")
    assert refused is not None
    assert "has no options" in refused
    assert attempt(connection, "ALTER TABLE plain_a ALTER a SET (n_distinct = 5)") is not None
