"""The statements in a trigger's body, each made such that it can be prepared alone: what is the trigger's is ``?``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from glowplug.sql.mysql import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_STATEMENTS = frozenset({"DELETE", "INSERT", "REPLACE", "SELECT", "UPDATE", "WITH"})
_FILLING = frozenset({"INSERT", "REPLACE"})
_BEFORE_A_TABLE = _FILLING | {"DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO", "LOW_PRIORITY"}
_QUERIES = frozenset({"SELECT", "WITH"})
_BEFORE_A_STATEMENT = frozenset({"", ";", ":", "ATOMIC", "BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT"})
_ROWS = frozenset({"NEW", "OLD"})
_UNTOLD = re.compile(
    r"\bHANDLER\s+FOR\s+(?!NOT\s+FOUND\b)|\bTEMPORARY\b|\bROWTYPE\b|\bROW\s*\(|\bFOR\s+[^\s;]+\s+IN\b|/\*M?!",
    re.IGNORECASE,
)
"""An error that is handled, a table that is made there, a variable with fields, text that is hidden from some."""

_VARIABLE = "@glowplug"


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What a body names: columns of its own table, each with its row (``NEW``, ``OLD``), and statements to prepare."""

    columns: tuple[tuple[str, str], ...]
    statements: tuple[str, ...]


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """A name as it is compared: without its quotes, in one case."""
        if self.kind == "word":
            return self.text.casefold()
        quote = self.text[:1]
        return self.text[1:-1].replace(quote * 2, quote).casefold()


def read_body(body: str) -> Body | None:
    """Take a body apart; None where what fails in it need not fail the trigger, or its names can't be told apart."""
    if _UNTOLD.search(body):
        return None
    tokens = [
        _Token(str(found.lastgroup), found.group(), found.start(), found.end())
        for found in TOKEN.finditer(body)
        if found.lastgroup not in {"space", "comment"}
    ]
    own = _declared(tokens)
    columns = ((tokens[at].name.upper(), tokens[at + 2].text) for at in range(len(tokens)) if _is_of_row(tokens, at))
    prepared = (sql for each in _statements(tokens) for sql in (*_filled(body, each), _prepared(body, each, own)))
    return Body(columns=tuple(dict.fromkeys(columns)), statements=tuple(dict.fromkeys(prepared)))


def _statements(tokens: Sequence[_Token]) -> Iterator[Sequence[_Token]]:
    """Give each statement that names tables, up to its ``;``, and of the others each query in parentheses."""
    previous = before = ""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        cursor = (before, previous) == ("CURSOR", "FOR")
        if token.word in _STATEMENTS and (previous in _BEFORE_A_STATEMENT or cursor):
            end = next((index for index in range(at, len(tokens)) if tokens[index].text == ";"), len(tokens))
            yield tokens[at:end]
            at = end - 1
        elif token.word in _QUERIES and previous == "(":
            end = _closing(tokens, at)
            yield tokens[at:end]
            at = end - 1
        before, previous = previous, tokens[at].word or tokens[at].text
        at += 1


def _filled(body: str, tokens: Sequence[_Token]) -> Iterator[str]:
    """Ask for the columns that an INSERT fills from a query: preparing it does not."""
    opening = next((at for at, token in enumerate(tokens) if token.text == "("), len(tokens))
    closing = _closing(tokens, opening + 1)
    name = next((at for at, token in enumerate(tokens[:opening]) if token.word not in _BEFORE_A_TABLE), opening)
    after = tokens[closing + 1].word if closing + 1 < len(tokens) else ""
    if tokens[0].word in _FILLING and name < opening and after in _QUERIES:
        columns = body[tokens[opening].end : tokens[closing].start]
        yield f"SELECT {columns} FROM {body[tokens[name].start : tokens[opening].start]}"


def _closing(tokens: Sequence[_Token], start: int) -> int:
    """Find the parenthesis that closes what was open before ``start``."""
    depth = 1
    for at in range(start, len(tokens)):
        depth += (tokens[at].text == "(") - (tokens[at].text == ")")
        if depth == 0:
            return at
    return len(tokens)


def _declared(tokens: Sequence[_Token]) -> frozenset[str]:
    """Name the body's own variables."""
    found = set()
    for at, token in enumerate(tokens):
        if token.word != "DECLARE":
            continue
        for following in range(at + 1, len(tokens) - 1, 2):
            found.add(tokens[following].name)
            if tokens[following + 1].text != ",":
                break
    return frozenset(found)


def _is_of_row(tokens: Sequence[_Token], at: int) -> bool:
    """Whether a column of the row begins there."""
    return (
        tokens[at].kind in {"name", "word"}
        and tokens[at].name.upper() in _ROWS
        and at + 2 < len(tokens)
        and tokens[at + 1].text == "."
        and (at == 0 or tokens[at - 1].text != ".")
    )


def _prepared(body: str, tokens: Sequence[_Token], own: frozenset[str]) -> str:
    """Write a statement with parameters for the row's columns and the body's variables."""
    parts: list[str] = []
    done = tokens[0].start
    into = False
    for at, token in enumerate(tokens):
        if token.start < done:
            continue
        instead, end = None, token.end
        if _is_of_row(tokens, at):
            instead, end = "?", tokens[at + 2].end
        elif token.kind in {"name", "word"} and token.name in own and not _is_qualified(tokens, at):
            instead = _VARIABLE if into else "?"
        if instead is not None:
            parts += (body[done : token.start], instead)
            done = end
        else:
            into = token.word == "INTO" or (into and token.text == ",")
    return "".join((*parts, body[done : tokens[-1].end]))


def _is_qualified(tokens: Sequence[_Token], at: int) -> bool:
    return (at > 0 and tokens[at - 1].text == ".") or (at + 1 < len(tokens) and tokens[at + 1].text == ".")
