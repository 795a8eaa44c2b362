"""A statement being read: its parse tree's locations and its tokens, brought together."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from glowplug.sql.postgres_lexer import Token, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from glowplug.sql.parts import Span
    from glowplug.sql.reader.postgres.source import Source
    from glowplug.sql.statement import Statement

OPENING = frozenset("([")
CLOSING = frozenset(")]")


class Here:
    """A statement's place in a Source; ``read`` reads another Source, for bodies in it.

    Tokens are named by their index, from 0; the index after the last is ``len(here.tokens)``.
    """

    __slots__ = ("_starts", "_tokens", "end", "offset", "read", "source", "start")

    def __init__(
        self,
        source: Source,
        *,
        start: int,
        end: int,
        read: Callable[[Source], tuple[Statement, ...]],
        offset: int = 0,
    ) -> None:
        """Take the statement from ``start`` to ``end``; the tree's locations count from byte ``offset``."""
        self.source = source
        self.start = start
        self.end = end
        self.offset = offset
        self.read = read
        self._tokens: list[Token] | None = None
        self._starts: list[int] = []

    @property
    def tokens(self) -> list[Token]:
        """The statement's tokens, made when first asked for."""
        if self._tokens is None:
            self._tokens = list(tokens(self.source.text, self.start, self.end))
            self._starts = [token.start for token in self._tokens]
        return self._tokens

    @property
    def span(self) -> Span:
        """The whole statement."""
        return self.source.span(self.start, self.end)

    def index(self, location: int) -> int:
        """Give the token at a location of the parse tree (a byte offset), or the first after it."""
        tokens_here = self.tokens
        return min(bisect.bisect_left(self._starts, self.source.character(location + self.offset)), len(tokens_here))

    def span_of(self, first: int, after: int) -> Span:
        """Give the span from token ``first`` up to the one before ``after``; the whole statement if there is none."""
        if not 0 <= first < after <= len(self.tokens):
            return self.span
        return self.source.span(self.tokens[first].start, self.tokens[after - 1].end)

    def text_of(self, first: int, after: int) -> str:
        """Give the text of those tokens."""
        if not 0 <= first < after <= len(self.tokens):
            return ""
        return self.source.text[self.tokens[first].start : self.tokens[after - 1].end]

    def end_of_item(self, index: int) -> int:
        """Give the index just after a list's item: its comma, the list's closing bracket, or the end."""
        depth = 0
        for position in range(index, len(self.tokens)):
            value = self.tokens[position].value
            if value in OPENING:
                depth += 1
            elif value in CLOSING:
                depth -= 1
                if depth < 0:
                    return position
            elif value == "," and depth == 0:
                return position
        return len(self.tokens)

    def find(self, words: Collection[str], index: int, after: int | None = None) -> int:
        """Give the index of the first of ``words`` outside of brackets, or ``after`` where there is none."""
        depth = 0
        limit = len(self.tokens) if after is None else after
        for position in range(index, limit):
            value = self.tokens[position].value
            if value in OPENING:
                depth += 1
            elif value in CLOSING:
                depth -= 1
            elif depth == 0 and value in words:
                return position
        return limit

    def items(self, index: int, after: int | None = None) -> list[tuple[int, int]]:
        """Cut a list that begins at ``index`` at its commas: pairs of first token and the one after."""
        limit = len(self.tokens) if after is None else after
        pairs = []
        while index < limit:
            end = min(self.end_of_item(index), limit)
            pairs.append((index, end))
            if end >= limit or self.tokens[end].value != ",":
                break
            index = end + 1
        return pairs

    def inside(self, opening: int) -> tuple[int, int]:
        """Give the tokens within the brackets that open at ``opening``."""
        depth = 0
        for position in range(opening, len(self.tokens)):
            value = self.tokens[position].value
            if value in OPENING:
                depth += 1
            elif value in CLOSING:
                depth -= 1
                if depth == 0:
                    return opening + 1, position
        return opening + 1, len(self.tokens)

    def find_opening(self, index: int, after: int | None = None) -> int:
        """Give the first opening bracket from ``index`` on, or ``after`` where there is none."""
        limit = len(self.tokens) if after is None else after
        return next((position for position in range(index, limit) if self.tokens[position].value == "("), limit)

    def after_name(self, index: int) -> int:
        """Give the index after a name that may be qualified."""
        position = index + 1
        while position + 1 < len(self.tokens) and self.tokens[position].value == ".":
            position += 2
        return position

    def within(self, first: int, after: int) -> Here:
        """Give a stretch of tokens as a statement of its own."""
        if not 0 <= first < after <= len(self.tokens):
            return self
        return Here(
            self.source,
            start=self.tokens[first].start,
            end=self.tokens[after - 1].end,
            read=self.read,
            offset=self.offset,
        )
