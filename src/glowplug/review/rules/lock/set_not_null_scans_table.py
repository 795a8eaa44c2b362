"""Rule ``set-not-null-scans-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import NOT_IN_A_DOWN, condition, is_new, lead, weight
from glowplug.sql.actions import AddConstraint, SetNotNull
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name


class SetNotNullScansTable(Rule):
    """NOT NULL is demanded of a column, and every row is looked at while nobody can read the table.

    ## What it does
    Finds `ALTER COLUMN … SET NOT NULL`, and PostgreSQL 18's `ADD CONSTRAINT … NOT NULL` without `NOT VALID`, on a
    table that was there before the migration. It is silent where the column is known to hold no NULL: by NOT NULL, a
    key, or a validated CHECK that says so.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock and then reads the whole table. Every query waits, SELECT too, until the
    migration's transaction ends.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text);
    ```
    ```sql up
    ALTER TABLE users ALTER COLUMN email SET NOT NULL;
    ```

    ## Use instead
    Prove it first: with a CHECK that is `NOT VALID`, validated by a later migration, which lets others read and write.
    SET NOT NULL then believes it, and reads nothing. (On PostgreSQL 18, `ADD CONSTRAINT … NOT NULL email NOT VALID`,
    then VALIDATE, is enough.)
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text);
    ```
    ```sql up
    ALTER TABLE users ADD CONSTRAINT users_email_present CHECK (email IS NOT NULL) NOT VALID;
    ```
    ```sql up
    ALTER TABLE users VALIDATE CONSTRAINT users_email_present;
    ```
    ```sql up
    ALTER TABLE users ALTER COLUMN email SET NOT NULL;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows AccessExclusiveLock, and the transaction fetches every block of the table,
    with a CHECK that is not validated as well; with a validated one it fetches none.
    """

    hazards = (20,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (SetNotNull, AddConstraint)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="table"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where a column is looked through for NULLs."""
        if isinstance(action, SetNotNull):
            columns: tuple[str, ...] = (action.column,)
        elif isinstance(action, AddConstraint) and action.constraint.kind is ConstraintKind.NOT_NULL:
            columns = action.constraint.columns if action.constraint.validated else ()
        else:
            return
        table = action.table
        if is_new(context, table):
            return
        for column in columns:
            if context.schema.proven_not_null(table, column) is not None:
                continue
            doubt = context.schema.doubt_about(table)
            unless = "" if doubt is None else f", unless a validated CHECK proves it ({doubt})"
            yield Hit(
                message=f"{lead(context)}reads all of {table} under an ACCESS EXCLUSIVE lock to look for NULLs "
                "in "
                f"{column}: {words.READERS_WAIT}{condition(context, table) or unless}",
                span=action.span,
                subject=f"{table}.{column}",
                severity=weight(context),
                related=tuple(
                    context.related(each.born, f"{each.name} is not validated, and so proves nothing")
                    for each in words.unproven(context, table, column)
                ),
                safe_form=_safe_form(context, table, column),
            )


def _safe_form(context: Context, table: Name, column: str) -> SafeForm:
    if context.schema.is_new_column(table, column):
        return SafeForm(note=f"say NOT NULL where {column} is added, with its default: that reads nothing")
    if context.down:
        return SafeForm(note=NOT_IN_A_DOWN)
    return SafeForm(steps=words.require_not_null(context, table, column))
