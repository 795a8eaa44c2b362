"""What is proposed for a column that demands a value of rows which have none runs on a table that has one, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

from . import postgres

if TYPE_CHECKING:
    from glowplug.finding import Finding

    from .proof import Servers

TABLE = "CREATE DOMAIN code AS varchar(9) CHECK (VALUE <> 'x') NOT NULL; CREATE TABLE t (id int NOT NULL, a text)"
FAILS, UNIQUE, KEY = "not-null-without-default", "unique-blocks-table", "primary-key-blocks-table"
TYPE, SET = "type-rewrites-table", "set-not-null-scans-table"
ADDED = [
    (FAILS, "fresh varchar(9) NOT NULL"),
    (FAILS, "fresh varchar(9) UNIQUE NOT NULL"),
    (UNIQUE, "fresh varchar(9) UNIQUE NOT NULL"),
    (UNIQUE, "fresh varchar(9) NOT NULL CHECK (fresh IS NOT NULL) CONSTRAINT one UNIQUE"),
    (FAILS, "fresh text CHECK (fresh IS NOT NULL AND fresh <> 'NOT NULL') CONSTRAINT its_not_null NOT /* so */ NULL"),
    (FAILS, "fresh varchar(9) PRIMARY KEY"),
    (KEY, "fresh varchar(9) PRIMARY KEY"),
    (KEY, 'fresh varchar(9) COLLATE "C" NOT NULL CONSTRAINT its_key PRIMARY KEY'),
    (FAILS, "fresh code"),
    (FAILS, 'fresh code COLLATE "C" CHECK (length(fresh) > 0) UNIQUE'),
]


IS_NOT_NULL = "SELECT attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'fresh'"


def proposed(rule: str, up: str, before: str = TABLE, down: str | None = None) -> Finding:
    """What a rule says of ``up``."""
    files = (("1", before, None), ("2", up, None if down is None else down.encode()))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=back) for n, text, back in files)
    chain = Chain(directory="m", dialect=Dialect.POSTGRES, migrations=migrations, settings=ChainSettings())
    (found,) = [each for each in review(chain, Terms.of(chain), new={"2"}).findings if each.rule == rule]
    return found


def catalogue(server: postgres.Session) -> list[list[tuple[str, ...]]]:
    """Every column, constraint and index of the table."""
    queries = (
        (
            "SELECT attname, format_type(atttypid, atttypmod), attnotnull, attcollation::regcollation::text "
            "FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped"
        ),
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass",
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 't'::regclass",
    )
    return [sorted(tuple(map(str, row)) for row in server.execute(query)) for query in queries]


def demanded(server: postgres.Session) -> list[object]:
    """The table's constraints and indexes, but for what says NOT NULL."""
    constraints, indexes = catalogue(server)[1:]
    said = ("_not_null", "_present")
    return [[each for each in constraints if not any(word in each[0] for word in said)], indexes]


@pytest.mark.postgres
@pytest.mark.parametrize(("rule", "definition"), ADDED)
def test_a_column_without_values(servers: Servers, rule: str, definition: str) -> None:
    up = f"ALTER TABLE t ADD COLUMN {definition}"
    safe = proposed(rule, up).safe_form
    assert safe is not None
    for major in sorted({postgres.available()[0], postgres.available()[-1]}):
        server = servers.get(f"postgres {major}", lambda major=major: postgres.administrator(major))
        server.execute("CREATE SCHEMA added; SET search_path = added")
        try:
            server.execute(f"{TABLE}; {up}")
            wanted = demanded(server)
            server.execute("DROP TABLE t; DROP DOMAIN code")
            server.execute(f"{TABLE}; INSERT INTO t VALUES (1, 'a'), (2, 'b')")
            before = catalogue(server)
            server.execute(safe.steps[0].up)
            server.execute("UPDATE t SET fresh = id")
            for step in safe.steps[1:]:
                server.execute(step.up)
            assert demanded(server) == wanted
            assert list(server.execute(IS_NOT_NULL)) == [(True,)]
            with pytest.raises(postgres.psycopg.IntegrityError):
                server.execute("INSERT INTO t VALUES (3, 'c')")
            for step in reversed(safe.steps):
                server.execute(step.down)
            assert catalogue(server) == before
        finally:
            server.execute("RESET ALL; DROP SCHEMA added CASCADE")


@pytest.mark.postgres
@pytest.mark.parametrize("definition", [each for rule, each in ADDED if rule == FAILS])
def test_a_down_that_adds_a_column_without_values(servers: Servers, definition: str) -> None:
    down = f"ALTER TABLE t ADD COLUMN {definition}"
    safe = proposed(FAILS, "ALTER TABLE t DROP COLUMN fresh", f"{TABLE}; {down}", down).safe_form
    assert safe is not None
    assert safe.note is not None
    major = postgres.available()[-1]
    server = servers.get(f"postgres {major}", lambda: postgres.administrator(major))
    server.execute("CREATE SCHEMA added; SET search_path = added")
    try:
        server.execute(f"{TABLE}; {down}")
        wanted = [catalogue(server)[0], *demanded(server)]
        server.execute(f"DROP TABLE t; DROP DOMAIN code; {TABLE}; INSERT INTO t VALUES (1, 'a'), (2, 'b')")
        server.execute(safe.note.removeprefix("in this down: ").replace("= …", "= id"))
        assert [catalogue(server)[0], *demanded(server)] == wanted
    finally:
        server.execute("RESET ALL; DROP SCHEMA added CASCADE")


