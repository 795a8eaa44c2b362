"""What a statement calls: routines of the chain that change the schema, and what their bodies say."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from glowplug.review import faults
from glowplug.review.rule import Hit
from glowplug.review.verdicts import Said
from glowplug.sql.actions import Delete, Dynamic, Insert, Select, Update

if TYPE_CHECKING:
    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import RoutineFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.statement import Statement

CALLING = frozenset({Delete, Dynamic, Insert, Select, Update})
"""Actions that may call what the chain made."""


def body_of(context: Context, routine: RoutineFacts) -> tuple[Statement, ...]:
    """Give the statements of a routine that this very file makes; none where another did, or it could not be read."""
    born = routine.born
    if born.file != context.migration.file(context.direction):
        return ()
    statements = context.script.statements
    index = bisect.bisect_right(statements, born.span.start, key=lambda one: one.span.start) - 1
    return statements[index].routine_body if index >= 0 else ()


def not_looked_at(context: Context, action: Action, routine: RoutineFacts) -> Said:
    """Say that a routine runs which changes the schema, or may, and that nobody looks at what it does here."""
    hit = Hit(
        message=f"{routine.name} is called, which changes the schema or may do so: no rule has looked at what it does "
        "here, and the schema after it is unknown to those that look at what comes next",
        span=action.span,
        subject=str(routine.name),
        related=(context.related(routine.born, f"{routine.name} is made here"),),
    )
    return Said.of(faults.SQL_NOT_SEEN, context, hit)
