"""A whole reading leaves out what most databases have none of, and reads it where there is some: nothing is missed."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres.catalogue import CONSTANTS, OF_RELATIONS, finish, given, sections, union
from glowplug.database.postgres.objects import Known
from glowplug.database.postgres.quoting import literal
from glowplug.database.postgres.record import fields
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

BASE = """
CREATE TABLE q (id serial PRIMARY KEY, a int NOT NULL DEFAULT 1, b text, dropped int, last date);
ALTER TABLE q DROP dropped;
CREATE TABLE r (id bigint GENERATED ALWAYS AS IDENTITY, q int REFERENCES q, "a.b" text DEFAULT '"a", (b)\\c');
CREATE INDEX q_b ON q (b);
CREATE INDEX q_lower ON q (lower(b));
CREATE TYPE mood AS ENUM ('sad', 'it''s', 'ok');
CREATE TYPE empty AS ENUM ();
CREATE VIEW v AS SELECT id, b FROM q;
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT '''' -- "x"';
"""
SELDOM = {
    "ALTER TABLE q SET (fillfactor = 70)": ("table", "public.q", "options"),
    "ALTER TABLE q SET (toast.autovacuum_enabled = false)": ("table", "public.q", "toast_options"),
    "CREATE TABLE child () INHERITS (q)": ("table", "public.child", "inherits"),
    "GRANT SELECT ON q TO PUBLIC": ("table", "public.q", "privileges"),
    "GRANT SELECT (b) ON q TO PUBLIC": ("column", "public.q.b", "privileges"),
    "ALTER TABLE q ALTER b SET (n_distinct = 5)": ("column", "public.q.b", "options"),
    "ALTER TABLE q ADD CONSTRAINT un UNIQUE (b) WITH (fillfactor = 60)": (
        "constraint",
        "public.q.un",
        "index_options",
    ),
    "COMMENT ON INDEX q_pkey IS 'x'": ("constraint", "public.q.q_pkey", "index_comment"),
    "ALTER INDEX q_lower ALTER 1 SET STATISTICS 9": ("index", "public.q.q_lower", "statistics"),
    "CREATE TABLE p (i int) PARTITION BY LIST (i); CREATE INDEX p_i ON p (i); CREATE TABLE p1 PARTITION OF p DEFAULT": (
        "index",
        "public.p1.p1_i_idx",
        "partition_of",
    ),
    "GRANT SELECT ON v TO PUBLIC": ("view", "public.v", "privileges"),
    "ALTER VIEW v SET (security_barrier)": ("view", "public.v", "options"),
    "GRANT USAGE ON SEQUENCE q_id_seq TO PUBLIC": ("sequence", "public.q_id_seq", "privileges"),
    "COMMENT ON COLUMN q.b IS 'x'": ("column", "public.q.b", "comment"),
    "COMMENT ON SCHEMA public IS 'mine'": ("schema", "public", "comment"),
    "REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC": ("function", "public.f()", "privileges"),
}
"""Statements, and a property that each sets."""


VALUES = ("a", "", None, '"', '""', ",", "\\", "(", " ", "a b", "a\nb", "\r", "\t", '\\"', "ä,")
LONG = "x y" * 50_000  # more than the csv module takes


@pytest.fixture(scope="module")
def connection(each_major: Major) -> PostgresConnection:
    connection = each_major.connect()
    run(connection, BASE)
    return connection


def run(connection: PostgresConnection, sql: str) -> None:
    version = os.urandom(8).hex()
    migration = Migration(version=version, name=version, path=version, up=sql.encode(), down=None)
    error = connection.run(migration, Direction.UP).error
    assert error is None, error


def whole(connection: PostgresConnection) -> Mapping[Key, SchemaObject]:
    """All objects, by the queries that leave out nothing, in a database that has nothing rare."""
    session = connection.session
    numbered = [item for item in enumerate(sections(session.server_version)) if item[1].rare is None]
    constants = within(session, CONSTANTS).results[0]
    query = finish(union(numbered), [constants.get_value(0, column) for column in range(constants.nfields)])
    reply = within(session, query)
    assert reply.ok, reply.failure
    groups: Groups = {}
    assert Known(session.server_version).put(groups, reply.results[0]) == set()
    return {key: found for group in groups.values() for key, found in group.items()}


def test_what_is_seldom(connection: PostgresConnection) -> None:
    connection.forget()
    assert connection.snapshot().objects == whole(connection)
    for change, (kind, name, what) in SELDOM.items():
        before = connection.snapshot().objects.get((kind, name))
        run(connection, change)
        connection.forget()
        found = connection.snapshot().objects
        assert found == whole(connection), change
        assert before is None or before.properties.get(what) != found[kind, name].properties.get(what), change
        assert what in found[kind, name].properties, change


def test_relations_may_be_given_more_than_once(connection: PostgresConnection) -> None:
    """As they are where a transaction holds more than one lock on each."""
    connection.forget()
    before = connection.snapshot().objects
    session = connection.session
    numbered = [item for item in enumerate(sections(session.server_version)) if item[1].topic in OF_RELATIONS]
    constants = within(session, CONSTANTS).results[0]
    values = [constants.get_value(0, column) for column in range(constants.nfields)]
    listed = within(session, "SELECT string_agg(oid::text, ',') FROM pg_class WHERE oid >= 16384").results[0]
    oids = (listed.get_value(0, 0) or b"").decode()
    prepared = f"PREPARE twice (oid[]) AS {finish(given(numbered, quick=False), values)}"
    reply = within(session, f"{prepared}; EXECUTE twice ('{{{oids},{oids}}}'); DEALLOCATE twice")
    assert reply.ok, reply.failure
    groups: Groups = {}
    Known(session.server_version).put(groups, reply.results[0])
    found = {key: found for group in groups.values() for key, found in group.items()}
    assert found
    assert found == {key: before[key] for key in found}
    assert {key for key, each in before.items() if each.kind == "column"} <= found.keys()


def test_a_column_counts_those_before_it_that_are_still_there(connection: PostgresConnection) -> None:
    positions = {name: found.properties["position"] for (_, name), found in connection.snapshot().objects.items()
                 if found.kind == "column" and name.startswith("public.q.")}  # fmt: skip
    assert positions == {"public.q.id": "1", "public.q.a": "2", "public.q.b": "3", "public.q.last": "4"}


def test_a_record_is_taken_apart_as_the_server_wrote_it(connection: PostgresConnection) -> None:
    wanted = [*itertools.product(VALUES, repeat=1), *itertools.product(VALUES, repeat=2), (LONG, '"'), ("a b", LONG)]
    listed = [", ".join("NULL::text" if each is None else f"{literal(each)}::text" for each in row) for row in wanted]
    answers = within(connection.session, ";".join(f"SELECT ROW({row})::text" for row in listed)).results
    texts = [(answer.get_value(0, 0) or b"").decode() for answer in answers]
    assert [tuple(fields(text)) for text in texts] == wanted
