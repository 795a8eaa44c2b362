"""A statement's tokens with the file around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.parts import Name, Span
from glowplug.sql.reader.sqlite.expressions import expression_of
from glowplug.sql.sqlite import RESERVED
from glowplug.sql.sqlite_cursor import Cursor

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from glowplug.sql.parts import Expression
    from glowplug.sql.sqlite import Token

_NAMES = frozenset({"word", "name", "string"})


class Source(Cursor):
    """A cursor that gives names, expressions and spans of the file that its tokens come from."""

    def __init__(self, found: Sequence[Token], sql: str) -> None:
        """Begin at the first token of ``found``, which are of the file ``sql``."""
        super().__init__(found)
        self.sql = sql

    @property
    def span(self) -> Span:
        """All of it."""
        return Span(self.found[0].start, self.found[-1].end)

    def since(self, start: int) -> Span:
        """From a character to the token taken last."""
        return Span(start, self.end)

    def name(self) -> str:
        """Take a name, quoted or not."""
        if self.done() or self.found[self.position].kind not in _NAMES or self.word in RESERVED:
            raise self.unexpected("a name")
        return self.take().name

    def qualified(self) -> Name:
        """Take a name that may have a schema before it."""
        first = self.name()
        return Name(self.name(), first) if self.accept_text(".") else Name(first)

    def exists(self, *words: str) -> bool:
        """Take ``IF EXISTS`` or ``IF NOT EXISTS``, whichever is asked for."""
        return self.accept("IF", *words)

    def until(self, words: Collection[str], *, commas: bool = False) -> Sequence[Token]:
        """Take all tokens up to one of ``words``, a comma if asked, or a closing bracket, not within brackets."""
        start, depth = self.position, 0
        while not self.done():
            token = self.found[self.position]
            if depth == 0 and (token.word in words or token.text == ")" or (commas and token.text == ",")):
                break
            depth += (token.text == "(") - (token.text == ")")
            self.position += 1
        return self.found[start : self.position]

    def rest(self) -> Sequence[Token]:
        """Take all that is left."""
        start, self.position = self.position, len(self.found)
        return self.found[start:]

    def expression(self, words: Collection[str] = (), *, commas: bool = False) -> Expression:
        """Take an expression, up to where ``until`` stops."""
        return expression_of(self.until(words, commas=commas), self.sql)

    def bracketed(self) -> Expression:
        """Take an expression in brackets, and give what is inside."""
        return expression_of(self.group(), self.sql)

    def names(self) -> tuple[str, ...]:
        """Take a list of names in brackets; of a key only its column is given."""
        self.accept_text("(")
        found: list[str] = []
        while not self.accept_text(")"):
            found.append(self.name())
            self.until((), commas=True)
            if not self.accept_text(",") and self.text != ")":
                raise self.unexpected("a comma")
        return tuple(found)
