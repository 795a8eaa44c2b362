"""Rule ``type-change-reads-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.type_change import Work, work_of
from glowplug.review.wording import NOT_IN_A_DOWN, is_new, lead, weight
from glowplug.sql.actions import AlterColumnType, DropConstraint
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.schema.simulation import Simulation
    from glowplug.schema.simulation.values import ColumnFacts, ConstraintFacts, IndexFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import TypeName

_SAME_OPERATORS = {"character varying": "text", "cidr": "inet"}
"""Types whose indexes are the same as another's; every other type has operator classes of its own."""


class TypeChangeReadsTable(Rule):
    """A column's type changes without a row being written, but an index or CHECK on it makes the server read them all.

    ## What it does
    Finds `ALTER COLUMN … TYPE` that writes no row anew, where the table has an index that is built again for it (one
    with an expression or a WHERE, or one that compares values of the new type by other operators or in another
    collation, as for `timestamp` to `timestamptz`), or a validated CHECK that names the column.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock, and builds those indexes, or checks every row, under it. Every query waits,
    SELECT too, until the migration's transaction ends.

    ## Example
    ```sql before
    CREATE TABLE events (id bigint PRIMARY KEY, at timestamp NOT NULL);
    CREATE INDEX events_at_idx ON events (at);
    ```
    ```sql up
    ALTER TABLE events ALTER COLUMN at TYPE timestamptz;
    ```

    ## Use instead
    Drop that index or CHECK, change the type, and make it again so that nobody waits: a CHECK `NOT VALID`, which a
    later migration validates; an index `CONCURRENTLY`, in a migration of its own. Where the table can't be without its
    index meanwhile, add a column of the new type instead.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, name varchar(20) CONSTRAINT named CHECK (name <> ''));
    ```
    ```sql up
    ALTER TABLE users DROP CONSTRAINT named, ALTER COLUMN name TYPE varchar(40),
      ADD CONSTRAINT named CHECK (name <> '') NOT VALID;
    ```
    ```sql up
    ALTER TABLE users VALIDATE CONSTRAINT named;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18 the relfilenode stays, `pg_locks` shows AccessExclusiveLock, and the transaction fetches
    every block of the table. Twenty-three free changes were tried with each kind of index, constraint and statistics.
    """

    hazards = (30, 32)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AlterColumnType,)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="table"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say what of the table is read for the change."""
        if not isinstance(action, AlterColumnType) or is_new(context, action.table):
            return
        table, column = context.schema.table(action.table), context.schema.column(action.table, action.column)
        if table is None or column is None or column.type is None:
            return
        if work_of(action, context.schema) is not Work.NOTHING:  # type-rewrites-table speaks
            return
        gone = {each.name for each in context.statement.actions if isinstance(each, DropConstraint)}
        rebuilt = [
            each
            for each in table.indexes.values()
            if each.constraint not in gone and _is_rebuilt(each, column, action, context.schema)
        ]
        checks = [each for each in table.constraints.values() if each.name not in gone and _is_checked(each, column)]
        if not rebuilt and not checks:
            return
        causes: tuple[IndexFacts | ConstraintFacts, ...] = (*rebuilt, *checks)
        names = " and ".join(each.name for each in causes)
        does = [f"builds {' and '.join(each.name for each in rebuilt)} again"] if rebuilt else []
        does += [f"looks whether {' and '.join(each.name for each in checks)} holds"] if checks else []
        name = f"{action.table}.{action.column}"
        yield Hit(
            message=f"{lead(context)}changes {name} from {column.type} to {action.type}, which writes no row anew, but "
            f"{' and '.join(does)}, reading all of {action.table} under an ACCESS EXCLUSIVE lock: {words.READERS_WAIT}",
            span=action.span,
            subject=name,
            severity=weight(context),
            related=tuple(context.related(each.born, f"{each.name} is made here") for each in causes),
            safe_form=SafeForm(
                note=NOT_IN_A_DOWN
                if context.down
                else f"drop {names}, change the type, and make it again: an index CONCURRENTLY, in a migration of its "
                "own; a CHECK NOT VALID, which a later migration validates"
            ),
        )


def _is_rebuilt(index: IndexFacts, column: ColumnFacts, action: AlterColumnType, schema: Simulation) -> bool:
    """Whether ``CheckIndexCompatible`` (src/backend/commands/indexcmds.c) lets the server keep it."""
    computed = [each.expression for each in index.keys if each.expression is not None]
    computed += [] if index.where is None else [index.where]
    keys = [each for each in index.keys if each.column == column.name]
    if not keys and column.name not in {*index.include, *(name for each in computed for name in each.columns)}:
        return False
    operators = _operators(column.type, schema) != _operators(action.type, schema)
    collation = action.collation != column.collation
    return bool(computed) or any(
        (operators and each.operator_class is None) or (collation and each.collation is None) for each in keys
    )


def _operators(kind: TypeName | None, schema: Simulation) -> str:
    if kind is None:
        return ""
    domain = schema.type(kind.name)
    name = kind.name if domain is None or domain.base is None else domain.base.name
    return _SAME_OPERATORS.get(name, name)


def _is_checked(constraint: ConstraintFacts, column: ColumnFacts) -> bool:
    definition = constraint.definition
    return definition.kind is ConstraintKind.CHECK and constraint.validated and column.name in definition.columns
