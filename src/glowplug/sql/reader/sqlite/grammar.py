"""SQLite's own grammar as the judge of a statement's syntax.

syntaqlite's tree is not used: it tells neither where a clause stands nor whether a name was quoted, and SQLite takes
``DEFAULT "abc"`` for a string.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import msgspec

from glowplug.sql.reader.sqlite.split import without_comments
from glowplug.sql.sqlite import RESERVED, SOFT, words
from glowplug.sql.statement import Unparsed

if TYPE_CHECKING:
    from syntaqlite import Syntaqlite  # type: ignore[import-untyped]  # it ships no types

DEEPEST = 1_500
"""Levels of nesting that are read. SQLite refuses expressions deeper than 1,000; syntaqlite recurses, and from some
2,000 levels of subqueries on (a stack of 8 MiB) it takes the process with it."""

_LONGEST_REASON = 120
_PARSE_ERROR = 0
_NESTING = re.compile(
    r"""
      '[^']*(?:'|\Z) | "[^"]*(?:"|\Z) | `[^`]*(?:`|\Z) | \[[^\]]*(?:\]|\Z)
    | (?P<open> \( ) | (?P<close> \) ) | (?P<separator> [,;] )
    | (?P<word> [^\x00-@\[-^`{-\x7f][^\x00-#%-/:-@\[-^`{-\x7f]* )
    | [0-9][\w.]*
    | (?P<operator> [-+*/%|&<>=!~]+ )
    """,
    re.VERBOSE,
)
_CLAUSES = words("FROM GROUP HAVING LIMIT ON ORDER RETURNING SELECT SET USING VALUES WHERE WINDOW")
_BRANCHES = words("WHEN THEN ELSE")
_CHAINS = words("EXCEPT INTERSECT JOIN UNION")
_OPERATORS = words(
    "AND BETWEEN COLLATE ESCAPE GLOB IN IS ISNULL LIKE MATCH NOT NOTNULL NULL OR REGEXP"  # IS NULL nests once more
)
_BEFORE_AN_OPERAND = (RESERVED | SOFT) - words(
    "CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP END ISNULL NOTNULL NULL"
)  # an END after one of these is a name
_instances = threading.local()


def refusal(text: str) -> Unparsed | None:
    """Tell why SQLite's grammar refuses a statement, and at which character of it; None where it does not."""
    if "\0" in text:
        return Unparsed(reason="a NUL character ends the text for SQLite", offset=text.index("\0"))
    bare = without_comments(text)
    deep = _too_deep(bare)
    if deep is not None:
        return Unparsed(reason=f"nested deeper than {DEEPEST:,} levels", offset=deep)
    try:
        encoded = bare.encode()
    except UnicodeEncodeError as error:
        return Unparsed(reason="a character that UTF-8 can't hold", offset=error.start)
    return _first_error(bare, encoded)


def _first_error(text: str, encoded: bytes) -> Unparsed | None:
    from syntaqlite import FormatError  # noqa: PLC0415 - a parser is imported where it is first used

    parser = _parser()
    try:
        parser.format_sql(text)  # several times as fast as ``analyze``, and linear, but tells no place
    except FormatError:
        analysis = parser.analyze(text)
        if isinstance(analysis, str):
            raise TypeError("syntaqlite gave a text where values were asked for") from None
        for found in analysis.diagnostics:
            if found.code == _PARSE_ERROR:
                incomplete = found.message.startswith("incomplete")
                at = len(text) if incomplete else len(encoded[: found.start_offset].decode("utf-8", "ignore"))
                return Unparsed(reason=_shortened(found.message), offset=at)
        return Unparsed(reason="syntax error", offset=0)
    return None


def _shortened(message: str) -> str:
    return message if len(message) <= _LONGEST_REASON else message[: _LONGEST_REASON - 1] + "…"


def _parser() -> Syntaqlite:
    from syntaqlite import Syntaqlite  # noqa: PLC0415 - a parser is imported where it is first used

    if not hasattr(_instances, "parser"):  # one instance must not be used by two threads
        _instances.parser = Syntaqlite()
    parser: Syntaqlite = _instances.parser
    return parser


def _too_deep(text: str) -> int | None:
    """Where the nesting gets deeper than is read; an estimate that errs on the deep side, in linear time."""
    if len(text) <= DEEPEST:
        return None
    level = _Level()
    outer: list[_Level] = []
    operand = False
    for match in _NESTING.finditer(text):
        kind = match.lastgroup
        word = match.group().upper() if kind == "word" else ""
        if kind == "open" or word == "CASE":
            outer.append(level)
            level = _Level(level.enclosing + level.operators + level.chain + 1, case=bool(word))
        elif kind == "close":
            while outer and level.case:
                level = outer.pop()
            level = outer.pop() if outer else level
        elif word == "END" and operand and level.case:
            level = outer.pop()
        else:
            _count(level, kind, match.group(), word)
        operand = word not in _BEFORE_AN_OPERAND if word else kind not in {"open", "operator", "separator"}
        if level.enclosing + level.operators + level.chain > DEEPEST:
            return match.start()
    return None


class _Level(msgspec.Struct):
    """An open bracket or CASE: the depth around it, and what nests in it so far."""

    enclosing: int = 0
    operators: int = 0
    chain: int = 0
    in_from: bool = False
    case: bool = False


def _count(level: _Level, kind: str | None, text: str, word: str) -> None:
    if kind == "separator":
        level.operators = 0
        level.chain = 0 if text == ";" else level.chain + level.in_from
    elif kind == "operator":
        level.operators += len(text)
    elif word in _CLAUSES:
        level.operators = 0
        level.in_from = word in {"FROM", "ON", "USING"}
    elif word in _CHAINS:
        level.operators = 0
        level.chain += 1
    elif word in _BRANCHES and level.case:
        level.operators = 0
    elif word in _OPERATORS:
        level.operators += 1
