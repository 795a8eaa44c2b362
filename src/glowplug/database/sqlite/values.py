"""SQLite's values as text, and back.

A column's affinity decides what text that is written becomes, so that text is the plain way to write a value down:
``5`` in an INTEGER column is the number, in a TEXT column the text. What its column would take for something else is
marked: a number in a column without affinity is ``INTEGER 5`` or ``REAL 0.5``, a text that looks like a number where
that would become one, or like such a mark, ``TEXT '5'``; text that is no UTF-8 ``TEXT x'ff'`` (which
can't be written again). So in one column two
values have one text only if SQLite itself holds them for the same, and what was read can be written.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from glowplug.database.sqlite.declared import Affinity, affinity
from glowplug.schema.tables import Family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.rows import Value
    from glowplug.schema.tables import Column, Table


class Undecodable(bytes):
    """Text that is no UTF-8."""


Stored = str | bytes | int | float | None
"""A value as apsw takes and gives it."""

_MARK = re.compile(r"(INTEGER|REAL|TEXT) (?:x'(?:[0-9a-f]{2})*'|'(.*)'|(.*))", re.DOTALL)
_NUMERIC = frozenset({Affinity.INTEGER, Affinity.REAL, Affinity.NUMERIC})
_WHOLE_BELOW = 2.0**53
_INFINITY = "9e999"  # the way to write it as a literal
_TRUTH = {"true": 1, "t": 1, "false": 0, "f": 0}


def affinities(table: Table, columns: Sequence[str]) -> tuple[Affinity, ...]:
    """Give the affinities of ``columns``; of one that is not there, none."""
    known = {column.name: column for column in table.columns}
    return tuple(
        affinity(_declared(known[name]), strict=table.strict) if name in known else Affinity.BLOB for name in columns
    )


def booleans(table: Table, columns: Sequence[str]) -> tuple[bool, ...]:
    """Tell which of ``columns`` are BOOLEAN: they may be written as true and false."""
    known = {column.name for column in table.columns if column.type.family is Family.BOOLEAN}
    return tuple(name in known for name in columns)


def written(value: Value, boolean: bool) -> Stored:  # noqa: FBT001 - mapped over a row
    """Give what to bind for a value: text is for the column's affinity to judge, a mark says what it is."""
    if not isinstance(value, str):
        return value
    if boolean and value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    return value if (mark := _MARK.fullmatch(value)) is None else _marked(value, *mark.groups())


def _marked(value: str, kind: str, quoted: str | None, bare: str | None) -> Stored:
    if kind == "TEXT" and quoted is not None:
        return quoted
    with contextlib.suppress(ValueError):
        if bare is not None and kind != "TEXT":
            return int(bare) if kind == "INTEGER" else float(bare)
    return value


def read(value: Stored, column: Affinity) -> Value:
    """Write a stored value down, as in the module's docstring."""
    if isinstance(value, int):
        return str(value) if column in _NUMERIC else f"INTEGER {value}"
    if isinstance(value, float):
        return _number(value) if column in _NUMERIC else f"REAL {_number(value)}"
    if isinstance(value, Undecodable):
        return f"TEXT x'{value.hex()}'"
    if isinstance(value, str) and (_MARK.fullmatch(value) or (column in _NUMERIC and _looks_like_a_number(value))):
        return f"TEXT '{value}'"
    return value


def told(value: Stored) -> Value:
    """Write the value of an expression down: numbers and text alike as they read."""
    if isinstance(value, int):
        return str(value)
    return _number(value) if isinstance(value, float) else value


def _declared(column: Column) -> str:
    # A column without a type is called BLOB, whose affinity it has.
    return column.type.name


def _number(value: float) -> str:
    """Write a real so that equal numbers read equal, also to an integer: 5.0 is 5."""
    if value in {float("inf"), float("-inf")}:
        return _INFINITY if value > 0 else f"-{_INFINITY}"
    return str(int(value)) if value.is_integer() and abs(value) < _WHOLE_BELOW else repr(value)


def _looks_like_a_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
