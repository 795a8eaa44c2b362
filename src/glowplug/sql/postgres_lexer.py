"""PostgreSQL's SQL as words, strings and signs, by character offsets.

What the parse tree does not say (where a clause ends, where a string's body begins) is found in the tokens; and a text
that the server's own scanner refuses as a whole (an unterminated string, psql's commands) can still be cut.
Operators come sign by sign, numbers are not told from what is glued to them: no clause ends inside of one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_START = r"[^\x00-@\[-^`{-\x7f]"  # a letter, _ or no ASCII; re takes milliseconds to prepare the range up to U+10FFFF
_PART = r"[^\x00-#%-/:-@\[-^`{-\x7f]"  # the same, a digit or $
_TAG_PART = r"[^\x00-/:-@\[-^`{-\x7f]"  # without the $
_TOKEN = re.compile(
    rf"""
    (?>(?:[ \t\n\r\f\v]++|--[^\n\r]*+)*)
    (?:
      (?P<escape>[eE]'[^'\\]*+(?>(?:(?:''|\\[\s\S])[^'\\]*+)*)(?:'|\\?\Z))
    | (?P<string>(?:[bBxXnN]|[uU]&)?'[^']*+(?>(?:''[^']*+)*)(?:'|\Z))
    | (?P<name>(?:[uU]&)?"[^"]*+(?>(?:""[^"]*+)*)(?:"|\Z))
    | (?P<word>{_START}{_PART}*+)
    | (?P<dollar>\$(?:{_START}{_TAG_PART}*+)?\$)
    | (?P<number>[0-9][0-9A-Za-z_.$]*+|\$[0-9]++)
    | (?P<block>/\*)
    | (?P<sign>[\s\S])
    )
    """,
    re.VERBOSE,
)
_WORD, _DOLLAR, _BLOCK, _SIGN = (_TOKEN.groupindex[kind] for kind in ("word", "dollar", "block", "sign"))
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_BETWEEN = re.compile(r"(?>(?:[ \t\n\r\f\v;]++|--[^\n\r]*+)*)")


class Token(NamedTuple):
    """One token; ``value`` is a word in lower case, a sign itself, and empty for the rest."""

    kind: str
    value: str
    start: int
    end: int


def tokens(text: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Give the tokens of ``text[start:end]``, without white space and comments; what is unterminated goes to the end.

    A dollar-quoted string is of kind ``dollar``, one with backslashes ``escape``.
    """
    limit = len(text) if end is None else end
    position = start
    match = _TOKEN.match
    new = tuple.__new__  # half the time of Token(…), and this is where reading a file spends most of it
    while found := match(text, position, limit):
        group = found.lastindex or _SIGN
        begin, position = found.span(group)
        if group == _WORD:
            yield new(Token, ("word", text[begin:position].lower(), begin, position))
        elif group == _SIGN:
            yield new(Token, ("sign", text[begin], begin, position))
        elif group == _BLOCK:
            position = _after_comment(text, position, limit)
        else:
            if group == _DOLLAR:
                closing = text.find(text[begin:position], position, limit)
                position = limit if closing < 0 else closing + position - begin
            yield new(Token, (str(found.lastgroup), "", begin, position))


def _after_comment(text: str, start: int, limit: int) -> int:
    depth = 1
    for edge in _COMMENT_EDGE.finditer(text, start, limit):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return limit


def unclosed_comment(text: str, start: int) -> int | None:
    """Say where behind a text's last statement a comment begins that is never closed; None: all are, or there is more.

    A comment may hold others, and each must be closed.
    """
    begin = _after_gap(text, start)
    while text.startswith("/*", begin):
        depth = 0
        for edge in _COMMENT_EDGE.finditer(text, begin):
            depth += 1 if edge.group() == "/*" else -1
            if depth == 0:
                break
        else:
            return begin
        begin = _after_gap(text, edge.end())
    return None


def _after_gap(text: str, start: int) -> int:
    found = _BETWEEN.match(text, start)
    return start if found is None else found.end()
