"""The statements inside of DO blocks and routines."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

from glowplug.dialect import Dialect
from glowplug.sql.actions import Block, CreateRoutine, Dynamic, Truncate, Update
from glowplug.sql.parts import Name
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from glowplug.sql.statement import Script, Statement


def seen(script: Script, statements: tuple[Statement, ...]) -> list[str]:
    """Write each statement's text, with a ``?`` where it may not run, and its reason where it was not understood."""
    lines = []
    for statement in statements:
        text = " ".join(script.text_of(statement.span).split())
        dynamic = [action.what for action in statement.actions if isinstance(action, Dynamic)]
        marks = "? " * statement.conditional + "! " * (statement.unparsed is not None) + "~ " * bool(dynamic)
        lines.append(marks + text)
    return lines


def body_of(code: str, *, quote: str = "$$") -> list[str]:
    """Give what is seen in a DO block with this code."""
    script = read(f"SELECT 'é'; DO {quote}{code}{quote};", Dialect.POSTGRES)
    block = script.statements[1]
    assert isinstance(block.actions[0], Block)
    whole = [f"~ {action.what}" for action in block.actions if isinstance(action, Dynamic)]
    return seen(script, block.body) + whole


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("BEGIN UPDATE t SET a = 1; DELETE FROM t; END", ["UPDATE t SET a = 1", "DELETE FROM t"]),
        ("<<l>> DECLARE a int := 1; c CURSOR FOR SELECT 1; BEGIN NULL; DROP TABLE t; END l;", ["DROP TABLE t"]),
        (
            "BEGIN IF a THEN DROP TABLE t; ELSIF b THEN DROP TABLE u; ELSE DROP TABLE v; END IF; DROP TABLE w; END",
            ["? DROP TABLE t", "? DROP TABLE u", "? DROP TABLE v", "DROP TABLE w"],
        ),
        (
            "BEGIN CASE a WHEN 1 THEN DROP TABLE t; ELSE DROP TABLE u; END CASE; DROP TABLE w; END",
            ["? DROP TABLE t", "? DROP TABLE u", "DROP TABLE w"],
        ),
        (
            "BEGIN CASE WHEN (CASE WHEN a THEN b END) THEN DROP TABLE t; END CASE; DROP TABLE w; END",
            ["? DROP TABLE t", "DROP TABLE w"],
        ),
        (
            "DECLARE r record; BEGIN FOR r IN SELECT id FROM t WHERE a LOOP UPDATE t SET b = 1; END LOOP; END",
            ["SELECT id FROM t WHERE a", "? UPDATE t SET b = 1"],
        ),
        ("BEGIN FOR i IN REVERSE 10..1 BY 2 LOOP DELETE FROM t; END LOOP; END", ["? DELETE FROM t"]),
        ("DECLARE c CURSOR FOR SELECT 1; BEGIN FOR r IN c LOOP DELETE FROM t; END LOOP; END", ["? DELETE FROM t"]),
        ("BEGIN FOREACH x IN ARRAY a LOOP DELETE FROM t; END LOOP; END", ["? DELETE FROM t"]),
        ("BEGIN WHILE a < (SELECT 1) LOOP DELETE FROM t; EXIT WHEN b; END LOOP; END", ["? DELETE FROM t"]),
        ("BEGIN <<o>> LOOP DELETE FROM t; CONTINUE o WHEN b; END LOOP o; END", ["? DELETE FROM t"]),
        (
            "BEGIN DROP TABLE t; BEGIN DROP TABLE u; EXCEPTION WHEN a OR b THEN DROP TABLE v; END; DROP TABLE w; END",
            ["DROP TABLE t", "? DROP TABLE u", "? DROP TABLE v", "DROP TABLE w"],
        ),
        ("BEGIN IF a THEN RETURN; END IF; DROP TABLE t; END", ["? DROP TABLE t"]),
        ("BEGIN RAISE NOTICE 'a; %', (SELECT 1); ASSERT a, 'b;'; DROP TABLE t; END", ["DROP TABLE t"]),
        ('BEGIN a := (SELECT 1); b.c = 2; d[1] := 3; "e" := 4; DROP TABLE t; END', ["DROP TABLE t"]),
        ("BEGIN PERFORM set_config('a', 'b', true) FROM t; END", ["PERFORM set_config('a', 'b', true) FROM t"]),
        (
            "BEGIN SELECT a, b INTO STRICT x, y.z FROM t; DROP TABLE t; END",
            ["SELECT a, b INTO STRICT x, y.z FROM t", "DROP TABLE t"],
        ),
        ("BEGIN INSERT INTO t VALUES (1) RETURNING a INTO x; END", ["INSERT INTO t VALUES (1) RETURNING a INTO x"]),
        ("BEGIN EXECUTE format('DROP TABLE %I', a) USING b; END", ["~ EXECUTE format('DROP TABLE %I', a) USING b"]),
        ("BEGIN EXECUTE 'DROP TABLE ' || a; END", ["~ EXECUTE 'DROP TABLE ' || a"]),
        ("BEGIN EXECUTE 'DROP TABLE t; DROP TABLE \"é\"'; END", ["DROP TABLE t", 'DROP TABLE "é"']),
        ("BEGIN EXECUTE 'UPDATE t SET a = ''b''' INTO c USING d; END", ["UPDATE t SET a = ''b''"]),
        ("BEGIN FOR r IN EXECUTE a LOOP DROP TABLE t; END LOOP; END", ["~ EXECUTE a", "? DROP TABLE t"]),
        ("BEGIN RETURN QUERY SELECT 1; RETURN QUERY EXECUTE a; RETURN NEXT b; END", ["SELECT 1", "~ EXECUTE a"]),
        (
            "DECLARE c refcursor; BEGIN OPEN c FOR SELECT 1; OPEN c FOR EXECUTE a; FETCH c INTO b; CLOSE c; END",
            ["SELECT 1", "~ EXECUTE a"],
        ),
        ("BEGIN COMMIT; CALL p(); GET DIAGNOSTICS n = ROW_COUNT; END", ["COMMIT", "~ CALL p()"]),
        ("BEGIN SELEC 1; DROP TABLE t; END", ["! SELEC 1", "DROP TABLE t"]),
        ("#variable_conflict use_column\nBEGIN DROP TABLE t; END", ["DROP TABLE t"]),
        ("BEGIN /* DROP TABLE u; */ DROP TABLE t; -- DROP TABLE v;\nEND", ["DROP TABLE t"]),
        ("BEGIN DROP TABLE t; END IF; END", ["DROP TABLE t", "~ END of a PL/pgSQL if that was not opened"]),
        ("BEGIN DROP TABLE t;", ["DROP TABLE t", "~ a PL/pgSQL block that does not end"]),
        ("DROP TABLE t", ["~ no PL/pgSQL block"]),
        ("", ["~ a PL/pgSQL block that does not end"]),
        ("BEGIN NULL; END; DROP TABLE t;", ["~ text after the end of a PL/pgSQL block"]),
    ],
)
def test_a_block_is_read(code: str, expected: list[str]) -> None:
    assert body_of(code) == expected


