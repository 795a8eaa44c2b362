"""Rule ``foreign-key-scans-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.exchange import Exchange
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import NOT_IN_A_DOWN, condition, is_new, lead, others_stay, sql, weight
from glowplug.sql.actions import AddColumn, AddConstraint
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name


class ForeignKeyScansTable(Rule):
    """A foreign key is added and compares every row while nobody can write to either table.

    ## What it does
    Finds `ADD FOREIGN KEY` without `NOT VALID`, and `ADD COLUMN … DEFAULT … REFERENCES`, on a table that was there
    before the migration.

    ## Why it is harmful
    It takes a SHARE ROW EXCLUSIVE lock on both tables and reads the referencing one from end to end, comparing each
    row. Every INSERT, UPDATE and DELETE on either waits until the migration's transaction ends. Where something in the
    same file has taken ACCESS EXCLUSIVE (ADD COLUMN, or the DROP CONSTRAINT of the foreign key before, which takes it
    on both), it reads under that, and SELECT waits too. `REFERENCES` within ADD COLUMN reads nothing, unless there is a
    default, be it NULL.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY);
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL);
    ```
    ```sql up
    ALTER TABLE orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);
    ```

    ## Use instead
    Add it `NOT VALID`, which holds for new rows at once; validate it in a later migration, which lets others read and
    write.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY);
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL);
    ```
    ```sql up
    ALTER TABLE orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
    ```
    ```sql up
    ALTER TABLE orders VALIDATE CONSTRAINT orders_user_id_fkey;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows ShareRowExclusiveLock on both tables, after DROP CONSTRAINT in the same
    transaction AccessExclusiveLock, and the transaction fetches every block of the referencing one; VALIDATE in a
    transaction of its own holds ShareUpdateExclusiveLock there, and RowShareLock on the referenced one.
    """

    hazards = (9,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AddConstraint, AddColumn)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.SHARE_ROW_EXCLUSIVE),
        Locks(dialect=Dialect.POSTGRES, on="referenced", mode=LockMode.SHARE_ROW_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="table"),
        Locks(dialect=Dialect.POSTGRES, on="widened", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="widened"),
        Locks(dialect=Dialect.POSTGRES, on="was referenced", mode=LockMode.ACCESS_EXCLUSIVE),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where rows are compared under the lock."""
        if isinstance(action, AddConstraint):
            if not is_new(context, action.table):
                yield from self._constraint(action, context)
        elif isinstance(action, AddColumn) and not is_new(context, action.table):
            yield from self._column(action, context)

    def _constraint(self, action: AddConstraint, context: Context) -> Iterator[Hit]:
        constraint, table = action.constraint, action.table
        parent = constraint.references
        if constraint.kind is not ConstraintKind.FOREIGN_KEY or parent is None:
            return
        if not (constraint.validated and constraint.enforced):
            return
        name = words.name_of(context, table, constraint, "fkey", constraint.columns)
        widened = any(context.schema.is_new_column(table, column) for column in constraint.columns)
        yield Hit(
            message=f"{lead(context)}{_what(context, table, parent)}"
            + ("; REFERENCES within ADD COLUMN, without a default, would read nothing" if widened else "")
            + condition(context, table),
            span=action.span,
            subject=f"{table}.{name}",
            severity=weight(context),
            safe_form=_of_a_down(action, context)
            if context.down
            else _safe_form(context, table, name, words.definition(context, constraint), note=others_stay(context)),
        )

    def _column(self, action: AddColumn, context: Context) -> Iterator[Hit]:
        table, column = action.table, action.column
        filled = column.default is not None or column.generated is not None or column.identity is not None
        there = action.if_not_exists and context.schema.column(table, column.name) is not None
        if not filled or there:
            return
        for constraint in column.constraints:
            parent = constraint.references
            if parent is None or not constraint.enforced:
                continue
            name = words.name_of(context, table, constraint, "fkey", (column.name,))
            here, its = sql(context, table), sql(context, column.name)
            without = words.without(context, column, [constraint])
            clause = f"FOREIGN KEY ({its}) {words.definition(context, constraint)}"
            steps = _safe_form(context, table, name, clause).steps
            add = Step(
                name=f"add_{column.name}_to_{table.name}",
                up=f"ALTER TABLE {here} ADD COLUMN {without};",
                down=f"ALTER TABLE {here} DROP COLUMN {its};",
                note=others_stay(context),
            )
            yield Hit(
                message=f"{lead(context)}{_what(context, table, parent, adds=True)}" + condition(context, table),
                span=action.span,
                subject=f"{table}.{name}",
                severity=weight(context),
                safe_form=SafeForm(note=NOT_IN_A_DOWN) if context.down else SafeForm(steps=(add, *steps)),
            )


def _what(context: Context, table: Name, parent: Name, *, adds: bool = False) -> str:
    """Say what is locked how, and who waits; ``adds``: by ADD COLUMN, whose lock is the stronger one."""
    both = (table, parent) if parent != table and not is_new(context, parent) else (table,)
    closed = tuple(each for each in both if words.is_shut(context, each))
    reads, weaker = f"reads all of {table} to compare it with {parent}, under ", "SHARE ROW EXCLUSIVE"
    which = "either" if both[1:] else "it"
    if closed == both:
        lock = "the ACCESS EXCLUSIVE lock of ADD COLUMN" if adds and not both[1:] else words.shut(context, *both)
        return f"{reads}{lock}: {words.READERS_WAIT.replace(' it ', f' {which} ')}"
    if closed == (table,):
        lock = "the ACCESS EXCLUSIVE lock of ADD COLUMN" if adds else words.shut(context, table)
        also = f"; writes to {parent} wait too, under {weaker}" if both[1:] else ""
        return f"{reads}{lock}: {words.READERS_WAIT}{also}"
    if closed:
        return (
            f"{reads}a {weaker} lock on {table} and {words.shut(context, parent)}: every INSERT, UPDATE and DELETE on "
            f"{table} waits until the migration has ended, and every query on {parent}, SELECT too"
        )
    return (
        f"{reads}a {weaker} lock on {' and '.join(map(str, both))}: every INSERT, UPDATE and DELETE on {which} waits "
        "until the migration has ended"
    )


def _of_a_down(action: AddConstraint, context: Context) -> SafeForm:
    if (refused := _not_valid_refused(context, action.table)) is not None:
        return refused
    clause = f"{context.text(action.span)} NOT VALID"
    return SafeForm(replacement=context.replaced(action.span, clause), note="validate it later")


def _not_valid_refused(context: Context, table: Name) -> SafeForm | None:
    facts = context.schema.table(table)
    if facts is None or facts.partition_by is None:
        return None
    return SafeForm(
        note=f"{table} is partitioned, and before PostgreSQL 18 such a foreign key cannot be NOT VALID: add it to "
        "each partition NOT VALID, validate it there, and add it to the parent at last"
    )


def _safe_form(context: Context, table: Name, name: str, clause: str, *, note: str | None = None) -> SafeForm:
    if (refused := _not_valid_refused(context, table)) is not None:
        return refused
    how = Exchange.of(context, table, name)
    add = words.add_not_valid(context, table, name, clause, how)
    return SafeForm(steps=(replace(add, note=note), words.validate(context, table, name)))
