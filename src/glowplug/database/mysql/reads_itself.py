"""A change of rows whose subquery reads the very table: MySQL refuses it (1093), MariaDB takes it since 10.3.

MySQL's manual, "Restrictions on Subqueries": the exception is a derived table, where it is materialized; so nothing is
said of what one reads. MariaDB's, "UPDATE" and "DELETE": "the same source and target".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glowplug.sql.mysql import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BETWEEN = {
    "UPDATE": frozenset({"LOW_PRIORITY", "IGNORE"}),
    "DELETE": frozenset({"LOW_PRIORITY", "QUICK", "IGNORE", "FROM"}),
    "INSERT": frozenset({"LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO"}),
    "REPLACE": frozenset({"LOW_PRIORITY", "DELAYED", "INTO"}),
}
_BEFORE_A_TABLE = frozenset({"FROM", "JOIN", "STRAIGHT_JOIN"})
_AFTER_TABLES = frozenset({"WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION", "WINDOW", "ON", "USING", "SELECT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    text: str
    start: int
    end: int
    quoted: bool

    @property
    def key(self) -> str:
        return "" if self.quoted else self.text.upper()


@dataclass(slots=True, kw_only=True)
class _Level:
    """What stands in one pair of parentheses: whether it is a query, one that a FROM holds, and is in its FROM now."""

    derived: bool
    query: bool = False
    tables: bool = field(default=False)


def read_again(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Give where a subquery of a single-table UPDATE, DELETE or INSERT … VALUES names the table that it changes."""
    words = list(_words(text, start, end))
    if not words or words[0].key not in _BETWEEN:
        return None
    at = 1
    while at < len(words) and words[at].key in _BETWEEN[words[0].key]:
        at += 1
    target = _name(words, at)
    if not target or not _of_one_table(words, at, at + 2 * len(target) - 1):
        return None
    return _named_in_a_subquery(words, at, target)


def _of_one_table(words: Sequence[_Word], first: int, behind: int) -> bool:
    """Whether a statement changes no table but the one named from ``first`` on, and takes its rows from no query."""
    verb, following = words[0].key, [word.key for word in words[behind : behind + 3]]
    if verb == "UPDATE":
        another_name = 2 if following[:1] == ["AS"] else 1
        return following[:1] == ["SET"] or (following[:1] != [","] and following[another_name:][:1] == ["SET"])
    if verb == "DELETE":
        return words[first - 1].key == "FROM" and following[:1] in (["WHERE"], ["ORDER"], ["LIMIT"])
    return not {"SELECT", "TABLE"} & set(_outside(words))


def _outside(words: Sequence[_Word]) -> list[str]:
    depth, found = 0, []
    for word in words:
        depth += {"(": 1, ")": -1}.get(word.text, 0)
        if depth == 0:
            found.append(word.key)
    return found


def _named_in_a_subquery(words: Sequence[_Word], at: int, target: tuple[str, ...]) -> tuple[int, int] | None:
    levels = [_Level(derived=False)]
    for index in range(at, len(words)):
        word, level = words[index], levels[-1]
        if word.text == "(" and not word.quoted:
            before = words[index - 1].key
            levels.append(_Level(derived=level.derived or level.tables or before == "AS"))
        elif word.text == ")" and not word.quoted and len(levels) > 1:
            levels.pop()
        elif word.key == "SELECT" and words[index - 1].key == "(":
            level.query = True
        elif word.key in _BEFORE_A_TABLE and level.query:
            level.tables = True
        elif word.key in _AFTER_TABLES:
            level.tables = False
        if level.tables and not level.derived and words[index - 1].key in {*_BEFORE_A_TABLE, ","}:
            name = _name(words, index)
            if name == target:
                return word.start, words[index + 2 * len(name) - 2].end
    return None


def _name(words: Sequence[_Word], at: int) -> tuple[str, ...]:
    """The name at ``at``, with its database if that is said; empty: there is none."""
    parts = []
    while at < len(words) and (words[at].quoted or words[at].key.replace("_", "").replace("$", "").isalnum()):
        parts.append(words[at].text)
        if words[at + 1 : at + 2] and words[at + 1].text == "." and not words[at + 1].quoted:
            at += 2
        else:
            break
    return tuple(parts)


def _words(text: str, start: int, end: int) -> Iterator[_Word]:
    for token in TOKEN.finditer(text, start, end):
        kind, value = token.lastgroup, token.group()
        if kind in {"space", "comment", "executable"}:
            continue
        if kind == "name":
            yield _Word(text=value[1:-1].replace("``", "`"), start=token.start(), end=token.end(), quoted=True)
        else:
            shown = "''" if kind == "string" else value
            yield _Word(text=shown, start=token.start(), end=token.end(), quoted=False)
