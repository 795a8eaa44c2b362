"""What functions and operators of the three servers give for values that are known; the rest is left UNKNOWN."""

from __future__ import annotations

import decimal
import json
import re
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING

from glowplug.sql.condition.expression import UNKNOWN, Scalar, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

Told = Scalar | Unknown
Values = tuple[Scalar, ...]

EARLY, LATE = "2024-12-31 23:59:59", "2037-01-01 00:00:00"
"""The present is somewhere between: so nothing depends on when it runs."""
_NUMERIC = ("int", "numeric", "decimal", "double", "float", "real", "smallint", "bigint", "signed", "unsigned", "oid")
_TEXTUAL = ("text", "character", "varchar", "char", "bpchar", "citext", "name", "nchar")


def number(value: Scalar) -> Decimal | None:
    """Read a value as a number, if it is one."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str):
        try:
            found = Decimal(value)
        except decimal.InvalidOperation:
            return None
        return found if found.is_finite() else None
    return None


def compare(left: Scalar, right: Scalar) -> int | None:
    """Order two values that are not NULL: below, at or above 0; None where it can't be told."""
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if isinstance(left, bytes) and isinstance(right, bytes):
        return (left > right) - (left < right)
    if isinstance(left, bool) or isinstance(right, bool):
        one, other = truth(left), truth(right)
        if one is None or other is None:
            return None
        return one - other
    a, b = number(left), number(right)
    return None if a is None or b is None else (a > b) - (a < b)


def truth(value: Scalar) -> bool | None:
    """Read a value as true or false; None is NULL or what can't be told."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return value != 0
    if isinstance(value, str):
        return {"t": True, "true": True, "1": True, "f": False, "false": False, "0": False}.get(value.lower())
    return None


def cast(value: Scalar, kind: str) -> Told:  # noqa: PLR0911 - one a family of types
    """Cast as far as it changes how a value is compared."""
    bare = kind.split(" (", maxsplit=1)[0].split("(", maxsplit=1)[0].strip()
    if value is None or bare.endswith("]"):
        return value
    if bare.startswith(("bool",)):
        told = truth(value)
        return UNKNOWN if told is None else told
    if bare.startswith(_NUMERIC) and bare != "interval":
        found = number(value)
        return UNKNOWN if found is None else found
    if bare.startswith(_TEXTUAL):
        return text(value)
    if bare == "date" and isinstance(value, str):
        return value[:10]
    if bare in {"json", "jsonb", "interval", "bytea", "money"}:
        return UNKNOWN if bare in {"interval", "money"} else value
    return value


def text(value: Scalar) -> Told:
    """Write a value as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return UNKNOWN


def _on_text(make: Callable[[str], Scalar]) -> Callable[[Values], Told]:
    def apply(values: Values) -> Told:
        told = text(values[0])
        return make(told) if isinstance(told, str) else UNKNOWN

    return apply


def _on_number(make: Callable[[Decimal], Scalar]) -> Callable[[Values], Told]:
    def apply(values: Values) -> Told:
        found = number(values[0])
        return UNKNOWN if found is None else make(found)

    return apply


def _length(values: Values) -> Told:
    value = values[0]
    return Decimal(len(value)) if isinstance(value, (str, bytes)) else UNKNOWN


def _octets(values: Values) -> Told:
    value = values[0]
    if isinstance(value, str):
        return Decimal(len(value.encode()))
    return Decimal(len(value)) if isinstance(value, bytes) else UNKNOWN


def _strip(values: Values, way: Callable[[str, str | None], str], default: str = " ") -> Told:
    value = values[0]
    marks = values[1] if len(values) > 1 else default
    return way(value, marks) if isinstance(value, str) and isinstance(marks, str) else UNKNOWN


def _substring(values: Values) -> Told:
    value, *rest = values
    if not isinstance(value, str) or not all(isinstance(each, Decimal) for each in rest):
        return UNKNOWN
    begin, *size = (int(each) for each in rest if isinstance(each, Decimal))
    end = begin + size[0] if size else len(value) + 1
    return value[max(begin, 1) - 1 : max(end, 1) - 1] if begin > 0 else UNKNOWN


def _left(values: Values) -> Told:
    value, size = values
    return value[: int(size)] if isinstance(value, str) and isinstance(size, Decimal) else UNKNOWN


def _right(values: Values) -> Told:
    value, size = values
    if not isinstance(value, str) or not isinstance(size, Decimal) or size < 0:
        return UNKNOWN
    return value[len(value) - int(size) :] if size else ""


def _position(values: Values) -> Told:
    whole, part = values
    return Decimal(whole.find(part) + 1) if isinstance(whole, str) and isinstance(part, str) else UNKNOWN


def _replace(values: Values) -> Told:
    if len(values) == 3 and all(isinstance(each, str) for each in values):  # noqa: PLR2004 - its three arguments
        value, old, new = values
        if isinstance(value, str) and isinstance(old, str) and isinstance(new, str) and old:
            return value.replace(old, new)
    return UNKNOWN


