"""Reading SQLite's SQL: nothing lost, nothing raised, no other syntax than SQLite's own, whatever the text."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glowplug.dialect import Dialect
from glowplug.sql import actions as act
from glowplug.sql.reader import read
from glowplug.sql.reader.sqlite.facts import facts_of
from glowplug.sql.reader.sqlite.grammar import DEEPEST, refusal
from glowplug.sql.sqlite import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
TRIES = 5
LEDGERBOOK = sorted((ROOT / "examples" / "ledgerbook").rglob("*.sql"))

STATEMENTS = (
    'CREATE TABLE k (a INTEGER PRIMARY KEY AUTOINCREMENT, b text NOT NULL DEFAULT "x" CHECK (length(b) > 1))',
    "CREATE TABLE l (a int REFERENCES t (a) ON DELETE CASCADE, b AS (a + 1) STORED, CONSTRAINT k UNIQUE (a, b)) STRICT",
    "CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a DESC, lower(b)) WHERE b IS NOT NULL",
    "CREATE VIEW v (x) AS WITH c AS (SELECT 1) SELECT b FROM t LEFT JOIN u USING (a), c WHERE t.a IN (1, 2)",
    "CREATE TRIGGER r AFTER UPDATE OF a ON t WHEN new.a > 1 BEGIN INSERT INTO u VALUES (1); DELETE FROM u; END",
    "ALTER TABLE t ADD COLUMN c text COLLATE nocase DEFAULT 'a''b'",
    "ALTER TABLE t RENAME COLUMN a TO b",
    "ALTER TABLE t DROP COLUMN b",
    "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 1)",
    "INSERT OR IGNORE INTO t (a, b) SELECT a, NULL AS b FROM u WHERE b BETWEEN 1 AND 2 ON CONFLICT (a) DO NOTHING",
    "UPDATE t SET a = CASE b WHEN 1 THEN 2 ELSE 3 END, (c, d) = (1, 'é') FROM u WHERE 1 = 1 RETURNING *",
    "DELETE FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
    "SELECT count(*) FILTER (WHERE a) OVER (PARTITION BY b) AS n, x'00', \"q\", [w], `z` FROM t ORDER BY 1 LIMIT 2",
    "PRAGMA main.foreign_keys = OFF",
    "BEGIN IMMEDIATE",
    "SAVEPOINT s",
    "ROLLBACK TO s",
    "VACUUM INTO 'f'",
    "ATTACH 'f' AS g",
    "EXPLAIN QUERY PLAN SELECT 1",
    "DROP TABLE IF EXISTS t",
    "REINDEX t",
)
NOISE = st.sampled_from(
    [
        *("'", '"', "`", "[", "]", "(", ")", ";", "--", "/*", "*/", "\0", "\ufeff", "\r\n", "\v", "é", "😀", "\ud800"),
        *(",", ".", "BEGIN", "END", "CASE", "CREATE", "SELECT", "FROM", "AS", "WITH", "VALUES", "x'", "1e", "::", "$"),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    parts = [draw(st.sampled_from(STATEMENTS)) for _ in range(draw(st.integers(1, 3)))]
    text = draw(st.sampled_from(["; ", ";\n-- é\n", "\n"])).join(parts)
    for _ in range(draw(st.integers(0, 4))):
        first = draw(st.integers(0, len(text)))
        last = draw(st.integers(first, min(len(text), first + 12)))
        text = text[:first] + draw(st.one_of(st.just(""), NOISE, st.just(text[first:last] * 2))) + text[last:]
    return text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text


def check_lossless(text: str) -> None:
    script = read(text, Dialect.SQLITE)
    assert "".join(script.text_of(span) for span, _ in script.pieces()) == text
    for statement in script.statements:
        assert statement.span.start < statement.span.end
        assert (statement.unparsed is None) == bool(statement.actions)
        if statement.unparsed is not None:
            assert statement.span.start <= statement.unparsed.offset <= statement.span.end
        for action in statement.actions:
            assert statement.span.start <= action.span.start < action.span.end <= statement.span.end
        for inner in statement.routine_body:
            assert statement.span.start < inner.span.start < inner.span.end < statement.span.end
    between = [span for span, statement in script.pieces() if statement is None]
    assert all(token.text == ";" for span in between for token in tokens(script.text_of(span)))


@given(mutated())
@example("")
@example("\v;\ufeff\v")
@example("/*")
@example("SELECT 1;/*")
def test_nothing_is_lost_and_nothing_raised(text: str) -> None:
    check_lossless(text)


@given(st.text())
def test_nor_of_any_text(text: str) -> None:
    check_lossless(text)


SYNTAX = ("syntax error", "incomplete input", "unrecognized token", "unknown table option")
# Refused by SQLite beside its grammar, and by syntaqlite as syntax.
ALSO_SYNTAX = (
    "temporary trigger may not have qualified name",
    "parser stack overflow",
    "ORDER BY clause should come after",
)


def refused_by_sqlite(statement: str) -> str | None:
    """What the live SQLite says of a statement that it can't read; None where the grammar takes it."""
    connection = apsw.Connection(":memory:")
    try:
        connection.execute("CREATE TABLE t (a, b, c, d); CREATE TABLE u (a, b)")
        # Without steps: only what prepare says counts.
        list(connection.execute(f"EXPLAIN {statement}", can_cache=False)) if statement[
            :7
        ].upper() != "EXPLAIN" else None
    except apsw.Error as error:
        return str(error)
    finally:
        connection.close()
    return None


