"""What one plain condition asks of the columns that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.rehearsal.seeding.needs import NOT_NULL, NULL, Needs
from glowplug.sql.condition import UNKNOWN, Call, Constant, Expression, Name, evaluate, names
from glowplug.sql.condition.evaluate import array, matcher
from glowplug.sql.condition.functions import EARLY, LATE, NOW, number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from glowplug.sql.condition import Scalar

Asked = tuple["Mapping[str, Needs] | None", tuple["Relation", ...], tuple[Expression, ...]]
"""Needs by column (None: it can't be), relations, and what is left for trial."""

_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
_LENGTHS = frozenset({"length", "char_length", "character_length", "octet_length"})
_SIZES = frozenset({"array_length", "cardinality"})
_DIMENSIONS = 6  # PostgreSQL has no more
_TRIMS = frozenset({"trim", "btrim", "ltrim", "rtrim"})
_LOOKED_THROUGH = ("text", "character", "varchar", "bpchar", "char", "numeric", "double", "date", "timestamp", "citext")


class Relation(msgspec.Struct, frozen=True):
    """``left operator right``, both columns."""

    left: str
    operator: str
    right: str


def asked(expression: Expression, *, wanted: bool) -> Asked:
    """Tell what makes a condition without AND, OR and NOT as wanted."""
    literal = expression if wanted else Call("not", (expression,))
    if not names(expression):
        value = evaluate(expression, {})
        if value is UNKNOWN:
            return {}, (), (literal,)
        return ({} if value is None or bool(value) is wanted else None), (), ()
    if isinstance(expression, Name):
        return {expression.name: Needs(null=False, among=(wanted,))}, (), ()
    read = _READERS.get(expression.name) if isinstance(expression, Call) else None
    if read is None or not isinstance(expression, Call):
        return {}, (), (literal,)
    return read(expression, literal, wanted)


def _order(expression: Call, literal: Expression, wanted: bool) -> Asked:  # noqa: FBT001 - what it is to be
    left, right = expression.arguments
    return _compared(left, right, expression.name if wanted else _OPPOSITE[expression.name], literal)


def _valid_json(expression: Call, literal: Expression, wanted: bool) -> Asked:  # noqa: FBT001 - the same
    column = _column(expression.arguments[0])
    if column is None or not wanted:
        return {}, (), (literal,)
    return {column: Needs(null=False, json="any")}, (), ()


def _has_key(expression: Call, literal: Expression, wanted: bool) -> Asked:  # noqa: FBT001 - the same
    column = _column(expression.arguments[0])
    if column is None or not wanted:
        return {}, (), (literal,)
    return _key(column, expression.arguments[1], literal)


def _null(expression: Call, literal: Expression, wanted: bool) -> Asked:  # noqa: FBT001 - the same
    subject = expression.arguments[0]
    column = _column(subject)
    if column is not None:
        return {column: NULL if wanted else NOT_NULL}, (), ()
    if not wanted and isinstance(subject, Call) and subject.name in {"->", "->>"}:
        column = _column(subject.arguments[0])
        if column is not None:
            return _key(column, subject.arguments[1], literal)
    return {}, (), (literal,)


def _key(column: str, key: Expression, literal: Expression) -> Asked:
    value = evaluate(key, {})
    if isinstance(value, str):
        return {column: Needs(null=False, json="object", keys=(value,))}, (), ()
    return {}, (), (literal,)


def _is(expression: Call, literal: Expression, wanted: bool) -> Asked:  # noqa: FBT001 - the same
    left, right = expression.arguments
    value = evaluate(right, {})
    column = _column(left)
    if column is not None and value is not UNKNOWN and not names(right):
        if wanted:
            return {column: NULL if value is None else Needs(null=False, among=(value,))}, (), ()
        return {column: NOT_NULL if value is None else Needs(without=(value,))}, (), ()
    return {}, (), (literal,)


def _listed(expression: Call, literal: Expression, wanted: bool) -> Asked:  # noqa: FBT001 - the same
    subject, listed = expression.arguments
    items = array(listed)
    values = [evaluate(each, {}) for each in items] if items is not None else [UNKNOWN]
    told = tuple(each for each in values if each is not UNKNOWN and each is not None)
    column = _column(subject)
    if column is None or len(told) != len(values):
        folded = _folded(subject)
        if folded is not None and wanted and len(told) == len(values):
            return {folded: Needs(null=False, among=told)}, (), ()
        return {}, (), (literal,)
    return {column: Needs(null=False, among=told) if wanted else Needs(without=told)}, (), ()


def _matching(expression: Call, literal: Expression, wanted: bool) -> Asked:  # noqa: FBT001 - the same
    if not wanted:
        return {}, (), (literal,)
    subject, pattern = expression.arguments
    column = _column(subject) or _folded(subject)
    value = evaluate(pattern, {})
    if column is None or not isinstance(value, str):
        return {}, (), (literal,)
    found = matcher("like", value + "%") if expression.name == "starts_with" else matcher(expression.name, value)
    if found is None:
        return {}, (), (literal,)
    folded = _column(subject) is None and isinstance(subject, Call)
    case = _case_of(subject) if folded else None
    return {column: Needs(null=False, patterns=(found,), case=case)}, (), ()


def _compared(left: Expression, right: Expression, operator: str, literal: Expression) -> Asked:
    if not names(left):
        left, right, operator = right, left, _MIRRORED[operator]
    if names(right):
        return _related(left, right, operator, literal)
    value = _value(right, operator)
    if value is None:
        return {}, (), (literal,)
    return _of_constant(left, operator, value, literal)


def _of_constant(left: Expression, operator: str, value: Scalar, literal: Expression) -> Asked:
    column = _column(left)
    if column is not None:
        return {column: _needs(operator, value)}, (), ()
    if isinstance(left, Call) and left.arguments:
        amount = number(value)
        if left.name in {"+", "-", "*", "/"} and amount is not None:
            return _linear(left, operator, amount, literal)
        inner = _column(left.arguments[0]) or (_folded(left.arguments[0]) if left.name in _LENGTHS else None)
        needs = _of_function(left.name, operator, value)
        if inner is not None and needs is not None:
            return {inner: needs}, (), ()
    return {}, (), (literal,)


def _of_function(name: str, operator: str, value: Scalar) -> Needs | None:
    """Give what a column needs so that a function of it compares so."""
    amount = number(value)
    if name in _LENGTHS | _SIZES and amount is not None:
        return _length(operator, int(amount))
    if name == "array_ndims" and operator == "=" and amount is not None and 0 < amount <= _DIMENSIONS:
        return Needs(null=False, dimensions=int(amount))
    if name in _TRIMS and operator == "<>" and value == "":
        return Needs(null=False, shortest=1, trimmed=True)
    if name in {"lower", "upper"} and operator == "=":
        return Needs(null=False, among=(value,))
    if name in {"jsonb_typeof", "json_typeof", "json_type"} and operator == "=":
        return Needs(null=False, json=str(value).lower())
    return None


def _linear(left: Call, operator: str, amount: Decimal, literal: Expression) -> Asked:
    if len(left.arguments) == 1:
        return _of_constant(left.arguments[0], _MIRRORED[operator], -amount, literal)
    first, second = left.arguments
    other = number(evaluate_constant(second))
    if other is not None:
        if left.name in {"+", "-"}:
            return _of_constant(first, operator, amount - other if left.name == "+" else amount + other, literal)
        if other > 0 and left.name == "*":
            return _of_constant(first, operator, amount / other, literal)
    other = number(evaluate_constant(first))
    if other is not None and left.name == "+":
        return _of_constant(second, operator, amount - other, literal)
    if other is not None and left.name == "-":
        return _of_constant(second, _MIRRORED[operator], other - amount, literal)
    return {}, (), (literal,)


def _related(left: Expression, right: Expression, operator: str, literal: Expression) -> Asked:
    one, other = _column(left), _column(right)
    if one is not None and other is not None and one != other:
        return {}, (Relation(one, operator, other),), (literal,)
    for subject, whole in ((left, other), (right, one)):
        if operator != "=" or whole is None or not isinstance(subject, Call) or not subject.arguments:
            continue
        if _column(subject.arguments[0]) == whole and len(subject.arguments) == 1:
            if subject.name in {"lower", "upper"}:
                return {whole: Needs(case=subject.name)}, (), ()
            if subject.name in _TRIMS:
                return {whole: Needs(trimmed=True)}, (), ()
    return {}, (), (literal,)


def evaluate_constant(expression: Expression) -> Scalar:
    """Give the value of an expression that names no column, None where there is none to tell."""
    if names(expression):
        return None
    value = evaluate(expression, {})
    return None if value is UNKNOWN else value


def _value(expression: Expression, operator: str) -> Scalar:
    """Give what is compared with; the present is early enough, or late enough, to hold for years."""
    plain = expression
    while isinstance(plain, Call) and plain.name in {"cast", "timezone"}:
        plain = plain.arguments[-1] if plain.name == "timezone" else plain.arguments[0]
    if isinstance(plain, Call) and plain.name in {"+", "-"} and plain.arguments:
        plain = plain.arguments[0]
    if isinstance(plain, Call) and plain.name in NOW:
        return {"<": EARLY, "<=": EARLY, ">": LATE, ">=": LATE}.get(operator)
    return evaluate_constant(expression)


def _needs(operator: str, value: Scalar) -> Needs:
    match operator:
        case "=":
            return Needs(null=False, among=(value,))
        case "<>":
            return Needs(without=(value,), shortest=1) if value == "" else Needs(without=(value,))
        case "<" | "<=":
            return Needs(null=False, high=value, high_open=operator == "<")
        case _:
            return Needs(null=False, low=value, low_open=operator == ">")


def _length(operator: str, amount: int) -> Needs | None:
    match operator:
        case "=":
            return Needs(null=False, shortest=amount, longest=amount)
        case "<":
            return Needs(null=False, longest=amount - 1)
        case "<=":
            return Needs(null=False, longest=amount)
        case ">":
            return Needs(null=False, shortest=amount + 1)
        case ">=":
            return Needs(null=False, shortest=amount)
        case _:
            return Needs(null=False, shortest=amount + 1)


def _column(expression: Expression) -> str | None:
    """Give the column that an expression is, casts that keep the order looked through."""
    while isinstance(expression, Call) and expression.name == "cast":
        kind = expression.arguments[1]
        if not isinstance(kind, Constant) or not str(kind.value).startswith(_LOOKED_THROUGH):
            return None
        expression = expression.arguments[0]
    return expression.name if isinstance(expression, Name) else None


def _folded(expression: Expression) -> str | None:
    """Give the column whose value in another case, or without its blanks, an expression is."""
    if isinstance(expression, Call) and expression.name in {"lower", "upper", *_TRIMS} and expression.arguments:
        return _column(expression.arguments[0])
    return None


def _case_of(expression: Expression) -> str | None:
    return expression.name if isinstance(expression, Call) and expression.name in {"lower", "upper"} else None


_READERS: dict[str, Callable[[Call, Expression, bool], Asked]] = {
    "is null": _null,
    "is": _is,
    "in": _listed,
    "json_valid": _valid_json,
    "?": _has_key,
    **dict.fromkeys(_OPPOSITE, _order),
    **dict.fromkeys(("like", "ilike", "glob", "~", "~*", "similar", "starts_with"), _matching),
}
