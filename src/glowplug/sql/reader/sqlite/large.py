"""A statement's tokens, without those of the rows after VALUES: dumps have millions of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.sql.sqlite import tokens

if TYPE_CHECKING:
    from glowplug.sql.parts import Span
    from glowplug.sql.sqlite import Token

_LARGE = 20_000
"""Characters from which on rows are left out."""
_BRACKETS = re.compile(
    r"""
      (?P<open> \( ) | (?P<close> \) ) | (?P<between> [\s,\ufeff]+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
    | '[^']*(?:'|\Z) | "[^"]*(?:"|\Z) | `[^`]*(?:`|\Z) | \[[^\]]*(?:\]|\Z)
    | [^()'"`\[/\s,\ufeff-]+ | [/-]
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens_of(text: str, span: Span) -> list[Token]:
    """Cut a statement into tokens; of a large INSERT the rows themselves are left out."""
    if span.end - span.start < _LARGE or text[span.start] not in "iIrR":
        return list(tokens(text, span.start, span.end))
    found: list[Token] = []
    position, depth = span.start, 0
    while position < span.end:
        for token in tokens(text, position, span.end):
            position = token.end
            found.append(token)
            depth += (token.text == "(") - (token.text == ")")
            if depth == 0 and token.word == "VALUES":
                position = _after_rows(text, position, span.end)
                break
        else:
            break
    return found


def _after_rows(text: str, start: int, end: int) -> int:
    depth, last = 0, start
    for match in _BRACKETS.finditer(text, start, end):
        kind = match.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
            last = match.end()
        elif depth == 0 and kind != "between":
            break
    return last