def _concat(values: Values) -> Told:
    parts = [text(each) for each in values]
    return UNKNOWN if UNKNOWN in parts else "".join(each for each in parts if isinstance(each, str))


def _extreme(values: Values, sign: int) -> Told:
    best = values[0]
    for each in values[1:]:
        order = compare(each, best)
        if order is None:
            return UNKNOWN
        if order * sign > 0:
            best = each
    return best


def _json_type(values: Values) -> Told:
    try:
        found = json.loads(values[0]) if isinstance(values[0], str) else UNKNOWN
    except ValueError:
        return UNKNOWN
    if found is None:
        return "null"
    names: dict[type, str] = {dict: "object", list: "array", str: "string", bool: "boolean"}
    return UNKNOWN if found is UNKNOWN else names.get(type(found), "number")


def _json_valid(values: Values) -> Told:
    try:
        json.loads(values[0] if isinstance(values[0], str) else "")
    except ValueError:
        return False
    return True


def _split(values: Values) -> Told:
    value, mark, index = values
    if not isinstance(value, str) or not isinstance(mark, str) or not isinstance(index, Decimal) or index < 1:
        return UNKNOWN
    parts = value.split(mark) if mark else [value]
    return parts[int(index) - 1] if index <= len(parts) else ""


def _uuid_of(values: Values) -> Told:
    try:
        return str(uuid.UUID(values[0])) if isinstance(values[0], str) else UNKNOWN
    except ValueError:
        return UNKNOWN


def _array_size(values: Values) -> Told:
    items = array_items(values[0])
    if items is None or (len(values) > 1 and values[1] != 1):
        return UNKNOWN
    return Decimal(len(items)) if items or len(values) == 1 else None  # array_length of an empty one is NULL


def _modulo(left: Decimal, right: Decimal) -> Told:
    return UNKNOWN if right == 0 else left % right


def _divide(left: Decimal, right: Decimal) -> Told:
    if right == 0:
        return UNKNOWN
    exact = left / right
    whole = left == left.to_integral_value() and right == right.to_integral_value()
    return exact if not whole or exact == exact.to_integral_value() else UNKNOWN


ARITHMETIC: dict[str, Callable[[Decimal, Decimal], Told]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "div": lambda left, right: UNKNOWN if right == 0 else Decimal(int(left / right)),
    "%": _modulo,
    "mod": _modulo,
}
FUNCTIONS: dict[str, Callable[[Values], Told]] = {
    **dict.fromkeys(("length", "char_length", "character_length"), _length),
    "octet_length": _octets,
    **dict.fromkeys(("lower", "lcase"), _on_text(str.lower)),
    **dict.fromkeys(("upper", "ucase"), _on_text(str.upper)),
    **dict.fromkeys(("trim", "btrim"), lambda values: _strip(values, str.strip)),
    "ltrim": lambda values: _strip(values, str.lstrip),
    "rtrim": lambda values: _strip(values, str.rstrip),
    "abs": _on_number(abs),
    "sign": _on_number(lambda value: Decimal((value > 0) - (value < 0))),
    **dict.fromkeys(("ceil", "ceiling"), _on_number(lambda value: value.to_integral_value(decimal.ROUND_CEILING))),
    "floor": _on_number(lambda value: value.to_integral_value(decimal.ROUND_FLOOR)),
    "reverse": _on_text(lambda value: value[::-1]),
    **dict.fromkeys(("substring", "substr", "mid"), _substring),
    "left": _left,
    "right": _right,
    **dict.fromkeys(("strpos", "instr"), _position),
    "replace": _replace,
    "greatest": lambda values: _extreme(values, 1),
    "least": lambda values: _extreme(values, -1),
    **dict.fromkeys(("jsonb_typeof", "json_typeof"), _json_type),
    "json_valid": _json_valid,
    "split_part": _split,
    **dict.fromkeys(("cardinality", "array_length"), _array_size),
    "uuid": _uuid_of,
    "starts_with": lambda values: (
        values[0].startswith(values[1]) if isinstance(values[0], str) and isinstance(values[1], str) else UNKNOWN
    ),
    "||": _concat,
    "typeof": lambda values: {str: "text", Decimal: "integer", bytes: "blob"}.get(type(values[0]), UNKNOWN),
}
"""Functions that give NULL where an argument is NULL."""
NOW = frozenset({"now", "current_timestamp", "localtimestamp", "current_date", "transaction_timestamp", "sysdate"})
"""Functions that give the present."""
_ARRAY = re.compile(r'"((?:\\.|[^"\\])*)"|([^,{}"]+)')


def array_items(value: Scalar) -> tuple[Scalar, ...] | None:
    """Read PostgreSQL's text of an array of one dimension."""
    if not isinstance(value, str) or not value.startswith("{") or "{" in value[1:]:
        return None
    found: list[Scalar] = []
    for match in _ARRAY.finditer(value):
        quoted, bare = match.groups()
        if quoted is not None:
            found.append(re.sub(r"\\(.)", r"\1", quoted))
        else:
            found.append(None if bare.upper() == "NULL" else bare)
    return tuple(found)
