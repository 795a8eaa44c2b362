from __future__ import annotations

import pytest

from glowplug.database.interface import Run, SqlError
from glowplug.database.rows import Answer
from glowplug.dialect import Direction
from glowplug.project import Migration
from glowplug.rehearsal.migration_test import Malformed, parse, run_test

GOOD = """\
-- What the split of names is for.
-- glowplug: given
INSERT INTO users (id, name)
VALUES (1, 'Ada King Lovelace');

-- glowplug: after up
SELECT first, last
FROM users ORDER BY id;
--> Ada King | Lovelace
--> 'a | ''b' | NULL

-- nobody else
SELECT id FROM users WHERE first IS NULL;
--> no rows
-- glowplug: After  Down
SELECT name FROM users;
--> x'0AfF'
"""


def test_sections_queries_and_rows_are_read_with_their_lines() -> None:
    test = parse(GOOD)
    assert test.given == "INSERT INTO users (id, name)\nVALUES (1, 'Ada King Lovelace');"
    assert test.given_line == 3
    first, second = test.after(Direction.UP)
    assert (first.line, first.sql) == (7, "SELECT first, last\nFROM users ORDER BY id")
    assert first.rows == (("Ada King", "Lovelace"), ("a | 'b", None))
    assert first.ordered
    assert (second.line, second.rows, second.ordered) == (13, (), False)
    (last,) = test.after(Direction.DOWN)
    assert last.rows == (("x'0aff'",),)


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_a_line_ends_at_a_line_feed_alone(mark: str) -> None:
    test = parse(
        f"-- glowplug: given\nINSERT INTO a VALUES ('x{mark}y');\n"
        f"-- glowplug: after up\nSELECT '{mark}', a FROM a;\n--> 'x{mark}y'\n"
    )
    assert test.given == f"INSERT INTO a VALUES ('x{mark}y');"
    (only,) = test.after(Direction.UP)
    assert (only.line, only.sql, only.rows) == (4, f"SELECT '{mark}', a FROM a", ((f"x{mark}y",),))


def test_lines_may_end_as_on_windows() -> None:
    assert parse(GOOD.replace("\n", "\r\n")) == parse(GOOD)
    assert parse("-- glowplug: given\r\n\r\n-- glowplug: after up\r\nSELECT 1\r\n--> 1\r\n").given == ""


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("SELECT 1;\n--> 1\n", 1, "before the first section"),
        ("-- glowplug: afterwards\n", 1, "no section"),
        ("-- glowplug: after up\nSELECT 1;\n", 2, "no rows to compare"),
        ("-- glowplug: after up\n--> 1\n", 2, "no query"),
        ("-- glowplug: after up\nSELECT 1;\n--> 1\n--> no rows\n", 4, "beside a row"),
        ("-- glowplug: after up\nSELECT 1;\n--> 'open | 1\n", 3, "can't be understood"),
        ("-- glowplug: given\nINSERT INTO a VALUES (1);\n", 1, "expects nothing"),
        ("", 1, "expects nothing"),
    ],
)
def test_what_can_not_be_understood_is_said_with_its_line(text: str, line: int, word: str) -> None:
    with pytest.raises(Malformed, match=word) as caught:
        parse(text)
    assert caught.value.line == line


class Fake:
    """A connection whose files and queries come out as told."""

    def __init__(self, *, answers: dict[str, Answer], fails: Direction | None = None) -> None:
        self._answers = answers
        self._fails = fails
        self.log: list[str] = []
        self.rows = self

    def run(self, _migration: Migration, direction: Direction) -> Run:
        self.log.append(direction.value)
        error = SqlError(code="23514", message="refused") if direction is self._fails else None
        return Run(error=error, seconds=0.0)

    def execute(self, sql: str) -> SqlError | None:
        self.log.append(sql)
        return None

    def query(self, sql: str, *, limit: int = 1000) -> Answer:
        del limit
        self.log.append(sql)
        return self._answers[sql]


def of(text: str) -> Migration:
    return Migration(version="1", name="1_a", path="migrations/1_a", up=b"x", down=b"y", test=text.encode())


TEXT = """\
-- glowplug: given
GIVEN
-- glowplug: after up
SELECT a
--> 2
--> 1
-- glowplug: after down
SELECT b ORDER BY 1
--> 1
--> 2
"""


def rows(*values: str | None) -> Answer:
    return Answer(columns=("a",), rows=tuple((value,) for value in values))


def test_rows_are_compared_in_any_order_without_an_order_by_and_in_order_with_one() -> None:
    good = Fake(answers={"SELECT a": rows("1", "2"), "SELECT b ORDER BY 1": rows("1", "2")})
    assert run_test(good, of(TEXT)) == ()  # type: ignore[arg-type]
    assert good.log == ["GIVEN", "up", "SELECT a", "down", "SELECT b ORDER BY 1"]
    turned = Fake(answers={"SELECT a": rows("1", "2"), "SELECT b ORDER BY 1": rows("2", "1")})
    (failure,) = run_test(turned, of(TEXT))  # type: ignore[arg-type]
    assert failure.line == 8
    assert "another order" in failure.message


def test_what_came_and_what_was_expected_stand_in_the_failure() -> None:
    wrong = Fake(answers={"SELECT a": rows("1", None), "SELECT b ORDER BY 1": rows("1", "2")})
    (failure,) = run_test(wrong, of(TEXT))  # type: ignore[arg-type]
    assert failure.line == 4
    assert failure.message.splitlines() == [
        "2 rows were expected, and as many came, not all of them these",
        "expected: 2",
        "came:     NULL",
    ]


@pytest.mark.parametrize(
    ("came", "message"),
    [
        (("3",), "1 row was expected, and another came\nexpected: 2\ncame:     3"),
        ((), "1 row was expected, and 0 came\nexpected: 2"),
        (("2", "2"), "1 row was expected, and 2 came\nthe same rows, in another order or number"),
    ],
)
def test_a_row_that_was_expected_alone(came: tuple[str, ...], message: str) -> None:
    text = "-- glowplug: given\nGIVEN\n-- glowplug: after up\nSELECT a\n--> 2\n"
    (failure,) = run_test(Fake(answers={"SELECT a": rows(*came)}), of(text))  # type: ignore[arg-type]
    assert failure.message == message


def test_a_file_that_fails_with_the_rows_is_a_failure() -> None:
    down = Fake(answers={"SELECT a": rows("1", "2")}, fails=Direction.DOWN)
    (failure,) = run_test(down, of(TEXT))  # type: ignore[arg-type]
    assert (failure.line, failure.message) == (8, "down.sql fails with the rows that are given")
    up = Fake(answers={}, fails=Direction.UP)
    (failure,) = run_test(up, of(TEXT))  # type: ignore[arg-type]
    assert failure.error is not None


def test_text_in_another_encoding_is_a_failure() -> None:
    migration = Migration(version="1", name="1_a", path="migrations/1_a", up=b"x", down=b"y", test=b"\xff")
    (failure,) = run_test(Fake(answers={}), migration)  # type: ignore[arg-type]
    assert "UTF-8" in failure.message
