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

LONGEST = 1 << 20
"""Bytes of a value that is read whole."""

_SHORT = frozenset({
    Family.ADDRESS,
    Family.BOOLEAN,
    Family.DATE,
    Family.DECIMAL,
    Family.ENUM,
    Family.FLOAT,
    Family.INTEGER,
    Family.INTERVAL,
    Family.TIME,
    Family.TIMESTAMP,
    Family.UUID,
})  # fmt: skip
_NUMERIC = "numeric"
_ITS_END = '(?=[],)}"])'
_ZEROS = (("[.]0+", "''"), ("([.][0-9]*[1-9])0+", r"E'\\1'"))
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

    A number's trailing zeros and what fills a character(n) up say nothing, nor do they in an array or a composite.
    """
    if kind.family is Family.DECIMAL:
        return f"pg_catalog.trim_scale({expression}::pg_catalog.numeric)"
    if kind.name.startswith(_PADDED):
        return f"{expression}::pg_catalog.text{'[]' if kind.family is Family.ARRAY else ''}"
    if _holds_numbers(kind):
        trimmed = _text(expression)
        for zeros, rest in _ZEROS:
            trimmed = f"pg_catalog.regexp_replace({trimmed}, '{zeros}{_ITS_END}', {rest}, 'g')"
        return trimmed
    if kind.family is Family.COMPOSITE:
        given = [f"({expression}).{identifier(name)}" for name, _ in kind.fields]
        fields = [shown(one, of) for one, (_, of) in zip(given, kind.fields, strict=True)]
        if fields != given:
            return _text(expression, f"ROW({', '.join(fields)})")
    return expression


def shown_in_short(expression: str, kind: Type) -> str:
    """SQL for the same, but for a value of more than LONGEST bytes its length and a digest, which is all it is told by.

    How long it may be is told by how it is stored: no compression makes less than a 255th of it.
    """
    canonical = shown(expression, kind)
    if kind.family in _SHORT:
        return canonical
    if kind.family is Family.BYTES:
        text, long, content = f"{expression}::pg_catalog.text", expression, expression
    elif kind.family is Family.TEXT:
        text = long = content = f"{canonical}::pg_catalog.text"
    else:
        text = long = content = _text(canonical)
    length = f"pg_catalog.octet_length({long})"
    digest = f"pg_catalog.concat('(', {length}, ' bytes, md5 ', pg_catalog.md5({content}), ')')"
    short = f"CASE WHEN {length} OPERATOR(pg_catalog.<=) {LONGEST} THEN {text} ELSE {digest} END"
    stored = f"pg_catalog.pg_column_size({expression})"
    return f"CASE WHEN {stored} OPERATOR(pg_catalog.>) {LONGEST // 256} THEN {short} ELSE {text} END"


def _text(expression: str, instead: str | None = None) -> str:
    """SQL for what the server would send of a value, or of what stands ``instead`` of it: a cast may be the user's."""
    some = f"pg_catalog.num_nulls({expression}) OPERATOR(pg_catalog.=) 0"
    return f"CASE WHEN {some} THEN pg_catalog.concat({instead or expression}) END"


def _holds_numbers(kind: Type) -> bool:
    """Whether it is nothing but numbers and what stands around them."""
    of = kind.element
    return of is not None and (of.name.startswith(_NUMERIC) or _holds_numbers(of))


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
