"""Where the comments of a file are, and which statement each is about."""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.sql.parts import Span
from glowplug.sql.statement import Script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.sql.statement import Statement

_QUOTED = r"'[^']*+(?>(?:''[^']*+)*)'?"
_ESCAPED = r"'(?>(?:[^'\\]++|\\.|'')*)'?"
_DOUBLE = r'"[^"]*+(?>(?:""[^"]*+)*)"?'
_DOUBLE_ESCAPED = r'"(?>(?:[^"\\]++|\\.|"")*)"?'
_BACKTICKS = "`[^`]*+`?"
_TOKENS = {
    dialect: re.compile("|".join(parts), re.DOTALL)
    for dialect, parts in {
        Dialect.POSTGRES: (
            r"(?P<line>--[^\r\n]*)",
            r"(?P<block>/\*)",
            rf"\b[eE]{_ESCAPED}",
            _QUOTED,
            _DOUBLE,
            r"(?<![\w$])(?P<dollar>\$(?:[^\W\d]\w*)?\$)",
        ),
        Dialect.MYSQL: (
            r"(?P<line>#[^\n]*|--(?=[\x00-\x20\x7f]|$)[^\n]*)",
            r"(?P<block>/\*)",
            _ESCAPED,
            _DOUBLE_ESCAPED,
            _BACKTICKS,
        ),
        Dialect.SQLITE: (r"(?P<line>--[^\n]*)", r"(?P<block>/\*)", _QUOTED, _DOUBLE, _BACKTICKS, r"\[[^\]]*+\]?"),
    }.items()
}
_DOLLAR = re.compile(r"(?=(\$(?:[^\W\d]\w*)?\$))")
_BLOCK_ENDS = re.compile(r"/\*|\*/")


def comments_of(script: Script) -> Iterator[Span]:
    """Give every comment outside strings, also those in a body whose statements are known."""
    text, tokens = script.text, _TOKENS[script.dialect]
    bodies = sorted(inner.span.start for inner in _all_inner(script.statements))
    quotes = _Quotes(text)
    at = 0
    while found := tokens.search(text, at):
        at = max(found.end(), at + 1)
        if found.lastgroup == "line":
            yield Span(*found.span())
        elif found.lastgroup == "block":
            at = _block_end(text, found.end(), nested=script.dialect is Dialect.POSTGRES)
            yield Span(found.start(), at)
        elif found.lastgroup == "dollar":
            end = quotes.next(found[0], at)
            if end is not None and bisect.bisect_left(bodies, at) == bisect.bisect_left(bodies, end):
                at = end + len(found[0])


def without_comments(text: str, dialect: Dialect) -> str:
    """Give the text of an expression without its comments, a blank in the place of each."""
    parts, at = [], 0
    for comment in comments_of(Script(text=text, dialect=dialect, statements=())):
        parts.append(text[at : comment.start])
        at = comment.end
    return " ".join((*parts, text[at:]))


def statement_of(text: str, statements: Sequence[Statement], offset: int) -> Statement | None:
    """Give the statement that a comment is about: the one that it is in, or else ends the line of, or stands before.

    Of a body it is the innermost one.
    """
    index = bisect.bisect_right(statements, offset, key=lambda statement: statement.span.start)
    before = statements[index - 1] if index > 0 else None
    if before is not None and offset < before.span.end:
        return _inner(text, before, offset) or before
    if before is not None and text.find("\n", before.span.end, offset) < 0:
        return before
    return statements[index] if index < len(statements) else None


class _Quotes:
    """Where each dollar quote of a text stands, found once: an open one would else be looked for to the end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: dict[str, list[int]] | None = None

    def next(self, quote: str, at: int) -> int | None:
        """Give the offset of the next ``quote`` from ``at`` on, None where there is none."""
        if self._places is None:
            self._places = {}
            for found in _DOLLAR.finditer(self._text):
                self._places.setdefault(found[1], []).append(found.start())
        places = self._places.get(quote, [])
        index = bisect.bisect_left(places, at)
        return places[index] if index < len(places) else None


def _inner(text: str, statement: Statement, offset: int) -> Statement | None:
    """Give the statement of a body that a comment in it is about; one above the body is about all of it."""
    body = statement.body or statement.routine_body
    if not body or "$" not in text[statement.span.start : offset]:
        return None
    return statement_of(text, body, offset)


def _all_inner(statements: Sequence[Statement]) -> Iterator[Statement]:
    for statement in statements:
        for inner in (*statement.body, *statement.routine_body):
            yield inner
            yield from _all_inner((inner,))


def _block_end(text: str, at: int, *, nested: bool) -> int:
    depth = 1
    while depth and (found := _BLOCK_ENDS.search(text, at)):
        at = found.end()
        if found[0] == "*/":
            depth -= 1
        elif nested:
            depth += 1
    return at if depth == 0 else len(text)