@pytest.mark.postgres
@pytest.mark.parametrize("old", ["text", "text NOT NULL", "varchar(9) NOT NULL DEFAULT 'd'"])
def test_a_new_type_that_demands_a_value(servers: Servers, old: str) -> None:
    safe = proposed(
        TYPE, "ALTER TABLE t ALTER COLUMN b TYPE code", f"{TABLE}; ALTER TABLE t ADD COLUMN b {old}"
    ).safe_form
    assert safe is not None
    server = servers.get(
        f"postgres {postgres.available()[-1]}", lambda: postgres.administrator(postgres.available()[-1])
    )
    server.execute("CREATE SCHEMA added; SET search_path = added")
    try:
        server.execute(f"{TABLE}; ALTER TABLE t ADD COLUMN b {old.replace(' NOT NULL', '')}")
        server.execute("INSERT INTO t VALUES (1, 'a', 'b')")
        if "NOT NULL" in old:
            server.execute("ALTER TABLE t ALTER COLUMN b SET NOT NULL")
        before = catalogue(server)
        server.execute(safe.steps[0].up)
        server.execute("UPDATE t SET b_code = b")
        for step in safe.steps[1:]:
            server.execute(step.up)
        rows = server.execute(
            "SELECT format_type(atttypid, atttypmod), attnotnull FROM pg_attribute WHERE attrelid = "
            "'t'::regclass AND attname = 'b_code'"
        ).fetchall()
        assert rows == [("character varying(9)", True)]
        for step in reversed(safe.steps):
            server.execute(step.down)
        assert catalogue(server) == before
        assert server.execute("SELECT b FROM t").fetchall() == [("b",)]
    finally:
        server.execute("RESET ALL; DROP SCHEMA added CASCADE")


FILLED = (
    "ALTER TABLE t ADD COLUMN b int, ADD COLUMN c text, ADD COLUMN d int; UPDATE t SET b = o.n FROM o WHERE o.a = t.a; "
    "DELETE FROM t WHERE b IS NULL; UPDATE t SET c = upper(a), d = 7; "
)
OTHER = f"{TABLE}; CREATE TABLE o (n int, a text)"
ROWS = "INSERT INTO t VALUES (1, 'a'), (2, 'b'); INSERT INTO o VALUES (5, 'a')"


@pytest.mark.postgres
@pytest.mark.parametrize("column", ["b", "c"])
def test_a_column_that_the_file_fills_is_demanded_later(servers: Servers, column: str) -> None:
    safe = proposed(SET, f"{FILLED} ALTER TABLE t ALTER COLUMN {column} SET NOT NULL", OTHER).safe_form
    assert safe is not None
    assert safe.note is None
    assert safe.steps[0].note == f"after what fills {column}, which alone stays here, and code that writes it"
    major = postgres.available()[-1]
    server = servers.get(f"postgres {major}", lambda: postgres.administrator(major))
    server.execute("CREATE SCHEMA added; SET search_path = added")
    try:
        server.execute(f"{OTHER}; {ROWS}; {FILLED}")
        for step in safe.steps:
            server.execute(step.up)
        assert server.execute("SELECT id, a, b, c FROM t").fetchall() == [(1, "a", 5, "A")]
        assert (column, "True") in {each[::2] for each in catalogue(server)[0]}
    finally:
        server.execute("RESET ALL; DROP SCHEMA added CASCADE")


@pytest.mark.postgres
def test_a_column_that_gets_one_value_is_added_with_it(servers: Servers) -> None:
    safe = proposed(SET, f"{FILLED} ALTER TABLE t ALTER COLUMN d SET NOT NULL", OTHER).safe_form
    assert safe is not None
    assert safe.note is not None
    assert safe.note.startswith("say NOT NULL DEFAULT 7 where d is added, ")
    assert "let ALTER COLUMN d DROP DEFAULT follow" in safe.note
    major = postgres.available()[-1]
    server = servers.get(f"postgres {major}", lambda: postgres.administrator(major))
    server.execute("CREATE SCHEMA added; SET search_path = added")
    try:
        server.execute(f"{OTHER}; {ROWS}")
        before = server.execute("SELECT relfilenode FROM pg_class WHERE oid = 't'::regclass").fetchall()
        server.execute("ALTER TABLE t ADD COLUMN d int NOT NULL DEFAULT 7; ALTER TABLE t ALTER COLUMN d DROP DEFAULT")
        assert server.execute("SELECT relfilenode FROM pg_class WHERE oid = 't'::regclass").fetchall() == before
        assert server.execute("SELECT id, d FROM t").fetchall() == [(1, 7), (2, 7)]
    finally:
        server.execute("RESET ALL; DROP SCHEMA added CASCADE")
