"""What a declared type of SQLite means: its affinity, by SQLite's rules, and what Diesel's users write there."""

from __future__ import annotations

import enum
import functools
import re

from glowplug.schema.tables import Family, Type

_NUMBERS = re.compile(r"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_BITS = {"TINYINT": 16, "SMALLINT": 16, "INT2": 16, "BIGINT": 64, "INT8": 64, "UNSIGNED BIG INT": 64}
_BY_WORD = (
    ("BOOL", Family.BOOLEAN),
    ("TIMESTAMP", Family.TIMESTAMP),
    ("DATETIME", Family.TIMESTAMP),
    ("UUID", Family.UUID),
    ("GUID", Family.UUID),
    ("JSON", Family.JSON),
    ("CHAR", Family.TEXT),
    ("CLOB", Family.TEXT),
    ("TEXT", Family.TEXT),
    ("STRING", Family.TEXT),
    ("BLOB", Family.BYTES),
    ("BINARY", Family.BYTES),
    ("BYTEA", Family.BYTES),
    ("REAL", Family.FLOAT),
    ("FLOA", Family.FLOAT),
    ("DOUB", Family.FLOAT),
    ("NUM", Family.DECIMAL),
    ("DEC", Family.DECIMAL),
    ("INT", Family.INTEGER),
)
_WHOLE = {"DATE": Family.DATE, "TIME": Family.TIME, "": Family.BYTES, "ANY": Family.TEXT}


class Affinity(enum.StrEnum):
    """What SQLite makes of a value that is stored in a column (sqlite.org/datatype3.html)."""

    INTEGER = "integer"
    TEXT = "text"
    BLOB = "blob"
    REAL = "real"
    NUMERIC = "numeric"


@functools.lru_cache(maxsize=1024)
def affinity(declared: str, *, strict: bool) -> Affinity:
    """Give the affinity of a declared type; ANY of a STRICT table changes nothing."""
    upper = declared.upper()
    if strict and upper == "ANY":
        return Affinity.BLOB
    if "INT" in upper:
        return Affinity.INTEGER
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT")):
        return Affinity.TEXT
    if "BLOB" in upper or not upper:
        return Affinity.BLOB
    if any(word in upper for word in ("REAL", "FLOA", "DOUB")):
        return Affinity.REAL
    return Affinity.NUMERIC


@functools.lru_cache(maxsize=1024)
def type_of(declared: str, *, wide: bool = False) -> Type:
    """Read a declared type; ``wide``: the column stands for the rowid, of 64 bits.

    A column without a type is BYTES, as Diesel takes it.
    """
    upper = _NUMBERS.sub("", declared.upper()).strip()
    numbers = _NUMBERS.search(declared)
    first, second = (int(part) if part else None for part in numbers.groups()) if numbers else (None, None)
    family = _family(upper)
    name = declared or "BLOB"
    match family:
        case Family.INTEGER:
            bits = 64 if wide else _BITS.get(upper, 32)
            return Type(name=name, family=family, minimum=-(1 << bits - 1), maximum=(1 << bits - 1) - 1)
        case Family.TEXT | Family.BYTES:
            return Type(name=name, family=family, length=first)
        case Family.DECIMAL:
            return Type(name=name, family=family, precision=first, scale=second)
    return Type(name=name, family=family)


def _family(upper: str) -> Family:
    if upper in _WHOLE:
        return _WHOLE[upper]
    return next((family for word, family in _BY_WORD if word in upper), Family.OTHER)
