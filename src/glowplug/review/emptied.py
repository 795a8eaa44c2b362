"""Tables that a file on SQLite has emptied, so that what is refused only where there are rows is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import (
    AddColumn,
    CreateIndex,
    CreateTable,
    Delete,
    DropColumn,
    DropIndex,
    DropTable,
    Insert,
    RenameColumn,
    SetVariable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    if isinstance(action, Delete) and not action.limited and (action.where is None or action.tautology):
        return empty | {action.table.name.casefold()}
    return empty if isinstance(action, _FILL_NOTHING) else frozenset()


def _is_plain(table: Name, schema: Simulation) -> bool:
    """Whether it is a table in the schema that is meant where none is said, and no trigger answers to what is done."""
    facts = schema.table(table)
    return facts is not None and not facts.temporary and table.schema is None and not facts.triggers
