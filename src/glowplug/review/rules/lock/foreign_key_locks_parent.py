"""Rule ``foreign-key-locks-parent``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import Severity
from glowplug.review.claims import LockMode, Locks
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import is_new
from glowplug.sql.actions import AddColumn, AddConstraint, CreateTable
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Constraint, Name


class ForeignKeyLocksParent(Rule):
    """A new table or column refers to a table that is in use, whose writers wait for the rest of the migration.

    ## What it does
    Finds `CREATE TABLE … REFERENCES`, `ADD COLUMN … REFERENCES` and a foreign key on a new table, where the referenced
    table was there before the migration. A foreign key that is added `NOT VALID` is left alone: it is alone, and as
    brief as it can be. The way back is left alone too.

    ## Why it is harmful
    There are no rows to compare, but the referenced table gets triggers, under a SHARE ROW EXCLUSIVE lock. It is taken
    in an instant, once every transaction that has written to the table has ended; meanwhile, and until the migration's
    transaction ends, every INSERT, UPDATE and DELETE on it waits. Where something in the same file has taken ACCESS
    EXCLUSIVE on it, SELECT waits too.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY);
    ```
    ```sql up
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id));
    ```

    ## Use instead
    Keep such a migration short, with a lock timeout; where it has more to do, give the foreign key a migration of its
    own, so that the lock lasts for one brief statement.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY);
    ```
    ```sql up
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL);
    ```
    ```sql up
    ALTER TABLE orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
    ```
    ```sql up
    ALTER TABLE orders VALIDATE CONSTRAINT orders_user_id_fkey;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows ShareRowExclusiveLock on the referenced table, after ADD COLUMN to that in
    the same transaction AccessExclusiveLock, and no block of the table that gets the column is fetched.
    """

    hazards = (10,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.NOTICE
    actions = (CreateTable, AddColumn, AddConstraint)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="referenced", mode=LockMode.SHARE_ROW_EXCLUSIVE),
        Locks(dialect=Dialect.POSTGRES, on="widened", mode=LockMode.ACCESS_EXCLUSIVE),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say which tables' writers wait."""
        if context.down or not isinstance(action, CreateTable | AddColumn | AddConstraint):
            return
        table = action.table
        parents = {
            each.references
            for each in _constraints(action, context)
            if each.references is not None
            and each.references != table
            and each.enforced
            and not is_new(context, each.references)
        }
        if not parents:
            return
        closed = sorted((each for each in parents if words.is_shut(context, each)), key=str)
        said = [_locked(sorted(parents - {*closed}, key=str), table)] if parents - {*closed} else []
        if closed:
            them = "it" if len(closed) == 1 else "them"
            said.append(
                f"adds a foreign key of {table} under {words.shut(context, *closed)}: every query on {them}, SELECT "
                "too, waits until the migration has ended"
            )
        yield Hit(
            message=f"{', and '.join(said)}. No row is read, and so it is brief where the migration is",
            span=action.span,
            subject=str(table) + ("." + action.column.name if isinstance(action, AddColumn) else ""),
        )


def _locked(parents: Sequence[Name], table: Name) -> str:
    them = "it" if len(parents) == 1 else "them"
    return (
        f"takes a SHARE ROW EXCLUSIVE lock on {' and '.join(map(str, parents))}, for the foreign key of {table}: it "
        f"waits for every transaction that has written to {them}, and every INSERT, UPDATE and DELETE on {them} waits "
        "until the migration has ended"
    )


def _constraints(action: CreateTable | AddColumn | AddConstraint, context: Context) -> tuple[Constraint, ...]:
    """Give the constraints that are made without a look at any row; what looks at rows is another rule's."""
    if isinstance(action, CreateTable):
        facts = context.schema.table(action.table)
        if (facts is not None and action.if_not_exists) or action.temporary:
            return ()
        return (*action.constraints, *(each for column in action.columns for each in column.constraints))
    if isinstance(action, AddColumn):
        column = action.column
        there = action.if_not_exists and context.schema.column(action.table, column.name) is not None
        filled = column.default is not None or column.generated is not None or column.identity is not None
        if there or (filled and not is_new(context, action.table)):
            return ()
        return column.constraints
    constraint = action.constraint
    alone = constraint.kind is ConstraintKind.FOREIGN_KEY and is_new(context, action.table)
    return (constraint,) if alone and constraint.validated else ()
