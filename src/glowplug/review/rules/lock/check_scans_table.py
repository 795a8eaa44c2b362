"""Rule ``check-scans-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.exchange import Exchange
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import condition, is_new, lead, weight
from glowplug.sql.actions import AddConstraint
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action


class CheckScansTable(Rule):
    """A CHECK is added and looks at every row while nobody can read the table.

    ## What it does
    Finds `ADD CONSTRAINT … CHECK` without `NOT VALID` on a table that was there before the migration.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock and then reads the whole table. Every query waits, SELECT too, until the
    migration's transaction ends.

    ## Example
    ```sql before
    CREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL);
    ```
    ```sql up
    ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0);
    ```

    ## Use instead
    Add it `NOT VALID`, which reads nothing and holds for new rows at once; validate it in a later migration, which
    reads the table while others read and write.
    ```sql before
    CREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL);
    ```
    ```sql up
    ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID;
    ```
    ```sql up
    ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows AccessExclusiveLock, and the transaction fetches every block of the table;
    with NOT VALID it fetches none, and VALIDATE holds ShareUpdateExclusiveLock.
    """

    hazards = (12,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AddConstraint,)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="table"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where rows are looked at under the lock."""
        if not isinstance(action, AddConstraint) or action.constraint.kind is not ConstraintKind.CHECK:
            return
        constraint, table = action.constraint, action.table
        if not (constraint.validated and constraint.enforced) or is_new(context, table):
            return
        columns = constraint.columns if len(constraint.columns) == 1 else ()
        name = words.name_of(context, table, constraint, "check", columns)
        yield Hit(
            message=f"{lead(context)}reads all of {table} under an ACCESS EXCLUSIVE lock to look whether {name} "
            f"holds: {words.READERS_WAIT}{condition(context, table)}",
            span=action.span,
            subject=f"{table}.{name}",
            severity=weight(context),
            safe_form=SafeForm(
                replacement=context.replaced(action.span, f"{context.text(action.span)} NOT VALID"),
                note="validate it later",
            )
            if context.down
            else SafeForm(
                steps=(
                    words.add_not_valid(
                        context,
                        table,
                        name,
                        words.definition(context, constraint),
                        Exchange.of(context, table, name),
                    ),
                    words.validate(context, table, name),
                )
            ),
        )
