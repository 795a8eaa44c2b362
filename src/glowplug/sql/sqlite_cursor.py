"""A cursor over SQLite's tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.sql.sqlite import Token


class UnexpectedToken(ValueError):
    """Something else stands there; ``offset`` is where, None at the end. Whoever reads turns it into a value."""

    def __init__(self, message: str, offset: int | None) -> None:
        """Say what and where."""
        super().__init__(message)
        self.offset = offset


class Cursor:
    """A place in a sequence of tokens; what is not there as asked raises ``UnexpectedToken``."""

    def __init__(self, found: Sequence[Token]) -> None:
        """Begin at the first token."""
        self.found = found
        self.position = 0

    @property
    def word(self) -> str:
        """The next token's bare word in upper case, or nothing."""
        return self.ahead(0)

    def ahead(self, distance: int) -> str:
        """Give the bare word that many tokens on, in upper case, or nothing."""
        index = self.position + distance
        return self.found[index].word if index < len(self.found) else ""

    @property
    def text(self) -> str:
        """The next token as written; nothing at the end."""
        return self.found[self.position].text if self.position < len(self.found) else ""

    @property
    def start(self) -> int:
        """Where the next token begins; at the end, where the last one ends."""
        return self.found[self.position].start if self.position < len(self.found) else self.end

    @property
    def end(self) -> int:
        """Where the token before ends."""
        return self.found[self.position - 1].end if self.position else 0

    def take(self) -> Token:
        """Take the next token, whatever it is."""
        if self.position >= len(self.found):
            raise UnexpectedToken("the statement ends too early", None)
        self.position += 1
        return self.found[self.position - 1]

    def accept(self, *words: str) -> bool:
        """Take these words if they are next."""
        if all(self.ahead(distance) == word for distance, word in enumerate(words)):
            self.position += len(words)
            return True
        return False

    def accept_text(self, text: str) -> bool:
        """Take this punctuation if it is next."""
        if self.text == text:
            self.position += 1
            return True
        return False

    def expect(self, *words: str) -> None:
        """Take these words, which must be next."""
        if not self.accept(*words):
            raise self.unexpected(" ".join(words))

    def unexpected(self, wanted: str) -> UnexpectedToken:
        """Make the error that says what was wanted here."""
        at = self.position < len(self.found)
        found = f"near {self.text!r}" if at else "at the end"
        return UnexpectedToken(f"{wanted} was expected {found}", self.start if at else None)

    def group(self) -> Sequence[Token]:
        """Take a parenthesised group, and give what is inside."""
        if self.text != "(":
            raise self.unexpected("a parenthesis")
        start, depth = self.position, 0
        while True:
            text = self.take().text
            depth += (text == "(") - (text == ")")
            if depth == 0:
                return self.found[start + 1 : self.position - 1]

    def done(self) -> bool:
        """Tell whether every token is taken."""
        return self.position >= len(self.found)

    def conflict(self) -> str:
        """Take an ON CONFLICT clause if it is next, and give it with a space before it."""
        return f" ON CONFLICT {self.take().word}" if self.accept("ON", "CONFLICT") else ""


def split_list(found: Sequence[Token]) -> list[list[Token]]:
    """Cut a list at its commas, those within parentheses left alone."""
    items: list[list[Token]] = [[]]
    depth = 0
    for token in found:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.text == ",":
            items.append([])
        else:
            items[-1].append(token)
    return items
