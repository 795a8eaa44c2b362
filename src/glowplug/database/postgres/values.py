"""Values as SQL: written as literals that a column's own input function reads, and shown as one text each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.interface import SqlError
from glowplug.database.postgres.quoting import identifier, literal
from glowplug.schema.tables import Family

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.database.rows import Value
    from glowplug.schema.tables import Type

_PADDED = ("character(", '"char"')
_OF_THE_GRAMMAR = re.compile(
    r"(?:bigint|bit|boolean|character|double precision|integer|interval|numeric|real|smallint|time|timestamp)\b"
)
_NOT_IN_REPERTOIRE = "22021"


def literal_of(value: Value) -> str:
    """SQL for a value, of no type: an INSERT or UPDATE takes it for its column's."""
    if value is None:
        return "NULL"
    return literal(f"\\x{value.hex()}" if isinstance(value, bytes) else value)


def shown(expression: str, kind: Type) -> str:
    """SQL for an expression of a type, such that equal values are shown as equal texts.

    A number's trailing zeros and what fills a character(n) up say nothing.
    """
    if kind.family is Family.DECIMAL:
        return f"pg_catalog.trim_scale({expression}::pg_catalog.numeric)"
    return f"{expression}::pg_catalog.text" if kind.name.startswith(_PADDED) else expression


def equals(column: str, kind: Type, value: Value) -> str:
    """SQL for: a column holds the value; no operator of the user's is asked."""
    name = identifier(column)
    if value is None:
        return f"{name} IS NULL"
    given = shown(f"CAST({literal_of(value)} AS {_certain(kind.name)})", kind)
    return f"{shown(name, kind)}::pg_catalog.text OPERATOR(pg_catalog.=) {given}::pg_catalog.text"


def _certain(type_name: str) -> str:
    """Give a type's name so that no search_path makes another of it."""
    certain = _OF_THE_GRAMMAR.match(type_name) or "." in type_name.partition("(")[0]
    return type_name if certain else f"pg_catalog.{type_name}"


def unsendable(values: Iterable[Value]) -> SqlError | None:
    """Say why no text of PostgreSQL's can hold one of the values."""
    for value in values:
        if isinstance(value, str):
            if "\0" in value:
                return SqlError(code=_NOT_IN_REPERTOIRE, message="a text holds a NUL character")
            if not _encodes(value):
                return SqlError(code=_NOT_IN_REPERTOIRE, message="a text holds half a surrogate pair")
    return None


def _encodes(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
