"""Whether a generated column can be VIRTUAL on PostgreSQL, instead of STORED: from version 18 on, within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.review.version import Versions
from glowplug.sql.actions import CreateIndex
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import AddColumn
    from glowplug.sql.parts import Name, TypeName

_VIRTUAL = Versions(since=(18,))
_REFUSED = frozenset({ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE, ConstraintKind.FOREIGN_KEY})


def or_virtual(action: AddColumn, context: Context) -> str:
    """Say it, to put behind what else can be done; nothing where production's server has no such columns."""
    column = action.column
    if not context.may_be(_VIRTUAL) or column.generated is None:
        return ""
    why = next(_against(action, context), None)
    if why is not None:
        return f"; on PostgreSQL 18 it can't be VIRTUAL, for {why}"
    calls = " and ".join(f"{each}()" for each in column.generated.functions)
    built_in = f", if {calls} is built in: it takes no function of anybody's own" if calls else ""
    return f", or on PostgreSQL 18 make it VIRTUAL{built_in}; it can have no index then"


def _against(action: AddColumn, context: Context) -> Iterator[str]:
    """Name what the server refuses of it."""
    column, schema = action.column, context.schema
    if column.type is not None and _is_own(column.type, context):
        yield f"its type {column.type} is not built in"
    for function in () if column.generated is None else column.generated.functions:
        if schema.routine(function) is not None:
            yield f"{function}() is not built in"
    for name in () if column.generated is None else column.generated.columns:
        facts = schema.column(action.table, name)
        if facts is not None and facts.type is not None and _is_own(facts.type, context):
            yield f"the type {facts.type} of {name} is not built in"
    if any(each.kind in _REFUSED for each in column.constraints) or _is_indexed(context, action.table, column.name):
        yield "there is an index or a key on it"


def _is_own(kind: TypeName, context: Context) -> bool:
    return context.schema.type(kind.name) is not None


def _is_indexed(context: Context, table: Name, column: str) -> bool:
    """Whether this file builds an index with the column in it."""
    return any(
        isinstance(action, CreateIndex) and action.table.name == table.name and column in set(_columns(action))
        for statement in context.script.statements
        for action in statement.actions
    )


def _columns(action: CreateIndex) -> Iterator[str]:
    yield from action.include
    yield from () if action.where is None else action.where.columns
    for key in action.keys:
        yield from key.expression.columns if key.expression is not None else filter(None, (key.column,))
