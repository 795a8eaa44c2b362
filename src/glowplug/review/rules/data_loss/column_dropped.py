"""Rule ``column-dropped``."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.carried import column_drops
from glowplug.review.claims import Leaves
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.data_loss import _words as words
from glowplug.review.rules.rewrite._words import in_primary_key
from glowplug.review.wording import allow, is_new, lead, made_by_up, sql, weight
from glowplug.sql.actions import DropColumn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import ColumnFacts, TableFacts
    from glowplug.sql.actions import Action

NOTHING: Mapping[str, int] = MappingProxyType({})


class ColumnDropped(Rule):
    """A column is dropped, with what every row holds in it.

    ## What it does
    Finds `DROP COLUMN` on a table that was there before the migration. The down.sql of the migration that added the
    column may drop it: that is what it is for. It is silent where the file copies every value into a column that then
    has the name of the one that goes, and where the table is known to have no such column: the statement fails.

    ## Why it is harmful
    A down.sql can add the column again, but has its values only where the up kept them elsewhere. The release that
    still runs fails on every query that names the column: Diesel names all columns of a table in each SELECT and
    INSERT. Indexes and constraints on the column go with it.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text, phone text);
    ```
    ```sql up
    ALTER TABLE users DROP COLUMN phone;
    ```

    ## Use instead
    First release code that no longer names the column, and let it be NULL; drop it in a later migration, with the
    release that stopped reading it as the reason.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text, phone text NOT NULL);
    ```
    ```sql up
    -- glowplug: allow not-null-dropped because "nothing reads phone since release 2.4"
    ALTER TABLE users ALTER COLUMN phone DROP NOT NULL;
    ```
    ```sql up
    -- glowplug: allow column-dropped because "nothing reads phone since release 2.4"
    ALTER TABLE users DROP COLUMN phone;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, MariaDB and SQLite, the column was dropped and added again: no row has its value back.
    """

    hazards = (34, 35, 130)
    dialects = frozenset(Dialect)
    severity = Severity.ERROR
    actions = (DropColumn,)
    claims = tuple(
        Leaves(dialect=dialect, what="the values are gone after the column was added again") for dialect in Dialect
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say which column goes, and what goes with it."""
        if not isinstance(action, DropColumn) or is_new(context, action.table):
            return
        table = context.schema.table(action.table)
        column = context.schema.column(action.table, action.column)
        if (
            column is None
            and table is not None
            and (action.if_exists or context.schema.doubt_about(action.table) is None)
            and table.columns_known
            and not context.schema.may_be_older(action.table)
        ):
            return
        if column is not None and (
            made_by_up(context, column.born) or context.schema.is_new_column(action.table, action.column)
        ):
            return
        drops = column_drops(context.script)
        at = drops.positions.get(id(action))  # None in a routine that the file calls
        again = at in drops.again
        gone = _more(table, action.column)
        if at is not None and again and at in drops.carried:
            yield from _carried(action, context, column, _more(table, action.column, drops.made, since=at))
            return
        name = f"{action.table}.{action.column}"
        fails = "; the release that runs fails on every query that names it"
        yield Hit(
            message=f"{lead(context)}drops {name} with what every row holds in it"
            f"{', and puts another in its place without copying it' if again else ''}"
            f"{words.comes_back(context, action.table, action.column)}{'' if again else fails}{gone}",
            span=action.span,
            subject=name,
            severity=weight(context),
            related=() if column is None else (context.related(column.born, f"{name} was added here"),),
            safe_form=_safe_form(action, context, column, again=again),
        )


def _carried(action: DropColumn, context: Context, column: ColumnFacts | None, gone: str) -> Iterator[Hit]:
    """Say what goes with a column whose values another gets."""
    if not gone:
        return
    name = f"{action.table}.{action.column}"
    yield Hit(
        message=f"{lead(context)}drops {name} and puts another in its place, which has its values{gone}",
        span=action.span,
        subject=name,
        severity=weight(context, Severity.WARNING),
        hazards=(35,),
        related=() if column is None else (context.related(column.born, f"{name} was added here"),),
        safe_form=SafeForm(note="make them again for the column that takes its place"),
    )


def _more(table: TableFacts | None, column: str, made: Mapping[str, int] = NOTHING, since: int = 0) -> str:
    """Name what goes along with the column, but for what is ``made`` again ``since``."""
    if table is None:
        return ""
    going = [each.name for each in table.indexes.values() if any(key.column == column for key in each.keys)]
    going += [each.name for each in table.constraints.values() if column in each.definition.columns]
    gone = ", ".join(dict.fromkeys(each for each in going if made.get(each.casefold(), -1) < since))
    return f"; these go with it: {gone}" if gone else ""


def _safe_form(action: DropColumn, context: Context, column: ColumnFacts | None, *, again: bool) -> SafeForm:
    if again:
        return SafeForm(
            note=f"add the new column under another name, copy what {action.column} holds into it, and rename it when "
            f"{action.column} is dropped"
        )
    if context.down:
        return SafeForm(note=f"a down undoes its own up: leave {action.column} where it is, unless the up added it")
    table, its = sql(context, action.table), sql(context, action.column)
    steps, notes = [], []
    if context.dialect is Dialect.POSTGRES and column is not None and _demanded(column):
        if in_primary_key(context.schema.table(action.table), action.column):
            notes.append(
                f"{action.column} belongs to the primary key, which can't hold NULL: for the time between, give it a "
                "default, or put another key in its place, so that INSERTs which don't name it pass"
            )
        else:
            steps.append(
                Step(
                    name=f"release_{action.column}_of_{action.table.name}",
                    up=f"ALTER TABLE {table} ALTER COLUMN {its} DROP NOT NULL;",
                    down=f"ALTER TABLE {table} ALTER COLUMN {its} SET NOT NULL;",
                    note=f"so that INSERTs which don't name {action.column} pass",
                )
            )
    reason = allow("column-dropped", f"nothing reads {action.column} since …")
    notes.append(
        f"once a release that no longer names {action.column} runs everywhere, say so before the statement: {reason}"
    )
    return SafeForm(steps=tuple(steps), note="; ".join(notes))


def _demanded(column: ColumnFacts) -> bool:
    """Whether an INSERT has to give it a value."""
    return column.not_null and column.default is None and column.generated is None and column.identity is None
