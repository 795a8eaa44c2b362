"""What is proposed in the place of a new type or name gives a column all that the old one had, and gives it back."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import psycopg
import pytest

from glowplug.database.mysql.session import StatementRefused
from glowplug.dialect import Dialect
from glowplug.finding import Severity
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

from . import mysql, postgres

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.finding import SafeForm, Step

    from .proof import Servers

POSTGRES_TYPES = [
    ("numeric(12,4) NOT NULL DEFAULT 0.5", "numeric(14,2)", "1.25"),
    ("numeric(12,4) NOT NULL", "numeric(14,2)", "1.25"),
    ("integer NOT NULL", "bigint", "7"),
    ("integer DEFAULT 7", "bigint", "7"),
    ("varchar(20) NOT NULL", 'char(30) COLLATE "C"', "'a'"),
    ("integer NOT NULL DEFAULT 3", "text", "7"),
    ('text COLLATE "C" NOT NULL', "integer USING a::integer", "'12'"),
    ("timestamp(3) NOT NULL DEFAULT now()", "timestamp(0)", "'2024-01-01'"),
]
MYSQL_TYPES = [
    ("decimal(12,4) NOT NULL DEFAULT 0.5", "decimal(14,2) NOT NULL DEFAULT 0.5", "1.25"),
    ("int NOT NULL", "bigint unsigned NOT NULL COMMENT 'it''s big'", "7"),
    ("int DEFAULT 7", "bigint DEFAULT 7", "7"),
    ("int NOT NULL COMMENT 'small'", "bigint", "7"),
    ("varchar(20) CHARACTER SET ascii NOT NULL", "varchar(300) CHARACTER SET utf8mb4 NOT NULL DEFAULT ''", "'a'"),
]


def safe_form(dialect: Dialect, rule: str, before: str, up: str) -> SafeForm:
    """What a rule proposes for ``up``."""
    files = (("1", before), ("2", up))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=dialect, migrations=migrations, settings=ChainSettings())
    found = [each.safe_form for each in review(chain, Terms.of(chain), new={"2"}).findings if each.rule == rule]
    (safe,) = found
    assert safe is not None
    assert safe.steps
    return safe


def forth_and_back(
    run: Callable[[str], object], look: Callable[[str], object], steps: tuple[Step, ...], fresh: str, copy: str
) -> tuple[object, object]:
    """Run all steps, filling the new column after the first, and back; give what the new and the old column are."""
    run(steps[0].up)
    run(copy)
    for step in steps[1:]:
        run(step.up)
    new = look(fresh)
    for step in reversed(steps):
        run(step.down)
    return new, look("a")


@pytest.mark.postgres
@pytest.mark.parametrize(("old", "new", "value"), POSTGRES_TYPES)
def test_a_new_type_on_postgres(servers: Servers, old: str, new: str, value: str) -> None:
    before, up = f"CREATE TABLE t (id int PRIMARY KEY, a {old})", f"ALTER TABLE t ALTER COLUMN a TYPE {new}"
    safe = safe_form(Dialect.POSTGRES, "type-rewrites-table", before, up)
    fresh = safe.steps[0].up.split()[5]
    using = new.partition(" USING ")[2] or "a"
    for major in sorted({postgres.available()[0], postgres.available()[-1]}):
        server = servers.get(f"postgres {major}", lambda major=major: postgres.administrator(major))

        def look(column: str, server: postgres.Session = server) -> object:
            return server.execute(
                "SELECT format_type(atttypid, atttypmod), attnotnull, attcollation::regcollation::text, "
                "pg_get_expr(adbin, adrelid) FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND "
                "adnum = attnum WHERE attrelid = 't'::regclass AND attname = %s",
                (column,),
            ).fetchall()

        server.execute("CREATE SCHEMA in_place; SET search_path = in_place")
        try:
            server.execute(f"{before}; INSERT INTO t VALUES (1, {value})")
            was, row = look("a"), server.execute("SELECT a FROM t").fetchall()
            server.execute("CREATE TABLE kept AS SELECT * FROM t")
            server.execute(up)
            wanted = look("a")
            server.execute(f"DROP TABLE t; {before}; INSERT INTO t SELECT * FROM kept")
            there, back = forth_and_back(server.execute, look, safe.steps, fresh, f"UPDATE t SET {fresh} = {using}")
            assert there == wanted
            assert back == was
            assert server.execute("SELECT a FROM t").fetchall() == row
        finally:
            server.execute("RESET ALL; DROP SCHEMA in_place CASCADE")


@pytest.mark.mysql
@pytest.mark.parametrize(("old", "new", "value"), MYSQL_TYPES)
def test_a_new_type_on_mysql(servers: Servers, old: str, new: str, value: str) -> None:
    session = servers.get("mysql", mysql.administrator)
    before = f"CREATE TABLE t (id int PRIMARY KEY, a {old}) CHARSET utf8mb4"
    up = f"ALTER TABLE t MODIFY a {new}"
    safe = safe_form(Dialect.MYSQL, "type-copies-table", before, up)
    fresh = safe.steps[0].up.split()[5]

    def look(column: str) -> object:
        return session.rows(
            "SELECT column_type, is_nullable, column_default, character_set_name, column_comment "
            f"FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = '{column}' "
            "AND table_name = 't'"
        )

    with mysql.database(session):
        session.rows(f"{before}; INSERT INTO t VALUES (1, {value})")
        was, row = look("a"), session.rows("SELECT a FROM t")
        session.rows(f"CREATE TABLE kept AS SELECT * FROM t; {up}")
        wanted = look("a")
        session.rows(f"DROP TABLE t; {before}; INSERT INTO t SELECT * FROM kept")
        there, back = forth_and_back(session.rows, look, safe.steps, fresh, f"UPDATE t SET {fresh} = a")
        assert there == wanted
        assert back == was
        assert session.rows("SELECT a FROM t") == row


@pytest.mark.postgres
def test_another_name_on_postgres(servers: Servers) -> None:
    before = "CREATE TABLE t (id int PRIMARY KEY, a numeric(12,4) NOT NULL DEFAULT 1)"
    safe = safe_form(Dialect.POSTGRES, "name-changed", before, "ALTER TABLE t RENAME COLUMN a TO b")
    server = servers.get("postgres 18", lambda: postgres.administrator(18))

    def look(column: str) -> object:
        return server.execute(
            "SELECT data_type, numeric_precision, numeric_scale, is_nullable, column_default FROM "
            "information_schema.columns WHERE table_schema = 'in_place' AND column_name = %s",
            (column,),
        ).fetchall()

    server.execute("CREATE SCHEMA in_place; SET search_path = in_place")
    try:
        server.execute(f"{before}; INSERT INTO t VALUES (1, 2.5)")
        was = look("a")
        there, back = forth_and_back(server.execute, look, safe.steps, "b", "UPDATE t SET b = a")
        assert there == back == was
    finally:
        server.execute("RESET ALL; DROP SCHEMA in_place CASCADE")


BUILT = """
CREATE TABLE parents (id int PRIMARY KEY, other int UNIQUE);
INSERT INTO parents VALUES (7, 7);
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL CONSTRAINT t_parent REFERENCES parents (other) ON DELETE CASCADE
  DEFERRABLE INITIALLY DEFERRED, b int DEFAULT 1 CHECK (b <> a), CONSTRAINT pair UNIQUE (a, b) INCLUDE (id));
