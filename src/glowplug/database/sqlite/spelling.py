"""One spelling of a CREATE statement for all that SQLite takes for the same.

``"x"`` in an expression is a name where a column x exists, else a string (sqlite.org/quirks.html#dblquote), and
ALTER TABLE writes such a string ``'x'`` in whatever statement holds one. What is a name is written with double quotes
here, what is a string with single ones. A table's and an index's own columns tell which it is; what a view or a
trigger means is asked of SQLite (``quotes``).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from glowplug.sql.sqlite import RESERVED, SOFT, VALUES, Token, tokens, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_KEYWORDS = RESERVED | SOFT | VALUES
_TABLE_CONSTRAINTS = words("CONSTRAINT PRIMARY UNIQUE CHECK FOREIGN")
_ROWID = frozenset({"rowid", "oid", "_rowid_"})
_OPERATORS = {"==": "=", "!=": "<>"}
_NAMED_NEXT = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "AS"})
_NAMES = frozenset({"name", "string"})
_NOTHING = Token("operator", "", 0)
_OPEN, _CLOSE = Token("operator", "(", 0), Token("operator", ")", 0)
_BEFORE_AN_OPERAND = words("AND BETWEEN CASE ELSE ESCAPE IS NOT OR THEN WHEN WHERE")
_AFTER_A_KEY_PART = frozenset({"", ",", ")", "COLLATE", "ASC", "DESC"})


@functools.lru_cache(maxsize=4096)
def table(sql: str) -> str:
    """Write a CREATE TABLE of ``sqlite_master``."""
    own, rowid = _own(sql)
    return _written(_Table(list(tokens(sql)), own, rowid=rowid).spelled())


@functools.lru_cache(maxsize=4096)
def index(sql: str, table_sql: str) -> str:
    """Write a CREATE INDEX of a table; ``table_sql`` is that table's text."""
    own, rowid = _own(table_sql)
    found = list(tokens(sql))
    start = next(position for position, token in enumerate(found) if token.text == "(")
    where = next((place for place in range(start, len(found)) if found[place].word == "WHERE"), len(found))
    return _written(
        [
            *found[:start],
            *_without_doubled(_expression(found[start:where], own, rowid=False, key_parts=True)),
            *found[where : where + 1],
            *_without_doubled([_OPEN, *_expression(found[where + 1 :], own, rowid=rowid), _CLOSE])[1:-1],
        ]
    )


@functools.lru_cache(maxsize=4096)
def body(sql: str) -> str:
    """Write a view or a trigger: names in single quotes as names, what stands there for nothing left out."""
    found = list(tokens(sql))
    written: list[Token] = []
    skipped = 0
    for position, token in enumerate(found):
        before = _at(found, position - 1).word
        if [one.word for one in found[position : position + 3]] == ["FOR", "EACH", "ROW"]:
            skipped = 3
        if skipped:
            skipped -= 1
        elif before == "COLLATE":
            written.append(_name(token.name.upper()))
        elif token.kind == "string" and before in _NAMED_NEXT and _at(found, position - 2).word != "DISTINCT":
            written.append(_name(token.name))
        else:
            written.append(token)
    return _written(written)


@functools.lru_cache(maxsize=4096)
def _own(table_sql: str) -> tuple[Mapping[str, str], bool]:
    """Give a table's columns by their folded names, and whether it has a rowid."""
    names: list[str] = []
    depth, before, without = 0, "", False
    for token in tokens(table_sql):
        if depth == 1 and before in {"(", ","} and token.word not in _TABLE_CONSTRAINTS:
            names.append(token.name)
        depth += (token.text == "(") - (token.text == ")")
        without |= depth == 0 and token.word == "WITHOUT"
        before = token.text
    return {name.casefold(): name for name in names}, not without


class _Table:
    """A CREATE TABLE's tokens, gone through once."""

    def __init__(self, found: list[Token], own: Mapping[str, str], *, rowid: bool) -> None:
        self._found = found
        self._own = own
        self._rowid = rowid
        self._position = 0
        self._depth = 0

    def spelled(self) -> Iterator[Token]:
        while self._position < len(self._found):
            token, before = self._found[self._position], _at(self._found, self._position - 1)
            if token.text == "(" and before.word in {"CHECK", "AS"}:
                inside = self._group()
                rowid = self._rowid and before.word == "CHECK"
                yield from _without_doubled(_expression(inside, self._own, rowid=rowid))
            elif before.word == "DEFAULT" and _at(self._found, self._position - 2).word != "SET":
                yield from self._default()
            elif self._ahead("ON", "CONFLICT", "ABORT"):
                self._position += 3
            elif token.word == "MATCH":  # SQLite takes any word there, and heeds none
                self._position += 2
            else:
                self._position += 1
                yield self._listed(token, before)

    def _ahead(self, *words: str) -> bool:
        return all(_at(self._found, self._position + distance).word == word for distance, word in enumerate(words))

    def _group(self) -> list[Token]:
        start = self._position
        self._position = _end_of_group(self._found, start)
        return self._found[start : self._position]

    def _listed(self, token: Token, before: Token) -> Token:
        """Write what stands in none of the expressions: a key's columns, a collation."""
        self._depth += (token.text == "(") - (token.text == ")")
        if before.word == "COLLATE":
            return _name(token.name.upper())
        if self._depth and before.text in {"(", ","} and (token.kind in _NAMES or _is_name(token)):
            return _name(self._own.get(token.name.casefold(), token.name))
        return token

    def _default(self) -> Iterable[Token]:
        """Write a default: any one name is a string, and parentheses around a value say nothing."""
        if self._found[self._position].text == "(":
            group = _without_doubled(_expression(self._group(), {}, rowid=False))
            value = _literal(group[1:-1])
            return group if value is None else value
        start = self._position
        self._position += 2 if self._found[start].text in {"+", "-"} else 1
        value = self._found[start : self._position]
        if value[0].kind == "name" or (value[0].kind == "word" and value[0].word not in VALUES | {"NULL"}):
            return [_string(value[0].name)]
        if value[0].kind == "blob":
            return [Token("blob", value[0].text.upper(), 0)]
        return _literal(value) or value


