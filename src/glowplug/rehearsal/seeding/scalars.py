"""A row's texts as the values that conditions speak of."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from glowplug.schema.tables import Family
from glowplug.sql.condition import UNKNOWN
from glowplug.sql.condition.functions import truth

if TYPE_CHECKING:
    from glowplug.database.rows import Value
    from glowplug.schema.tables import Type
    from glowplug.sql.condition import Scalar, Unknown

_NUMBERS = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT})
_PLAIN = frozenset({Family.TEXT, Family.ENUM, Family.SET, Family.UUID, Family.DATE, Family.TIME, Family.TIMESTAMP})


def scalar(kind: Type, value: Value | Unknown) -> Scalar | Unknown:  # noqa: PLR0911 - one a family
    """Give a value's meaning; UNKNOWN for what compares in its own way."""
    if value is None or value is UNKNOWN or isinstance(value, bytes):
        return value
    if kind.family in _NUMBERS:
        try:
            return Decimal(value)
        except InvalidOperation:
            return UNKNOWN
    if kind.family is Family.BOOLEAN:
        told = truth(value)
        return UNKNOWN if told is None else told
    if kind.family is Family.TIMESTAMP and kind.zoned:
        return value.removesuffix("+00")
    if kind.family is Family.JSON or kind.family in _PLAIN:
        return value
    return value if kind.family in {Family.ADDRESS, Family.TREE, Family.BITS, Family.ARRAY} else UNKNOWN