VERSION_DEPENDENT = (act.AddConstraint, act.SetNotNull, act.DropNotNull, act.DropConstraint, act.AlterColumnType)
VERSION_DEPENDENT += (act.SetDefault, act.ModifyColumn, act.RenameConstraint)


def depends_on_version(actions: tuple[act.Action, ...]) -> bool:
    """Whether a statement is one that is read though this SQLite may refuse it."""
    return (
        len(actions) > 1
        or isinstance(actions[0], VERSION_DEPENDENT)
        or (isinstance(actions[0], act.AddColumn) and actions[0].if_not_exists)
        or (isinstance(actions[0], act.DropColumn) and (actions[0].if_exists or actions[0].cascade))
    )


SAME = [
    *STATEMENTS,
    *(
        "DELETE FROM t LIMIT 1",
        "UPDATE t SET a = 1 ORDER BY b LIMIT 1",
        "SELECT #1",
        "SELECT 1_000",
        "SELECT 0x",
        "SELECT x'z'",
    ),
    *("CREATE TABLE x (a,)", "CREATE TABLE x ()", "CREATE TABLE x (a) FOO", "CREATE TABLE x (a DEFAULT (b))"),
    *("CREATE TABLE x (a CONSTRAINT y)", "CREATE TABLE x (a, CONSTRAINT y)", "CREATE TABLE x (a, CHECK (a) CHECK (a))"),
    *("CREATE TABLE x (a DEFAULT - 1, b DEFAULT +1)", "CREATE TABLE x (a DEFAULT -b)", "CREATE TABLE x (a 'y z')"),
    *("CREATE TABLE x (key, abort, action)", "CREATE TABLE x (a int AUTO_INCREMENT)", "CREATE TABLE x (a COMMENT 'b')"),
    *("CREATE TABLE x (id integer PRIMARY KEY AUTO_INCREMENT)", "CREATE TABLE x (a int) ENGINE = InnoDB"),
    *(
        "CREATE OR REPLACE VIEW x AS SELECT 1",
        "CREATE SCHEMA x",
        "DROP TABLE a, b",
        "DROP TABLE t CASCADE",
        "SET x = 1",
    ),
    *(
        "TRUNCATE t",
        "SELECT a::int FROM t",
        "SELECT E'x'",
        "GRANT x ON y",
        "SELECT a b c",
        "SELECT",
        "SELECT (",
        "SELECT 'a",
    ),
    *(
        "SELECT (SELECT",
        "SELECT ]",
        "SELECT end",
        "SELECT 1 AS end",
        "SELECT case end",
        "SELECT a IN ()",
        "SELECT a IN t",
    ),
    *(
        "SELECT 'a' 'b'",
        "SELECT .5, 5., 1e5",
        "SELECT 1e",
        "SELECT *, *",
        "SELECT a.b.c.d",
        "SELECT DISTINCT *",
        "bogus",
    ),
    *("CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1", "CREATE TRIGGER x INSERT ON t BEGIN SELEC 1; END"),
    *("CREATE TRIGGER x AFTER INSERT ON t FOR EACH STATEMENT BEGIN SELECT 1; END", "INSERT INTO t VALUES (1), (2"),
    *("ALTER TABLE t ADD", "ALTER TABLE t ADD x int, y int", "ALTER TABLE t RENAME COLUMN TO x", "ALTER TABLE t DROP"),
    *(
        "ALTER TABLE t ADD x DEFAULT (1 +)",
        "ALTER TABLE t FROB",
        "ALTER TABLE ONLY t ADD x",
        "ALTER TABLE t RENAME a b",
    ),
    *(
        "SELECT\v1",
        "SELECT \v1",
        "SELECT \ufeff1",
        "SELECT 1 /* x",
        "SELECT 1 -- x",
        "/* x */ SELECT 1",
        "BEGIN CONCURRENT",
    ),
    *("PRAGMA x = 'a' b", "PRAGMA x = +1", "PRAGMA x(y)", "ATTACH 'x' AS y KEY 'z'", "RELEASE x", "SAVEPOINT 'x'"),
    *("ALTER TABLE t ADD COLUMN IF NOT EXISTS x", "ALTER TABLE t ADD x, ADD y", "ALTER TABLE t ALTER a TYPE text"),
    *(
        "ALTER TABLE t ADD CONSTRAINT x UNIQUE (a)",
        "ALTER TABLE t MODIFY a int",
        "ALTER TABLE t DROP COLUMN IF EXISTS a",
    ),
]


