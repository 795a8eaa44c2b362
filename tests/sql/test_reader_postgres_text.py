"""Whatever a PostgreSQL file holds: nothing of it is lost, nothing raises, and one bad statement hides no other."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glowplug.dialect import Dialect
from glowplug.sql.actions import AddColumn, ClientCommand, DropTable, Insert, Select
from glowplug.sql.parts import Name
from glowplug.sql.postgres_lexer import tokens
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from glowplug.sql.statement import Script, Statement

CHECKOUT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).with_name("test_reader_postgres_actions.txt").read_text(encoding="utf-8")
STATEMENTS = [block.splitlines()[0] for block in CASES.strip().split("\n\n")] + [
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $a$ BEGIN UPDATE t SET a = 'é'; RETURN NEW; END $a$",
    "DO 'BEGIN IF a THEN UPDATE t SET a = ''é''; ELSE PERFORM f(); END IF; EXCEPTION WHEN OTHERS THEN NULL; END'",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC INSERT INTO t VALUES (1); RETURN 1; END",
]
SIZE = 10 if os.environ.get("GLOWPLUG_FULL") else 1
ODD = [
    "é",
    "\ufeff",
    "\0",
    "\udc80",
    "\\",
    "\r\n",
    "'",
    "''",
    '"',
    "$$",
    "$a$",
    "/*",
    "*/",
    "--",
    ";",
    "(",
    ")",
    ",",
    "\n",
]


def held(text: str) -> Script:
    """Read a text, and hold what every reading promises against it."""
    script = read(text, Dialect.POSTGRES)
    assert "".join(script.text_of(span) for span, _ in script.pieces()) == text
    in_order(script.statements, 0, len(text))
    return script


def in_order(statements: tuple[Statement, ...], start: int, end: int) -> None:
    at = start
    for statement in statements:
        assert at <= statement.span.start < statement.span.end <= end
        at = statement.span.end
        for action in statement.actions:
            assert statement.span.start <= action.span.start < action.span.end <= statement.span.end
        if statement.unparsed is not None:
            assert not statement.actions
            assert statement.span.start <= statement.unparsed.offset <= statement.span.end
        for body in (statement.body, statement.routine_body):
            in_order(body, statement.span.start, statement.span.end)


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A few statements, cut short, with something odd put in here and there."""
    text = ";\n".join(draw(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=4)))
    text = text[draw(st.integers(0, 20)) : draw(st.integers(0, len(text)))]
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(ODD)) + text[at + draw(st.integers(0, 3)) :]
    return text


@given(mangled())
@example("create table " + "é" * 40 + " (a int); select E'\\xff'; select U&'\\D800'")
@example("\\")
@example("copy t from stdin;\n\\.")
@example("copy t from stdin; \\.\n")
def test_whatever_the_text(text: str) -> None:
    held(text)


@given(st.text(alphabet=st.sampled_from("ab1 \n'\"$;()[],.*/-\\éE:=")))
def test_whatever_the_signs(text: str) -> None:
    held(text)


@given(st.text(alphabet=st.sampled_from("ab1 \n'\"$;()[],.*/-éeEU&+|_"), max_size=40))
def test_words_and_strings_are_those_of_the_server_s_scanner(text: str) -> None:
    postgast = importlib.import_module("postgast")
    try:
        scanned = postgast.scan(text).tokens
    except postgast.PgQueryError:
        return
    kinds = importlib.import_module("postgast.pg_query_pb2")
    uninteresting = {kinds.SQL_COMMENT, kinds.C_COMMENT, kinds.ICONST, kinds.FCONST, kinds.PARAM, kinds.Op}
    encoded = text.encode()
    theirs = {len(encoded[: token.start].decode()) for token in scanned if token.token not in uninteresting}
    ours = list(tokens(text))
    numbers = {at for token in ours if token.kind == "number" for at in range(token.start + 1, token.end)}
    assert theirs - numbers <= {token.start for token in ours}
    continued = {"string", "escape"}  # 'a'\n'b' is one string to the scanner
    assert {token.start for token in ours if token.kind not in {"sign", "number", *continued}} <= theirs


BAD = [
    "SELEC 1",
    "ALTER TABLE t ADD COLUMN",
    "SELECT 1a",
    "SELECT (1",
    "CREATE TABLE t (a int; b int",
    "SELECT 'a\0b'",
    "SELECT '\udc80'",
    "SELECT E'\\xff'",
    "SELECT " + "1+" * 5000 + "1",
    "SELECT " + "1+" * 60 + "1",
    "SELECT " + "(" * 20000,
    "SELECT " + "f(" * 60 + ")" * 60,
    "PRAGMA foreign_keys = ON",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1",
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: ascii(bad[:40]))
def test_one_bad_statement_hides_no_other(bad: str) -> None:
    script = held(f"DROP TABLE a; -- x;\n{bad};\nDROP TABLE é; -- y\nALTER TABLE c ADD d int")
    first, *between, last, alter = script.statements
    assert first.actions == (DropTable(span=first.span, table=Name("a")),)
    assert last.actions == (DropTable(span=last.span, table=Name("é")),)
    assert isinstance(alter.actions[0], AddColumn)
    assert any(statement.unparsed for statement in between)
    assert script.text[between[0].span.start : between[-1].span.end] == bad


