"""Nothing of a text is lost, nothing raises, nothing takes long."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glowplug.dialect import Dialect
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from glowplug.sql.statement import Script, Statement

HERE = Path(__file__).parent
STATEMENTS = (HERE / "test_reader_mysql_accepted.sql").read_text("utf-8").splitlines()
SCALE = 1 if os.environ.get("GLOWPLUG_FULL") else 10
SIZE = 5_000_000 // SCALE
SECONDS = 60  # on a machine that does other things; quadratic time would be hours


def held(text: str) -> Script:
    """Read ``text`` and hold what is promised of any text."""
    script = read(text, Dialect.MYSQL)
    assert "".join(script.text_of(span) for span, _ in script.pieces()) == text
    at = 0
    for statement in script.statements:
        assert at <= statement.span.start < statement.span.end <= len(text)
        at = statement.span.end
        check(statement)
    return script


def check(statement: Statement) -> None:
    span = statement.span
    if statement.unparsed is not None:
        assert statement.actions == ()
        assert span.start <= statement.unparsed.offset <= span.end
    for action in statement.actions:
        assert span.start <= action.span.start < action.span.end <= span.end
    for inner in statement.body + statement.routine_body:
        assert span.start <= inner.span.start < inner.span.end <= span.end
        check(inner)


pieces = st.sampled_from(STATEMENTS).flatmap(
    lambda sql: st.tuples(st.integers(0, len(sql)), st.integers(0, len(sql))).map(
        lambda places: sql[min(places) : max(places)]
    )
)
noise = st.text(alphabet="a1;'\"`\\-#/*!.,()=@:{}\n \t\x00\ufeffé", max_size=6)
words = st.sampled_from(
    "BEGIN END IF CASE DELIMITER // /*!40101 */ SELECT ALTER TABLE t ADD ( ) , ; NOT ATOMIC VALUES LOOP x:".split()  # noqa: SIM905 - as it is read
)


@given(st.lists(st.one_of(pieces, noise, words), max_size=12), st.sampled_from(["", " ", "; ", "\r\n", "/**/"]))
def test_any_text_is_read_and_none_is_lost(parts: list[str], between: str) -> None:
    held(between.join(parts))


@given(st.sampled_from(STATEMENTS), st.data())
def test_a_mutated_statement_is_read_or_unparsed(sql: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(sql)))
    held(sql[:at])
    held(sql[:at] + data.draw(noise) + sql[at:])
    held(sql[at:] + " " + sql[:at])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_change_nothing(end: str) -> None:
    text = end.join(["CREATE TABLE t (", "a INT", ")", "ENGINE=InnoDB", "; TRUNCATE t"])
    assert [each.unparsed for each in held(text).statements] == [None, None]


def repeated(text: str, size: int = SIZE) -> str:
    return text * (size // len(text))


BAD = {
    "a statement of megabytes": (lambda: "INSERT INTO t VALUES " + repeated("(1,'abc',NULL),") + "(1,2,3)", 0),
    "many statements": (lambda: "ALTER TABLE t ADD a INT;\n" * (100_000 // SCALE), 0),
    "nested expressions": (lambda: "SELECT " + "(" * 10_000 + "1" + ")" * 10_000, 1),
    "nested queries": (lambda: "SELECT * FROM " + "(SELECT * FROM " * 10_000 + "t" + ") x" * 10_000, 1),
    "nested blocks": (lambda: "CREATE PROCEDURE p() " + "BEGIN " * 10_000 + "SELECT 1; " + "END; " * 10_000, 1),
    "nested cases": (lambda: "SELECT " + "CASE WHEN " * 10_000, 1),
    "parentheses": (lambda: "SELECT " + repeated("("), 1),
    "an open string": (lambda: "SELECT '" + repeated("a"), 1),
    "an open string of quotes": (lambda: "SELECT 1, 'x" + repeated("''"), 1),
    "an open name": (lambda: "SELECT `a" + repeated("``"), 1),
    "an open comment": (lambda: "SELECT 1 /*" + repeated("a"), 1),
    "an open vendor's comment": (lambda: "/*!40101 SELECT 1" + repeated(" + a"), 1),
    "vendors' comments": (lambda: repeated("/*!40101 "), 1),
    "IF, never closed": (lambda: "CREATE PROCEDURE p() BEGIN " + repeated("ELSE IF("), 1),
    "DELIMITER": (lambda: repeated("DELIMITER x\n"), 0),
    "semicolons": (lambda: repeated(";"), 0),
    "NUL": (lambda: "SELECT 1\x00; TRUNCATE t", 1),
    "a byte order mark": (lambda: "\ufeffTRUNCATE t; TRUNCATE t", 1),
    "half a surrogate pair": (lambda: "SELECT \ud800", 1),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_takes_bounded_time(name: str) -> None:
    make, unparsed = BAD[name]
    text = make()
    begun = time.monotonic()
    script = held(text)
    assert time.monotonic() - begun < SECONDS
    assert sum(each.unparsed is not None for each in script.statements) == unparsed


def test_every_file_of_the_examples_is_read(checkout: Path) -> None:
    files = sorted((checkout / "examples" / "inventory").rglob("*.sql"))
    assert len(files) > 5
    assert understood(files) == []


def understood(files: list[Path]) -> list[str]:
    """What is not understood in these files."""
    return [
        f"{file}: {each.unparsed}"
        for file in files
        for statement in held(file.read_text("utf-8")).statements
        for each in (statement, *statement.body, *statement.routine_body)
        if each.unparsed
    ]