def check_same(statement: str, *, only_syntax: bool) -> None:
    says = refused_by_sqlite(statement)
    refused = says is not None and any(part in says for part in SYNTAX + ALSO_SYNTAX)
    (found,) = read(statement, Dialect.SQLITE).statements
    if found.unparsed is None:
        assert not refused or depends_on_version(found.actions), says
    else:
        # Something else (no such table) may come before what is wrong with the syntax.
        assert refused if only_syntax else says is not None, (says, found.unparsed)


@pytest.mark.sqlite
@pytest.mark.parametrize("statement", SAME)
def test_syntax_is_what_the_live_sqlite_says(statement: str) -> None:
    check_same(statement, only_syntax=True)


@pytest.mark.sqlite
@given(st.sampled_from(STATEMENTS), st.data())
def test_a_token_less_is_syntax_or_not_as_the_live_sqlite_says(statement: str, data: st.DataObject) -> None:
    found = list(tokens(statement))
    gone = data.draw(st.integers(1, len(found) - 1))
    text = statement[: found[gone].start] + statement[found[gone].end :]
    if len(read(text, Dialect.SQLITE).statements) == 1 and not text.upper().startswith("EXPLAIN"):
        check_same(text, only_syntax=False)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "query",
    [
        "SELECT t.a FROM t, (u CROSS JOIN main.v AS z)",
        "SELECT a FROM t WHERE a IN u",
        "SELECT a FROM t AS w UNION SELECT k.b FROM u k WHERE NOT EXISTS (SELECT c FROM v)",
        "WITH w AS (SELECT a FROM t), x (y) AS (SELECT b FROM u) SELECT y FROM w JOIN x ON y = w.a",
        "SELECT (SELECT max(b) FROM u), t.a IS DISTINCT FROM 1 FROM t JOIN w ON w.a = t.a ORDER BY (SELECT c FROM v)",
        "SELECT k.a FROM (SELECT a FROM w AS t) AS k, json_each(k.a) AS v",
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + b FROM n, u WHERE i < 9) SELECT i FROM n",
    ],
)
def test_what_a_query_reads_is_what_the_live_sqlite_reads(query: str) -> None:
    asked: set[str] = set()
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE t (a); CREATE TABLE u (b); CREATE TABLE w (a); CREATE TABLE v (c)")

    def authorize(action: int, table: str | None, *_: str | None) -> int:
        if action == apsw.SQLITE_READ and table is not None:
            asked.add(table)
        return apsw.SQLITE_OK

    connection.authorizer = authorize
    list(connection.execute(query))
    connection.close()
    assert {name.name for name in facts_of(list(tokens(query))).reads} == asked - {"json_each"}


@pytest.mark.parametrize("path", LEDGERBOOK, ids=str)
def test_files(path: Path) -> None:
    check_file(path)


