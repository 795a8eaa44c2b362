"""What counts as an empty file, on each backend."""

from __future__ import annotations

import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glowplug.dialect import Dialect
from glowplug.sql.blank import is_blank, without_blanks

EVERYWHERE_BLANK = [b"", b" ", b"\r\n\t\n", b"-- a\n", b"-- a", b"/* a */", b"/* a\n; */\n-- ;\n", b"/**/", b"--\n"]
NOWHERE_BLANK = [
    b";",
    b" ; ",
    b"SELECT 1",
    b"-- a\n;",
    b"/* a */ SELECT 1",
    b"-",
    b"/",
    b"/ *",
    b"\xc2\xa0",
    b"\0",
    b"/* */ */",
]


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("sql", EVERYWHERE_BLANK)
def test_nothing_but_comments_and_space_is_blank(sql: bytes, dialect: Dialect) -> None:
    assert is_blank(sql, dialect)


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("sql", NOWHERE_BLANK)
def test_anything_else_is_not(sql: bytes, dialect: Dialect) -> None:
    assert not is_blank(sql, dialect)


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("sql", [*EVERYWHERE_BLANK, *NOWHERE_BLANK])
def test_what_is_left_without_blanks_is_what_is_not_blank(sql: bytes, dialect: Dialect) -> None:
    assert (without_blanks(sql, dialect) == b"") is is_blank(sql, dialect)
    assert without_blanks(b" /* ; */ ; -- a\n\t;" + sql, dialect) == b";;" + without_blanks(sql, dialect)


@pytest.mark.parametrize(
    ("sql", "blank_on"),
    [
        (b"/* a /* b */ c */", {Dialect.POSTGRES}),
        (b"/* a /* b */", {Dialect.MYSQL, Dialect.SQLITE}),
        (b"/* a", {Dialect.SQLITE}),
        (b"/*", set()),
        (b"# a", {Dialect.MYSQL}),
        (b"--a", {Dialect.POSTGRES, Dialect.SQLITE}),
        (b"--", set(Dialect)),
        (b"/*! SELECT 1 */", {Dialect.POSTGRES, Dialect.SQLITE}),
        (b"/*M! SELECT 1 */", {Dialect.POSTGRES, Dialect.SQLITE}),
        (b"/*!40101 SET x = 1 */", {Dialect.POSTGRES, Dialect.SQLITE}),
        (b"-- a\rSELECT 1", {Dialect.MYSQL, Dialect.SQLITE}),
        (b"\xef\xbb\xbf-- a", {Dialect.SQLITE}),
    ],
)
def test_each_backend_reads_comments_its_own_way(sql: bytes, blank_on: set[Dialect]) -> None:
    assert {dialect for dialect in Dialect if is_blank(sql, dialect)} == blank_on


PIECES = st.lists(
    st.sampled_from(
        ["/*", "*/", "--", "\n", " ", "*", "/", "a", ";", "'", "\r", "#", "!", "\v", "\f", "\t", "\ufeff", "\xa0", "é"]
    ),
    max_size=12,
).map("".join)


def sqlite_runs_nothing(sql: str) -> bool:
    connection = apsw.Connection(":memory:")
    does_something: list[bool] = []
    cursor = connection.cursor()
    cursor.exec_trace = lambda one, _statement, _bindings: does_something.append(one.has_vdbe) is None
    try:
        for _ in cursor.execute(sql):
            pass
    except apsw.Error:
        return False
    finally:
        connection.close()
    return not any(does_something)


@given(PIECES)
@example(" \v")
@example("\v")
@example("\ufeff \ufeff")
@example("/*/")
@example("/*;")
@example("--;")
def test_sqlite_agrees(sql: str) -> None:
    blank = is_blank(sql.encode(), Dialect.SQLITE)
    if blank:
        assert sqlite_runs_nothing(sql)
    elif ";" not in sql:
        assert not sqlite_runs_nothing(sql)


@given(st.sampled_from(Dialect), PIECES.map(str.encode), PIECES.map(str.encode))
def test_two_blank_files_one_after_the_other_are_blank(dialect: Dialect, first: bytes, second: bytes) -> None:
    if is_blank(first, dialect) and is_blank(second, dialect):
        assert is_blank(first + b"\n" + second, dialect)


@given(st.sampled_from(Dialect), PIECES.map(str.encode))
def test_a_statement_in_front_is_never_blank(dialect: Dialect, tail: bytes) -> None:
    assert not is_blank(b"SELECT 1;" + tail, dialect)
