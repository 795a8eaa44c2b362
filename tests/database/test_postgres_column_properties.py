"""What a column has otherwise than its type is told from the same catalogues, one relation is read or all are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres.catalogue import CONSTANTS, TABLES, finish, given, sections
from glowplug.database.postgres.objects import Known
from glowplug.database.postgres.within import within
from glowplug.dialect import Direction
from glowplug.project import Migration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.database.postgres import PostgresConnection
    from glowplug.database.postgres.memory import Groups
    from glowplug.schema import SchemaObject
    from glowplug.schema.model import Key
    from tests.database.conftest import Major

pytestmark = pytest.mark.postgres

TYPES = (
    "int4", "text", "varchar", "varchar(9)", "bpchar", "char(4)", "name", '"char"', "numeric", "numeric(5,2)", "jsonb",
    "json", "bytea", "uuid", "timestamptz", "text[]", "varchar[]", "int[]", "name[]", "inet", "int4range", "mood",
    "mood[]", "words", "own", "own[]", "pair", "pair[]", "citext", "short", "long",
)  # fmt: skip
"""Collatable or not, of a fixed length or not, known or not, of a collation or a storage of their own."""

COLLATIONS = ("default", "C", "POSIX")
STORAGES = ("plain", "main", "external", "extended")
BASE = f"""
CREATE TYPE mood AS ENUM ('a'); CREATE TYPE pair AS (x int, y text COLLATE "C");
CREATE DOMAIN words AS text; CREATE DOMAIN own AS text COLLATE "C"; CREATE DOMAIN short AS int;
CREATE FUNCTION long_in(cstring) RETURNS long LANGUAGE internal STRICT IMMUTABLE AS 'textin';
CREATE FUNCTION long_out(long) RETURNS cstring LANGUAGE internal STRICT IMMUTABLE AS 'textout';
CREATE TYPE long (INPUT = long_in, OUTPUT = long_out, STORAGE = external, COLLATABLE = true);
CREATE TABLE t ({", ".join(f"c{number} {type_}" for number, type_ in enumerate(TYPES))});
CREATE VIEW v AS SELECT *, c1 COLLATE "C" AS other, c6 COLLATE "default" AS usual FROM t;
CREATE MATERIALIZED VIEW m AS SELECT c1, c1 COLLATE "POSIX" AS p, c6, c24 FROM t;
CREATE TYPE made AS (a text COLLATE "C", b name, c text);
"""
NOT_NULL = """
CREATE TABLE n (a int NOT NULL, b int NOT NULL, "C c" text NOT NULL, d int);
ALTER TABLE n RENAME b TO e; CREATE TABLE n2 (a int PRIMARY KEY, b int NOT NULL); ALTER TABLE n2 RENAME TO n3;
"""
NAMED = """
CREATE TABLE n4 (a int CONSTRAINT mine NOT NULL, b int NOT NULL NO INHERIT, c int);
ALTER TABLE n4 ADD CONSTRAINT later NOT NULL c NOT VALID;
"""
SINCE_18 = 18
STORED_OTHERWISE = "ALTER TYPE text SET (STORAGE = external)"


@pytest.fixture(scope="module")
def connection(each_major: Major) -> PostgresConnection:
    # A superuser's: what types may be made and changed, too.
    connection = each_major.connect(superuser=True)
    for sql in ("CREATE EXTENSION citext", BASE, NOT_NULL, *([NAMED] if each_major.number >= SINCE_18 else [])):
        assert attempt(connection, sql) is None
    return connection


def attempt(connection: PostgresConnection, sql: str) -> str | None:
    version = os.urandom(8).hex()
    migration = Migration(version=version, name=version, path=version, up=sql.encode(), down=None)
    error = connection.run(migration, Direction.UP).error
    return None if error is None else error.message


def one_by_one(connection: PostgresConnection) -> Mapping[Key, SchemaObject]:
    """Every column, by the query for some relations."""
    session = connection.session
    numbered = [item for item in enumerate(sections(session.server_version)) if item[1].topic == TABLES]
    constants = within(session, CONSTANTS).results[0]
    values = [constants.get_value(0, column) for column in range(constants.nfields)]
    listed = within(session, "SELECT string_agg(oid::text, ',') FROM pg_class WHERE oid >= 16384").results[0]
    oids = (listed.get_value(0, 0) or b"").decode()
    prepared = f"PREPARE these (oid[]) AS {finish(given(numbered, quick=False), values)}"
    reply = within(session, f"{prepared}; EXECUTE these ('{{{oids}}}'); DEALLOCATE these")
    assert reply.ok, reply.failure
    groups: Groups = {}
    Known(session.server_version).put(groups, reply.results[0])
    return {key: each for group in groups.values() for key, each in group.items() if each.kind == "column"}


def all_at_once(connection: PostgresConnection) -> Mapping[Key, SchemaObject]:
    connection.forget()
    return {key: each for key, each in connection.snapshot().objects.items() if each.kind == "column"}


def said(columns: Mapping[Key, SchemaObject], what: str) -> dict[str, str]:
    return {each.name: each.properties[what] for each in columns.values() if what in each.properties}


def test_every_collation_and_every_storage(connection: PostgresConnection) -> None:
    found = all_at_once(connection)
    assert found == one_by_one(connection)
    assert said(found, "collation") == {
        "public.v.other": '"C"',
        "public.v.usual": '"default"',
        "public.m.p": '"POSIX"',
        "public.made.a": '"C"',
        "public.pair.y": '"C"',
    }
    assert not said(found, "storage")
    assert attempt(connection, "CREATE TABLE made_of_t (LIKE t)") is None
    for number, type_ in enumerate(TYPES):
        taken = 0
        for change in (
            *(f'TYPE {type_} COLLATE "{collation}"' for collation in COLLATIONS),
            *(f"SET STORAGE {storage}" for storage in STORAGES),
        ):
            if attempt(connection, f"ALTER TABLE made_of_t ALTER c{number} {change}") is not None:
                continue
            taken += 1
            found = all_at_once(connection)
            assert found == one_by_one(connection), (type_, change)
        assert taken, type_
    assert attempt(connection, "DROP TABLE made_of_t") is None


def test_a_type_that_is_stored_otherwise(connection: PostgresConnection) -> None:
    assert attempt(connection, "CREATE TABLE before (a text, b varchar, c text)") is None
    assert attempt(connection, STORED_OTHERWISE) is None
    assert attempt(connection, "CREATE TABLE after (a text, b varchar)") is None
    try:
        found = all_at_once(connection)
        assert found == one_by_one(connection)
        told = said(found, "storage")
        assert told["public.before.a"] == told["public.before.c"] == "extended"
        assert not {"public.before.b", "public.after.a", "public.after.b"} & told.keys()
    finally:
        assert attempt(connection, STORED_OTHERWISE.replace("external", "extended")) is None
    assert said(all_at_once(connection), "storage")["public.after.a"] == "external"
    assert attempt(connection, "DROP TABLE before, after") is None


def test_names_of_not_null(connection: PostgresConnection) -> None:
    found = all_at_once(connection)
    assert found == one_by_one(connection)
    since_18 = connection.session.server_version >= SINCE_18 * 10_000
    assert said(found, "not_null_name") == (
        {
            "public.n.e": "n_b_not_null",
            "public.n3.a": "n2_a_not_null",
            "public.n3.b": "n2_b_not_null",
            "public.n4.a": "mine",
            "public.n4.c": "later",
        }
        if since_18
        else {}
    )
    assert said(found, "not_null_constraint") == (
        {"public.n4.b": "NO INHERIT", "public.n4.c": "NOT VALID"} if since_18 else {}
    )
