"""What a SQLite Snapshot holds: all of the schema, said once, and nothing that a migration can bend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glowplug.database.sqlite.snapshot import build, read
from glowplug.schema import diff
from glowplug.sql.sqlite_create import parse_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.schema import Schema

pytestmark = pytest.mark.sqlite


def schema(sql: str) -> Schema:
    connection = apsw.Connection(":memory:")
    try:
        connection.execute(sql)
        return build(read(connection))
    finally:
        connection.close()


def properties(sql: str) -> dict[tuple[str, str], Mapping[str, str]]:
    return {key: dict(item.properties) for key, item in schema(sql).objects.items() if key[0] != "database"}


def changes(before: str, after: str) -> list[str]:
    return [str(difference) for difference in diff(schema(before), schema(after))]


def test_a_table_in_full() -> None:
    sql = """
    CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, "odd name" TEXT);
    CREATE TABLE IF NOT EXISTS main.[child] (
      id        INTEGER NOT NULL PRIMARY KEY,  -- the key
      "order"   varchar (20) NOT NULL ON CONFLICT ABORT DEFAULT 'a, b' COLLATE NOCASE,
      amount    DECIMAL(10,2) DEFAULT (1 + 2) CHECK (amount > 0),
      parent    INTEGER CONSTRAINT known REFERENCES parent ON UPDATE NO ACTION ON DELETE SET NULL,
      other     integer,
      twice     INT GENERATED ALWAYS AS (other * 2) STORED,
      thrice    AS (other*3),
      flag      BOOLEAN DEFAULT true,
      CONSTRAINT pair UNIQUE (other, "order" DESC) ON CONFLICT REPLACE
      CHECK (other IN (1,2)),
      FOREIGN KEY (other) REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED
    );
    """
    found = {key: value for key, value in properties(sql).items() if key[1].startswith("child")}
    assert found == {
        ("table", "child"): {"without_rowid": "false", "strict": "false"},
        ("column", "child.id"): {"type": "INTEGER", "not_null": "true", "position": "1", "primary_key": "1"},
        ("column", "child.order"): {
            "type": "VARCHAR(20)",
            "not_null": "true",
            "position": "2",
            "default": "'a, b'",
            "collation": "NOCASE",
        },
        ("column", "child.amount"): {
            "type": "DECIMAL(10, 2)",
            "not_null": "false",
            "position": "3",
            "default": "(1 + 2)",
        },
        ("column", "child.parent"): {"type": "INTEGER", "not_null": "false", "position": "4"},
        ("column", "child.other"): {"type": "INTEGER", "not_null": "false", "position": "5"},
        ("column", "child.twice"): {
            "type": "INT",
            "not_null": "false",
            "position": "6",
            "generated": "(other * 2) STORED",
        },
        ("column", "child.thrice"): {
            "type": "",
            "not_null": "false",
            "position": "7",
            "generated": "(other * 3) VIRTUAL",
        },
        ("column", "child.flag"): {"type": "BOOLEAN", "not_null": "false", "position": "8", "default": "TRUE"},
        ("constraint", "child.PRIMARY KEY"): {"definition": "PRIMARY KEY (id)"},
        ("constraint", "child.CHECK (amount > 0)"): {"definition": "CHECK (amount > 0)"},
        ("constraint", "child.known"): {"definition": "FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE SET NULL"},
        ("constraint", "child.pair"): {"definition": 'UNIQUE (other, "order" DESC) ON CONFLICT REPLACE'},
        ("constraint", "child.CHECK (other IN (1, 2))"): {"definition": "CHECK (other IN (1, 2))"},
        ("constraint", "child.FOREIGN KEY (other)"): {
            "definition": "FOREIGN KEY (other) REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED"
        },
    }


def test_parents_are_set() -> None:
    sql = "CREATE TABLE t (a UNIQUE); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT 1 AS a;" + TRIGGERS
    parents = {key: item.parent for key, item in schema(sql).objects.items()}
    assert parents == {
        ("database", "main"): None,
        ("table", "t"): None,
        ("column", "t.a"): ("table", "t"),
        ("constraint", "t.UNIQUE (a)"): ("table", "t"),
        ("index", "t.i"): ("table", "t"),
        ("view", "v"): None,
        ("trigger", "t.on_table"): ("table", "t"),
        ("trigger", "v.on_view"): ("view", "v"),
    }


T = "CREATE TABLE t (a);"

TRIGGERS = (
    "CREATE TRIGGER on_table AFTER INSERT ON t BEGIN SELECT 1; END;"
    "CREATE TRIGGER on_view INSTEAD OF INSERT ON v BEGIN SELECT 1; END;"
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("CREATE TABLE t (id INTEGER PRIMARY KEY)", "create table [t]\n(\n`id`  integer primary key asc -- x\n)"),
        ("CREATE TABLE t (a INT REFERENCES p (b))", "CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES p (b))"),
        ("CREATE TABLE t (a INT UNIQUE)", "CREATE TABLE t (a INT, UNIQUE (a ASC))"),
        ("CREATE TABLE t (a INT CHECK (a>0))", 'CREATE TABLE t (a INT, CHECK("a" > 0))'),
        ("CREATE TABLE t (a INT REFERENCES p)", "CREATE TABLE t (a INT REFERENCES p ON DELETE NO ACTION)"),
        ("CREATE TABLE t (a INT REFERENCES p)", "CREATE TABLE t (a INT REFERENCES p NOT DEFERRABLE)"),
        ("CREATE TABLE t (a TEXT COLLATE BINARY)", "CREATE TABLE t (a TEXT)"),
        ("CREATE TABLE t (a TEXT NULL)", "CREATE TABLE t (a TEXT)"),
        ("CREATE TABLE t (key TEXT CHECK (key <> ''))", "CREATE TABLE t (\"key\" TEXT CHECK (\"key\" <> ''))"),
        (T + "CREATE INDEX i ON t (a)", T + "CREATE INDEX IF NOT EXISTS main.i ON [t]\n( a asc )"),
        (T + "CREATE VIEW v AS SELECT a FROM t", T + "create view v as /* x */ select\na from t"),
        ("CREATE TABLE x (a); ALTER TABLE x RENAME TO t", "CREATE TABLE t (a)"),
        ("CREATE TABLE t (a, b); ALTER TABLE t DROP COLUMN b", "CREATE TABLE t (a)"),
    ],
)  # fmt: skip
def test_spelling_is_no_difference(before: str, after: str) -> None:
    assert [line for line in changes(before, after) if "INTEGER" not in line.upper()] == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("CREATE TABLE t (a INT)", "CREATE TABLE t (a INTEGER)", "column t.a: type was INT, is INTEGER"),
        ("CREATE TABLE t (a INT NOT NULL)", "CREATE TABLE t (a INT)", "column t.a: not_null was true, is false"),
        (
            "CREATE TABLE t (a INT DEFAULT 'true')",
            "CREATE TABLE t (a INT DEFAULT true)",
            "column t.a: default was 'true', is TRUE",
        ),
        ('CREATE TABLE t (a DEFAULT "x")', "CREATE TABLE t (a)", "column t.a: default was 'x', is not there"),
        (
            "CREATE TABLE t (a TEXT COLLATE NOCASE)",
            "CREATE TABLE t (a TEXT)",
            "column t.a: collation was NOCASE, is not there",
        ),
        (
            "CREATE TABLE t (a REFERENCES p ON DELETE CASCADE)",
            "CREATE TABLE t (a REFERENCES p)",
            "constraint t.FOREIGN KEY (a): definition was {0} ON DELETE CASCADE, is {0}".format(
                "FOREIGN KEY (a) REFERENCES p"
            ),
        ),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE t (a INTEGER PRIMARY KEY)",
            "constraint t.PRIMARY KEY: definition was PRIMARY KEY (a AUTOINCREMENT), is PRIMARY KEY (a)",
        ),
        (
            "CREATE TABLE t (a INT UNIQUE ON CONFLICT IGNORE)",
            "CREATE TABLE t (a INT UNIQUE)",
            "constraint t.UNIQUE (a): definition was UNIQUE (a) ON CONFLICT IGNORE, is UNIQUE (a)",
        ),
        (
            "CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID, STRICT",
            "CREATE TABLE t (a TEXT PRIMARY KEY) STRICT",
            "table t: without_rowid was true, is false",
        ),
        ("CREATE TABLE t (a INT) STRICT", "CREATE TABLE t (a INT)", "table t: strict was true, is false"),
        (
            "CREATE TABLE t (a); CREATE INDEX i ON t (a DESC) WHERE a > 1",
            "CREATE TABLE t (a); CREATE UNIQUE INDEX i ON t (a)",
            "index t.i: definition was (a DESC) WHERE a > 1, is UNIQUE (a)",
        ),
        (
            "CREATE VIRTUAL TABLE f USING fts5(a, tokenize = 'porter')",
            "CREATE VIRTUAL TABLE f USING fts5(a)",
            "table f: definition was VIRTUAL USING fts5(a, tokenize = 'porter'), is VIRTUAL USING fts5(a)",
        ),
        ("PRAGMA user_version = 3", "", "database main: user_version was 3, is 0"),
    ],
)
def test_every_difference_is_said_once(before: str, after: str, expected: str) -> None:
    assert changes(before, after) == [expected]


def test_bookkeeping_and_sqlites_own_are_left_out() -> None:
    sql = """
    CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL);
    CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (1);
    CREATE INDEX i ON t (id); ANALYZE; CREATE VIRTUAL TABLE f USING fts5(a);
    CREATE VIRTUAL TABLE r USING rtree(a, b, c);
    """
    assert {name for kind, name in schema(sql).objects if kind == "table"} == {"t", "f", "r"}


def test_what_is_not_understood_is_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_statement: str) -> None:
        raise ValueError("a clause of the future")

    monkeypatch.setattr("glowplug.database.sqlite.snapshot.parse_table", refuse)
    assert properties("create table t ( a  int , future )") == {
        ("table", "t"): {"definition": "CREATE TABLE t(a int, future)"}
    }


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE t (a) FUTURE", "CREATE TABLE t (a, CONSTRAINT x FUTURE (a))", "CREATE TABLE t (a"]
)
def test_what_is_not_understood_is_said(statement: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_table(statement)


NAMES = st.sampled_from(
    ["a", "B", "key", "order", "odd name", 'q"uote', "d.ot", "é", "x]y", "co`de", "'s'", "where", "(", ","]
)
TYPES = st.sampled_from(["", "INTEGER", "VARCHAR(10)", "DECIMAL(10, 2)", "unsigned big int", "TEXT"])
CLAUSES = st.sampled_from(
    [
        "NOT NULL",
        "NULL",
        "UNIQUE",
        "DEFAULT -1",
        "DEFAULT 'it''s, (x)'",
        "DEFAULT (abs(-1))",
        "DEFAULT CURRENT_TIMESTAMP",
        "DEFAULT x'00'",
        "CHECK (1 IN (1, 2))",
        "COLLATE RTRIM",
        "REFERENCES p",
        "REFERENCES p (q) ON DELETE SET NULL",
        "CONSTRAINT c NOT NULL ON CONFLICT FAIL",
    ]
)
COLUMNS = st.lists(
    st.tuples(NAMES, TYPES, st.lists(CLAUSES, max_size=3)),
    min_size=1,
    max_size=5,
    unique_by=lambda item: item[0].casefold(),
)
KEYS = st.integers(0, 2)
SPACE = st.sampled_from([" ", "\n", "\t", " /* , ( */ ", " -- )\n "])


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@given(COLUMNS, KEYS, SPACE)
def test_the_text_says_what_the_pragmas_say(columns: list[tuple[str, str, list[str]]], keys: int, space: str) -> None:
    items = [f"{quote(name)} {type_} {space.join(clauses)}" for name, type_, clauses in columns]
    if keys:
        listed = ", ".join(quote(name) for name, _, _ in reversed(columns[:keys]))
        items.append(f"PRIMARY{space}KEY ({listed})")
    sql = f"CREATE{space}TABLE{space}t({space}" + f"{space},".join(items) + ")"
    connection = apsw.Connection(":memory:")
    try:
        connection.execute(sql)
        stored = connection.execute("SELECT sql FROM sqlite_master WHERE name = 't'").get
        rows = list(connection.execute("PRAGMA table_xinfo(t)"))
        foreign = len({row[0] for row in connection.execute("PRAGMA foreign_key_list(t)")})
        parsed = parse_table(str(stored))
        positions = {
            column.casefold(): position
            for constraint in parsed.constraints
            for position, column in enumerate(constraint.columns, 1)
        }
        assert [(item.name, item.not_null, positions.get(item.name.casefold(), 0)) for item in parsed.columns] == [
            (name, bool(not_null), key) for _, name, _, not_null, _, key, _ in rows
        ]
        assert [item.type.upper().replace(" ", "") for item in parsed.columns] == [
            type_.upper().replace(" ", "") for _, _, type_, *_ in rows
        ]
        assert [item.default is not None for item in parsed.columns] == [row[4] is not None for row in rows]
        for item in parsed.columns:
            collation = connection.column_metadata("main", "t", item.name)[1]
            assert (item.collation or "BINARY") == collation
        assert sum(each.definition.startswith("FOREIGN KEY") for each in parsed.constraints) == foreign
        assert all(item.clauses is None for item in parsed.columns)
    finally:
        connection.close()
