"""Tables that a file has emptied, so that what is done to rows, or refused for them, finds none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import (
    AddColumn,
    AddConstraint,
    AlterColumnType,
    Comment,
    CreateIndex,
    CreateRoutine,
    CreateTable,
    CreateType,
    Delete,
    Drop,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropNotNull,
    DropTable,
    DropTrigger,
    DropView,
    Insert,
    RenameColumn,
    SetDefault,
    SetNotNull,
    SetVariable,
    Truncate,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glowplug.review.context import Context
    from glowplug.review.rebuild import Moment
    from glowplug.schema.simulation import Simulation
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name

_FILL_NOTHING = (
    AddColumn,
    CreateIndex,
    CreateTable,
    Delete,
    DropColumn,
    DropIndex,
    DropTable,
    RenameColumn,
    SetVariable,
)
_FILL_NOTHING_BESIDE = (
    *_FILL_NOTHING,
    *(AddConstraint, AlterColumnType, CreateType, DropConstraint, DropNotNull, SetDefault, SetNotNull, Truncate),
    *(Comment, CreateRoutine, Drop, DropTrigger, DropView),
)


def emptied_by(context: Context, table: Name) -> Delete | Truncate | None:
    """Give what has left a table of PostgreSQL's empty in this file, by the statement at hand; None: nothing surely."""
    empty: Delete | Truncate | None = None
    if context.schema.heirs(table):  # which ONLY may have spared
        return None
    for statement in context.script.statements:
        if statement.span.start >= context.statement.span.start:
            return empty
        if statement.unparsed is not None or statement.conditional or statement.body:
            empty = None
        for action in statement.actions:
            every = isinstance(action, Truncate) or (isinstance(action, Delete) and _is_of_all(action))
            if not isinstance(action, _FILL_NOTHING_BESIDE) or _is_answered(action, context.schema):
                empty = None
            elif isinstance(action, (Delete, Truncate)) and every and action.table == table:
                empty = action
    return empty


def _is_of_all(action: Delete) -> bool:
    return not action.limited and (action.where is None or action.tautology)


def _is_answered(action: Action, schema: Simulation) -> bool:
    """Whether a trigger may answer to it."""
    if not isinstance(action, (Delete, Truncate)):
        return False
    facts = schema.table(action.table)
    return facts is None or bool(facts.triggers)


def with_emptied(moments: Iterable[Moment]) -> Iterator[tuple[Moment, frozenset[str]]]:
    """Give each moment of a file with the names, lower case, of the tables that its DELETEs have surely left empty.

    A table with triggers, or after something that may write and can't be followed, is none of them.
    """
    empty: frozenset[str] = frozenset()
    for moment in moments:
        if moment.schema.doubt is not None:
            empty = frozenset()
        yield moment, empty
        empty = _after(moment.action, moment.schema, empty)


def _after(action: Action, schema: Simulation, empty: frozenset[str]) -> frozenset[str]:
    if isinstance(action, (Insert, Delete)) and not _is_plain(action.table, schema):
        return frozenset()
    if isinstance(action, Insert):
        return empty - {action.table.name.casefold()}
    if isinstance(action, Delete) and _is_of_all(action):
        return empty | {action.table.name.casefold()}
    return empty if isinstance(action, _FILL_NOTHING) else frozenset()


def _is_plain(table: Name, schema: Simulation) -> bool:
    """Whether it is a table in the schema that is meant where none is said, and no trigger answers to what is done."""
    facts = schema.table(table)
    return facts is not None and not facts.temporary and table.schema is None and not facts.triggers
