"""Column types of MySQL and MariaDB, from how the server writes them."""

from __future__ import annotations

import re

from glowplug.schema.tables import Family, Type

_TYPE = re.compile(r"(\w+)(?:\((.*?)\))?(.*)", re.DOTALL)
_LABEL = re.compile(r"'((?:[^']|'')*)'")

_INTEGER_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_TEXT_BYTES = {"tinytext": 2**8 - 1, "text": 2**16 - 1, "mediumtext": 2**24 - 1, "longtext": 2**32 - 1}
_BLOB_BYTES = {"tinyblob": 2**8 - 1, "blob": 2**16 - 1, "mediumblob": 2**24 - 1, "longblob": 2**32 - 1}
_BYTES_A_CHARACTER = {"utf8mb4": 4, "utf8mb3": 3, "utf8": 3, "utf16": 4, "utf32": 4, "ucs2": 2}
_GEOMETRIES = frozenset(
    {
        *("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"),
        *("geometrycollection", "geomcollection"),
    }
)
_FIRST_YEAR, _LAST_YEAR = 1901, 2155
_PLAIN = {
    "date": Family.DATE,
    "uuid": Family.UUID,
    "inet4": Family.ADDRESS,
    "inet6": Family.ADDRESS,
    "json": Family.JSON,
}


def type_of(column_type: str, collation: str | None, *, is_json: bool = False) -> Type:
    """Read a type as information_schema's column_type writes it: ``decimal(10,2) unsigned``.

    ``length`` of a TEXT is in characters too: as many as fit however long each is. ``tinyint(1)`` is what BOOLEAN
    makes, and what Diesel reads as Bool: an INTEGER from 0 to 1. ``is_json``: MariaDB's alias, a longtext.
    """
    found = _TYPE.match(column_type)
    if found is None:
        return Type(name=column_type, family=Family.OTHER)
    word, inside, behind = found.group(1).lower(), found.group(2) or "", found.group(3).lower()
    numbers = [int(each) for each in re.findall(r"\d+", inside)]
    folds = bool(collation and "_ci" in collation)
    if is_json:
        return Type(name="json", family=Family.JSON)
    if word in {"enum", "set"}:
        labels = tuple(each.replace("''", "'") for each in _LABEL.findall(column_type))
        return Type(name=column_type, family=Family(word), labels=labels, folds=folds)
    if word in _INTEGER_BITS or word == "year":
        return _integer(column_type, word, numbers, unsigned="unsigned" in behind or "zerofill" in behind)
    if word in {"char", "varchar"} or word in _TEXT_BYTES:
        width = _BYTES_A_CHARACTER.get((collation or "").partition("_")[0], 1)
        length = numbers[0] if numbers and word not in _TEXT_BYTES else _TEXT_BYTES.get(word, width) // width
        return Type(name=column_type, family=Family.TEXT, length=length, folds=folds)
    return _other(column_type, word, numbers, behind)


def _other(column_type: str, word: str, numbers: list[int], behind: str) -> Type:
    first = numbers[0] if numbers else None
    if word in {"binary", "varbinary"} or word in _BLOB_BYTES:
        return Type(name=column_type, family=Family.BYTES, length=_BLOB_BYTES.get(word, first or 1))
    if word == "decimal":
        precision, scale = (*numbers, 10, 0)[:2] if len(numbers) != 1 else (numbers[0], 0)
        minimum = 0 if "unsigned" in behind else None
        return Type(name=column_type, family=Family.DECIMAL, precision=precision, scale=scale, minimum=minimum)
    if word in {"float", "double"}:
        minimum = 0 if "unsigned" in behind else None
        return Type(
            name=column_type,
            family=Family.FLOAT,
            precision=first,
            scale=numbers[1] if len(numbers) > 1 else None,
            minimum=minimum,
        )
    if word == "bit":
        return Type(name=column_type, family=Family.BITS, length=first or 1)
    if word in {"time", "datetime", "timestamp"}:
        family = Family.TIME if word == "time" else Family.TIMESTAMP
        return Type(name=column_type, family=family, precision=first or 0, zoned=word == "timestamp")
    family = Family.GEOMETRY if word in _GEOMETRIES else _PLAIN.get(word, Family.OTHER)
    return Type(name=column_type, family=family)


def _integer(column_type: str, word: str, numbers: list[int], *, unsigned: bool) -> Type:
    if word == "year":
        minimum, maximum = _FIRST_YEAR, _LAST_YEAR
    elif word == "tinyint" and numbers == [1] and not unsigned:
        minimum, maximum = 0, 1
    else:
        bits = _INTEGER_BITS[word]
        minimum, maximum = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return Type(name=column_type, family=Family.INTEGER, minimum=minimum, maximum=maximum)