def test_targets_of_into_make_no_table() -> None:
    script = read("DO $$BEGIN SELECT a INTO b FROM t; END$$", Dialect.POSTGRES)
    assert [type(action).__name__ for action in script.statements[0].body[0].actions] == ["Select"]


@pytest.mark.parametrize(
    ("string", "text"),
    [
        ("$é$ BEGIN UPDATE t SET a = 'x'; END $é$", "UPDATE t SET a = 'x'"),
        ("' BEGIN UPDATE t SET a = ''x''; END '", "UPDATE t SET a = ''x''"),
        ("E' BEGIN\\n\\tUPDATE t SET a = \\'x\\'; END '", "UPDATE t SET a = \\'x\\'"),
        ("E' BEGIN UPDATE t SET a = ''\\\\''; END '", "UPDATE t SET a = ''\\\\''"),
    ],
)
def test_places_in_a_body_are_places_in_the_file(string: str, text: str) -> None:
    script = read(f"SELECT 'é';\nDO {string};", Dialect.POSTGRES)
    (update,) = script.statements[1].body
    assert script.text_of(update.span) == text
    (action,) = update.actions
    assert isinstance(action, Update)
    assert action.columns == ("a",)


def test_an_escaped_letter_is_not_guessed() -> None:
    script = read("DO E'BEGIN \\x44ROP TABLE t; END'", Dialect.POSTGRES)
    assert [action.what for action in script.statements[0].actions if isinstance(action, Dynamic)] == [
        "a body with escapes"
    ]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ TRUNCATE a; SELECT 1 $$", ["TRUNCATE a", "SELECT 1"]),
        (
            "CREATE FUNCTION f() RETURNS int AS ' TRUNCATE a; SELECT ''b'' ' LANGUAGE SQL",
            ["TRUNCATE a", "SELECT ''b''"],
        ),
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC TRUNCATE a; SELECT CASE WHEN b THEN 1 END; END",
            ["TRUNCATE a", "SELECT CASE WHEN b THEN 1 END"],
        ),
        ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC TRUNCATE a; RETURN 1; END", ["TRUNCATE a", "RETURN 1"]),
        ("CREATE FUNCTION f() RETURNS int RETURN (SELECT 1)", ["RETURN (SELECT 1)"]),
        ("CREATE PROCEDURE p() LANGUAGE plpgsql AS $$BEGIN IF a THEN TRUNCATE a; END IF; END$$", ["? TRUNCATE a"]),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$BEGIN EXECUTE a; SELEC; END$$",
            ["~ EXECUTE a", "! SELEC"],
        ),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'a', 'b'", []),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE plperl AS 'TRUNCATE a'", ["~ 'TRUNCATE a'"]),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$BEGIN TRUNCATE a; IF b THEN END$$",
            ["TRUNCATE a", "~ ; IF b THEN END$$"],
        ),
    ],
)
def test_a_routine_s_body_is_kept_apart(sql: str, expected: list[str]) -> None:
    script = read(f"SELECT 'é'; {sql}", Dialect.POSTGRES)
    statement = script.statements[1]
    assert isinstance(statement.actions[0], CreateRoutine)
    assert statement.body == ()
    assert seen(script, statement.routine_body) == expected


