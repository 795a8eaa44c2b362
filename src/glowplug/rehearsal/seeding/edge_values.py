"""Values at the edges of a type: in words, as text, and how production is asked for such ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.schema.tables import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glowplug.database.rows import Value
    from glowplug.schema.tables import Type

_NUMBERS = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT})
_LONG = 3000
"""Characters of a long text where no length bounds it."""
_MOST = 20_000
"""A length above this is none that one means: LONGTEXT."""
_PADDED = "007"
_NO_LABEL = "no label"
_NO_ASCII = "Zoë ß 日本 🦊"
_DIGITS_OF_FLOATS = 6
"""Digits that a float has room for beside the one before its point, in single precision."""
_ONE_BYTE = '"char"'
"""PostgreSQL's type of a single byte, which is no letter beyond ASCII."""
_QUOTED = 'it\'s "quoted" \\ 100%'


class EdgeValue(msgspec.Struct, frozen=True, kw_only=True):
    """One value: ``where`` is a condition that such values meet, with ``{c}`` for the column; None: none is known.

    ``whole``: all values meet it that a type refuses for the same thing.
    """

    words: str
    value: Value
    where: str | None
    whole: bool = False


def edge_values(now: Type, later: Type | None, dialect: Dialect) -> list[EdgeValue]:
    """Give the values at a type's edges, those first that a later type might refuse."""
    first = list(_refused(now, later, dialect)) if later is not None and later != now else []
    maker = _MAKERS.get(now.family)
    found = {each.words: each for each in (*first, *(maker(now, dialect) if maker is not None else ()))}
    return list(found.values())


def refused_later(now: Type, later: Type, dialect: Dialect) -> frozenset[str]:
    """Give in words the values at a type's edges that a later type has no room for."""
    return frozenset() if later == now else frozenset(each.words for each in _refused(now, later, dialect))


def null() -> EdgeValue:
    """NULL."""
    return EdgeValue(words="NULL", value=None, where="{c} IS NULL", whole=True)


