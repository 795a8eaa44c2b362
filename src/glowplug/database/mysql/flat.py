"""A statement on one line, for patterns to be held against: no comments, nothing that a name or a string says."""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING

from glowplug.sql.mysql import TOKEN
from glowplug.sql.reader.mysql.words import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = r"(?:``|[\w$]+)(?: \. (?:``|[\w$]+))?"
"""A name in a flat line, with its database if it is said; a keyword, too."""


def _enclosed() -> str:
    pattern = r"\([^()]*+\)"
    for _ in range(6):
        pattern = rf"\((?>(?:[^()]++|{pattern})*)\)"
    return pattern


ENCLOSED = _enclosed()
"""A pattern for parentheses with all that is in them, some levels deep."""

INSIDE = rf"(?>(?:[^() ]++|{ENCLOSED}) )"
"""A pattern for one token with the blank behind it, or for parentheses with all that is in them."""

OF_TYPE = rf"\b(?:{'|'.join(sorted(TYPES))})\b"
"""A pattern for the first word of a type."""

INDEX = rf"\b(?:INDEX|KEY|UNIQUE)(?: {NAME})?(?: USING \w+)?(?: ON {NAME})? {ENCLOSED}"
"""A pattern for an index as CREATE TABLE, ALTER TABLE and CREATE INDEX define it, up to its keys."""

INDEX_OPTIONS = r"(?: (?:KEY_BLOCK_SIZE (?:= )?0|USING \w+|COMMENT ''|WITH PARSER [\w$]+))*"
"""A pattern for what both servers let follow an index's keys, each with a blank before it."""

_MARKS = {"string": "''", "name": "``", "number": "0"}
_MARIADBS_OWN = re.compile(r"/\*(?:M!|!1\d{5})")


class Flat:
    """The tokens of ``text`` between two offsets, words in capitals, a blank between each two.

    A string is ``''``, a quoted name two backticks, a number ``0``, a variable of a session's own ``@``. What stands
    in a vendor's comment is there, but for MariaDB's own (``/*M!…*/``, ``/*!100100 …*/``), which MySQL never runs.
    """

    def __init__(self, text: str, start: int, end: int) -> None:
        """Read it."""
        parts: list[str] = []
        self._at: list[int] = []
        self._spans: list[tuple[int, int]] = []
        length = 0
        for word, span in _tokens(text, start, end):
            parts.append(word)
            self._at.append(length)
            self._spans.append(span)
            length += len(word) + 1
        self.line = " ".join(parts)

    @property
    def well_formed(self) -> bool:
        """Whether each parenthesis has its other half, and each comma something on both sides."""
        depth = 0
        for word in re.findall(r"[()]", self.line):
            depth += 1 if word == "(" else -1
            if depth < 0:
                return False
        return depth == 0 and re.search(r"[(,] ,|, (?:\)|$)", self.line) is None

    def span(self, found: re.Match[str], group: str | int) -> tuple[int, int]:
        """Give where in the text the tokens lie that a group of a match in ``line`` holds: half open, one at least."""
        first = bisect.bisect_right(self._at, found.start(group)) - 1
        last = bisect.bisect_right(self._at, max(found.start(group), found.end(group) - 1)) - 1
        return self._spans[first][0], self._spans[last][1]


def _tokens(text: str, start: int, end: int) -> Iterator[tuple[str, tuple[int, int]]]:
    skipping = False
    for token in TOKEN.finditer(text, start, end):
        kind, value = token.lastgroup, token.group()
        if kind == "executable":
            skipping = value != "*/" and _MARIADBS_OWN.match(value) is not None
        elif kind not in {"space", "comment"} and not skipping:
            word = _MARKS.get(str(kind)) or ("@" if kind == "variable" and value[:2] != "@@" else value.upper())
            yield word, token.span()