def _literal(found: Sequence[Token]) -> Sequence[Token] | None:
    """Give a value without a sign that says nothing; None for whatever is more than a value."""
    if len(found) == 2 and found[0].text in {"+", "-"} and found[1].kind == "number":  # noqa: PLR2004 - a sign and it
        return found[1:] if found[0].text == "+" else found
    if len(found) == 1 and (found[0].kind in {"number", "string", "blob"} or found[0].word in VALUES | {"NULL"}):
        return found
    return None


def _expression(
    found: Sequence[Token], own: Mapping[str, str], *, rowid: bool, key_parts: bool = False
) -> Iterator[Token]:
    """Write an expression over a table's own columns; ``key_parts``: it is an index's list."""
    position = 0
    while position < len(found):
        token, before, after = found[position], _at(found, position - 1), _at(found, position + 1)
        position += 1
        if after.text == "." and (token.kind in _NAMES or _is_name(token)):
            position += 1  # it can be but this table
        elif before.word == "COLLATE":
            yield _name(token.name.upper())
        elif key_parts and token.kind in _NAMES and _is_key_part(before, after):
            yield _name(own.get(token.name.casefold(), token.name))
        elif token.kind == "name" or _is_name(token):
            yield _named(token, before, after, own, rowid=rowid)
        elif token.kind == "blob":
            yield Token("blob", token.text.upper(), 0)
        else:
            yield Token(token.kind, _OPERATORS.get(token.text, token.text), 0)


def _named(token: Token, before: Token, after: Token, own: Mapping[str, str], *, rowid: bool) -> Token:
    folded = token.name.casefold()
    if after.text == "(":
        return _name(folded)
    if before.word == "AS":  # of a CAST
        return _name(token.name.upper())
    if folded in own:
        return _name(own[folded])
    if rowid and folded in _ROWID:
        return _name(folded)
    return _string(token.name) if token.text[0] == '"' else _name(token.name)


def _is_key_part(before: Token, after: Token) -> bool:
    return before.text in {"(", ","} and (after.text.upper() in _AFTER_A_KEY_PART)


def _without_doubled(found: Iterable[Token]) -> list[Token]:
    """Leave out parentheses within parentheses that stand around all that is there, and those around one operand."""
    listed = list(found)
    opened: list[int] = []
    ends: dict[int, int] = {}
    for position, token in enumerate(listed):
        if token.text == "(":
            opened.append(position)
        elif token.text == ")" and opened:
            ends[opened.pop()] = position
    idle = {
        start
        for start, end in ends.items()
        if ends.get(start - 1) == end + 1 or (end == start + 2 and _is_operand(_at(listed, start - 1)))
    }
    left_out = idle | {ends[start] for start in idle}
    return [token for position, token in enumerate(listed) if position not in left_out]


def _is_operand(before: Token) -> bool:
    """Tell whether what follows is one operand, and no function's arguments or list of IN."""
    return before.word in _BEFORE_AN_OPERAND or (before.kind == "operator" and before.text not in {"", ")", "."})


def _end_of_group(found: Sequence[Token], start: int) -> int:
    depth = 0
    for position in range(start, len(found)):
        text = found[position].text
        depth += (text == "(") - (text == ")")
        if depth == 0:
            return position + 1
    return len(found)


def _at(found: Sequence[Token], position: int) -> Token:
    return found[position] if 0 <= position < len(found) else _NOTHING


def _is_name(token: Token) -> bool:
    return token.kind == "word" and token.word not in _KEYWORDS


def _name(name: str) -> Token:
    return Token("name", '"' + name.replace('"', '""') + '"', 0)


def _string(value: str) -> Token:
    return Token("string", "'" + value.replace("'", "''") + "'", 0)


def _written(found: Iterable[Token]) -> str:
    return " ".join(token.text for token in found)
