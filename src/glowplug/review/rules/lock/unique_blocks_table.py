"""Rule ``unique-blocks-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import NOT_IN_A_DOWN, condition, is_new, lead, sql, weight
from glowplug.sql.actions import AddColumn, AddConstraint
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Constraint, Name


class UniqueBlocksTable(Rule):
    """A UNIQUE constraint builds its index while nobody can read the table.

    ## What it does
    Finds `ADD UNIQUE` without `USING INDEX`, and `ADD COLUMN … UNIQUE`, on a table that was there before the migration.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock and builds the index under it, reading the whole table. Every query waits, SELECT
    too, until the migration's transaction ends.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    ```
    ```sql up
    ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);
    ```

    ## Use instead
    Build the unique index concurrently, alone in its file and without a transaction; make it a constraint in a later
    migration, which is a matter of an instant.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    ```
    ```sql up no-transaction
    CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);
    ```
    ```sql up
    ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows AccessExclusiveLock, and the transaction fetches every block of the table,
    for a new column without values too; the concurrent build holds ShareUpdateExclusiveLock, and USING INDEX fetches no
    block.
    """

    hazards = (16,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AddConstraint, AddColumn)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="table"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where an index is built under the lock."""
        if not isinstance(action, AddConstraint | AddColumn) or is_new(context, action.table):
            return
        table = action.table
        if isinstance(action, AddConstraint):
            constraint = action.constraint
            if constraint.kind is ConstraintKind.UNIQUE and constraint.using_index is None:
                yield self._hit(action, context, constraint)
            return
        column = action.column
        if action.if_not_exists and context.schema.column(table, column.name) is not None:
            return
        for each in column.constraints:
            if each.kind is ConstraintKind.UNIQUE:
                if not context.down and words.lacks_value(action, context):
                    whole = words.added_in_steps(table, column, context)
                    yield replace(self._hit(action, context, each), safe_form=whole)
                    continue
                without = words.without(context, column, [each])
                here = sql(context, table)
                add = Step(
                    name=f"add_{column.name}_to_{table.name}",
                    up=f"ALTER TABLE {here} ADD COLUMN {without};",
                    down=f"ALTER TABLE {here} DROP COLUMN {sql(context, column.name)};",
                )
                yield self._hit(action, context, each, add)

    def _hit(self, action: AddConstraint | AddColumn, context: Context, constraint: Constraint, *first: Step) -> Hit:
        table = action.table
        name = words.name_of(context, table, constraint, "key", constraint.columns)
        return Hit(
            message=f"{lead(context)}builds the index of {name}, reading all of {table}, under an ACCESS "
            "EXCLUSIVE "
            f"lock: {words.READERS_WAIT}{condition(context, table)}",
            span=action.span,
            subject=f"{table}.{name}",
            severity=weight(context),
            safe_form=_safe_form(context, table, name, constraint, first),
        )


def _safe_form(context: Context, table: Name, name: str, constraint: Constraint, first: tuple[Step, ...]) -> SafeForm:
    if context.down:
        return SafeForm(note=NOT_IN_A_DOWN)
    facts = context.schema.table(table)
    if facts is not None and facts.partition_by is not None:
        return SafeForm(
            note=f"{table} is partitioned: CREATE UNIQUE INDEX ON ONLY {table}, build one concurrently on each "
            "partition, "
            "and attach them; a constraint of the parent cannot use an index that is there"
        )
    return SafeForm(steps=(*first, *words.using_index(context, table, name, constraint)))
