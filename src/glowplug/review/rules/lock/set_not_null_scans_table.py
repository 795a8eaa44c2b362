"""Rule ``set-not-null-scans-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import NOT_IN_A_DOWN, condition, is_new, lead, weight
from glowplug.sql.actions import AddConstraint, SetNotNull, Update
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Expression, Name


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
    is_new = context.schema.is_new_column(table, column)
    note = _where_added(context, table, column) if is_new else None
    if note is not None:
        return SafeForm(note=note)
    if context.down:
        return SafeForm(note=NOT_IN_A_DOWN)
    first, *others = words.require_not_null(context, table, column)
    if is_new:
        first = replace(first, note=f"after what fills {column}, which alone stays here, and code that writes it")
    return SafeForm(steps=(first, *others))


def _where_added(context: Context, table: Name, column: str) -> str | None:
    """Say what there is to say where the same file adds the column; None where its rows need values of their own."""
    known = context.schema.column(table, column)
    default = None if known is None or known.default is None or known.default.null else known.default
    given = list(_given(context, table, column))
    if default is not None and not given:
        return f"say NOT NULL where {column} is added, with its default: that reads nothing"
    if default is None and len(given) == 1 and given[0] is not None:
        return (
            f"say NOT NULL DEFAULT {given[0].text} where {column} is added, in the place of the UPDATE, and let ALTER "
            f"COLUMN {column} DROP DEFAULT follow: that reads nothing, and writes no row"
        )
    return None


def _given(context: Context, table: Name, column: str) -> Iterator[Expression | None]:
    """Give what each UPDATE of the file puts into the column, None where that is not one literal in every row."""
    for action in (each for statement in context.script.statements for each in words.within(statement)):
        if not isinstance(action, Update) or action.table.name != table.name or column not in action.columns:
            continue
        every = (action.where is None or action.tautology) and len(action.columns) == len(action.values)
        value = action.values[action.columns.index(column)] if every else None
        yield None if value is None or value.null or not value.constant else value