@pytest.mark.parametrize(
    ("text", "stops", "reason"),
    [
        ("SELECT 'é';\n sel x, y;", "sel", 'syntax error at or near "sel"'),
        ("SELECT 'é', 1a;", "1a", 'trailing junk after numeric literal at or near "1a"'),
        ("SELECT 1; SELECT 'é", "'é", 'unterminated quoted string at or near "\'é"'),
        ("SELECT 1; /* é", "/* é", "unterminated /* comment"),
        ("SELECT 1 /* /* */ é", "/* /* */ é", "unterminated /* comment"),
        ("SELECT 1; /* /* */ é */ -- /*", None, None),
        ("SELECT 1; SELECT 'a\0'", "\0'", "a NUL character"),
        ("SELECT 1; SELECT 'a\udc80'", "\udc80'", "a lone surrogate: no text"),
        ("SELECT 1; /* \0 */ SELECT 2; -- \udc80", None, None),
        ("\ufeffSELECT 1; SELECT 2", "\ufeff", 'syntax error at or near "\ufeffSELECT"'),
    ],
)
def test_where_the_parser_stopped(text: str, stops: str | None, reason: str | None) -> None:
    unparsed = [statement.unparsed for statement in held(text).statements if statement.unparsed]
    if stops is None:
        assert not unparsed
        assert len(held(text).statements) == text.count("SELECT")
        return
    ((found),) = unparsed
    assert (found.reason, text[found.offset :].startswith(stops)) == (reason, True)


def test_a_reason_is_short_though_the_message_quotes_the_rest_of_the_file() -> None:
    (statement,) = held("SELECT '" + "x" * 100_000).statements
    assert statement.unparsed is not None
    assert len(statement.unparsed.reason) <= 200


def test_commands_of_psql() -> None:
    text = (
        "\\set ON_ERROR_STOP on\nSELECT 1;\n\\echo it's\n-- a\n  \\i b.sql\nCOPY t (a) FROM stdin;\n1\tit's; \\N\n"
        "\\.\nDROP TABLE a;\nSELECT 2 \\gset\n"
    )
    script = held(text)
    found = [
        action.command if isinstance(action, ClientCommand) else type(action).__name__
        for statement in script.statements
        for action in statement.actions
    ]
    assert found == ["\\set", "Select", "\\echo", "\\i", "Copy", "\\.", "DropTable", "Select", "\\gset"]
    assert script.text_of(script.statements[5].span) == "1\tit's; \\N\n\\."
    assert script.text_of(script.statements[3].span) == "\\i b.sql"


def test_comments_and_empty_statements_are_no_statements() -> None:
    assert held("").statements == held(" ;; -- a\n /* ; */ ;\n").statements == ()


HUGE = {
    "a chain of operators": "SELECT " + "1+" * (50_000 * SIZE) + "1",
    "casts": "SELECT 1" + "::a" * (10_000 * SIZE),
    "joins": "SELECT 1 FROM a" + " JOIN a ON a" * (5_000 * SIZE),
    "unions": "SELECT 1, 2" + " UNION SELECT 1, 2" * (5_000 * SIZE),
    "cases": "SELECT 1" + "+CASE WHEN a THEN b END" * (5_000 * SIZE),
    "chains in brackets": "SELECT " + ("(" + "1+" * 100) * 500 + "1",
    "brackets": "(" * (100_000 * SIZE),
    "brackets and statements": "CREATE TABLE t (a int; " * (1_000 * SIZE),
    "tags": "".join(f"$a{number}$" for number in range(5_000 * SIZE)),
    "comments": "/*" * (50_000 * SIZE),
    "commands": "\\echo it's\nSELECT 1;\n" * (1_000 * SIZE),
    "data": "COPY t FROM stdin;\n1\tit's\n\\.\n" * (1_000 * SIZE),
    "data without an end": "COPY t FROM stdin;\n1\n" * (1_000 * SIZE),
    "errors": "SELEC 1;\n" * (2_000 * SIZE),
    "atomic": "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC " * (1_000 * SIZE) + ";",
    "blocks in a body": "DO $$" + "BEGIN " * (5_000 * SIZE) + "$$",
    "conditions in a body": "DO $$BEGIN " + "IF a THEN " * (5_000 * SIZE) + "END$$",
    "NUL": "SELECT \0 1; SELECT 2;" * (1_000 * SIZE),
    "UTF-16": "\0".join("DROP TABLE t;\r\n" * (1_000 * SIZE)),
    "semicolons": ";" * (100_000 * SIZE),
    "backslashes": "\\" * (100_000 * SIZE),
    "letters beyond ASCII": "SELECT 'é', 'ü';\n" * (1_000 * SIZE),
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE.keys())
def test_huge_and_bad(text: str) -> None:
    held(text)


def test_bodies_in_bodies() -> None:
    text = "SELECT 1"
    for number in range(200):
        text = f"DO $a{number}$ BEGIN {text}; END $a{number}$"
    held(text)


def test_a_hundred_thousand_statements() -> None:
    script = held("SELECT 'é';\n" * (10_000 * SIZE))
    assert len(script.statements) == 10_000 * SIZE
    assert isinstance(script.statements[-1].actions[0], Select)


def test_five_megabytes_in_one_statement() -> None:
    rows = ",".join(f"({number}, 'a -- b')" for number in range(25_000 * SIZE))
    script = held(f"INSERT INTO t (a, b) VALUES {rows} -- end\n;")
    (statement,) = script.statements
    assert statement.actions == (Insert(span=statement.span, table=Name("t"), columns=("a", "b")),)
    assert script.text[statement.span.end :] == " -- end\n;"


def sql_files(*directories: Path) -> list[Path]:
    return sorted(path for directory in directories for path in directory.rglob("*.sql"))


@pytest.mark.parametrize(
    "path", sql_files(CHECKOUT / "examples" / "bookshop"), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_every_file_of_the_example_is_understood(path: Path) -> None:
    script = held(path.read_bytes().decode())
    assert script.statements
    assert not [statement.unparsed for statement in script.statements if statement.unparsed]
