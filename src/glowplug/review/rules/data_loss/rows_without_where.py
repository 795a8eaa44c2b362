"""Rule ``rows-without-where``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Leaves
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import lead, weight
from glowplug.sql.actions import Delete, Truncate, Update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action


class RowsWithoutWhere(Rule):
    """Every row of a table is changed or deleted by one statement.

    ## What it does
    Finds UPDATE and DELETE without a WHERE, or with one that is always true, and TRUNCATE, on a table that may have
    rows.

    ## Why it is harmful
    What is deleted, and the values that are overwritten, no down.sql brings back. The rows stay locked until the
    migration's transaction ends, and whoever changes one of them waits for that long; on SQLite it is the whole
    database that nobody else can write to.

    ## Example
    ```sql before
    CREATE TABLE events (id bigint PRIMARY KEY, kind text);
    ```
    ```sql up
    DELETE FROM events;
    ```

    ## Use instead
    Say which rows, and take many of them in batches outside of the migration.
    ```sql before
    CREATE TABLE events (id bigint PRIMARY KEY, kind text);
    ```
    ```sql up
    DELETE FROM events WHERE kind = 'probe';
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, MariaDB and SQLite: no row is left.
    """

    hazards = (39, 40, 130)
    dialects = frozenset(Dialect)
    severity = Severity.ERROR
    actions = (Delete, Truncate, Update)
    claims = tuple(Leaves(dialect=dialect, what="no row is left") for dialect in Dialect)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say what happens to all rows."""
        if not isinstance(action, self.actions) or not context.schema.may_have_rows(action.table):
            return
        if isinstance(action, Delete | Update) and (action.limited or (action.where and not action.tautology)):
            return
        table = context.schema.table(action.table)
        if (table is not None and table.temporary) or context.is_new(action.table):
            return
        if isinstance(action, Update):
            yield from self._updated(action, context)
            return
        verb = "empties" if isinstance(action, Truncate) else "deletes every row of"
        lost = "nothing" if context.down else "no down.sql"
        yield Hit(
            message=f"{lead(context)}{verb} {action.table}, and {lost} brings the rows back",
            span=action.span,
            subject=str(action.table),
            severity=weight(context),
            safe_form=SafeForm(note="say which rows with WHERE; many rows: in batches, outside of the migration"),
        )

    def _updated(self, action: Update, context: Context) -> Iterator[Hit]:
        fresh = bool(action.columns) and all(
            context.schema.is_new_column(action.table, column) for column in action.columns
        )
        columns = ", ".join(action.columns) or "columns"
        lost = "" if fresh else f", and what {columns} held is lost"
        held = "nobody else can write to the database" if context.dialect is Dialect.SQLITE else "each stays locked"
        yield Hit(
            message=f"{lead(context)}writes {columns} of every row of {action.table} in one transaction: {held} until "
            f"the migration has ended{lost}",
            span=action.span,
            subject=str(action.table),
            severity=weight(context, Severity.WARNING),
            hazards=(40,) if fresh else (40, 130),
            safe_form=SafeForm(note="write many rows in batches, outside of the migration, before it needs them"),
        )
