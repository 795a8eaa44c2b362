"""Rule ``primary-key-blocks-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review import definitions
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.exchange import Exchange
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


class PrimaryKeyBlocksTable(Rule):
    """A primary key builds its index, or looks for NULLs, while nobody can read the table.

    ## What it does
    Finds `ADD PRIMARY KEY` and `ADD COLUMN … PRIMARY KEY` on a table that was there before the migration; with `USING
    INDEX` only where a column of the key may hold NULL.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock and builds the index under it, reading the whole table. `USING INDEX` spares the
    build; but where a column is not known to be NOT NULL, the server reads the whole table for NULLs, under the same
    lock. Every query waits, SELECT too, until the migration's transaction ends.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint NOT NULL, email text);
    ```
    ```sql up
    ALTER TABLE users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
    ```

    ## Use instead
    Build a unique index concurrently, alone in its file and without a transaction, on columns that are NOT NULL; make
    it the key in a later migration.
    ```sql before
    CREATE TABLE users (id bigint NOT NULL, email text);
    ```
    ```sql up no-transaction
    CREATE UNIQUE INDEX CONCURRENTLY users_pkey ON users (id);
    ```
    ```sql up
    ALTER TABLE users ADD CONSTRAINT users_pkey PRIMARY KEY USING INDEX users_pkey;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows AccessExclusiveLock, and the transaction fetches every block of the table,
    with USING INDEX on a nullable column as well; on a column that is NOT NULL, USING INDEX fetches none.
    """

    hazards = (17, 18)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AddConstraint, AddColumn)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="table"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where the key reads the whole table."""
        if isinstance(action, AddColumn):
            yield from _column(action, context)
        if not isinstance(action, AddConstraint) or action.constraint.kind is not ConstraintKind.PRIMARY_KEY:
            return
        constraint, table = action.constraint, action.table
        if is_new(context, table):
            return
        columns = _columns(context, table, constraint)
        nullable = [column for column in columns if context.schema.proven_not_null(table, column) is None]
        if constraint.using_index is not None and not nullable:
            return
        name = words.name_of(context, table, constraint, "pkey", ())
        if constraint.using_index is None:
            work = f"builds the index of {name}, reading all of {table},"
        else:
            work = f"reads all of {table} to look for NULLs in {' and '.join(nullable)}"
        yield Hit(
            message=f"{lead(context)}{work} under an ACCESS EXCLUSIVE lock: "
            f"{words.READERS_WAIT}{condition(context, table)}",
            span=action.span,
            subject=f"{table}.{name}",
            hazards=(17,) if constraint.using_index is None else (18,),
            severity=weight(context),
            safe_form=_safe_form(context, table, name, constraint, nullable),
        )


def _column(action: AddColumn, context: Context) -> Iterator[Hit]:
    table, column = action.table, action.column
    there = action.if_not_exists and context.schema.column(table, column.name) is not None
    if (
        there
        or is_new(context, table)
        or all(each.kind is not ConstraintKind.PRIMARY_KEY for each in column.constraints)
    ):
        return
    yield Hit(
        message=f"{lead(context)}adds {column.name} as a key, and builds its index, under an ACCESS EXCLUSIVE "
        f"lock on {table}: {words.READERS_WAIT}{condition(context, table)}",
        span=action.span,
        subject=f"{table}.{column.name}",
        hazards=(17,),
        severity=weight(context),
        safe_form=_safe_column(action, context),
    )


def _safe_column(action: AddColumn, context: Context) -> SafeForm:
    if not context.down and words.lacks_value(action, context):
        return words.added_in_steps(action.table, action.column, context)
    name = action.column.name
    how = f"add {name} nullable, fill it in batches, build a unique index concurrently, make it the key"
    return SafeForm(note=NOT_IN_A_DOWN if context.down else how)


def _columns(context: Context, table: Name, constraint: Constraint) -> tuple[str, ...]:
    if constraint.using_index is None:
        return constraint.columns
    index = context.schema.index(replace(table, name=constraint.using_index), table)
    return () if index is None else tuple(key.column for key in index.keys if key.column is not None)


def _safe_form(context: Context, table: Name, name: str, constraint: Constraint, nullable: list[str]) -> SafeForm:
    if context.down:
        return SafeForm(note=NOT_IN_A_DOWN)
    facts = context.schema.table(table)
    if facts is not None and facts.partition_by is not None:
        return SafeForm(note=f"{table} is partitioned, and its key cannot use an index that is there")
    how = Exchange.of(context, table, name)
    steps: list[Step] = []
    for column in nullable:
        steps += words.require_not_null(context, table, column)
    index = constraint.using_index or how.spare
    if constraint.using_index is None:
        steps.append(words.build_unique(context, table, index, constraint.columns))
    again = _index_again(context, table, index, constraint)
    steps.append(
        Step(
            name=f"add_{name}",
            up=how.up(context, table, name, f"PRIMARY KEY USING INDEX {sql(context, index)}"),
            down="\n".join((how.down(context, table, name), again)),
            note=words.INDEX_AGAIN,
        )
    )
    return SafeForm(steps=tuple(steps))


def _index_again(context: Context, table: Name, index: str, constraint: Constraint) -> str:
    """Make the index again that the key took over, and takes away with it."""
    if constraint.using_index is None:
        return words.unique_index(context, table, index, constraint.columns)
    facts = context.schema.index(replace(table, name=index), table)
    build = None if facts is None else definitions.index(context, facts)
    return f"{build};" if build else f"-- build {sql(context, index)} again, which goes with the key"
