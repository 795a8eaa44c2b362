"""What can be told of an expression from its tokens alone: constant, NULL, always true, proof of no NULL.

Each takes a half-open range of a cursor's tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glowplug.sql.reader.mysql.cursor import Cursor

_LONGEST = 2000  # tokens that are looked at; beyond, nothing is claimed


def _bare(cursor: Cursor, first: int, end: int) -> tuple[int, int]:
    """Leave out the parentheses around a range."""
    while end - first > 1 and cursor.words[first] == "(" and cursor.words[end - 1] == ")":
        depth = 0
        for index in range(first, end):
            depth += (cursor.words[index] == "(") - (cursor.words[index] == ")")
            if depth == 0 and index < end - 1:
                return first, end
        first, end = first + 1, end - 1
    return first, end


def _parted(cursor: Cursor, first: int, end: int, words: frozenset[str]) -> list[tuple[int, int]]:
    """Cut a range at these words, those in parentheses, in CASE and of BETWEEN left alone."""
    parts, start, depth, between = [], first, 0, False
    for index in range(first, end):
        word = cursor.words[index]
        if word in {"(", "CASE"}:
            depth += 1
        elif word in {")", "END"}:
            depth -= 1
        elif depth == 0 and word == "BETWEEN":
            between = True
        elif depth == 0 and word in words:
            if between and word in {"AND", "&&"}:
                between = False
            else:
                parts.append((start, index))
                start = index + 1
    return [*parts, (start, end)]


def constant(cursor: Cursor, first: int, end: int) -> bool:
    """Tell whether it is a literal, with signs, parentheses, an introducer or a cast around it at most."""
    if end - first > _LONGEST:
        return False
    first, end = _bare(cursor, first, end)
    while end - first > 1 and cursor.words[first] in {"-", "+"}:
        first, end = _bare(cursor, first + 1, end)
    if cursor.words[first] in {"CAST", "CONVERT"} and end - first > 1 and cursor.words[first + 1] == "(":
        inner = _parted(cursor, first + 2, end - 1, frozenset({"AS", ",", "USING"}))
        return constant(cursor, *inner[0])
    if end - first > 1 and cursor.kinds[end - 1] == "string" and cursor.kinds[first] == "word":
        word = cursor.words[first]
        if word.startswith("_") or word in {"N", "X", "B", "DATE", "TIME", "TIMESTAMP"}:
            first += 1
    if end - first > 1 and cursor.words[first] == ".":
        first += 1
    if all(kind == "string" for kind in cursor.kinds[first:end]):
        return end > first
    return end - first == 1 and (cursor.kinds[first] == "number" or cursor.words[first] in {"TRUE", "FALSE", "NULL"})


def null(cursor: Cursor, first: int, end: int) -> bool:
    """Tell whether it is NULL."""
    if end - first > _LONGEST:
        return False
    first, end = _bare(cursor, first, end)
    return end - first == 1 and cursor.words[first] == "NULL"


def proven_not_null(cursor: Cursor, first: int, end: int) -> tuple[str, ...]:
    """Give the columns that hold no NULL where it is true."""
    if end - first > _LONGEST or "IS" not in cursor.words[first:end]:
        return ()
    first, end = _bare(cursor, first, end)
    if len(_parted(cursor, first, end, frozenset({"OR", "XOR", "||"}))) > 1:
        return ()
    parts = _parted(cursor, first, end, frozenset({"AND", "&&"}))
    if len(parts) > 1:
        found = dict.fromkeys(column for part in parts for column in proven_not_null(cursor, *part))
        return tuple(found)
    if cursor.words[max(end - 3, first) : end] != ["IS", "NOT", "NULL"]:
        return ()
    first, end = _bare(cursor, first, end - 3)
    named = cursor.kinds[end - 1] in {"word", "name"}
    if not named or any(cursor.words[index] != "." for index in range(first + 1, end, 2)) or (end - first) % 2 == 0:
        return ()
    value = cursor.text[cursor.starts[end - 1] : cursor.ends[end - 1]]
    return (value[1:-1].replace("``", "`") if cursor.kinds[end - 1] == "name" else value,)


def always_true(cursor: Cursor, first: int, end: int) -> bool:
    """Tell whether it can only be true, as far as literals show it: ``1``, ``TRUE``, ``1 = 1``, ``x OR 1``."""
    if end - first > _LONGEST:
        return False
    first, end = _bare(cursor, first, end)
    if first >= end:
        return False
    parts = _parted(cursor, first, end, frozenset({"OR", "||"}))
    if len(parts) > 1:
        return any(always_true(cursor, *part) for part in parts)
    parts = _parted(cursor, first, end, frozenset({"AND", "&&"}))
    if len(parts) > 1:
        return all(always_true(cursor, *part) for part in parts)
    return _true(cursor, first, end)


def _true(cursor: Cursor, first: int, end: int) -> bool:
    left, *right = _parted(cursor, first, end, frozenset({"=", "<=>", ">=", "<="}))
    if right:
        texts = {cursor.text[cursor.starts[side[0]] : cursor.ends[side[1] - 1]] for side in (left, *right)}
        return len(right) == len(texts) == 1 and constant(cursor, *left) and not null(cursor, *left)
    if end - first != 1:
        return False
    if cursor.kinds[first] == "number":
        return any(digit in "123456789" for digit in cursor.text[cursor.starts[first] : cursor.ends[first]])
    return cursor.words[first] == "TRUE"
