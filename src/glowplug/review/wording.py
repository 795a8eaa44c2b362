"""What rules share: whether a table is new, how the way back is worded and weighed, names as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.finding import Severity
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import Origin
    from glowplug.sql.parts import Name

NOTHING_TO_UNDO = "-- nothing to undo here\nSELECT 1;"


def made_here(context: Context, born: Origin) -> bool:
    """Whether something was made in the file that is looked at."""
    return born.file == context.migration.file(context.direction)


def is_new(context: Context, table: Name) -> bool:
    """Whether the table is made in this migration, as far as the chain tells, or is the session's own.

    ``CREATE TABLE IF NOT EXISTS`` of a table that no earlier migration has made counts as making it; on the way back,
    what up.sql made is new too, for it is about to go.
    """
    if context.is_new(table):
        return True
    facts = context.schema.table(table)
    return facts is not None and (facts.temporary or facts.born.migration == context.migration.name)


def condition(context: Context, table: Name) -> str:
    """Under which condition it holds: nothing where the table is known to be old, else ``, if …``, to put behind it."""
    doubt = context.schema.doubt
    if doubt is None or context.schema.table(table) is not None:
        return ""
    return f", if {table} was there before this migration ({doubt})"


def lead(context: Context) -> str:
    """How a message begins."""
    return "on the way back, " if context.down else ""


def weight(context: Context, severity: Severity = Severity.ERROR) -> Severity:
    """How much it weighs: one less on the way back, which runs seldom and with people at hand."""
    if not context.down:
        return severity
    return Severity.WARNING if severity is Severity.ERROR else Severity.NOTICE


def made_by_up(context: Context, origin: Origin | None) -> bool:
    """Whether this is the down of the migration that made it: that it goes then is what a down is for."""
    return context.down and origin is not None and origin.version == context.migration.version


def sql(context: Context, name: str | Name) -> str:
    """Write a name as SQL."""
    return quoted(name, context.dialect)
