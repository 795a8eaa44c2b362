"""A text that PostgreSQL's parser refuses as a whole, cut into what can be tried one by one.

Also the guard before the parser: it recurses without a limit of its own over chains like ``1+1+1…``, and a long one
ends the process. (Nested brackets do not: "memory exhausted", at 10,000.)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from glowplug.sql.postgres_lexer import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.sql.postgres_lexer import Token

LONGEST_CHAIN = 1000
"""Tokens in a row that no comma, AND, OR, WHEN parts: at most as many levels of the parse tree, which protobuf
reads to 100."""

SUSPICIOUS_CHAIN = 90
"""What may be too deep for protobuf is tried alone: that fails late, and costs the square of the chain."""

_FEW_OPERATORS = 4000
_OPERATORS = "+-*/%^<>=~!@#&|`?:"
_CHAINING = ("join", "union", "intersect", "except", "collate", "at ", "operator")
_LASTING = frozenset({"join", "union", "intersect", "except"})
_PARTING = frozenset({",", ";", "and", "or", "when", "then", "else"})
_COPY_END = re.compile(r"^\\\.[ \t]*\r?$", re.MULTILINE)


class Piece(NamedTuple):
    """A stretch that may be a statement, without its ``;``.

    ``command`` is one of psql's, or what follows COPY FROM stdin; ``chain`` how deep it may nest;
    ``parts`` are the pieces that it falls into if brackets don't hold a ``;`` either.
    """

    start: int
    end: int
    command: bool = False
    chain: int = 0
    parts: int = 1


def may_be_deep(text: str) -> bool:
    """Whether a text has so many operators that chains of them must be looked for."""
    if len(text) < _FEW_OPERATORS:
        return False
    lowered = text.lower()
    count = sum(text.count(sign) for sign in _OPERATORS) + sum(lowered.count(word) for word in _CHAINING)
    return count > _FEW_OPERATORS


def pieces(text: str, *, everywhere: bool = False) -> Iterator[Piece]:
    """Cut a text at each ``;`` outside of brackets and of BEGIN ATOMIC … END; ``everywhere``: at each there is."""
    yield from _Cutter(text, everywhere=everywhere).cut()


class _Cutter:
    def __init__(self, text: str, *, everywhere: bool) -> None:
        self._text = text
        self._everywhere = everywhere
        self._copies_end = True  # until none is found
        self._begin()

    def _begin(self) -> None:
        self._start: int | None = None
        self._end = 0
        self._parts = 1
        self._open: list[str] = []  # brackets, CASE and ATOMIC
        self._counts = [0]
        self._lasting = [0]
        self._total = self._chain = 0
        self._previous = self._kind = self._first = ""
        self._from_stdin = False

    def cut(self) -> Iterator[Piece]:
        position = 0
        while position < len(self._text):
            again = None
            for token in tokens(self._text, position):
                if token.value == "\\":
                    yield from self._finish()
                    again = self._line_end(token.start)
                    yield Piece(token.start, token.start + len(self._text[token.start : again].rstrip()), command=True)
                    break
                if token.value == ";" and (self._everywhere or not self._open):
                    copies = self._first == "copy" and self._from_stdin
                    yield from self._finish()
                    again = self._after_copy(token.end) if copies else None
                    if again is not None:
                        start = self._line_end(token.end)
                        yield Piece(start + 1, again, command=True)
                        break
                    continue
                self._take(token)
            if again is None:
                break
            position = again
        yield from self._finish()

    def _finish(self) -> Iterator[Piece]:
        if self._start is not None:
            yield Piece(self._start, self._end, chain=self._chain, parts=self._parts)
        self._begin()

    def _line_end(self, position: int) -> int:
        end = self._text.find("\n", position)
        return len(self._text) if end < 0 else end

    def _after_copy(self, position: int) -> int | None:
        """Give where the data that follow COPY FROM stdin end; None where there are none."""
        found = _COPY_END.search(self._text, position) if self._copies_end else None
        self._copies_end = found is not None
        return found.end() if found else None

    def _take(self, token: Token) -> None:
        if self._start is None:
            self._start = token.start
            self._first = token.value
        self._end = token.end
        self._from_stdin = self._from_stdin or (token.value == "stdin" and self._previous == "from")
        value = token.value
        if value in {"(", "["} or value == "case" or (value == "atomic" and self._previous == "begin"):
            self._push(value)
        elif value in {")", "]"} or (value == "end" and self._open and self._open[-1] in {"case", "atomic"}):
            self._pop(value)
        elif value in _PARTING:
            self._parts += value == ";"
            self._total -= self._counts[-1]
            self._counts[-1] = 0
        elif value in _LASTING:
            self._lasting[-1] += 1
            self._total += 1
        elif token.kind != "string" or self._kind != "string":
            self._counts[-1] += 1
            self._total += 1
        self._chain = max(self._chain, self._total)
        self._previous = value
        self._kind = token.kind

    def _push(self, value: str) -> None:
        self._open.append(value)
        self._counts.append(1)
        self._lasting.append(0)
        self._total += 1

    def _pop(self, value: str) -> None:
        while value != "end" and self._open and self._open[-1] in {"case", "atomic"}:
            self._drop_top()
        if self._open:
            self._drop_top()

    def _drop_top(self) -> None:
        self._open.pop()
        self._total -= self._counts.pop() + self._lasting.pop()
