"""What a condition says of a row, as far as it can be told without the server."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from glowplug.sql.condition import functions, patterns
from glowplug.sql.condition.expression import UNKNOWN, Call, Constant, Expression, Name, Scalar, Unknown, Unread
from glowplug.sql.condition.functions import compare, number, text, truth

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from glowplug.sql.condition.functions import Told

Row = "Mapping[str, Scalar | Unknown]"


def evaluate(expression: Expression, row: Mapping[str, Scalar | Unknown]) -> Scalar | Unknown:
    """Give the value of an expression for a row, UNKNOWN where only the server knows.

    A row's values are Decimal, bool, str, bytes or None as their types have it; a column that ``row`` has not is
    UNKNOWN. Truth has three values, as in SQL.
    """
    match expression:
        case Constant(value):
            return value
        case Name(name):
            return row.get(name, UNKNOWN)
        case Unread():
            return UNKNOWN
        case Call(name, arguments):
            special = _SPECIAL.get(name)
            try:
                return special(arguments, row) if special is not None else _plain(name, arguments, row)
            except (ValueError, IndexError, ArithmeticError):
                return UNKNOWN  # used in a way that is not its own, or beyond what numbers can hold


def _plain(name: str, arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown]) -> Told:
    values: list[Scalar] = []
    for argument in arguments:
        value = evaluate(argument, row)
        if isinstance(value, Unknown):
            return UNKNOWN
        values.append(value)
    return _applied(name, values)


def _applied(name: str, values: list[Scalar]) -> Told:
    if name in _ORDERED:
        return _ordered(name, values)
    if None in values:
        known = name in functions.FUNCTIONS or name in functions.ARITHMETIC or name in _MATCHES
        return None if known else UNKNOWN
    if name in functions.ARITHMETIC and len(values) == 2:  # noqa: PLR2004 - two operands
        left, right = number(values[0]), number(values[1])
        return UNKNOWN if left is None or right is None else functions.ARITHMETIC[name](left, right)
    if name == "-" and (single := number(values[0])) is not None:
        return -single
    if name in _MATCHES and len(values) == 2:  # noqa: PLR2004 - a text and a pattern
        return _matches(name, values[0], values[1])
    function = functions.FUNCTIONS.get(name)
    return UNKNOWN if function is None or not values else function(tuple(values))


_ORDERED: dict[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "<>": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}
_MATCHES = frozenset({"like", "ilike", "glob", "~", "~*", "similar"})


def _ordered(name: str, values: list[Scalar]) -> Told:
    left, right = values
    if left is None or right is None:
        return None
    order = compare(left, right)
    return UNKNOWN if order is None else _ORDERED[name](order)


def matcher(name: str, pattern: str) -> re.Pattern[str] | None:
    """Give the pattern of an operator that matches text."""
    if name in {"like", "ilike"}:
        return patterns.like(pattern, ignore_case=name == "ilike")
    if name in {"~", "~*"}:
        return patterns.regex(pattern, ignore_case=name == "~*")
    return patterns.glob(pattern) if name == "glob" else patterns.similar(pattern)


def _matches(name: str, value: Scalar, pattern: Scalar) -> Told:
    told = text(value)
    if not isinstance(told, str) or not isinstance(pattern, str):
        return UNKNOWN
    found = matcher(name, pattern)
    return UNKNOWN if found is None else found.search(told) is not None


def _truths(arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown], decisive: bool) -> Told:  # noqa: FBT001 - AND's False and OR's True
    unknown = null = False
    for argument in arguments:
        value = evaluate(argument, row)
        if isinstance(value, Unknown):
            unknown = True
            continue
        told = None if value is None else truth(value)
        if told is decisive:
            return decisive
        if told is None:
            null = null or value is None
            unknown = unknown or value is not None
    if unknown:
        return UNKNOWN
    return None if null else not decisive


def _not(arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown]) -> Told:
    value = evaluate(arguments[0], row)
    if isinstance(value, Unknown) or value is None:
        return value
    told = truth(value)
    return UNKNOWN if told is None else not told


def _is_null(arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown]) -> Told:
    if isinstance(arguments[0], Call) and arguments[0].name == "row":
        return UNKNOWN
    value = evaluate(arguments[0], row)
    return value if isinstance(value, Unknown) else value is None


def _is(arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown]) -> Told:
    left, right = (evaluate(each, row) for each in arguments)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    if left is None or right is None:
        return left is right
    order = compare(left, right)
    return UNKNOWN if order is None else order == 0


def _between(arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown]) -> Told:
    value, low, high = arguments
    return _truths((Call(">=", (value, low)), Call("<=", (value, high))), row, decisive=False)


def _in(arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown]) -> Told:
    value, listed = arguments
    items = array(listed)
    if items is None:
        held = evaluate(listed, row)
        if isinstance(held, Unknown):
            return UNKNOWN
        found = functions.array_items(held)
        if found is None:
            return UNKNOWN
        items = tuple(Constant(each) for each in found)
    return _truths(tuple(Call("=", (value, each)) for each in items), row, decisive=True)


def array(expression: Expression) -> tuple[Expression, ...] | None:
    """Give the items of an array that stands there, casts around it looked through."""
    while isinstance(expression, Call) and expression.name == "cast":
        expression = expression.arguments[0]
    if isinstance(expression, Call) and expression.name == "array":
        return expression.arguments
    if isinstance(expression, Constant) and (found := functions.array_items(expression.value)) is not None:
        return tuple(Constant(each) for each in found)
    return None


def _case(arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown]) -> Told:
    for condition, result in zip(arguments[:-1:2], arguments[1::2], strict=True):
        value = evaluate(condition, row)
        if isinstance(value, Unknown):
            return UNKNOWN
        if value is not None and truth(value):
            return evaluate(result, row)
    return evaluate(arguments[-1], row)


def _coalesce(arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown]) -> Told:
    for argument in arguments:
        value = evaluate(argument, row)
        if value is not None:
            return value
    return None


def _nullif(arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown]) -> Told:
    left, right = (evaluate(each, row) for each in arguments)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    if left is None or right is None:
        return left
    order = compare(left, right)
    return UNKNOWN if order is None else None if order == 0 else left


def _nulls(arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown], of_null: bool) -> Told:  # noqa: FBT001 - which are counted
    values = [evaluate(each, row) for each in arguments]
    if any(isinstance(each, Unknown) for each in values):
        return UNKNOWN
    return Decimal(sum((each is None) is of_null for each in values))


def _cast(arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown]) -> Told:
    value = evaluate(arguments[0], row)
    kind = arguments[1]
    if isinstance(value, Unknown) or not isinstance(kind, Constant):
        return UNKNOWN
    return functions.cast(value, str(kind.value))


def _xor(arguments: tuple[Expression, ...], row: Mapping[str, Scalar | Unknown]) -> Told:
    return _plain("<>", tuple(Call("cast", (each, Constant("boolean"))) for each in arguments), row)


_SPECIAL: dict[str, Callable[[tuple[Expression, ...], Mapping[str, Scalar | Unknown]], Told]] = {
    "and": lambda arguments, row: _truths(arguments, row, decisive=False),
    "or": lambda arguments, row: _truths(arguments, row, decisive=True),
    "xor": _xor,
    "not": _not,
    "is null": _is_null,
    "is": _is,
    "between": _between,
    "in": _in,
    "case": _case,
    **dict.fromkeys(("coalesce", "ifnull"), _coalesce),
    "nullif": _nullif,
    "num_nulls": lambda arguments, row: _nulls(arguments, row, of_null=True),
    "num_nonnulls": lambda arguments, row: _nulls(arguments, row, of_null=False),
    "cast": _cast,
    "array": lambda _arguments, _row: UNKNOWN,
    "row": lambda _arguments, _row: UNKNOWN,
}
