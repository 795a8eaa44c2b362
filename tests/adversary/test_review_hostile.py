"""SQL that nobody would write by hand: every file is answered for, in bounded time, without a trace."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from .project import glowplug, write

if TYPE_CHECKING:
    from pathlib import Path

DIALECTS = ("postgres", "mysql", "sqlite")
DEEP = 10_000
STRANGE = {
    "parentheses": "SELECT " + "(" * DEEP + "1" + ")" * DEEP + ";",
    "open parentheses": "SELECT " + "(" * DEEP,
    "subqueries": "SELECT * FROM " + "(SELECT * FROM " * 3000 + "t" + ") x" * 3000 + ";",
    "cases": "SELECT " + "CASE WHEN true THEN " * 5000 + "1" + " END" * 5000 + ";",
    "a string without end": "SELECT 'abc",
    "a table without end": "CREATE TABLE u (a int",
    "another client's command": "\\connect other",
    "words": "FOO BAR;",
    "NUL": "SELECT 1;\0 DROP TABLE t;",
}


def answer(root: Path) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and the findings of the only chain; nothing else may be printed."""
    begin = time.monotonic()
    done = glowplug("lint", "--all", "--format", "json", where=root)
    assert time.monotonic() - begin < 60
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)["chains"][0]["findings"]


@pytest.mark.parametrize("backend", DIALECTS)
def test_what_is_not_understood_is_said_and_hides_nothing(tmp_path: Path, backend: str) -> None:
    before = ("CREATE TABLE t (a int);\nCREATE TABLE x (a int);", "SELECT 1;")
    strange = [(text, "SELECT 1;") for text in STRANGE.values()]
    root = write(tmp_path, backend, [before, *strange, ("DROP TABLE x;", "SELECT 1;")])
    code, findings = answer(root)
    assert code == 1
    assert [each["version"] for each in findings if each["rule"] == "table-dropped"][-1] == str(
        20240101000001 + len(STRANGE)
    )
    said = {each["version"] for each in findings if each["rule"] == "sql-not-understood"}
    assert [title for n, title in enumerate(STRANGE, 1) if str(20240101000000 + n) not in said] == []


@pytest.mark.parametrize("backend", DIALECTS)
@pytest.mark.parametrize(
    "content",
    [
        "CREATE TABLE u (a int);".encode("utf-16"),
        "CREATE TABLE \xe9 (a int);".encode("latin-1"),
        b"SELECT '\xed\xa0\x80';",
        b"\xff",
    ],
)
def test_what_is_no_text_is_an_error(tmp_path: Path, backend: str, content: bytes) -> None:
    root = write(tmp_path, backend, [("CREATE TABLE t (a int);", "SELECT 1;")])
    next(root.glob("migrations/*/up.sql")).write_bytes(content)
    code, findings = answer(root)
    assert code == 1
    assert "not-utf8" in {each["rule"] for each in findings}


@pytest.mark.parametrize("backend", DIALECTS)
@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_places_are_right_whatever_ends_a_line(tmp_path: Path, backend: str, end: str, mark: str) -> None:
    root = write(tmp_path, backend, [("CREATE TABLE t (a int);", "SELECT 1;"), ("SELECT 1;", "SELECT 1;")])
    text = mark + end.join(("-- \U0001f600", "SELECT '\xe9';", "/* \xe9 */ DROP TABLE t;", ""))
    max(root.glob("migrations/*/up.sql")).write_bytes(text.encode())
    code, findings = answer(root)
    assert code == 1
    found = [(each["line"], each["column"]) for each in findings if each["rule"] == "table-dropped"]
    assert found == [(3, 9)]


@pytest.mark.parametrize("backend", DIALECTS)
@pytest.mark.parametrize(
    "statement",
    [
        *("SELECT 1;\n", "FOO;\n", ";", "-- x\n", "CREATE TABLE t{} (a int);\n", "INSERT INTO x VALUES ({});\n"),
        *("ALTER TABLE x ADD COLUMN c{} int;\n", "CREATE TABLE t{} (a int REFERENCES x (a));\n"),
    ],
)
def test_many_statements_take_their_time_and_no_more(tmp_path: Path, backend: str, statement: str) -> None:
    many = "".join(statement.format(n) for n in range(20_000))
    root = write(tmp_path, backend, [("CREATE TABLE x (a int);", "SELECT 1;"), (many + "\nDROP TABLE x;", "SELECT 1;")])
    code, findings = answer(root)
    assert code == 1
    assert sum(each["rule"] == "table-dropped" for each in findings) == 1
    assert sum(each["rule"] != "foreign-key-locks-parent" for each in findings) < 30  # which is right 20,000 times


EVIL = "\x1b[31mt\x1b]0;own\x07\n::error::z\r\u202e<b>`\x9b"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029]")


@pytest.mark.parametrize("form", ["json", "text"])
def test_names_can_not_speak_for_us(tmp_path: Path, form: str) -> None:
    write(tmp_path, "postgres", [(f'CREATE TABLE "{EVIL}" (a int);', "SELECT 1;")])
    last = tmp_path / "migrations" / f"20250101000000_{EVIL.replace('/', '')}"
    last.mkdir()
    (last / "up.sql").write_text(
        f'DROP TABLE "{EVIL}"; -- {EVIL}\nCREATE INDEX "{EVIL}2" ON "{EVIL}" (a); FOO {EVIL};', "utf-8", newline=""
    )
    (last / "down.sql").write_text("SELECT 1;")
    done = glowplug("lint", "--all", "--format", form, where=tmp_path)
    assert done.returncode == 1
    assert CONTROL.search(done.stdout + done.stderr) is None
    commands = [line for line in done.stdout.splitlines() if line.lstrip(" \u2502\u251c").startswith("::")]
    assert commands == []
    assert "table-dropped" in done.stdout
