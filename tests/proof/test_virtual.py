"""Where a finding says that a column can be VIRTUAL, PostgreSQL 18 takes it; where it says not, it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from glowplug.dialect import Dialect
from glowplug.review import engine
from glowplug.review.context import Terms
from glowplug.review.version import Version
from tests.review.planted import chain_of

from .postgres import administrator

if TYPE_CHECKING:
    from .proof import Servers

BEFORE = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN small AS integer;
CREATE TABLE parents (id bigint PRIMARY KEY);
CREATE TABLE t (id bigint PRIMARY KEY, name text, how mood);
INSERT INTO t VALUES (1, 'a');
CREATE FUNCTION loud(said text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(said) $$;
"""
INDEX = "CREATE INDEX t_x ON t (x)"


def note(column: str, after: str, version: str = "18") -> str:
    """What is to be done instead of the STORED column."""
    chain = chain_of((BEFORE, None), (f"ALTER TABLE t ADD COLUMN {column};{after}", None))
    terms = Terms(dialect=Dialect.POSTGRES, version=Version.of(version, Dialect.POSTGRES))
    (found,) = [each for each in engine.review(chain, terms).findings if each.rule == "default-rewrites-table"]
    assert found.safe_form is not None
    return found.safe_form.note or ""


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("column", "after", "said"),
    [
        ("x bigint GENERATED ALWAYS AS (id * 2) STORED", "", ", or on PostgreSQL 18 make it VIRTUAL; it can"),
        ("x bigint GENERATED ALWAYS AS (id * 2) STORED CHECK (x > 0)", "", "make it VIRTUAL; it can have no index"),
        ("x text GENERATED ALWAYS AS (upper(name)) STORED", "", "make it VIRTUAL, if upper() is built in"),
        ("x text GENERATED ALWAYS AS (loud(name)) STORED", "", "it can't be VIRTUAL, for loud() is not built in"),
        ("x small GENERATED ALWAYS AS (1) STORED", "", "it can't be VIRTUAL, for its type small is not built in"),
        ("x bool GENERATED ALWAYS AS (how = 'ok') STORED", "", "for the type mood of how is not built in"),
        ("x bigint GENERATED ALWAYS AS (id * 2) STORED", INDEX, "for there is an index or a key on it"),
        ("x bigint GENERATED ALWAYS AS (id * 2) STORED", "CREATE INDEX ON t ((x + 1))", "an index or a key on it"),
        ("x bigint GENERATED ALWAYS AS (id) STORED UNIQUE", "", "for there is an index or a key on it"),
        ("x bigint GENERATED ALWAYS AS (id) STORED REFERENCES parents", "", "for there is an index or a key on it"),
    ],
)
def test_virtual_is_said_where_it_can_be(servers: Servers, column: str, after: str, said: str) -> None:
    text = note(column, after)
    assert said in text
    server = servers.get("postgres 18", lambda: administrator(18))
    server.execute("CREATE SCHEMA virtual; SET search_path = virtual")
    try:
        server.execute(BEFORE)
        refused = None
        try:
            server.execute(f"ALTER TABLE t ADD COLUMN {column.replace('STORED', 'VIRTUAL')};{after}")
        except psycopg.Error as error:
            refused = error.sqlstate
        assert (refused is None) is ("make it VIRTUAL" in text), refused
    finally:
        server.execute("RESET ALL; DROP SCHEMA virtual CASCADE")


def test_it_is_not_said_of_an_older_server() -> None:
    assert note("x bigint GENERATED ALWAYS AS (id * 2) STORED", "", "17") == (
        "fill a plain column in batches and by a trigger"
    )
