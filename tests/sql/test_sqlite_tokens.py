"""SQLite's tokens, and the one way to write them."""

from __future__ import annotations

import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glowplug.dialect import Dialect
from glowplug.sql.blank import is_blank
from glowplug.sql.sqlite import first_token, normalised, quoted, tokens
from glowplug.sql.sqlite_create import definition

PIECES = st.lists(
    st.sampled_from(
        [
            "/*",
            "*/",
            "--",
            "\n",
            " ",
            "'",
            '"',
            "`",
            "[",
            "]",
            "a",
            "1",
            ".",
            "e",
            "x",
            "(",
            ",",
            ";",
            "-",
            ">",
            "|",
            "é",
        ]
    ),
    max_size=14,
).map("".join)


@given(PIECES)
@example("/**/ a */")
@example("/*/ a */")
def test_nothing_of_the_text_is_lost(text: str) -> None:
    found = list(tokens(text))
    position = 0
    for token in found:
        assert is_blank(text[position : token.start].encode(), Dialect.SQLITE)
        assert text.startswith(token.text, token.start)
        position = token.start + len(token.text)
    assert is_blank(text[position:].encode(), Dialect.SQLITE)
    assert bool(found) != is_blank(text.encode(), Dialect.SQLITE)
    assert first_token(text) == (found[0].start if found else 0)


@given(PIECES)
def test_one_way_to_write_is_its_own_way(text: str) -> None:
    once = normalised(list(tokens(f"CREATE VIEW v AS SELECT {text}")))
    connection = apsw.Connection(":memory:")
    try:
        connection.execute("CREATE TABLE a (a, e, x)")
        list(connection.execute(f"EXPLAIN CREATE VIEW v AS SELECT {text}"))
    except apsw.Error:
        return
    finally:
        connection.close()
    assert normalised(list(tokens(once))) == once


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a", "a"), ("A_1", "A_1"), ("order", '"order"'), ("key", '"key"'), ("a b", '"a b"'), ('q"', '"q"""'), ("", '""')],
)
def test_names_are_quoted_where_they_need_it(name: str, expected: str) -> None:
    assert quoted(name) == expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("CREATE UNIQUE INDEX IF NOT EXISTS i ON t(a asc,b Desc) where a>1", "UNIQUE (a, b DESC) WHERE a > 1"),
        ("create temp view main.v (x,y) as select 1, 'a  b'", "(x, y) AS SELECT 1, 'a  b'"),
        (
            "CREATE TRIGGER [t r] AFTER UPDATE OF `a` ON t BEGIN SELECT count ( * ) ; END",
            "AFTER UPDATE OF a ON t BEGIN SELECT count(*); END",
        ),
        ("CREATE VIRTUAL TABLE f USING fts5(a, b)", "USING fts5(a, b)"),
        ("CREATE INDEX i ON t(a -- why\n, lower(b))", "(a, lower(b))"),
    ],
)
def test_a_definition_is_without_its_own_name(statement: str, expected: str) -> None:
    assert definition(statement) == expected
