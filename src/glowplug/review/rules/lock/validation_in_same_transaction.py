"""Rule ``validation-in-same-transaction``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import NOT_IN_A_DOWN, is_new, lead, weight
from glowplug.sql.actions import ValidateConstraint
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name


class ValidationInSameTransaction(Rule):
    """A constraint is added NOT VALID and validated in the same file, under the lock that NOT VALID was to avoid.

    ## What it does
    Finds `VALIDATE CONSTRAINT` in the file that adds the constraint, on a table that was there before.

    ## Why it is harmful
    VALIDATE alone lets others read and write while it reads the table. But locks last to the end of the transaction,
    and a file is one transaction: the lock of ADD CONSTRAINT (ACCESS EXCLUSIVE for a CHECK, SHARE ROW EXCLUSIVE on both
    tables for a foreign key) is held all through the reading. `run_in_transaction = false` changes nothing, for Diesel
    sends the file as one batch, and the server runs a batch in one transaction.

    ## Example
    ```sql before
    CREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL);
    ```
    ```sql up
    ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID;
    ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check;
    ```

    ## Use instead
    Two migrations.
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
    On PostgreSQL 14 to 18, at the end of such a file and before it commits, in Diesel's transaction and as one batch
    without it: `pg_locks` shows the lock of ADD CONSTRAINT, and every block of the table has been fetched.
    """

    hazards = (14,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (ValidateConstraint,)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="checked", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="checked"),
        Locks(dialect=Dialect.POSTGRES, on="referencing", mode=LockMode.SHARE_ROW_EXCLUSIVE),
        Locks(dialect=Dialect.POSTGRES, on="referenced", mode=LockMode.SHARE_ROW_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="referencing"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where a constraint is validated in the file that adds it."""
        if not isinstance(action, ValidateConstraint) or is_new(context, action.table):
            return
        facts = context.schema.table(action.table)
        constraint = None if facts is None else facts.constraints.get(action.name)
        if constraint is None or constraint.born.file != context.migration.file(context.direction):
            return
        if constraint.validated:
            return
        table, definition = action.table, constraint.definition
        parent = definition.references
        if definition.kind is not ConstraintKind.FOREIGN_KEY and not words.is_shut(context, table):
            return  # a COMMIT has come between
        other = None if parent is None or parent == table or is_new(context, parent) else parent
        lock, who = _held(context, action, other)
        why = "" if context.in_transaction else "; run_in_transaction = false does not help, for a file is one batch"
        yield Hit(
            message=f"{lead(context)}reads all of {table} while {lock}: {who} until the migration has ended{why}",
            span=action.span,
            subject=f"{table}.{action.name}",
            severity=weight(context),
            related=(context.related(constraint.born, f"{action.name} is added here"),),
            safe_form=SafeForm(note=NOT_IN_A_DOWN)
            if context.down
            else SafeForm(
                steps=(words.validate(context, table, action.name),),
                note="leave ADD CONSTRAINT … NOT VALID where it is; take VALIDATE out of this file",
            ),
        )


def _held(context: Context, action: ValidateConstraint, parent: Name | None) -> tuple[str, str]:
    """Say which lock is held while the rows are read, and who waits for it."""
    table = action.table
    both = (table,) if parent is None else (table, parent)
    closed = tuple(each for each in both if words.is_shut(context, each))
    if closed == both:
        which = "it" if parent is None else "either"
        return f"{words.shut(context, *both)} is still held", f"every query on {which} waits, SELECT too,"
    if closed == (table,):
        lock = f"{words.shut(context, table)} is still held"
        return lock, f"every query on it waits, SELECT too, and every write to {parent},"
    lock = f"SHARE ROW EXCLUSIVE on {' and '.join(map(str, both))}"
    also = f", and every query on {parent}, SELECT too," if closed else ""
    return (
        f"the lock that ADD CONSTRAINT {action.name} took in this file, {lock}, is still held",
        f"every write to {'it' if parent is None else 'them'} waits{also}",
    )
