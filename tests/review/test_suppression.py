from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glowplug.dialect import Dialect, Direction
from glowplug.finding import Place
from glowplug.project import Migration
from glowplug.review.comments import comments_of
from glowplug.review.reviewed import AllowComment, AllowWords
from glowplug.review.suppression import allow_comments, parse
from glowplug.sql.parts import Span
from glowplug.sql.statement import Script, Statement

from .planted import reviewed

WHY = 'because "nobody reads it"'
MIGRATION = Migration(version="1", name="1_m", path="migrations/1_m", up=b"", down=None)


def script(text: str, *statements: str, dialect: Dialect = Dialect.POSTGRES, body: tuple[str, ...] = ()) -> Script:
    """A file, and where its statements are, each by its text; ``body`` are those inside the first one."""

    def made(statement: str, inner: tuple[str, ...] = ()) -> Statement:
        start = text.index(statement)
        return Statement(span=Span(start, start + len(statement)), body=tuple(made(each) for each in inner))

    found = tuple(made(statement, body if index == 0 else ()) for index, statement in enumerate(statements))
    return Script(text=text, dialect=dialect, statements=found)


def comments(made: Script) -> list[AllowComment]:
    return allow_comments(made, MIGRATION, Direction.UP)


def about(made: Script) -> list[str | None]:
    """The text of the statement that each suppression is about."""
    starts = [0]
    for line in made.text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)

    def offset(place: tuple[int, int]) -> int:
        return starts[place[0] - 1] + place[1] - 1

    return [
        None if each.start is None or each.end is None else made.text[offset(each.start) : offset(each.end)]
        for each in comments(made)
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"allow a-rule {WHY}", AllowWords(rules=("a-rule",), because="nobody reads it")),
        (f"allow a, b ,c-d  {WHY}", AllowWords(rules=("a", "b", "c-d"), because="nobody reads it")),
        (
            'allow a step "by hand" until 2026-12-31 rows <= 10_000 because "it is \\"small\\""',
            AllowWords(rules=("a",), because='it is "small"', rows=10000, step="by hand", until=dt.date(2026, 12, 31)),
        ),
        ("allow a", AllowWords(rules=("a",))),
        ('allow a because ""', AllowWords(rules=("a",))),
        ("allow a rows<=5", AllowWords(rules=("a",), rows=5)),
        ("allow a rows <= 999_999_999", AllowWords(rules=("a",), rows=999_999_999)),
    ],
)
def test_what_a_suppression_says(text: str, words: AllowWords) -> None:
    assert parse(text) == words


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("allow", "after `allow` come one or more names of rules"),
        ("ignore a", "`ignore` is no word for it: after `allow` come one or more names of rules"),
        ("allow a because nobody", "`because nobody` is no clause of it"),
        ('allow a because "open', '`because "open` is no clause of it'),
        (f"allow a {WHY} {WHY}", "`because` stands twice"),
        (f"allow a {WHY} until tomorrow", "`tomorrow` is no date such as 2026-12-31"),
        (f"allow a {WHY} until 2026-02-30", "`2026-02-30` is no date such as 2026-12-31"),
        (f"allow a {WHY} rows <= 1__0", "`rows <= 1__0` is no clause of it"),
        (f"allow a {WHY} rows <= {'9' * 20}", f"`rows <= {'9' * 20}` is no clause of it"),
        (f"allow a {WHY} rows < 5", "`rows < 5` is no clause of it"),
        (f"allow a {WHY}; more", '`because "nobody reads it"; more` is no clause of it'),
    ],
)
def test_what_is_no_suppression_is_said(text: str, fault: str) -> None:
    assert parse(text).fault == fault


@pytest.mark.parametrize(
    ("dialect", "comment"),
    [
        *((dialect, "-- {}\n") for dialect in Dialect),
        *((dialect, "/* {} */ ") for dialect in Dialect),
        *((dialect, "/*\n * {}\n */\n") for dialect in Dialect),
        (Dialect.MYSQL, "# {}\n"),
        (Dialect.MYSQL, "--\t{}\n"),
        (Dialect.POSTGRES, "--{}\r\n"),
        (Dialect.POSTGRES, "/* /* nested */ */ -- {}\n"),
    ],
)
def test_any_comment_of_the_dialect_can_hold_one(dialect: Dialect, comment: str) -> None:
    text = f"SELECT 1;\n{comment.format(f'glowplug: allow a {WHY}')}DROP TABLE a;"
    made = script(text, "SELECT 1", "DROP TABLE a", dialect=dialect)
    assert about(made) == ["DROP TABLE a"]
    assert comments(made)[0].words == AllowWords(rules=("a",), because="nobody reads it")


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (Dialect.POSTGRES, f"# glowplug: allow a {WHY}\nX"),
        (Dialect.SQLITE, f"# glowplug: allow a {WHY}\nX"),
        (Dialect.MYSQL, f"--glowplug: allow a {WHY}\nX"),
        *((dialect, "X '-- glowplug: allow a\n'") for dialect in Dialect),
        *((dialect, "X '''-- glowplug: allow a\n'") for dialect in Dialect),
        *((dialect, 'X "-- glowplug: allow a\n"') for dialect in Dialect),
        (Dialect.MYSQL, "X '\\'-- glowplug: allow a\n'"),
        (Dialect.MYSQL, "X `-- glowplug: allow a\n`"),
        (Dialect.POSTGRES, "X E'\\'-- glowplug: allow a\n'"),
        (Dialect.POSTGRES, "X $$it's -- glowplug: allow a\n$$"),
        (Dialect.POSTGRES, "X $é$ $$ -- glowplug: allow a\n$é$"),
        (Dialect.SQLITE, "X [it's -- glowplug: allow a\n]"),
        *((dialect, "-- about glowplug: allow it\nX") for dialect in Dialect),
    ],
)
def test_what_is_no_comment_holds_none(dialect: Dialect, text: str) -> None:
    assert comments(script(text, "X", dialect=dialect)) == []


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("-- C\nONE;\nTWO;", "ONE"),
        ("-- C\n-- another\n\nONE; TWO;", "ONE"),
        ("ONE; -- C\nTWO;", "ONE"),
        ("ONE;\n-- C\nTWO;", "TWO"),
        ("ONE; TWO; -- C", "TWO"),
        ("ONE; /* C */ TWO;", "ONE"),
        ("ONE;\n/* C */ TWO;", "TWO"),
        ("ONE;\nTWO;\n-- C", None),
        ("-- C", None),
    ],
)
def test_it_is_about_the_statement_that_it_stands_at(text: str, statement: str | None) -> None:
    text = text.replace("C", f"glowplug: allow a {WHY}", 1)
    assert about(script(text, *(each for each in ("ONE", "TWO") if each in text))) == [statement]


