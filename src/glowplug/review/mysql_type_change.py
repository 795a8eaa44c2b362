"""What MariaDB and MySQL do to the rows when MODIFY or CHANGE gives a column another type, and what values lose.

``work`` of MariaDB is held against a server, pair by pair, by ``tests/proof/test_mysql_type_changes.py``; of MySQL it
is what the manual's page on online DDL says: a change of type is a copy, but for a VARCHAR that grows without needing
another length byte, and values put at the end of an ENUM or SET.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.review.wording import rounded
from glowplug.sql.parts import TypeName

if TYPE_CHECKING:
    from collections.abc import Mapping

MARIADB, MYSQL = "mariadb", "mysql"

_ALIASES = {
    **dict.fromkeys(("integer", "int4"), "int"),
    **dict.fromkeys(("int1",), "tinyint"),
    **dict.fromkeys(("int2",), "smallint"),
    **dict.fromkeys(("int3", "middleint"), "mediumint"),
    **dict.fromkeys(("int8",), "bigint"),
    **dict.fromkeys(("dec", "numeric", "fixed", "number"), "decimal"),
    **dict.fromkeys(("real", "double precision", "float8"), "double"),
    **dict.fromkeys(("float4",), "float"),
    **dict.fromkeys(("character", "nchar", "national char", "national character"), "char"),
    **dict.fromkeys(("character varying", "char varying", "varcharacter", "nvarchar", "varchar2"), "varchar"),
    **dict.fromkeys(("long", "long varchar"), "mediumtext"),
    **dict.fromkeys(("long varbinary",), "mediumblob"),
}
_DEFAULT_MODIFIERS = {"decimal": ("10", "0"), "char": ("1",), "binary": ("1",), "bit": ("1",)}
_INTEGERS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_TEXTS = {"tinytext": 8, "text": 16, "mediumtext": 24, "longtext": 32}
_BLOBS = {"tinyblob": 8, "blob": 16, "mediumblob": 24, "longblob": 32}
_TIMES = frozenset({"datetime", "timestamp", "time"})
_GEOMETRIES = frozenset(
    {"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"}
    | {"geometrycollection"}
)
_WIDTHS = {"utf8mb4": 4, "utf8mb3": 3, "latin1": 1, "ascii": 1, "binary": 1, "ucs2": 2, "utf16": 4, "utf32": 4}
_UNICODE = frozenset({"utf8mb4", "utf8mb3", "utf8", "ucs2", "utf16", "utf16le", "utf32"})
_ALL_LETTERS = frozenset({"utf8mb4", "utf16", "utf16le", "utf32", "binary"})
WITH_CHARSET = frozenset({"char", "varchar", "enum", "set", *_TEXTS})
"""Types whose values are in a character set."""

_ONE_LENGTH_BYTE = 255
_GROWS_AT_WILL = 127
"""The most bytes of a VARCHAR that MariaDB lets grow to any length at once (executed)."""

_FLOATS = {"float": (24, 6), "double": (53, 15)}
"""Bits of an integer, and decimal digits, that each holds exactly."""


class Work(enum.Enum):
    """What a change of type costs."""

    NOTHING = "nothing"  # or at most another index
    COPY = "copy"
    UNKNOWN = "unknown"


class Loss(enum.Enum):
    """How a value that does not fit is lost."""

    REFUSED = "refused"  # the statement fails in strict mode, and cuts the value without
    SILENT = "silent"  # the value is changed in strict mode, too


def canonical(kind: TypeName, default: TypeName | None = None) -> TypeName:
    """Give a type without aliases, display widths and what goes without saying.

    ``default`` has the table's character set and collation, where they are said; charset None: not said at all.
    """
    name = _ALIASES.get(kind.name, kind.name)
    modifiers, charset, collation = kind.modifiers, kind.charset, kind.collation
    if name in {"boolean", "bool"}:
        name, modifiers = "tinyint", ()
    if name in _INTEGERS or name == "year":
        modifiers = ()
    elif name == "decimal" and len(modifiers) == 1:
        modifiers = (modifiers[0], "0")
    elif name in _TIMES and modifiers == ("0",):
        modifiers = ()
    modifiers = modifiers or _DEFAULT_MODIFIERS.get(name, ())
    if name in {"text", "blob"} and modifiers:
        name, modifiers = _sized(name, int(modifiers[0])), ()
    if charset == "binary" and name == "char":
        name, charset = "binary", None
    if charset == "binary" and name == "varchar":
        name, charset = "varbinary", None
    if name not in WITH_CHARSET:
        charset = collation = None
    elif charset is None and collation is None and default is not None:
        charset, collation = default.charset, default.collation
    charset = charset or (None if collation is None else collation.partition("_")[0])
    charset = "utf8mb3" if charset == "utf8" else charset
    return TypeName(name=name, modifiers=modifiers, unsigned=kind.unsigned, charset=charset, collation=collation)


def _sized(name: str, length: int) -> str:
    sizes = _TEXTS if name == "text" else _BLOBS
    return next((each for each, bits in sizes.items() if length < 2**bits), max(sizes, key=sizes.__getitem__))


def table_default(options: Mapping[str, str]) -> TypeName | None:
    """Give the character set and collation that a table was made with; None where it does not say them.

    A default that was changed since holds for newer columns only: ``?`` is a set that nobody knows.
    """
    if "default character set" in options:
        return TypeName(name="", charset="?", collation="?")
    charset = options.get("character set") or options.get("charset")
    collation = None if "character set" in options else options.get("collate")
    return None if charset is None and collation is None else TypeName(name="", charset=charset, collation=collation)


def work(old: TypeName, new: TypeName, vendor: str, *, indexed: bool = False) -> Work:
    """Tell whether a server of ``vendor`` copies the table; both types ``canonical``, ``indexed``: the column is."""
    if old.name != new.name:
        return _other(old, new, vendor)
    if old.unsigned != new.unsigned:
        return Work.COPY
    if old.name in _FLOATS:
        return Work.NOTHING if vendor == MARIADB or old.modifiers == new.modifiers else Work.UNKNOWN
    needed = {_encoding(old, new, vendor, indexed=indexed), _size(old, new, vendor)}
    return next((each for each in (Work.COPY, Work.UNKNOWN) if each in needed), Work.NOTHING)


def _other(old: TypeName, new: TypeName, vendor: str) -> Work:
    """Tell what a type of another name costs."""
    if {old.name, new.name} == {"json", "longtext"}:
        return Work.UNKNOWN  # where json is longtext by another name, it depends on the collation
    if new.name == "geometry" and old.name in _GEOMETRIES:
        return Work.NOTHING if vendor == MARIADB else Work.UNKNOWN
    return Work.COPY


def _encoding(old: TypeName, new: TypeName, vendor: str, *, indexed: bool) -> Work:
    """Tell what another character set or collation costs."""
    if (old.charset, old.collation) == (new.charset, new.collation) and old.charset != "?":
        return Work.NOTHING
    if None in {old.charset, new.charset} or "?" in {old.charset, new.charset}:
        return Work.UNKNOWN
    if vendor == MYSQL:
        same = old.charset == new.charset and None in {old.collation, new.collation}
        return Work.UNKNOWN if same else Work.COPY
    wider = (old.charset, new.charset) == ("utf8mb3", "utf8mb4")
    if old.name not in {"char", "varchar", *_TEXTS} or not (wider or old.charset == new.charset):
        return Work.COPY
    return Work.COPY if indexed and old.name in _TEXTS else Work.NOTHING


def _size(old: TypeName, new: TypeName, vendor: str) -> Work:
    """Tell what other modifiers cost."""
    if old.name in {"varchar", "varbinary"}:
        return _grown(old, new, vendor)
    if old.modifiers == new.modifiers:
        return Work.NOTHING
    appended = old.modifiers == new.modifiers[: len(old.modifiers)]
    if old.name in {"enum", "set"} and appended and _stored(old) == _stored(new):
        return Work.NOTHING
    return Work.COPY


def _stored(kind: TypeName) -> int:
    """Bytes of an ENUM's or SET's value."""
    count = len(kind.modifiers)
    if kind.name == "enum":
        return 1 if count < 2**8 else 2
    size = (count + 7) // 8
    return size if size <= 4 else 8  # noqa: PLR2004 - a SET's bytes: 1, 2, 3, 4 or 8


def _grown(old: TypeName, new: TypeName, vendor: str) -> Work:
    before, after = _length(old), _length(new)
    if before is None or after is None or after < before:
        return Work.COPY
    if vendor == MYSQL and before == after:
        return Work.NOTHING
    answers = set()
    for least in (1, 4) if None in {_width(old), _width(new)} else (0,):
        from_bytes, to_bytes = before * (_width(old) or least), after * (_width(new) or least)
        free = (from_bytes <= _ONE_LENGTH_BYTE) is (to_bytes <= _ONE_LENGTH_BYTE)
        free = free or (vendor == MARIADB and from_bytes <= _GROWS_AT_WILL)
        answers.add(Work.NOTHING if free else Work.COPY)
    return answers.pop() if len(answers) == 1 else Work.UNKNOWN


def _width(kind: TypeName) -> int | None:
    """Bytes of a character at most; None: not known."""
    return 1 if kind.name == "varbinary" else _WIDTHS.get(kind.charset or "")


def _length(kind: TypeName) -> int | None:
    return int(kind.modifiers[0]) if kind.modifiers and kind.modifiers[0].isdigit() else None


def loses(old: TypeName, new: TypeName) -> tuple[Loss, str] | None:
    """Say how and what a value can lose; None where every value stays, or nothing is known of it.

    Both types ``canonical``. What happens to an ENUM's values is not told here.
    """
    if old.name in _INTEGERS or old.name in _FLOATS or old.name == "decimal":
        return _number(old, new)
    if old.name in _TIMES | {"date"}:
        return _time(old, new)
    if old.name in {"char", "varchar", "enum", *_TEXTS}:
        return _text(old, new)
    room, needed = _bytes(new), _bytes(old)
    if room is not None and needed is not None and room < needed:
        return Loss.REFUSED, f"a value longer than {room} bytes"
    if old.name == new.name == "bit" and int(old.modifiers[0]) > int(new.modifiers[0]):
        return Loss.REFUSED, f"a value of more than {new.modifiers[0]} bits"
    return None


def _number(old: TypeName, new: TypeName) -> tuple[Loss, str] | None:
    if new.name in _FLOATS:
        return None if _holds(new, old) else (Loss.SILENT, f"digits that {new.name} can't hold exactly are lost")
    if new.name not in _INTEGERS and new.name != "decimal":
        return None
    if old.name in _FLOATS:
        return Loss.SILENT, "fractions that the new type can't hold are rounded away"
    (integer, fraction), (new_integer, new_fraction) = _digits(old), _digits(new)
    if fraction > new_fraction:
        return Loss.SILENT, rounded(new_fraction)
    if new.unsigned and not old.unsigned:
        return Loss.REFUSED, "a value below 0"
    narrower = _largest(new) < _largest(old) if new.name in _INTEGERS else new_integer < integer
    return (Loss.REFUSED, f"a value that {shown(new)} can't hold") if narrower else None


def _holds(new: TypeName, old: TypeName) -> bool:
    """Whether a FLOAT or DOUBLE holds each value of a number exactly."""
    if old.name in _FLOATS:
        return _FLOATS[old.name] <= _FLOATS[new.name]
    bits, digits = _FLOATS[new.name]
    return _INTEGERS[old.name] <= bits if old.name in _INTEGERS else sum(_digits(old)) <= digits


def _digits(kind: TypeName) -> tuple[int, int]:
    """Digits before and behind the point."""
    if kind.name in _INTEGERS:
        return len(str(_largest(kind))), 0
    precision, scale = (int(each) for each in kind.modifiers)
    return precision - scale, scale


def _largest(kind: TypeName) -> int:
    if kind.name in _INTEGERS:
        return int(2 ** (_INTEGERS[kind.name] - (0 if kind.unsigned else 1))) - 1
    return int(10 ** _digits(kind)[0]) - 1


def _time(old: TypeName, new: TypeName) -> tuple[Loss, str] | None:
    moments = {"datetime", "timestamp"}
    if old.name in moments and new.name == "date":
        return Loss.SILENT, "the time of day is lost"
    if old.name in moments | {"date"} and new.name == "time":
        return Loss.SILENT, "the date is lost"
    if old.name in moments | {"date"} and new.name == "year":
        return Loss.SILENT, "all but the year is lost"
    if new.name in _TIMES and int((old.modifiers or ("0",))[0]) > int((new.modifiers or ("0",))[0]):
        return Loss.SILENT, "fractions of a second are cut"
    if old.name in {"datetime", "date"} and new.name == "timestamp":
        return Loss.REFUSED, "a moment before 1970 or, on most servers, after January 2038"
    return None


def _text(old: TypeName, new: TypeName) -> tuple[Loss, str] | None:
    numeric = new.name in _INTEGERS or new.name in _FLOATS or new.name == "decimal"
    if numeric and old.name != "enum":
        return Loss.REFUSED, "a text that is no number"
    if old.name == "enum":
        return None
    longest, most = _characters(old), _characters(new)
    if longest is not None and most is not None and most < longest:
        return Loss.REFUSED, f"a text longer than {most} {'bytes' if new.name in _TEXTS else 'characters'}"
    unicode = (old.charset or "").startswith(("utf", "ucs"))
    if new.charset and old.charset and unicode and (_WIDTHS.get(new.charset, 9) < _WIDTHS.get(old.charset, 0)):
        return Loss.REFUSED, f"a character that {new.charset} does not have"
    return None


def _characters(kind: TypeName) -> int | None:
    if kind.name in _TEXTS:
        return int(2 ** _TEXTS[kind.name]) - 1
    return _length(kind) if kind.name in {"char", "varchar"} else None


def _bytes(kind: TypeName) -> int | None:
    if kind.name in _BLOBS:
        return int(2 ** _BLOBS[kind.name]) - 1
    return _length(kind) if kind.name in {"binary", "varbinary"} else None


def may_lack(old: TypeName, charset: str) -> bool:
    """Whether a text of the old type may have a letter that a character set has not."""
    there, wanted = old.charset or "", charset.casefold()
    if old.name not in WITH_CHARSET or there in {wanted, "ascii"} or wanted in _ALL_LETTERS:
        return False
    unicode = there.startswith(("utf", "ucs")) or not there
    return unicode or wanted not in _UNICODE


def shown(kind: TypeName) -> str:
    """Give a type as people write it, without its character set."""
    return written(replace(kind, charset=None, collation=None))


def written(kind: TypeName) -> str:
    """Write a type as SQL."""
    values = (f"'{each.replace(chr(39), chr(39) * 2)}'" for each in kind.modifiers)
    modifiers = ", ".join(values if kind.name in {"enum", "set"} else kind.modifiers)
    text = f"{kind.name}({modifiers})" if modifiers else kind.name
    text += " unsigned" if kind.unsigned else ""
    text += f" CHARACTER SET {kind.charset}" if kind.charset else ""
    return text + (f" COLLATE {kind.collation}" if kind.collation else "")
