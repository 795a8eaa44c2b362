"""Rule ``not-null-dropped``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Leaves
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import actions_of_up, condition, is_new, lead, made_by_up, weight
from glowplug.sql.actions import AddConstraint, DropNotNull, SetNotNull
from glowplug.sql.parts import ConstraintKind, Identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import ColumnFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name

_GENERATED = frozenset({Identity.ALWAYS, Identity.BY_DEFAULT})
_KEYS = frozenset({ConstraintKind.NOT_NULL, ConstraintKind.PRIMARY_KEY})


class NotNullDropped(Rule):
    """A column may hold NULL from now on, and code that was built when it could not fails to read it.

    ## What it does
    Finds `ALTER COLUMN … DROP NOT NULL` on a table and a column that were there before the migration. It is silent
    where nothing changes: the column could hold NULL before, or a CHECK that it is NOT NULL stays; and in a down.sql
    whose up.sql demanded NOT NULL of the column, for then the release before it reads NULL.

    ## Why it is harmful
    In the release that still runs, `table!` says that the column has no NULL, and a struct's field is no `Option<…>`.
    As soon as one row holds NULL, every query that loads this row fails with "Unexpected null for non-null column",
    also one that loads many rows. If the new release is rolled back, the rows that it wrote stay.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    ```
    ```sql up
    ALTER TABLE users ALTER COLUMN email DROP NOT NULL;
    ```

    ## Use instead
    Release code that reads the column as `Nullable<…>` and `Option<…>` first, run the migration once no other release
    runs, and write NULL only then. Where INSERTs are to leave the column out and nothing more, a default does.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    ```
    ```sql up
    ALTER TABLE users ALTER COLUMN email SET DEFAULT '';
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, an INSERT that leaves the column out leaves a row with NULL after DROP NOT NULL, and none
    with a default or where a CHECK that it is NOT NULL stays. What Diesel does with that NULL is its
    `UnexpectedNullError`.
    """

    hazards = (51,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.NOTICE
    actions = (DropNotNull,)
    claims = (Leaves(dialect=Dialect.POSTGRES, what="a row that holds NULL where readers expect none"),)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say which column readers can meet NULL in."""
        if not isinstance(action, DropNotNull) or is_new(context, action.table):
            return
        table = action.table
        column = context.schema.column(table, action.column)
        if column is not None and (not column.not_null or _unread(context, table, column)):
            return
        if _stays_present(context, table, action.column) or (context.down and _demanded_by_up(action, context)):
            return
        name = f"{table}.{action.column}"
        yield Hit(
            message=f"{lead(context)}lets {name} be NULL: the release that runs fails on every query that loads a row "
            f"with NULL there, where its field is no Option<…>{condition(context, table)}",
            span=action.span,
            subject=name,
            severity=weight(context, Severity.NOTICE),
            related=() if column is None else (context.related(column.born, f"{name} was defined here"),),
            safe_form=SafeForm(
                note=f"release code that reads {action.column} as Nullable<…> and Option<…> before this runs, and that "
                "writes NULL after it"
            ),
        )


def _unread(context: Context, table: Name, column: ColumnFacts) -> bool:
    """Whether the running release does not know the column: it was added in this migration."""
    return made_by_up(context, column.born) or context.schema.is_new_column(table, column.name)


def _stays_present(context: Context, table: Name, column: str) -> bool:
    """Whether it can hold no NULL all the same: by a CHECK; or the server refuses it, for it is a key's or identity."""
    facts, known = context.schema.table(table), context.schema.column(table, column)
    if known is not None and known.identity in _GENERATED:
        return True
    for each in () if facts is None else facts.constraints.values():
        kind, expression = each.definition.kind, each.definition.expression
        if kind is ConstraintKind.PRIMARY_KEY and column in each.definition.columns:
            return True
        if kind is ConstraintKind.CHECK and expression is not None and column in expression.not_null_columns:
            return True
    return False


def _demanded_by_up(action: DropNotNull, context: Context) -> bool:
    """Whether the up.sql of this down.sql demanded it."""
    table = context.schema.table(action.table)
    columns: tuple[str, ...]
    for each in actions_of_up(context):
        if isinstance(each, SetNotNull):
            name, columns = each.table, (each.column,)
        elif isinstance(each, AddConstraint) and each.constraint.kind in _KEYS:
            name, columns = each.table, each.constraint.columns
        else:
            continue
        same = name == action.table or (table is not None and context.schema.table(name) is table)
        if action.column in columns and same:
            return True
    return False
