"""What MariaDB takes and MySQL refuses in the definition of a column.

Sources: MySQL 8.4's manual, "CREATE TABLE", "Data Type Default Values", "Automatic Initialization and Updating for
TIMESTAMP and DATETIME" (of whose precision it says that it must be the same throughout), and 5.7's of the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.mysql.flat import ENCLOSED, Flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.sql.parts import Column, Expression, TypeName

_MARIADBS_TYPES = frozenset({"uuid", "inet4", "inet6", "xmltype", "varchar2", "number", "raw", "clob"})
_VECTORS_SINCE = (9,)
_WITHOUT_DEFAULT = re.compile(
    r"(?:tiny|medium|long)?(?:text|blob)|json|geometry|point|linestring|polygon|multi\w+|geom\w+", re.IGNORECASE
)
_MOMENTS = frozenset({"datetime", "timestamp"})
_NOW = frozenset({"current_timestamp", "now", "localtime", "localtimestamp"})
_PRECISION = re.compile(r"\(\s*(\d+)\s*\)\Z")
_EXPRESSIONS_SINCE = (8, 0, 13)
_INVISIBLE_SINCE = (8, 0, 23)


def refused_in(text: str, column: Column, version: tuple[int, ...]) -> Iterator[str]:
    """Give what MySQL of this ``version`` refuses in a column's definition, as phrases."""
    if column.type is None:
        return
    name = column.type.name.lower()
    if name in _MARIADBS_TYPES or (name == "vector" and version < _VECTORS_SINCE):
        yield f"the type {name.upper()}"
    if name == "year" and column.type.modifiers not in {(), ("4",)}:
        yield f"YEAR({column.type.modifiers[0]})"
    attributes = _attributes(text, column)
    if "COMPRESSED" in attributes:
        yield "COMPRESSED for a column"
    if "INVISIBLE" in attributes and version < _INVISIBLE_SINCE:
        yield "INVISIBLE for a column"
    if column.default is not None:
        yield from _in_default(column.default, column.type, version)
    if column.on_update is not None and _precision(column.on_update.text) != _precision_of(column.type):
        yield "ON UPDATE with another precision than the column's"


def _in_default(default: Expression, kind: TypeName, version: tuple[int, ...]) -> Iterator[str]:
    if default.text.startswith("("):
        if version < _EXPRESSIONS_SINCE:
            yield "an expression as a default"
    elif default.constant:
        if not default.null and _WITHOUT_DEFAULT.fullmatch(kind.name):
            yield f"a default that is no expression in parentheses for the type {kind.name.upper()}"
    elif not default.functions or not _NOW.issuperset(default.functions):
        yield "an expression without parentheses as a default"
    elif kind.name.lower() not in _MOMENTS:
        yield f"{default.text} as a default for the type {kind.name.upper()}"
    elif _precision(default.text) != _precision_of(kind):
        yield "a default of another precision than the column's"


def _attributes(text: str, column: Column) -> frozenset[str]:
    """The words of a definition that stand outside of parentheses, but for its name and those that are others'."""
    line = re.sub(ENCLOSED, "()", Flat(text, column.span.start, column.span.end).line)
    return frozenset(re.findall(r"(?<= )(?<!REFERENCES )(?<!CONSTRAINT )(?<!\. )\w+\b(?! \.)", line))


def _precision_of(kind: TypeName) -> int:
    return int(kind.modifiers[0]) if kind.modifiers and kind.modifiers[0].isdigit() else 0


def _precision(text: str) -> int:
    found = _PRECISION.search(text)
    return int(found.group(1)) if found else 0
