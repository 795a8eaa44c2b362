"""What the text alone says of the way back, and what a table and a column are called after it."""

from __future__ import annotations

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Migration
from glowplug.rehearsal.data.files.names import names_between
from glowplug.rehearsal.data.files.reversibility import says
from glowplug.rehearsal.data.files.text import Text
from glowplug.rehearsal.measured import Reversibility
from glowplug.schema.tables import Column, Family, Table, Type, Unique

POSTGRES, MYSQL, SQLITE = Dialect.POSTGRES, Dialect.MYSQL, Dialect.SQLITE
INTEGER = Type(name="integer", family=Family.INTEGER)


def text_of(up: str, down: str, dialect: Dialect = POSTGRES) -> Text:
    migration = Migration(version="1", name="1_m", path="m/1_m", up=up.encode(), down=down.encode())
    return Text.of(migration, dialect)


REBUILD = "CREATE TABLE n (id integer); INSERT INTO n SELECT id FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;"


@pytest.mark.parametrize(
    ("up", "down", "dialect", "wanted"),
    [
        ("CREATE INDEX i ON t (a);", "DROP INDEX i;", POSTGRES, "lossless"),
        ("CREATE TABLE t (id int);", "DROP TABLE t;", POSTGRES, "lossy"),
        ("ALTER TABLE t ADD COLUMN a int;", "ALTER TABLE t DROP COLUMN a;", MYSQL, "lossy"),
        ("ALTER TABLE t DROP COLUMN a;", "ALTER TABLE t ADD COLUMN a int;", POSTGRES, "irreversible"),
        ("DROP TABLE t;", "CREATE TABLE t (id int);", SQLITE, "irreversible"),
        ("TRUNCATE t;", "SELECT 1;", POSTGRES, "irreversible"),
        ("DELETE FROM t;", "SELECT 1;", MYSQL, "irreversible"),
        ("DELETE FROM t WHERE a = 1;", "SELECT 1;", MYSQL, "unknown"),
        ("UPDATE t SET a = 0;", "SELECT 1;", POSTGRES, "irreversible"),
        ("UPDATE t SET a = lower(a);", "SELECT 1;", POSTGRES, "unknown"),
        ("ALTER TABLE t ADD COLUMN b int; UPDATE t SET b = a;", "SELECT 1;", POSTGRES, "lossless"),
        ("ALTER TABLE t ADD COLUMN b int; UPDATE t SET b = a; ALTER TABLE t DROP COLUMN a;", "", POSTGRES, "unknown"),
        ("CREATE TABLE x (id int); INSERT INTO x VALUES (1); DROP TABLE x;", "SELECT 1;", POSTGRES, "lossless"),
        ("ALTER TABLE t ALTER COLUMN a TYPE int;", "SELECT 1;", POSTGRES, "unknown"),
        ("ALTER TABLE t MODIFY a int;", "SELECT 1;", MYSQL, "unknown"),
        ("ALTER TABLE t RENAME COLUMN a TO b;", "ALTER TABLE t RENAME COLUMN b TO a;", SQLITE, "lossless"),
        (REBUILD, "SELECT 1;", SQLITE, "unknown"),
        ("DO $$ BEGIN EXECUTE 'x'; END $$;", "SELECT 1;", POSTGRES, "unknown"),
        ("DO $$ BEGIN EXECUTE 'x'; END $$; DROP TABLE t;", "SELECT 1;", POSTGRES, "irreversible"),
        ("ALTER TABLE t DROP PARTITION p;", "SELECT 1;", MYSQL, "irreversible"),
    ],
)
def test_the_text_says(up: str, down: str, dialect: Dialect, wanted: str) -> None:
    assert says(text_of(up, down, dialect), with_down=bool(down)) is Reversibility(wanted)


def test_without_a_down_only_the_up_is_weighed() -> None:
    made = text_of("CREATE TABLE t (id int);", "DROP TABLE t;")
    assert says(made, with_down=False) is Reversibility.LOSSLESS


def table(name: str, *columns: str, key: str | None = None) -> Table:
    made = tuple(Column(name=each, type=INTEGER, nullable=True) for each in columns)
    uniques = () if key is None else (Unique(name="key", columns=(key,), primary=True),)
    return Table(name=name, sql=name, columns=made, uniques=uniques)


@pytest.mark.parametrize(
    ("up", "dialect", "before", "after", "tables", "columns"),
    [
        (
            "ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME COLUMN a TO b;",
            POSTGRES,
            [table("public.t", "id", "a")],
            [table("public.u", "id", "b")],
            {"public.t": "public.u"},
            {("public.t", "id"): "id", ("public.t", "a"): "b"},
        ),
        (
            "RENAME TABLE a TO x, b TO a, x TO b;",
            MYSQL,
            [table("a", "id"), table("b", "id")],
            [table("a", "id"), table("b", "id")],
            {"a": "b", "b": "a"},
            {("a", "id"): "id", ("b", "id"): "id"},
        ),
        (
            "ALTER TABLE t CHANGE a b bigint, CHANGE b a bigint;",
            MYSQL,
            [table("t", "a", "b")],
            [table("t", "b", "a")],
            {"t": "t"},
            {("t", "a"): "b", ("t", "b"): "a"},
        ),
        (REBUILD, SQLITE, [table("t", "id", "a")], [table("t", "id")], {"t": "t"}, {("t", "id"): "id"}),
        (
            "ALTER TABLE T DROP COLUMN A;",
            SQLITE,
            [table("t", "id", "a")],
            [table("t", "id")],
            {"t": "t"},
            {("t", "id"): "id"},
        ),
        (
            "DROP TABLE a; ALTER TABLE b RENAME TO a;",
            POSTGRES,
            [table("public.a", "id"), table("public.b", "id")],
            [table("public.a", "id")],
            {"public.b": "public.a"},
            {("public.b", "id"): "id"},
        ),
        *(
            (f"ALTER TABLE t {drop} {add}", dialect, [table("t", "id", "a")], [table("t", "id", "a")], {"t": "t"}, kept)
            for drop, add, dialect, kept in [
                ("DROP COLUMN a;", "ALTER TABLE t ADD COLUMN a int;", SQLITE, {("t", "id"): "id"}),
                ("ADD COLUMN A int,", "DROP COLUMN a;", MYSQL, {("t", "id"): "id"}),
                (
                    "DROP COLUMN a;",
                    "ALTER TABLE t ADD COLUMN a int; UPDATE t SET a = 1;",
                    SQLITE,
                    {("t", "id"): "id", ("t", "a"): "a"},
                ),
            ]
        ),
        (
            "ALTER TABLE t DROP COLUMN id; ALTER TABLE t ADD COLUMN id serial PRIMARY KEY;",
            POSTGRES,
            [table("t", "id", key="id")],
            [table("t", "id", key="id")],
            {"t": "t"},
            {("t", "id"): "id"},
        ),
        (
            "ALTER TABLE t SET SCHEMA other;",
            POSTGRES,
            [table("public.t", "id")],
            [table("other.t", "id")],
            {"public.t": "other.t"},
            {("public.t", "id"): "id"},
        ),
    ],
)
def test_what_they_are_called_afterwards(  # noqa: PLR0917 - the parameters of a case
    up: str,
    dialect: Dialect,
    before: list[Table],
    after: list[Table],
    tables: dict[str, str],
    columns: dict[tuple[str, str], str],
) -> None:
    names = names_between(text_of(up, "", dialect).up, before, after, dialect)
    assert (dict(names.tables), dict(names.columns)) == (tables, columns)