def test_a_routine_in_a_block() -> None:
    code = "BEGIN CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $a$ TRUNCATE a; SELECT 1 $a$; END"
    script = read(f"DO $$ {code} $$", Dialect.POSTGRES)
    (create,) = script.statements[0].body
    truncate, _ = create.routine_body
    assert truncate.actions == (Truncate(span=truncate.span, table=Name("a")),)
    assert script.text_of(truncate.span) == "TRUNCATE a"


BODIES = [
    "BEGIN UPDATE t SET a = 1; END",
    "DECLARE r record; BEGIN FOR r IN SELECT * FROM t LOOP DELETE FROM t; END LOOP; END",
    "DECLARE a int; BEGIN SELECT 1 INTO a; IF a > 1 THEN INSERT INTO t VALUES (1); ELSE TRUNCATE t; END IF; END",
    "BEGIN CASE 1 WHEN 1, 2 THEN DELETE FROM t; WHEN 3 THEN NULL; ELSE DELETE FROM u; END CASE; END",
    "BEGIN BEGIN DELETE FROM t; EXCEPTION WHEN unique_violation THEN DELETE FROM u; WHEN OTHERS THEN NULL; END; END",
    (
        "DECLARE i int := (SELECT CASE WHEN true THEN 1 END); "
        "BEGIN WHILE i < 3 LOOP i := i + 1; DELETE FROM t; END LOOP; END"
    ),
    "BEGIN FOR i IN 1..10 LOOP PERFORM f(i); CONTINUE WHEN i = 2; DELETE FROM t WHERE a = i; END LOOP; END",
    "BEGIN EXECUTE 'a' || 'b'; DELETE FROM t; RETURN; END",
    "<<a>> BEGIN <<b>> LOOP EXIT b WHEN (SELECT true); DELETE FROM t; END LOOP b; END a;",
]


def statements_by_the_parser(value: Any) -> list[str]:  # noqa: ANN401 - JSON
    """Collect what libpg_query's PL/pgSQL parser takes for SQL statements, in no promised order."""
    found = []
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "PLpgSQL_stmt_execsql":
                found.append(inner["sqlstmt"]["PLpgSQL_expr"]["query"])
            elif key == "PLpgSQL_stmt_perform":
                found.append(inner["expr"]["PLpgSQL_expr"]["query"].replace("SELECT", "PERFORM", 1))
            elif key == "PLpgSQL_stmt_fors":
                found.append(inner["query"]["PLpgSQL_expr"]["query"])
            found += statements_by_the_parser(inner)
    elif isinstance(value, list):
        for inner in value:
            found += statements_by_the_parser(inner)
    return found


@pytest.mark.parametrize("code", BODIES)
def test_the_statements_are_those_of_the_plpgsql_parser(code: str) -> None:
    postgast = importlib.import_module("postgast")
    theirs = statements_by_the_parser(postgast.parse_plpgsql(f"DO $${code}$$"))
    ours = [line.removeprefix("? ").replace(" INTO a", "") for line in body_of(code) if "~" not in line]
    assert sorted(ours) == sorted(" ".join(line.split()) for line in theirs)
