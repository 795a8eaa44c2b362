"""Rule ``column-dropped``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import Leaves
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.data_loss import _words as words
from glowplug.review.wording import is_new, lead, made_by_up, sql, weight
from glowplug.sql.actions import DropColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import ColumnFacts, TableFacts
    from glowplug.sql.actions import Action


class ColumnDropped(Rule):
    """A column is dropped, with what every row holds in it.

    ## What it does
    Finds `DROP COLUMN` on a table that was there before the migration. The down.sql of the migration that added the
    column may drop it: that is what it is for.

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
        if column is None and action.if_exists and table is not None and table.columns_known:
            return
        if column is not None and (
            made_by_up(context, column.born) or context.schema.is_new_column(action.table, action.column)
        ):
            return
        name = f"{action.table}.{action.column}"
        yield Hit(
            message=f"{lead(context)}drops {name} with what every row holds in it"
            f"{words.comes_back(context, action.table, action.column)}; the release that runs fails on every query "
            f"that names it{_more(table, action.column)}",
            span=action.span,
            subject=name,
            severity=weight(context),
            related=() if column is None else (context.related(column.born, f"{name} was added here"),),
            safe_form=_safe_form(action, context, column),
        )


def _more(table: TableFacts | None, column: str) -> str:
    if table is None:
        return ""
    going = [each.name for each in table.indexes.values() if any(key.column == column for key in each.keys)]
    going += [each.name for each in table.constraints.values() if column in each.definition.columns]
    gone = ", ".join(dict.fromkeys(going))
    return f"; these go with it: {gone}" if gone else ""


def _safe_form(action: DropColumn, context: Context, column: ColumnFacts | None) -> SafeForm:
    if context.down:
        return SafeForm(note=f"a down undoes its own up: leave {action.column} where it is, unless the up added it")
    table, its = sql(context, action.table), sql(context, action.column)
    steps = []
    if context.dialect is Dialect.POSTGRES and column is not None and column.not_null and column.default is None:
        steps.append(
            Step(
                name=f"release_{action.column}_of_{action.table.name}",
                up=f"ALTER TABLE {table} ALTER COLUMN {its} DROP NOT NULL;",
                down=f"ALTER TABLE {table} ALTER COLUMN {its} SET NOT NULL;",
                note=f"so that INSERTs which don't name {action.column} pass",
            )
        )
    reason = f'-- glowplug: allow column-dropped because "nothing reads {action.column} since …"'
    note = f"once a release that no longer names {action.column} runs everywhere, say so before the statement: {reason}"
    return SafeForm(steps=tuple(steps), note=note)
