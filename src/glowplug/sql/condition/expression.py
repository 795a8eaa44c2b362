"""The vocabulary of conditions, the same for every dialect."""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

Scalar = Decimal | str | bool | bytes | None
"""A value that a condition speaks of; None is NULL. Moments are text as ISO 8601 has it, which sorts as they do."""


class Unknown(enum.Enum):
    """What is said of a value that can't be told without the server."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


class Constant(msgspec.Struct, frozen=True):
    """A value that stands there."""

    value: Scalar


class Name(msgspec.Struct, frozen=True):
    """A column, without its table."""

    name: str


class Call(msgspec.Struct, frozen=True):
    """A function or an operator by its name in lower case, and what it is applied to.

    ``and``, ``or``, ``not``; ``=``, ``<>``, ``<``, ``<=``, ``>``, ``>=``, ``is`` (equal, NULL too), ``is null``;
    ``in`` (a value, then the list), ``between``; ``like``, ``ilike``, ``glob``, ``~``, ``~*``; ``array``, ``row``;
    ``case`` (conditions and results by turns, then the rest); ``cast`` (a value, then the type's name as a Constant).
    What is negated is a ``not`` around it.
    """

    name: str
    arguments: tuple[Expression, ...] = ()


class Unread(msgspec.Struct, frozen=True):
    """What this parser does not read: a subquery, an operator's odd form."""

    text: str


Expression = Constant | Name | Call | Unread


def walk(expression: Expression) -> Iterator[Expression]:
    """Give an expression and all within it."""
    yield expression
    if isinstance(expression, Call):
        for argument in expression.arguments:
            yield from walk(argument)


def names(expression: Expression) -> frozenset[str]:
    """Tell which columns an expression names, as far as it could be read."""
    return frozenset(each.name for each in walk(expression) if isinstance(each, Name))


def chained(name: str, left: Expression, right: Expression) -> Call:
    """Join with AND or OR; what is joined by the same already stays flat."""
    before = left.arguments if isinstance(left, Call) and left.name == name else (left,)
    return Call(name, (*before, right))
