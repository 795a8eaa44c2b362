"""One spelling for all that SQLite takes for the same: held against its pragmas and against what rows it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from glowplug.database.sqlite import tables
from glowplug.database.sqlite.snapshot import build, read
from glowplug.schema import diff
from glowplug.schema.noise import tell_apart

if TYPE_CHECKING:
    from glowplug.schema import Schema

pytestmark = pytest.mark.sqlite


def open_with(*statements: str) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    for statement in statements:
        connection.execute(statement).fetchall()
    return connection


def schema(*statements: str) -> Schema:
    connection = open_with(*statements)
    try:
        return build(read(connection))
    finally:
        connection.close()


def changes(before: Schema, after: Schema) -> list[str]:
    real, _ = tell_apart(diff(before, after), before, after)
    return [str(difference) for difference in real]


THERE_AND_BACK = ("ALTER TABLE t ADD COLUMN more", "ALTER TABLE t DROP COLUMN more")
RENAMED = ("ALTER TABLE t RENAME TO u", "ALTER TABLE u RENAME TO t")
COLUMN_RENAMED = ("ALTER TABLE t RENAME COLUMN a TO z", "ALTER TABLE t RENAME COLUMN z TO a")

HELD = [
    ("""CREATE TABLE t (a TEXT CHECK (a IN ("X", "Y", 'Z')), b CHECK ("a" <> b))""",),
    ('CREATE TABLE t (a, b, c AS (a || "X"), CHECK ("rowid" <> "c" AND b <> "rowids"))',),
    ('CREATE TABLE t (a, b DEFAULT "X", UNIQUE (\'a\'), FOREIGN KEY ("b") REFERENCES \'t\' ("a"))',),
    ("CREATE TABLE t (a, b)", 'CREATE INDEX i ON t ("a", b || "X") WHERE "b" <> "Z"'),
    ("CREATE TABLE t (a, b)", "CREATE INDEX i ON 't' ('a')"),
    ("CREATE TABLE t (a, b)", 'CREATE VIEW v AS SELECT "a", "X" AS x FROM \'t\' AS \'own\' WHERE b = "Y"'),
    (
        "CREATE TABLE t (a, b)",
        """CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW WHEN new."a" <> "X" BEGIN
        UPDATE t SET b = "Y" WHERE "a" = "Z"; SELECT raise(ABORT, "no") WHERE "b" = 0; END""",
    ),
    ('CREATE TABLE t (a TEXT PRIMARY KEY, b CHECK (t.b <> "X")) WITHOUT ROWID',),
    ("CREATE TABLE t (a, b)", 'CREATE TABLE other (c REFERENCES "t" ("a") CHECK (c <> "X"))'),
]  # fmt: skip


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("way", [THERE_AND_BACK, RENAMED, COLUMN_RENAMED, RENAMED + THERE_AND_BACK + COLUMN_RENAMED])
def test_what_sqlite_writes_anew_is_no_difference(held: tuple[str, ...], way: tuple[str, ...]) -> None:
    assert changes(schema(*held), schema(*held, *way)) == []


def test_one_object_that_sqlite_cannot_read_hides_no_other() -> None:
    held = (
        "CREATE TABLE t (a)",
        'CREATE VIEW v AS SELECT a FROM t WHERE a <> "X"',
        "CREATE TABLE gone (a)",
        'CREATE VIEW broken AS SELECT "X" FROM gone',
        "DROP TABLE gone",
    )
    quoted = (held[0], held[1].replace('"X"', "'X'"), *held[2:])
    assert changes(schema(*held), schema(*quoted)) == []


def test_a_string_is_printed_with_its_quotes() -> None:
    found = schema(
        'CREATE TABLE t (a CHECK (a <> "X"), b DEFAULT "Y")',
        'CREATE INDEX i ON t (a) WHERE b <> "Z"',
        'CREATE VIEW v AS SELECT a FROM t WHERE a = "it\'s"',
    )
    assert found.objects["constraint", "t.CHECK (a <> 'X')"].properties["definition"] == "CHECK (a <> 'X')"
    assert found.objects["column", "t.b"].properties["default"] == "'Y'"
    assert found.objects["index", "t.i"].properties["definition"] == "(a) WHERE b <> 'Z'"
    assert found.objects["view", "v"].properties["definition"] == "AS SELECT a FROM t WHERE a = 'it''s'"


def test_rows_are_made_for_a_check_whose_strings_are_strings() -> None:
    connection = open_with(
        'CREATE TABLE t (a, b, CHECK (A IN ("X", "b")))', 'CREATE UNIQUE INDEX i ON t (a) WHERE b = "Y"'
    )
    (table,) = tables.read(connection)
    assert [(check.expression, check.columns) for check in table.checks] == [("a IN ('X', b)", ("a", "b"))]
    assert [unique.predicate for unique in table.uniques] == ["b = 'Y'"]


ALIKE = [
    ("a text, b VARCHAR (10)", 'a TEXT, b "varchar"(10)'),
    ("a INTEGER PRIMARY KEY", "a integer primary key"),
    ("a DEFAULT 'X'", "a DEFAULT X"),
    ("a DEFAULT 'X'", "a DEFAULT ('X')"),
    ("a DEFAULT 'X'", 'a DEFAULT "X"'),
    ("a DEFAULT 'abort'", "a DEFAULT abort"),
    ("a DEFAULT x'ab'", "a DEFAULT (X'AB')"),
    ("a DEFAULT 1", "a DEFAULT ((+1))"),
    ("a DEFAULT -1", "a DEFAULT (-1)"),
    ("a DEFAULT NULL", "a"),
    ("a DEFAULT CURRENT_TIMESTAMP", "a DEFAULT (current_timestamp)"),
    ("a DEFAULT (Lower('X'))", "a DEFAULT (( lower ('X') ))"),
    ("a COLLATE nocase", 'a COLLATE "NoCase"'),
    ("a TEXT PRIMARY KEY) WITHOUT ROWID --", "a TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID --"),
    ("a TEXT PRIMARY KEY) STRICT --", "a TEXT NOT NULL PRIMARY KEY) STRICT --"),
    ("a NOT NULL ON CONFLICT ABORT UNIQUE ON CONFLICT ABORT", "a NOT NULL UNIQUE"),
    ("a, b, UNIQUE (A, 'b' COLLATE nocase)", 'a, b, UNIQUE (a, b COLLATE "NOCASE")'),
    ("a CHECK (t.A == X'ab' OR LENGTH(\"a\") != 1)", "a CHECK ((a = x'AB' OR length(a) <> 1))"),
    ("a REFERENCES p (b) MATCH FULL", "a REFERENCES p (b)"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_sqlite_takes_for_the_same_is_no_difference(one: str, other: str) -> None:
    assert changes(schema(f"CREATE TABLE t ({one})"), schema(f"CREATE TABLE t ({other})")) == []


PARENTS = (
    "CREATE TABLE p (id INTEGER PRIMARY KEY, b UNIQUE)",
    "CREATE TABLE q (a, B, PRIMARY KEY (B, a)) WITHOUT ROWID",
    "CREATE TABLE keyless (id)",
)
REFERRING = [
    ("a REFERENCES p", "a REFERENCES p (id)", True),
    ("a REFERENCES P ON DELETE CASCADE", 'a REFERENCES P ("id") ON DELETE CASCADE', True),
    ("x, y, FOREIGN KEY (x, y) REFERENCES q", "x, y, FOREIGN KEY (x, y) REFERENCES q (B, a)", True),
    ("a PRIMARY KEY, b REFERENCES t", "a PRIMARY KEY, b REFERENCES t (a)", True),
    ("a REFERENCES p", "a REFERENCES p (b)", False),
    ("x, y, FOREIGN KEY (x, y) REFERENCES q", "x, y, FOREIGN KEY (x, y) REFERENCES q (a, B)", False),
    ("a REFERENCES keyless", "a REFERENCES keyless (id)", False),
    ("a REFERENCES nowhere", "a REFERENCES nowhere (id)", False),
]


@pytest.mark.parametrize(("one", "other", "alike"), REFERRING)
def test_a_foreign_key_without_columns_means_the_primary_key(one: str, other: str, alike: bool) -> None:
    first, second = (open_with(*PARENTS, f"CREATE TABLE t ({inside})") for inside in (one, other))
    assert (changes(build(read(first)), build(read(second))) == []) is alike
    means = [
        [(row[2], row[3], row[4], row[6]) for row in connection.execute("PRAGMA foreign_key_list(t)")]
        for connection in (first, second)
    ]
    keys = {"p": ["id"], "P": ["id"], "q": ["B", "a"], "t": ["a"]}
    named = [
        [(table, column, target or keys.get(table, [None] * 2)[at], rule) for at, (table, column, target, rule) in rows]
        for rows in (list(enumerate(each)) for each in means)
    ]
    assert (named[0] == named[1]) is alike  # as SQLite itself lists them


NOT_ALIKE = [
    ('a, X, CHECK (a <> "X")', "a, X, CHECK (a <> 'X')"),
    ('a, X, y AS ("X")', "a, X, y AS ('X')"),
    ("a, CHECK (a <> 'X')", "a, CHECK (a <> 'x')"),
    ('a, CHECK (a <> "rowid")', "a, CHECK (a <> 'rowid')"),
    ("a DEFAULT X", "a DEFAULT x"),
    ('a DEFAULT "true"', "a DEFAULT true"),
    ("a DEFAULT 1", "a DEFAULT '1'"),
    ('a DEFAULT "null"', "a"),
    ("a TEXT", "a VARCHAR"),
    ("a INTEGER PRIMARY KEY", "a INTEGER PRIMARY KEY DESC"),
    ("a INTEGER PRIMARY KEY", "a INTEGER NOT NULL PRIMARY KEY"),
    ("a TEXT PRIMARY KEY", "a TEXT NOT NULL PRIMARY KEY"),
    ("a, Email", "a, email"),
    ("a, CHECK (a > 1 AND (a > 2 OR a > 3))", "a, CHECK (a > 1 AND a > 2 OR a > 3)"),
    ("a, CHECK ((a > 1) = 2)", "a, CHECK (a > (1 = 2))"),
    ("a REFERENCES p ON DELETE SET DEFAULT", "a REFERENCES p"),
    ("a UNIQUE ON CONFLICT FAIL", "a UNIQUE"),
    ("a, CHECK (a <> cast(1 AS text))", "a, CHECK (a <> cast(1 AS blob))"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), NOT_ALIKE)
def test_what_means_something_else_is_a_difference(one: str, other: str) -> None:
    assert changes(schema(f"CREATE TABLE t ({one})"), schema(f"CREATE TABLE t ({other})"))


def test_a_views_string_and_its_column_differ() -> None:
    table = "CREATE TABLE t (a, X); CREATE TABLE other (y); "
    of_t = "CREATE VIEW v AS SELECT a FROM t WHERE a = {}"
    assert changes(schema(table + of_t.format('"X"')), schema(table + of_t.format("'X'")))
    of_other = "CREATE VIEW v AS SELECT y FROM other WHERE y = {}"
    assert changes(schema(table + of_other.format('"X"')), schema(table + of_other.format("'X'"))) == []
