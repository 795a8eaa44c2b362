"""The names that a PostgreSQL server finds by itself for constraints, indexes and sequences.

Source: PostgreSQL's ``makeObjectName``, ``ChooseRelationName``, ``ChooseConstraintName``, ``ChooseIndexNameAddition``
and ``FigureIndexColname``; held against live servers in the tests.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from glowplug.sql.parts import IndexKey

_MAXIMUM = 63  # bytes
_LONGEST = 500  # characters of an expression whose name is looked for: each look is quadratic at worst
_CALL = re.compile(r'\s*(?:"?\w+"?\s*\.\s*)*"?(\w+)"?\s*\(', re.DOTALL)
_COLUMN = re.compile(r'\s*(?:"[^"]+"|\w+)(?:\s*\.\s*(?:"[^"]+"|\w+))*\s*$')
_CAST = re.compile(r"::\s*[\w\s.\"]+(?:\([\d,\s]*\))?(?:\[\])*\s*$")
_COLLATE = re.compile(r'\s+COLLATE\s+[\w".]+\s*$', re.IGNORECASE)
_BRACKETED = re.compile(r"case\b(?=.*\bend$)|array\s*\[(?=.*\]$)", re.IGNORECASE | re.DOTALL)
_NAMED = {"cast": None, "not": None}  # what looks like a call and is none


def invented(first: str, second: str, label: str, taken: Callable[[str], bool]) -> str:
    """Put a name together from a table's, columns' and a label, with the first number that makes it free."""
    for number in itertools.count():
        name = _joined(first, second, label + (str(number) if number else ""))
        if not taken(name):
            return name
    raise AssertionError  # count() does not end


def _joined(first: str, second: str, label: str) -> str:
    one, two, tail = first.encode(), second.encode(), f"_{label}" if label else ""
    room = _MAXIMUM - len(tail.encode()) - (1 if second else 0)
    keep_one, keep_two = len(one), len(two)
    while keep_one + keep_two > room:
        if keep_one > keep_two:
            keep_one -= 1
        else:
            keep_two -= 1
    parts = [cut(first, keep_one)] + ([cut(second, keep_two)] if second else [])
    return "_".join(parts) + tail


def cut(text: str, room: int) -> str:
    """Cut to so many bytes, never within a character."""
    return text.encode()[:room].decode(errors="ignore")


def addition(columns: Iterable[str]) -> str:
    """Join columns' names as a name's middle part."""
    joined = ""
    for column in columns:
        joined += ("_" if joined else "") + column
        if len(joined.encode()) >= _MAXIMUM + 1:
            break
    return joined


def index_columns(keys: Iterable[IndexKey]) -> list[str]:
    """Name an index's keys as its columns are named."""
    found: list[str] = []
    for key in keys:
        origin = key.column or figured(key.expression.text if key.expression else "") or "expr"
        name = origin
        for number in itertools.count(1):
            if name not in found:
                break
            name = cut(origin, _MAXIMUM - len(str(number))) + str(number)
        found.append(name)
    return found


def figured(text: str) -> str | None:
    """Name an expression as PostgreSQL names an output column; None where it finds no name."""
    if len(text) > _LONGEST:
        return None
    text = _bare(text.strip())
    for pattern in (_COLLATE, _CAST):
        if (tail := pattern.search(text)) and _outside(text, tail.start()):
            head = text[: tail.start()]
            return figured(head) or (_type(tail.group()) if pattern is _CAST else None)
    if _COLUMN.match(text) and not text[:1].isdigit():
        return _part(text.rpartition(".")[2] if "." in text else text)
    if (call := _CALL.match(text)) and _closes(text, call.end() - 1) == len(text.rstrip()) - 1:
        return _NAMED.get(call.group(1).lower(), call.group(1).lower())
    word = _BRACKETED.match(text)
    return word.group().split("[")[0].strip()[:5].lower() if word else None


def _type(text: str) -> str:
    return re.sub(r"[(\[].*", "", text.strip().removeprefix("::")).strip().rpartition(".")[2].strip('"')


def _part(text: str) -> str:
    text = text.strip()
    return text[1:-1] if text.startswith('"') else text.lower()


def _bare(text: str) -> str:
    while text.startswith("(") and _closes(text, 0) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closes(text: str, start: int) -> int:
    """Where the parenthesis at ``start`` closes, -1 where it doesn't."""
    depth, quote = 0, ""
    for index in range(start, len(text)):
        letter = text[index]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        else:
            depth += (letter == "(") - (letter == ")")
            if depth == 0:
                return index
    return -1


def _outside(text: str, end: int) -> bool:
    """Whether what stands before ``end`` is a whole: one operand, no operator around it."""
    head = _bare(text[:end].strip())
    call = _CALL.match(head)
    whole_call = call is not None and _closes(head, call.end() - 1) == len(head) - 1
    return whole_call or bool(_COLUMN.match(head)) or text[:end].strip() != head or bool(re.match(r"'[^']*'$", head))