def _refused(now: Type, later: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    """Give values of now that later has no room for."""
    if now.family is Family.TEXT:
        yield from _refused_texts(now, later, dialect)
    if later.family is Family.INTEGER and now.family in _NUMBERS:
        yield from _refused_integers(now, later)
    if later.family is Family.DECIMAL and later.precision is not None and now.family is not Family.TEXT:
        most = 10 ** (later.precision - (later.scale or 0))
        if _takes(now, most):
            shown = _as_rounded(now, later, dialect)
            yield EdgeValue(words=f"the number {most}", value=str(most), where=f"{shown} >= {most}", whole=True)
        yield from _refused_digits(now, later, dialect)
    if later.family in {Family.DECIMAL, Family.FLOAT} and later.minimum is not None and now.minimum is None:
        below = f"{{c}} < {later.minimum}"
        yield EdgeValue(words=f"a number below {later.minimum}", value="-1", where=below, whole=True)
    if later.family is Family.ENUM and now.family is Family.ENUM:
        gone = tuple(label for label in now.labels if label not in later.labels)
        where = f"{{c}} IN ({_literals(gone)})"
        for label in gone:
            yield EdgeValue(words=f"the value '{label}'", value=label, where=where, whole=True)
    if later.family is Family.ENUM and now.family is Family.TEXT and _NO_LABEL not in later.labels:
        where = f"{{c}} NOT IN ({_literals(later.labels)})"
        yield EdgeValue(words="a text that is no label", value=_NO_LABEL, where=where, whole=True)


def _refused_texts(now: Type, later: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    if later.length is not None and later.family in {Family.TEXT, Family.BITS}:
        if now.length is None or now.length > later.length:
            yield replace(_long(later.length + 1, dialect, f"> {later.length}"), whole=True)
    elif later.family not in {Family.TEXT, Family.ENUM, Family.OTHER}:
        where = _no_number(later, dialect) if later.family in _NUMBERS else None
        yield EdgeValue(words=f"a text that is no {later.name}", value="n/a"[: now.length], where=where)
        yield EdgeValue(words="an empty text", value="", where="{c} = ''")
        if later.family in _NUMBERS and (now.length is None or now.length >= len(_PADDED)):
            yield EdgeValue(words="a number with zeros before it", value=_PADDED, where="{c} LIKE '0_%'")


def _refused_integers(now: Type, later: Type) -> Iterator[EdgeValue]:
    low, high = later.minimum, later.maximum
    outside = []
    if low is not None and (now.minimum is None or now.minimum < low):
        outside.append((f"a number below {low}", low - 1, f"{{c}} < {low}"))
    if high is not None and (now.maximum is None or now.maximum > high):
        outside.append((f"a number above {high}", high + 1, f"{{c}} > {high}"))
    where = " OR ".join(each for _, _, each in outside)
    where = where if len(outside) == 1 else f"({where})"
    for words, value, _ in outside[::-1]:
        # What has a fraction is rounded first, and may then be outside.
        whole = now.family is Family.INTEGER
        yield EdgeValue(words=words, value=str(value), where=where, whole=whole)
    if now.family is not Family.INTEGER:
        yield EdgeValue(words="a number with a fraction", value="1.5", where="{c} <> floor({c})")


def _refused_digits(now: Type, later: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    """Give a number with a digit more behind the point than there is room for; SQLite keeps them all."""
    scale = later.scale or 0
    has_more = now.family is Family.FLOAT or (now.family is Family.DECIMAL and (now.scale is None or now.scale > scale))
    has_room = scale >= 0 and (now.family is Family.DECIMAL or scale < _DIGITS_OF_FLOATS)
    if has_more and has_room and dialect is not Dialect.SQLITE and _takes(now, 1):
        shown = "{c}::numeric" if dialect is Dialect.POSTGRES else "{c}"
        words = "a digit behind the point" if scale == 0 else f"{scale + 1} digits behind the point"
        yield EdgeValue(
            words=f"a number with {words}", value=f"1.{'0' * scale}6", where=f"{shown} <> round({shown}, {scale})"
        )


def _label(label: str) -> EdgeValue:
    return EdgeValue(words=f"the value '{label}'", value=label, where=f"{{c}} = '{_escaped(label)}'")


def _takes(kind: Type, value: int) -> bool:
    if kind.family is Family.INTEGER:
        return kind.maximum is None or value <= kind.maximum
    if kind.precision is not None and (kind.family is Family.DECIMAL or kind.scale is not None):
        return len(str(value)) <= kind.precision - (kind.scale or 0)
    return kind.family in {Family.DECIMAL, Family.FLOAT}


def _as_rounded(now: Type, later: Type, dialect: Dialect) -> str:
    """Give the size of a number as a later type with fewer digits behind the point sees it."""
    if now.family is Family.INTEGER or (later.scale or 0) < 0:
        return "abs({c})"
    shown = "{c}::numeric" if dialect is Dialect.POSTGRES and now.family is Family.FLOAT else "{c}"
    return f"round(abs({shown}), {later.scale or 0})"


def _literals(labels: Sequence[str]) -> str:
    return ", ".join(f"'{label}'" for label in map(_escaped, labels))


def _escaped(label: str) -> str:
    return label.replace("'", "''").replace("{", "{{").replace("}", "}}")


def _no_number(later: Type, dialect: Dialect) -> str | None:
    digits = "[0-9]+" if later.family is Family.INTEGER else "([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?"
    pattern = f"'^[[:space:]]*[-+]?{digits}[[:space:]]*$'"
    return {Dialect.POSTGRES: f"{{c}} !~ {pattern}", Dialect.MYSQL: f"{{c}} NOT REGEXP {pattern}"}.get(dialect)


def _length_of(dialect: Dialect) -> str:
    return "length({c})" if dialect is Dialect.SQLITE else "char_length({c})"


def _long(length: int, dialect: Dialect, compared: str) -> EdgeValue:
    value = ("Lorem ipsum " * (length // 12 + 1))[: length - 1] + "x"
    return EdgeValue(words=f"a text of {length} characters", value=value, where=f"{_length_of(dialect)} {compared}")


_BEYOND_CHARSETS = (
    EdgeValue(words="a text beyond latin1", value="日", where="{c} <> CONVERT({c} USING latin1)"),
    EdgeValue(
        words="a text beyond utf8mb3",
        value="🦊",
        where="HEX(CONVERT({c} USING utf8mb4)) REGEXP '^(..)*F[0-4]'",
    ),
)
"""What a column's charset, or a later one, may have no letters for; a column that has none takes no such row."""


def _text(kind: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    yield EdgeValue(words="an empty text", value="", where="{c} = ''")
    length = kind.length if kind.length is None or kind.length <= _MOST else None
    if length != 0:
        yield _long(length or _LONG, dialect, f">= {length or _LONG}")
    outside = {
        Dialect.POSTGRES: "octet_length({c}) <> char_length({c})",
        Dialect.MYSQL: "{c} <> CONVERT({c} USING ascii)",
        Dialect.SQLITE: "length(CAST({c} AS BLOB)) <> length({c})",
    }[dialect]
    no_ascii = _NO_ASCII if dialect is not Dialect.MYSQL else "Zoë ß"
    if length != 0 and kind.name != _ONE_BYTE:
        shown = no_ascii[:length] if length is None or not no_ascii[:length].isascii() else "ß" * length
        yield EdgeValue(words="a text that is no ASCII", value=shown, where=outside)
        if dialect is Dialect.MYSQL:
            yield from _BEYOND_CHARSETS
    if length is None or length > 2:  # noqa: PLR2004 - blanks around a letter
        yield EdgeValue(words="a text with blanks around it", value=" a ", where="{c} <> trim({c})")
    if length is None or length >= len(_QUOTED):
        yield EdgeValue(words="a text with quotes", value=_QUOTED, where="{c} LIKE '%''%'")


def _integer(kind: Type, _: Dialect) -> Iterator[EdgeValue]:
    low, high = kind.minimum, kind.maximum
    if low is None or low <= 0:
        yield EdgeValue(words="zero", value="0", where="{c} = 0")
    if low is None or low < 0:
        yield EdgeValue(words="a negative number", value="-1", where="{c} < 0")
    if high is not None:
        yield EdgeValue(words="the largest integer", value=str(high), where=f"{{c}} = {high}")
    if low is not None and low < 0:
        yield EdgeValue(words="the smallest integer", value=str(low), where=f"{{c}} = {low}")


def _decimal(kind: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    yield EdgeValue(words="zero", value="0", where="{c} = 0")
    yield EdgeValue(words="a negative number", value="-1" if _takes(kind, 1) else "-0.1", where="{c} < 0")
    if kind.precision is not None:
        scale = kind.scale or 0
        most = ("9" * (kind.precision - scale) or "0") + ("." + "9" * scale if scale > 0 else "")
        yield EdgeValue(words="the largest number", value=most, where=f"{{c}} = {most}")
    elif dialect is Dialect.POSTGRES:
        yield EdgeValue(words="NaN", value="NaN", where="{c} = 'NaN'")
        yield EdgeValue(words="a number of 40 digits", value="1" * 40, where=f"{{c}} > 1{'0' * 38}")


def _float(kind: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    yield EdgeValue(words="zero", value="0", where="{c} = 0")
    if kind.minimum is None:
        yield EdgeValue(words="a negative number", value="-1.5" if _takes(kind, 1) else "-0.1", where="{c} < 0")
    if kind.precision is not None and kind.scale is not None:  # MySQL's FLOAT(4,2): of single precision, never equal
        whole, digits = "9" * (kind.precision - kind.scale) or "0", "9" * kind.scale or "0"
        yield EdgeValue(words="a large number", value=f"{whole}.{digits}", where=f"{{c}} > {whole}.{digits[:-1]}0")
    else:
        yield EdgeValue(words="a large number", value="1e30", where="{c} > 1e29")
    if dialect is Dialect.POSTGRES:
        yield EdgeValue(words="NaN", value="NaN", where="{c} = 'NaN'")
        yield EdgeValue(words="infinity", value="Infinity", where="{c} = 'Infinity'")


def _date(_: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    yield EdgeValue(words="a date long ago", value="1000-01-01", where="{c} < '1800-01-01'")
    yield EdgeValue(words="the last date of four digits", value="9999-12-31", where="{c} >= '9999-12-31'")
    if dialect is Dialect.POSTGRES:
        yield EdgeValue(words="infinity", value="infinity", where="{c} = 'infinity'")


def _timestamp(kind: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    tail = "+00" if kind.zoned and dialect is Dialect.POSTGRES else ""
    if dialect is Dialect.MYSQL and kind.name.startswith("timestamp"):
        yield EdgeValue(words="the first moment", value="1970-01-02 00:00:01", where="{c} < '1971-01-01'")
        yield EdgeValue(words="a moment of 2038", value="2038-01-18 03:14:07", where="{c} > '2038-01-01'")
        return
    yield EdgeValue(words="a moment long ago", value=f"1000-01-01 00:00:00{tail}", where="{c} < '1800-01-01'")
    yield EdgeValue(
        words="the last moment of four digits", value=f"9999-12-31 23:59:59{tail}", where="{c} >= '9999-12-31'"
    )
    if dialect is Dialect.POSTGRES:
        yield EdgeValue(words="infinity", value="infinity", where="{c} = 'infinity'")


def _time(kind: Type, _: Dialect) -> Iterator[EdgeValue]:
    tail = "+00" if kind.zoned else ""
    yield EdgeValue(words="midnight", value=f"00:00:00{tail}", where="{c} = '00:00:00'")
    yield EdgeValue(words="a second before midnight", value=f"23:59:59{tail}", where="{c} >= '23:59:59'")


def _interval(_: Type, __: Dialect) -> Iterator[EdgeValue]:
    yield EdgeValue(words="no time", value="0", where="{c} = '0'")
    yield EdgeValue(words="a negative interval", value="-1 day", where="{c} < '0'")


def _uuid(_: Type, __: Dialect) -> Iterator[EdgeValue]:
    nil = "00000000-0000-0000-0000-000000000000"
    yield EdgeValue(words="the nil UUID", value=nil, where=f"{{c}} = '{nil}'")


def _json(_: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    shown = {Dialect.POSTGRES: "CAST({c} AS text)", Dialect.MYSQL: "CAST({c} AS char)", Dialect.SQLITE: "{c}"}[dialect]
    for words, value in (
        ("JSON's null", "null"),
        ("an empty object", "{}"),
        ("an empty array", "[]"),
        ("a JSON text", '"a"'),
    ):
        escaped = value.replace("{", "{{").replace("}", "}}")
        yield EdgeValue(words=words, value=value, where=f"{shown} = '{escaped}'")


def _bytes(kind: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    length = "length({c})" if dialect is Dialect.SQLITE else "octet_length({c})"
    if not kind.name.startswith("binary"):
        yield EdgeValue(words="no bytes", value=b"", where=f"{length} = 0")
    size = kind.length if kind.length is not None and kind.length <= _MOST else _LONG
    yield EdgeValue(
        words=f"{size} bytes", value=bytes(range(256)) * (size // 256) + bytes(size % 256), where=f"{length} >= {size}"
    )


def _boolean(_: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    words = ("true", "false") if dialect is Dialect.POSTGRES else ("1", "0")
    yield EdgeValue(words="true", value=words[0], where=f"{{c}} = {words[0]}")
    yield EdgeValue(words="false", value=words[1], where=f"{{c}} = {words[1]}")


def _address(kind: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    if dialect is Dialect.POSTGRES and kind.name in {"inet", "cidr"}:
        network = "2001:db8::/32" if kind.name == "cidr" else "2001:db8::1"
        yield EdgeValue(words="an address of version 6", value=network, where="family({c}) = 6")


def _enum(kind: Type, _: Dialect) -> Iterator[EdgeValue]:
    yield from map(_label, kind.labels[:12])


def _set(kind: Type, _: Dialect) -> Iterator[EdgeValue]:
    yield EdgeValue(words="an empty set", value="", where="{c} = ''")
    yield EdgeValue(words="all labels at once", value=",".join(kind.labels), where=None)


def _array(_: Type, dialect: Dialect) -> Iterator[EdgeValue]:
    if dialect is Dialect.POSTGRES:
        yield EdgeValue(words="an empty array", value="{}", where="cardinality({c}) = 0")
        yield EdgeValue(words="an array with NULL", value="{NULL}", where="array_position({c}, NULL) IS NOT NULL")


def _range(_: Type, __: Dialect) -> Iterator[EdgeValue]:
    yield EdgeValue(words="an empty range", value="empty", where="isempty({c})")
    yield EdgeValue(words="a range without ends", value="(,)", where="lower_inf({c}) AND upper_inf({c})")


def _multirange(_: Type, __: Dialect) -> Iterator[EdgeValue]:
    yield EdgeValue(words="an empty multirange", value="{}", where="isempty({c})")


_MAKERS: dict[Family, Callable[[Type, Dialect], Iterator[EdgeValue]]] = {
    Family.TEXT: _text,
    Family.INTEGER: _integer,
    Family.DECIMAL: _decimal,
    Family.FLOAT: _float,
    Family.DATE: _date,
    Family.TIMESTAMP: _timestamp,
    Family.TIME: _time,
    Family.INTERVAL: _interval,
    Family.UUID: _uuid,
    Family.JSON: _json,
    Family.BYTES: _bytes,
    Family.BOOLEAN: _boolean,
    Family.ADDRESS: _address,
    Family.ENUM: _enum,
    Family.SET: _set,
    Family.ARRAY: _array,
    Family.RANGE: _range,
    Family.MULTIRANGE: _multirange,
}
