"""Expressions: their text, and what can be told of them without a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.parts import Expression
from glowplug.sql.reader.postgres.facts import facts
from glowplug.sql.reader.postgres.tree import constant, node, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.sql.reader.postgres.here import Here
    from glowplug.sql.reader.postgres.tree import Message


def expression(tree: Message, text: str) -> Expression:
    """Read a Node that is an expression; ``text`` is how the file has it."""
    found = facts(tree)
    return Expression(
        text=text,
        functions=tuple(found.functions),
        columns=tuple(found.columns),
        constant=_is_constant(tree),
        null=_is_null(tree),
        subquery=found.subquery,
        not_null_columns=tuple(dict.fromkeys(_not_null_columns(tree))),
    )


def expression_of(tree: Message, here: Here, first: int, after: int) -> Expression:
    """Read an expression that is written in the tokens from ``first`` up to ``after``."""
    return expression(tree, here.text_of(first, after))


def is_tautology(tree: Message) -> bool:
    """Whether a condition is true for every row, whatever the row holds: ``true``, ``1 = 1``, ``… OR true``."""
    return _truth(tree) is True


def _inner(tree: Message) -> tuple[str, Message]:
    kind = tree.WhichOneof("node") or ""
    return kind, getattr(tree, kind) if kind else tree


def _is_constant(tree: Message) -> bool:
    kind, inner = _inner(tree)
    if kind == "a_const":
        return True
    if kind == "type_cast":
        return _is_constant(inner.arg)
    if kind == "a_array_expr":
        return all(_is_constant(element) for element in inner.elements)
    if kind == "a_expr" and inner.kind == node.AEXPR_OP and not inner.HasField("lexpr"):
        return words(inner.name) in {("-",), ("+",)} and _is_constant(inner.rexpr)
    return kind == "collate_clause" and _is_constant(inner.arg)


def _is_null(tree: Message) -> bool:
    kind, inner = _inner(tree)
    if kind == "type_cast":
        return _is_null(inner.arg)
    return kind == "a_const" and bool(inner.isnull)


def _not_null_columns(tree: Message) -> list[str]:
    kind, inner = _inner(tree)
    if kind == "null_test" and inner.nulltesttype == node.IS_NOT_NULL:
        argument, column = _inner(inner.arg)
        return list(words(column.fields[-1:])) if argument == "column_ref" else []
    if kind == "bool_expr" and inner.boolop == node.AND_EXPR:
        return [column for argument in inner.args for column in _not_null_columns(argument)]
    return []


def _truth(tree: Message) -> bool | None:
    """Tell a condition's value; None where it depends, or is NULL."""
    kind, inner = _inner(tree)
    return _TRUTHS[kind](inner) if kind in _TRUTHS else None


def _truth_of_constant(inner: Message) -> bool | None:
    return bool(inner.boolval.boolval) if inner.WhichOneof("val") == "boolval" else None


def _truth_of_cast(inner: Message) -> bool | None:
    if words(inner.type_name.names)[-1:] != ("bool",):
        return None
    kind, argument = _inner(inner.arg)
    if kind != "a_const":
        return _truth(inner.arg)
    value = constant(argument).lower()
    return {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}.get(value)


def _truth_of_operator(inner: Message) -> bool | None:
    if inner.kind != node.AEXPR_OP or not inner.HasField("lexpr"):
        return None
    (left_kind, left), (right_kind, right) = _inner(inner.lexpr), _inner(inner.rexpr)
    if left_kind != "a_const" or right_kind != "a_const" or left.isnull or right.isnull:
        return None
    if left.WhichOneof("val") != right.WhichOneof("val"):
        return None
    compare = _COMPARISONS.get("".join(words(inner.name)))
    if compare is None:
        return None
    if left.WhichOneof("val") == "ival":
        return compare(int(left.ival.ival), int(right.ival.ival))
    equal = constant(left) == constant(right)
    return compare(0, 0) if equal else None


def _truth_of_logic(inner: Message) -> bool | None:
    values = [_truth(argument) for argument in inner.args]
    if inner.boolop == node.NOT_EXPR:
        return None if values[0] is None else not values[0]
    decisive = bool(inner.boolop == node.OR_EXPR)
    if decisive in values:
        return decisive
    return None if None in values else not decisive


def _truth_of_null_test(inner: Message) -> bool | None:
    kind, argument = _inner(inner.arg)
    if kind != "a_const":
        return None
    return bool(argument.isnull == (inner.nulltesttype == node.IS_NULL))


def _truth_of_boolean_test(inner: Message) -> bool | None:
    value = _truth(inner.arg)
    if value is None:
        return None
    outcomes: dict[int, bool] = {
        node.IS_TRUE: value,
        node.IS_NOT_TRUE: not value,
        node.IS_FALSE: not value,
        node.IS_NOT_FALSE: value,
        node.IS_UNKNOWN: False,
        node.IS_NOT_UNKNOWN: True,
    }
    return outcomes.get(inner.booltesttype)


_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_TRUTHS: dict[str, Callable[[Message], bool | None]] = {
    "a_const": _truth_of_constant,
    "a_expr": _truth_of_operator,
    "bool_expr": _truth_of_logic,
    "boolean_test": _truth_of_boolean_test,
    "null_test": _truth_of_null_test,
    "type_cast": _truth_of_cast,
}
