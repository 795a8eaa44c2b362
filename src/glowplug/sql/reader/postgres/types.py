"""Types, named as PostgreSQL's ``format_type`` prints them (src/backend/utils/adt/format_type.c)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.sql.parts import Identity, TypeName
from glowplug.sql.reader.postgres.tree import plain, words

if TYPE_CHECKING:
    from glowplug.sql.reader.postgres.tree import Message

_CANONICAL = {
    "bool": "boolean",
    "char": '"char"',  # only a quoted name comes as "char": the keyword is bpchar
    "float4": "real",
    "float8": "double precision",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "time": "time without time zone",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "timetz": "time with time zone",
    "varbit": "bit varying",
    "varchar": "character varying",
}
_SERIAL = {
    "bigserial": "bigint",
    "serial": "integer",
    "serial2": "smallint",
    "serial4": "integer",
    "serial8": "bigint",
    "smallserial": "smallint",
}
_PLAIN_NAME = re.compile(r"[^\x00-^`{-\x7f][^\x00-#%-/:-^`{-\x7f]*")
"""``[a-z_\\u0080-\\U0010ffff][a-z0-9_$\\u0080-\\U0010ffff]*``, which ``re`` takes milliseconds to prepare."""
_INTERVAL_FIELDS = {"month": 1, "year": 2, "day": 3, "hour": 10, "minute": 11, "second": 12}
"""The bit of each field in an interval's modifier (src/include/utils/datetime.h)."""
_RANGES = {
    sum(1 << _INTERVAL_FIELDS[field] for field in fields): text
    for text, fields in {
        "year": ("year",),
        "month": ("month",),
        "day": ("day",),
        "hour": ("hour",),
        "minute": ("minute",),
        "second": ("second",),
        "year to month": ("year", "month"),
        "day to hour": ("day", "hour"),
        "day to minute": ("day", "hour", "minute"),
        "day to second": ("day", "hour", "minute", "second"),
        "hour to minute": ("hour", "minute"),
        "hour to second": ("hour", "minute", "second"),
        "minute to second": ("minute", "second"),
    }.items()
}


def type_of(said: Message) -> TypeName:
    """Read a TypeName; ``serial`` and its like stay as they are (``column_type``).

    An array of arrays has one dimension, as to the server.
    """
    parts = words(said.names)
    if said.pct_type:
        return TypeName(name=".".join(parts) + "%TYPE", dimensions=len(said.array_bounds))
    if parts[:1] == ("pg_catalog",):
        parts = parts[1:]
    modifiers = tuple(plain(modifier) for modifier in said.typmods)
    if len(parts) != 1:
        name = ".".join(map(_quoted, parts))
    elif parts[0] == "bpchar":
        name = "character" if modifiers else "bpchar"
    elif parts[0] == "interval":
        name, modifiers = _interval(modifiers)
    else:
        name = _CANONICAL.get(parts[0]) or _quoted(parts[0])
        if name == "numeric" and len(modifiers) == 1:
            modifiers = (*modifiers, "0")
    return TypeName(name=name, modifiers=modifiers, dimensions=min(len(said.array_bounds), 1))


def column_type(said: Message) -> tuple[TypeName, Identity | None]:
    """Read a new column's type, for which ``serial`` means integer and a sequence."""
    read = type_of(said)
    if read.name in _SERIAL and not read.dimensions:
        return TypeName(name=_SERIAL[read.name]), Identity.SERIAL
    return read, None


def _interval(modifiers: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    fields = _RANGES.get(int(modifiers[0])) if modifiers and modifiers[0].isdigit() else None
    return f"interval {fields}" if fields else "interval", modifiers[1:]


def _quoted(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return name
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
