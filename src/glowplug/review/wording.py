"""What rules share: whether a table is new, how the way back is worded and weighed, names as SQL."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

from glowplug.dialect import Direction
from glowplug.finding import Severity
from glowplug.sql.quoting import quoted
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glowplug.dialect import Dialect
    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import Origin
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name
    from glowplug.sql.statement import Statement

MOST_LINES = 4
NOTHING_TO_UNDO = "-- nothing to undo here\nSELECT 1;"
NOT_IN_A_DOWN = (
    "a down runs in one go: no release and no pause can come between two steps of it. On a small table leave it as it "
    "is; where the table is large, go back by new migrations, not by this down"
)

NOT_ALONE_IN_A_DOWN = (
    "CONCURRENTLY has to be alone in its file, and this down does more, in one go: set a lock timeout, and try again "
    "when it runs out; or go back by new migrations, not by this down"
)


def made_here(context: Context, born: Origin) -> bool:
    """Whether something was made in the file that is looked at."""
    return born.file == context.migration.file(context.direction)


def is_new(context: Context, table: Name) -> bool:
    """Whether the table, its partitions and heirs are made in this migration, as far as the chain tells, or temporary.

    ``CREATE TABLE IF NOT EXISTS`` of a table that no earlier migration has made counts as making it; on the way back,
    what up.sql made is new too, for it is about to go.
    """
    return _is_new(context, table) and all(_is_new(context, heir) for heir in context.schema.heirs(table))


def _is_new(context: Context, table: Name) -> bool:
    if context.schema.is_new(table):
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


def allow(rule: str, because: str) -> str:
    """Write the line that accepts what a rule finds, to put above the statement: ``…`` is for a person to fill in."""
    said = " ".join(because.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'-- glowplug: allow {rule} because "{said}"'


def setting(context: Context, key: str, value: str) -> str:
    """Write the lines of glowplug.toml that give a setting of the chain's a value, which is TOML by itself."""
    directory = json.dumps(context.terms.directory, ensure_ascii=False)
    return f"[[chain]]\nmigrations = {directory}\n{key} = {value}"


def others_stay(context: Context) -> str | None:
    """Say that what else an up.sql does stays in it, where a statement becomes migrations; None where that is all."""
    if context.down:
        return None
    here, statements = context.statement.span, context.script.statements
    ahead = [context.place(each.span).line for each in statements if each.span.end <= here.start]
    behind = [each for each in statements if each.span.start >= here.end]
    said = []
    if ahead:
        one = len(ahead) == 1
        lines = f"line{'s' * (not one)} {', '.join(map(str, ahead[:-1]))}{' and ' * (not one)}{ahead[-1]}"
        what = lines if len(ahead) <= MOST_LINES else f"the {len(ahead)} statements before it"
        said.append(
            f"{what} of this up.sql {'stays' if one else 'stay'} there, with what undoes {'it' if one else 'them'} in "
            "down.sql, and this comes after it"
        )
    if behind:
        too = " too" if ahead else ""
        said.append(f"what stands behind it in this up.sql stays there{too}, or goes behind these where it needs them")
    return "; ".join(said) or None


def rounded(scale: int) -> str:
    """Say what a number loses that keeps ``scale`` digits behind the point; PostgreSQL's may be less than none."""
    if scale < 0:
        return f"numbers are rounded to multiples of {10**-scale}"
    kept = "" if not scale else " after the first" if scale == 1 else f" after the first {scale}"
    return f"digits behind the point{kept} are rounded away"


def joined(*notes: str | None) -> str | None:
    """Put notes together, those that there are."""
    return "; ".join(filter(None, notes)) or None


def among_others_in_a_down(context: Context) -> bool:
    """Whether it is a down.sql of several statements, in which nothing can run CONCURRENTLY."""
    return context.down and len(context.script.statements) > 1


def actions_of_up(context: Context) -> tuple[Action, ...]:
    """Give what the up.sql of this migration does, for a down that undoes it; bodies of DO included."""
    return actions_of(context, Direction.UP)


def actions_of(context: Context, direction: Direction) -> tuple[Action, ...]:
    """Give what a file of this migration does, nothing where it is not there; bodies of DO included."""
    text = context.migration.sql(direction) or b""
    return _actions(text.decode("utf-8", "replace"), context.dialect)


@functools.lru_cache(maxsize=2)
def _actions(text: str, dialect: Dialect) -> tuple[Action, ...]:
    return tuple(_all_actions(read(text, dialect).statements))


def _all_actions(statements: Iterable[Statement]) -> Iterator[Action]:
    for statement in statements:
        yield from statement.actions
        yield from _all_actions(statement.body)
