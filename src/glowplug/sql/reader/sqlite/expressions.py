"""Expressions: what is in one, and whether it can be anything but what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.parts import Expression
from glowplug.sql.reader.sqlite.facts import facts_of, is_operand
from glowplug.sql.sqlite import words
from glowplug.sql.sqlite_cursor import UnexpectedToken, split_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.sql.sqlite import Token

_LONGEST_CONDITION = 2_000
"""Tokens up to which a condition is searched for IS NOT NULL, which costs its length times its depth."""
_END_OF_LIST = words("FROM WHERE GROUP HAVING ORDER LIMIT WINDOW RETURNING ON")
_COMPOUND = words("UNION INTERSECT EXCEPT")
_LITERALS = frozenset({"string", "number", "blob"})
_LITERAL_WORDS = words("NULL TRUE FALSE")


def expression_of(found: Sequence[Token], sql: str, *, name_is_text: bool = False) -> Expression:
    """Read an expression of at least one token.

    ``name_is_text``: a name alone is a string, as in DEFAULT, where nothing has a name.
    """
    if not found:
        raise UnexpectedToken("an expression was expected", None)
    text = sql[found[0].start : found[-1].end]
    core = literal_of(found)
    if core is not None:
        return Expression(text=text, constant=True, null=core.word == "NULL")
    if name_is_text and len(found) == 1 and not found[0].word.startswith("CURRENT_"):
        return Expression(text=text, constant=True)
    facts = facts_of(found)
    return Expression(
        text=text,
        functions=facts.functions,
        columns=facts.columns,
        subquery=facts.subquery,
        not_null_columns=tuple(dict.fromkeys(_not_null(found))),
    )


def literal_of(found: Sequence[Token]) -> Token | None:
    """Give the literal that an expression is, brackets, signs and casts aside; None where it is more."""
    while True:
        found = unwrapped(found)
        if len(found) == 1:
            is_literal = found[0].kind in _LITERALS or found[0].word in _LITERAL_WORDS
            return found[0] if is_literal else None
        if len(found) > 1 and found[0].text in {"+", "-"}:
            found = found[1:]
        elif len(found) > 1 and found[0].word == "CAST" and found[1].text == "(":
            found = _cast(found)
        else:
            return None


def _cast(found: Sequence[Token]) -> Sequence[Token]:
    """Give what a CAST casts; nothing where something follows it."""
    depth = named = 0
    for at, token in enumerate(found):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 1 and token.word == "AS" and not named:
            named = at
        elif depth == 0 and at > 0:
            return found[2:named] if at == len(found) - 1 else ()
    return ()


def unwrapped(found: Sequence[Token]) -> Sequence[Token]:
    """Take the brackets off that enclose all of it."""
    leading = trailing = 0
    while leading < len(found) and found[leading].text == "(":
        leading += 1
    while trailing < len(found) - leading and found[-1 - trailing].text == ")":
        trailing += 1
    if not leading or not trailing:
        return found
    depth = lowest = leading
    for token in found[leading : len(found) - trailing]:
        depth += (token.text == "(") - (token.text == ")")
        lowest = min(lowest, depth)
    layers = min(leading, trailing, lowest)
    return found[layers : len(found) - layers]


def is_tautology(found: Sequence[Token]) -> bool:
    """Tell whether a condition is true whatever the row: a true literal, or a literal equal to itself."""
    core = unwrapped(found)
    if len(core) == 1:
        token = core[0]
        number = token.kind == "number" and any(digit in "123456789" for digit in token.text.lower().split("e")[0])
        return token.word == "TRUE" or number
    if len(core) == 3 and core[1].text in {"=", "=="} | ({core[1].text} if core[1].word == "IS" else set()):  # noqa: PLR2004 - x = x
        left, right = core[0], core[2]
        return left.kind in _LITERALS and left.kind == right.kind and left.text == right.text
    return False


def _not_null(found: Sequence[Token]) -> list[str]:
    if len(found) > _LONGEST_CONDITION:
        return []
    columns: list[str] = []
    waiting = [found]
    while waiting:
        part = unwrapped(waiting.pop())
        parts = _conjuncts(part)
        if len(parts) > 1:
            waiting += reversed(parts)
            continue
        tail = [token.word for token in part[-3:]]
        if tail == ["IS", "NOT", "NULL"]:
            operand = part[:-3]
        elif tail[-2:] == ["NOT", "NULL"]:
            operand = part[:-2]
        elif tail[-1:] == ["NOTNULL"]:
            operand = part[:-1]
        else:
            continue
        operand = unwrapped(operand)
        named = operand[::2]
        dotted = len(operand) % 2 == 1 and all(token.text == "." for token in operand[1::2])
        if dotted and named[-1].kind in {"word", "name"} and is_operand(named[-1]):
            columns.append(named[-1].name)
    return columns


def _conjuncts(found: Sequence[Token]) -> list[Sequence[Token]]:
    """Cut at AND; whole where OR or BETWEEN stands beside it."""
    parts: list[Sequence[Token]] = []
    depth = start = 0
    for at, token in enumerate(found):
        if token.text in {"(", ")"} or token.word in {"CASE", "END"}:
            depth += 1 if token.text == "(" or token.word == "CASE" else -1
        elif depth == 0 and token.word in {"OR", "BETWEEN"}:
            return [found]
        elif depth == 0 and token.word == "AND":
            parts.append(found[start:at])
            start = at + 1
    return [*parts, found[start:]]


def output_of(found: Sequence[Token], sql: str) -> tuple[Expression, ...]:
    """Read a plain SELECT's output expressions, without their aliases; nothing for VALUES and compound queries."""
    depth = 0
    start = end = -1
    for at, token in enumerate(found):
        depth += (token.text == "(") - (token.text == ")")
        if depth:
            continue
        if token.word in _COMPOUND or (token.word == "VALUES" and start < 0):
            return ()
        if token.word == "SELECT" and start < 0:
            start = at + 1
        elif start >= 0 and end < 0 and token.word in _END_OF_LIST:
            compares = token.word == "FROM" and found[at - 1].word == "DISTINCT" and at - 1 > start
            end = end if compares else at
    if start < 0:
        return ()
    listed = found[start : end if end >= 0 else len(found)]
    if listed and listed[0].word in {"DISTINCT", "ALL"}:
        listed = listed[1:]
    return tuple(expression_of(_without_alias(item), sql) for item in split_list(listed) if item)


def _without_alias(item: Sequence[Token]) -> Sequence[Token]:
    if len(item) > 2 and item[-2].word == "AS":  # noqa: PLR2004 - x AS y
        return item[:-2]
    last = item[-1]
    is_name = last.kind in {"name", "string"} or (bool(last.word) and is_operand(last) and last.word != "END")
    if len(item) > 1 and is_name and last.word not in {"NULL", "ISNULL", "NOTNULL"} and is_operand(item[-2]):
        before = item[-3].word if len(item) > 2 else ""  # noqa: PLR2004 - x COLLATE y
        return item if before == "COLLATE" and item[-2].text == last.text else item[:-1]
    return item
