"""Rule ``type-narrowed``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Fails, Leaves
from glowplug.review.narrowing import lost
from glowplug.review.rule import Hit, Rule
from glowplug.review.type_change import loses
from glowplug.review.wording import lead, sql, weight
from glowplug.sql.actions import AlterColumnType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import TypeName


class TypeNarrowed(Rule):
    """A column's type changes to one that can't hold every value of the old one.

    ## What it does
    Finds `ALTER COLUMN … TYPE` to a type that rounds, cuts or refuses values: a shorter `varchar`, `bigint` to
    `integer`, a smaller scale, `timestamp` to `date`.

    ## Why it is harmful
    What is rounded or cut, no down.sql brings back. What does not fit makes the migration fail, in production only.

    ## Example
    ```sql before
    CREATE TABLE prices (id bigint PRIMARY KEY, amount numeric(12, 4));
    ```
    ```sql up
    -- glowplug: allow type-rewrites-table because "200 rows"
    ALTER TABLE prices ALTER COLUMN amount TYPE numeric(12, 2);
    ```

    ## Use instead
    A new column beside the old one, which stays until nobody misses what it held.
    ```sql before
    CREATE TABLE prices (id bigint PRIMARY KEY, amount numeric(12, 4));
    ```
    ```sql up
    ALTER TABLE prices ADD COLUMN rounded numeric(12, 2);
    ```

    ## How it was proven
    On PostgreSQL 14 to 18: 1.2345 comes back as 1.23, and a text too long for its new type is refused with 22001. The
    query that counts such rows was run on values of each pair of types, and held against what the change does to each.
    """

    hazards = (29, 130)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AlterColumnType,)
    claims = (
        Leaves(dialect=Dialect.POSTGRES, what="digits are gone"),
        Fails(dialect=Dialect.POSTGRES, code="22001"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say what a value can lose."""
        if not isinstance(action, AlterColumnType) or not context.schema.may_have_rows(action.table):
            return
        column = context.schema.column(action.table, action.column)
        if column is None or column.type is None:
            return
        loss = loses(column.type, action.type)
        if loss is None:
            return
        name = f"{action.table}.{action.column}"
        yield Hit(
            message=f"{lead(context)}changes {name} from {column.type} to {action.type}: {loss}",
            span=action.span,
            subject=name,
            severity=weight(context),
            related=(context.related(column.born, f"{name} was defined here"),),
            safe_form=SafeForm(note=_ask(action, column.type, context)),
        )


def _ask(action: AlterColumnType, old: TypeName, context: Context) -> str:
    table, column = sql(context, action.table), sql(context, action.column)
    return f"ask production first: SELECT count(*) FROM {table} WHERE {lost(column, old, action.type)};"