def test_one_inside_a_statement_is_about_it() -> None:
    statement = f"ALTER TABLE a -- glowplug: allow a {WHY}\n  ADD b int,\n  -- glowplug: allow b {WHY}\n  ADD c int"
    assert about(script(f"ONE;\n{statement};\nTWO;", "ONE", statement, "TWO")) == [statement, statement]


def test_one_in_a_block_is_about_the_statement_in_it() -> None:
    block = f"DO $$ BEGIN\n  -- glowplug: allow a {WHY}\n  ONE;\n  TWO; -- glowplug: allow b {WHY}\nEND $$"
    before = f"-- glowplug: allow c {WHY}\n"
    assert about(script(f"{before}{block};", block, body=("ONE", "TWO"))) == [block, "ONE", "TWO"]


def test_it_covers_its_statement_and_no_other_and_what_is_about_the_whole_file() -> None:
    (comment,) = comments(script(f"ONE; -- glowplug: allow a {WHY}\nTWO; THREE;", "ONE", "TWO", "THREE"))
    file = "migrations/1_m/up.sql"
    assert comment.place == Place(file=file, line=1, column=6, end_line=1, end_column=52)
    assert comment.is_about(Place(file=file, line=1, column=1))
    assert comment.is_about(Place(file=file, line=1, column=3))
    assert comment.is_about(Place(file=file, line=1))
    assert not comment.is_about(Place(file=file, line=1, column=4))
    assert not comment.is_about(Place(file=file, line=2, column=1))
    assert comment.is_about(Place(file=file))
    assert not comment.is_about(Place(file="migrations/1_m/down.sql", line=1, column=1))
    assert not comment.is_about(Place(file="migrations/1_m/down.sql"))


PIECES = (
    "'",
    '"',
    "`",
    "[",
    "]",
    "$$",
    "$a$",
    "--",
    "#",
    "/*",
    "*/",
    "\\",
    "\n",
    " ",
    "E'",
    "x",
    "glowplug: allow a ",
    ";",
)


@given(text=st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(), dialect=st.sampled_from(Dialect))
def test_every_text_has_comments_that_lie_in_it_one_after_the_other(text: str, dialect: Dialect) -> None:
    at = 0
    for comment in comments_of(Script(text=text, dialect=dialect, statements=())):
        assert at <= comment.start < comment.end <= len(text)
        at = comment.end


@given(
    text=st.text() | st.lists(st.sampled_from((*PIECES, "because ", '"a"', "rows <= ", "1")), max_size=20).map("".join)
)
def test_every_text_is_read_or_has_a_fault(text: str) -> None:
    words = parse(f"allow {text}")
    assert words.rules or words.fault


@pytest.mark.parametrize(
    ("piece", "found"),
    [
        ("$a{}$ ", 0),
        ("-- glowplug: allow a\nX;\n", 30_000),
        ("/* glowplug: ", 1),
        ("glowplug: '", 0),
        ("-- glowplug:{}\t\t\t\t", 1),
    ],
)
def test_a_hostile_file_is_read_in_one_pass(piece: str, found: int) -> None:
    text = "".join(piece.format(number) for number in range(30_000))  # anything quadratic takes minutes
    starts = [place.start() for place in re.finditer("X", text)]
    statements = tuple(Statement(span=Span(start, start + 1)) for start in starts)
    assert len(comments(Script(text=text, dialect=Dialect.POSTGRES, statements=statements))) == found


def test_what_another_finding_hides_is_accepted_all_the_same() -> None:
    before = "CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT); CREATE INDEX users_phone ON users (phone);"
    up = "ALTER TABLE users DROP COLUMN phone;"
    for file, hidden in ((up, True), (f"-- glowplug: allow column-dropped {WHY}\n{up}", False)):
        found = reviewed((before, None), (file, None), new=frozenset({"0002_m"}), dialect=Dialect.SQLITE)
        rules = {each.rule for each in found.findings if each.migration == "0002_m"}
        assert "column-drop-refused" in rules
        assert ("column-dropped" not in rules) is hidden