CREATE INDEX t_a ON t USING hash (a);
CREATE UNIQUE INDEX t_a_b ON t (a DESC NULLS LAST, b) INCLUDE (id) WHERE a > 3;
CREATE INDEX t_computed ON t (((a + 1)) int4_ops, (abs(b)));
CREATE INDEX t_b ON t (b);
CREATE UNIQUE INDEX t_taken ON t (a);
ALTER TABLE t ADD CONSTRAINT taken UNIQUE USING INDEX t_taken;
ALTER TABLE t ADD CONSTRAINT small CHECK (a < 100 OR b IS NULL) NO INHERIT NOT VALID;
INSERT INTO t VALUES (1, 7)
"""


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("rule", "up", "fresh"),
    [
        ("name-changed", "ALTER TABLE t RENAME COLUMN a TO new", "new"),
        ("type-rewrites-table", "ALTER TABLE t ALTER COLUMN a TYPE bigint", "a_bigint"),
    ],
)
def test_what_was_built_on_a_column_comes_back_with_it(servers: Servers, rule: str, up: str, fresh: str) -> None:
    safe = safe_form(Dialect.POSTGRES, rule, BUILT, up)
    for major in sorted({postgres.available()[0], postgres.available()[-1]}):
        server = servers.get(f"postgres {major}", lambda major=major: postgres.administrator(major))

        def built(_: str, server: postgres.Session = server) -> list[object]:
            return server.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass AND "
                "contype <> 'n' UNION ALL SELECT 'index', pg_get_indexdef(indexrelid) FROM pg_index "
                "WHERE indrelid = 't'::regclass ORDER BY 1, 2"
            ).fetchall()

        server.execute("CREATE SCHEMA in_place; SET search_path = in_place")
        try:
            server.execute(BUILT)
            was = built("a")
            there, back = forth_and_back(server.execute, built, safe.steps, fresh, f"UPDATE t SET {fresh} = a")
            assert len(there) < len(was)
            assert back == was
        finally:
            server.execute("RESET ALL; DROP SCHEMA in_place CASCADE")


@pytest.mark.postgres
def test_what_is_not_known_of_what_was_built_is_said() -> None:
    before = "CREATE TABLE t (id int PRIMARY KEY, z int CHECK (z > 0), EXCLUDE (z WITH =)); ALTER TABLE t RENAME z TO a"
    safe = safe_form(Dialect.POSTGRES, "type-rewrites-table", before, "ALTER TABLE t ALTER COLUMN a TYPE bigint")
    assert safe.steps[-1].down.splitlines()[2:] == [
        "-- add t_z_check again as it was, which is not known here",
        "-- add t_z_excl again as it was, which is not known here",
    ]


def test_another_name_on_sqlite() -> None:
    before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a varchar(20) NOT NULL)"
    safe = safe_form(Dialect.SQLITE, "name-changed", before, "ALTER TABLE t RENAME COLUMN a TO b")
    connection = sqlite3.connect(":memory:")
    connection.executescript(f"{before}; INSERT INTO t VALUES (1, 'x')")
    look = "SELECT type FROM pragma_table_info('t') WHERE name = '{}'"
    there, back = forth_and_back(
        connection.executescript,
        lambda column: connection.execute(look.format(column)).fetchall(),
        safe.steps,
        "b",
        "UPDATE t SET b = a",
    )
    assert there == back == [("varchar(20)",)]
    assert connection.execute("SELECT a FROM t").fetchall() == [("x",)]
    assert safe.note is not None
    assert "a has NOT NULL, which SQLite gives b by a rebuild of the table alone" in safe.note


def test_a_refused_drop_on_sqlite_gives_the_column_back_as_it_was() -> None:
    before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a varchar(20) NOT NULL DEFAULT 'x'); CREATE INDEX t_a ON t (a)"
    safe = safe_form(Dialect.SQLITE, "column-drop-refused", before, "ALTER TABLE t DROP COLUMN a")
    connection = sqlite3.connect(":memory:")
    connection.executescript(f"{before}; INSERT INTO t VALUES (1, 'x')")
    look = "SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info('t')"
    was = connection.execute(look).fetchall()
    (step,) = safe.steps
    connection.executescript(step.up)
    connection.executescript(step.down)
    assert connection.execute(look).fetchall() == was


@pytest.mark.parametrize(("old", "new", "value"), POSTGRES_TYPES)
def test_nobody_waits_for_the_migrations_that_are_proposed(old: str, new: str, value: str) -> None:
    del value
    before, up = f"CREATE TABLE t (id int PRIMARY KEY, a {old})", f"ALTER TABLE t ALTER COLUMN a TYPE {new}"
    steps = safe_form(Dialect.POSTGRES, "type-rewrites-table", before, up).steps
    files = [("1", before), *((f"2{n}", step.up) for n, step in enumerate(steps))]
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=Dialect.POSTGRES, migrations=migrations, settings=ChainSettings())
    found = review(chain, Terms.of(chain), new={name for name, _ in files[1:]}).findings
    graver = {each.rule for each in found if each.severity is not Severity.NOTICE}
    assert graver == {"column-dropped"}


def test_what_is_not_known_is_said() -> None:
    safe = safe_form(Dialect.POSTGRES, "type-rewrites-table", "SELECT 1", "ALTER TABLE t ALTER COLUMN a TYPE bigint")
    assert safe.note == "whether a is NOT NULL, and its default, is not known here: give a_bigint the same"
    assert safe.steps[-1].down.startswith("-- add a again as it was, which is not known here")


def test_what_goes_with_the_old_column_is_named() -> None:
    before = (
        "CREATE TABLE t (id int PRIMARY KEY, a int, b int, CONSTRAINT t_positive CHECK (a > 0)); "
        "CREATE INDEX t_a ON t (b) WHERE a IS NULL; CREATE INDEX t_b ON t (b)"
    )
    safe = safe_form(Dialect.POSTGRES, "type-rewrites-table", before, "ALTER TABLE t ALTER COLUMN a TYPE bigint")
    assert safe.note == "what is built on a goes with it (t_a, t_positive): make the same for the new column before"


def note_instead(dialect: Dialect, rule: str, before: str, up: str) -> str:
    """What a rule says in words, for it proposes no migrations."""
    files = (("1", before), ("2", up))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=dialect, migrations=migrations, settings=ChainSettings())
    (one,) = (each for each in review(chain, Terms.of(chain), new={"2"}).findings if each.rule == rule)
    assert one.safe_form is not None
    assert not one.safe_form.steps
    assert one.safe_form.note is not None
    return one.safe_form.note


NO_WAY_BACK = [
    ("bigint", "timestamp", "to_timestamp(a)", "what undoes USING is not known here"),
    ("integer", "mood", "(enum_range(null::mood))[a]", "what undoes USING is not known here"),
    ("text", "boolean", "CASE WHEN a = 'TRUE' THEN true ELSE false END", "what undoes USING is not known here"),
    ("date", "integer", "a::integer", "no cast is known that leads from integer to date"),
]


@pytest.mark.postgres
@pytest.mark.parametrize(("old", "new", "using", "why"), NO_WAY_BACK)
def test_a_type_without_a_way_back_is_told_in_words(servers: Servers, old: str, new: str, using: str, why: str) -> None:
    before = f"CREATE TYPE mood AS ENUM ('calm'); CREATE TABLE t (id int PRIMARY KEY, a {old}, b {new})"
    note = note_instead(
        Dialect.POSTGRES, "type-rewrites-table", before, f"ALTER TABLE t ALTER COLUMN a TYPE {new} USING {using}"
    )
    assert note.startswith(f"add a_{new.split(maxsplit=1)[0]} ")
    assert why in note
    server = servers.get("postgres 18", lambda: postgres.administrator(18))
    server.execute(f"CREATE SCHEMA in_place; SET search_path = in_place; {before}")
    try:
        if new != "boolean":  # which becomes another text than it was
            with pytest.raises(psycopg.errors.DatatypeMismatch):
                server.execute("UPDATE t SET a = b")
    finally:
        server.execute("RESET ALL; DROP SCHEMA in_place CASCADE")


HELD_ON_POSTGRES = {
    "the view v": "CREATE TABLE t (id int PRIMARY KEY, a int); CREATE VIEW v AS SELECT a FROM t",
    "the foreign key u_a_fkey of u": "CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE); "
    "CREATE TABLE u (a int REFERENCES t (a))",
    "the generated column b": "CREATE TABLE t (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a + 1) STORED)",
}
HELD_ON_SQLITE = {
    "the view v": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT); CREATE VIEW v AS SELECT a FROM t",
    "the index i": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT); CREATE INDEX i ON t (a)",
    "the constraint UNIQUE (a)": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT UNIQUE)",
    "the constraint CHECK (a > id)": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, CHECK (a > id))",
    "the generated column b": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a + 1))",
    "the trigger g, if it names it": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT); "
    "CREATE TRIGGER g AFTER UPDATE ON t BEGIN DELETE FROM t WHERE a = new.a; END",
}


@pytest.mark.postgres
@pytest.mark.parametrize(("held", "before"), HELD_ON_POSTGRES.items())
def test_what_holds_a_column_on_postgres_is_named(servers: Servers, held: str, before: str) -> None:
    note = note_instead(Dialect.POSTGRES, "name-changed", before, "ALTER TABLE t RENAME COLUMN a TO c")
    assert note.endswith(f"has to go or change: {held}")
    server = servers.get("postgres 18", lambda: postgres.administrator(18))
    server.execute(f"CREATE SCHEMA in_place; SET search_path = in_place; {before}")
    try:
        with pytest.raises(psycopg.errors.DependentObjectsStillExist):
            server.execute("ALTER TABLE t DROP COLUMN a")
    finally:
        server.execute("RESET ALL; DROP SCHEMA in_place CASCADE")


@pytest.mark.parametrize(("held", "before"), HELD_ON_SQLITE.items())
def test_what_holds_a_column_on_sqlite_is_named(held: str, before: str) -> None:
    note = note_instead(Dialect.SQLITE, "name-changed", before, "ALTER TABLE t RENAME COLUMN a TO c")
    assert note.endswith(f"has to go or change: {held}")
    connection = sqlite3.connect(":memory:")
    connection.executescript(before)
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("ALTER TABLE t DROP COLUMN a")


HELD_ON_MYSQL = {
    "the foreign key u_ibfk_1 of u": "CREATE TABLE t (id int PRIMARY KEY, a int, UNIQUE (a)); "
    "CREATE TABLE u (a int, FOREIGN KEY (a) REFERENCES t (a))",
    "the constraint k": "CREATE TABLE p (id int PRIMARY KEY); "
    "CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT k FOREIGN KEY (a) REFERENCES p (id))",
    "the constraint c": "CREATE TABLE t (id int PRIMARY KEY, a int, b int, CONSTRAINT c CHECK (a < b))",
    "the generated column b": "CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1))",
}


@pytest.mark.mysql
@pytest.mark.parametrize(("held", "before"), HELD_ON_MYSQL.items())
def test_what_holds_a_column_on_mysql_is_named(servers: Servers, held: str, before: str) -> None:
    note = note_instead(Dialect.MYSQL, "name-changed", before, "ALTER TABLE t CHANGE a c int")
    assert f"has to go or change: {held}" in note
    session = servers.get("mysql", mysql.administrator)
    with mysql.database(session):
        session.rows(before)
        with pytest.raises(StatementRefused):
            session.rows("ALTER TABLE t DROP COLUMN a")