def check_file(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")
    check_lossless(text)
    assert [found.unparsed for found in read(text, Dialect.SQLITE).statements if found.unparsed] == []
    check_lossless(text.replace("\n", "\r\n"))
    cut = random.Random(0).randrange(len(text) + 1)
    check_lossless(text[:cut])


def test_the_example_is_there() -> None:
    assert len(LEDGERBOOK) > 10


DEEP = {
    "brackets": ("SELECT ", "(", "1", ")"),
    "calls": ("SELECT ", "f(", "1", ")"),
    "calls of a name that is a keyword": ("SELECT ", "end(", "1", ")"),
    "queries": ("SELECT ", "(SELECT ", "1", ")"),
    "queries in FROM": ("SELECT * FROM ", "(SELECT * FROM ", "t", ")"),
    "joins": ("SELECT * FROM t", ", t", "", ""),
    "bracketed joins": ("SELECT * FROM ", "(", "t", ")"),
    "unions": ("SELECT 1", " UNION SELECT 1", "", ""),
    "sums": ("SELECT 1", "+1", "", ""),
    "signs": ("SELECT ", "- ", "1", ""),
    "NOT": ("SELECT ", "NOT ", "1", ""),
    "CASE": ("SELECT ", "CASE WHEN 1 THEN ", "1", " END"),
    "CASE with a column called end": ("SELECT ", "CASE WHEN end THEN ", "1", " END"),
    "conditions": ("SELECT 1 WHERE a = 1", " AND a = 1", "", ""),
    "EXISTS": ("SELECT ", "EXISTS (SELECT 1 WHERE ", "1", ")"),
    "IS NULL": ("SELECT 1", " IS NULL", "", ""),
    "ISNULL": ("SELECT 1", " ISNULL", "", ""),
    "COLLATE": ("SELECT 1", " COLLATE x", "", ""),
    "CAST": ("SELECT ", "CAST(", "1", " AS int)"),
    "IN": ("SELECT 1", " IN (1)", "", ""),
    "arrows": ("SELECT 1", " -> 1", "", ""),
    "defaults": ("ALTER TABLE t ADD a DEFAULT ", "(", "1", ")"),
    "checks": ("CREATE TABLE t (a CHECK ", "(", "a", ")"),
    "triggers": ("CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT ", "(", "1", ")"),
    "windows": ("SELECT 1 ", "OVER (PARTITION BY (SELECT 1 ", "1", "))"),
    "common tables": ("", "WITH a AS (", "SELECT 1", ") SELECT 1"),
}


@pytest.mark.parametrize("shape", DEEP)
def test_nesting_is_never_followed_too_far(shape: str) -> None:
    """In a process of its own: what overflows the parser's stack ends the process."""
    before, opening, inside, closing = DEEP[shape]
    script = (
        "import sys, json; from glowplug.dialect import Dialect; from glowplug.sql.reader import read\n"
        "b, o, i, c = json.loads(sys.argv[1])\n"
        "for n in (60, 200, 350, 490, 700, 740, 990, 1400, 1490, 10_000):\n"
        "    for tail in ('', ' FROM FROM', ')'):\n"
        "        text = b + o * n + i + c * n + tail\n"
        "        read(text, Dialect.SQLITE)\n"
        "(found,) = read(text, Dialect.SQLITE).statements\n"
        "print(found.unparsed.reason)\n"
    )
    argument = json.dumps([before, opening, inside, closing])
    done = subprocess.run(
        [sys.executable, "-c", script, argument], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "nested deeper" in done.stdout


@pytest.mark.parametrize("shape", ["brackets", "sums", "queries"])
def test_what_sqlite_reads_is_read(shape: str) -> None:
    before, opening, inside, closing = DEEP[shape]
    count = {"brackets": 1_000, "sums": 990, "queries": 90}[shape]
    assert refusal(before + opening * count + inside + closing * count) is None


def test_long_lists_are_not_nesting() -> None:
    many = DEEPEST * 3
    for text in (
        "INSERT INTO t VALUES " + ", ".join(["(1 + 1, -2)"] * many),
        "SELECT a IN (" + ", ".join(["-1"] * many) + ")",
        "UPDATE t SET a = CASE " + "WHEN b = 1 AND c THEN -1 " * many + "END",
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN " + "UPDATE t SET a = a + 1 WHERE b = 1; " * many + "END",
    ):
        (found,) = read(text, Dialect.SQLITE).statements
        assert found.unparsed is None


GROWING = {
    "one string": lambda n: "SELECT '" + "x" * n * 10 + "'",
    "open string": lambda n: "SELECT '" + "x" * n * 10,
    "quotes": lambda n: "'" * (n * 2 + 1),
    "double quotes": lambda n: '"' * (n * 2 + 1),
    "brackets": lambda n: "[" * n,
    "open comment": lambda n: "/* " * n,
    "comments in a statement": lambda n: "SELECT 1 " + "/* a */ " * n,
    "line comments": lambda n: "-- a\n" * n,
    "parentheses": lambda n: "(" * n,
    "semicolons": lambda n: ";" * n,
    "dots": lambda n: "." * n,
    "commands": lambda n: ".read x\n" * (n // 4),
    "NUL": lambda n: "SELECT \0;" * (n // 8),
    "byte order marks": lambda n: "\ufeff" * n + "SELECT 1",
    "vertical tabs": lambda n: "\v" * n,
    "statements": lambda n: "SELECT 1;" * (n // 8),
    "bad statements": lambda n: "bogus 1;" * (n // 16),
    "tables and unknown tables": lambda n: "".join(
        f"CREATE TABLE t{i} (a); SELECT * FROM u{i};" for i in range(n // 16)
    ),
    "rows": lambda n: "INSERT INTO t VALUES " + ", ".join(["(1, 2, 'a')"] * n),
    "columns": lambda n: "CREATE TABLE t (" + ", ".join(f"c{i} int NOT NULL DEFAULT 1" for i in range(n // 4)) + ")",
    "a list": lambda n: "SELECT a IN (" + ", ".join(["1"] * n) + ")",
    "a trigger's body": lambda n: "CREATE TRIGGER r AFTER INSERT ON t BEGIN " + "DELETE FROM t;" * (n // 8) + "END",
    "triggers left open": lambda n: "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1;" * (n // 32),
    "a trigger left open": lambda n: "CREATE TRIGGER r AFTER INSERT ON t BEGIN " + "SELECT 1;" * (n // 8),
    "clauses": lambda n: "ALTER TABLE t " + ", ".join(["ADD a int"] * (n // 16)),
    "common tables": lambda n: "WITH " + ", ".join(f"a{i} AS (SELECT 1)" for i in range(n // 8)) + " SELECT 1",
    "a condition": lambda n: "CREATE TABLE t (a CHECK (" + ", ".join(["a IS NOT NULL"] * n) + "))",
}


def assert_grows_less(seconds: Callable[[int], float], small: int, large: int, *, times: int, least: float) -> None:
    """Hold the best of some tries: what grows with the square fails every one, a busy machine not."""
    seconds(64)
    ratios: list[float] = []
    while not ratios or (ratios[-1] >= times and len(ratios) < TRIES):
        ratios.append(seconds(large) / max(seconds(small), least))
    assert min(ratios) < times, ratios


@pytest.mark.parametrize("shape", GROWING)
def test_time_grows_with_the_text(shape: str) -> None:
    """Sixteen times the text takes less than 128 times the processor's time: linear with room, never the square."""
    make = GROWING[shape]

    def seconds(size: int) -> float:
        text = make(size)
        started = time.process_time()
        script = read(text, Dialect.SQLITE)
        taken = time.process_time() - started
        assert sum(span.end - span.start for span, _ in script.pieces()) == len(text)
        return taken

    assert_grows_less(seconds, 1_000, 16_000, times=128, least=0.002)


@pytest.mark.parametrize(
    "repeated",
    ["\v", "\ufeff", ";", ".", "/", "-", "/*", "'", '"', "[", "(", ")", "x", "1", "'a' ", "/**/", "-- a\n", "\0", "$"],
)
def test_nor_does_the_same_again_and_again_cost_the_square(repeated: str) -> None:
    def seconds(size: int) -> float:
        text = repeated * (size // len(repeated))
        started = time.process_time()
        check_lossless(text)
        return time.process_time() - started

    assert_grows_less(seconds, 30_000, 600_000, times=100, least=0.005)
