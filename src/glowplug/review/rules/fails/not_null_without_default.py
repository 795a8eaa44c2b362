"""Rule ``not-null-without-default``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import Fails
from glowplug.review.rule import Hit, Rule
from glowplug.sql.actions import AddColumn
from glowplug.sql.parts import ConstraintKind
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Column, Expression


class NotNullWithoutDefault(Rule):
    """A NOT NULL column is added with nothing to put into the rows that are there.

    ## What it does
    Finds `ADD COLUMN … NOT NULL` without a default, identity or generation expression, on a table that may have rows.

    ## Why it is harmful
    The server refuses it as soon as the table holds one row: an empty test database passes, production does not. And
    the release that still runs does not know the column, so that its INSERTs fail from then on.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN email text NOT NULL;
    ```

    ## Use instead
    Add it nullable, let the application write it, and fill the old rows in batches. Then demand it in two more
    migrations: a CHECK that holds for new rows at once, and one that looks at the old rows while others read and write.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN email text;
    ```
    ```sql up
    ALTER TABLE users ADD CONSTRAINT users_email_not_null CHECK (email IS NOT NULL) NOT VALID;
    ```
    ```sql up
    ALTER TABLE users VALIDATE CONSTRAINT users_email_not_null;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, on a table with rows: SQLSTATE 23502.
    """

    hazards = (21,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AddColumn,)
    covers = ("default-rewrites-table",)
    claims = (Fails(dialect=Dialect.POSTGRES, code="23502"),)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where rows would be without a value."""
        if not isinstance(action, AddColumn) or not context.schema.may_have_rows(action.table):
            return
        column = action.column
        domain = None if column.type is None else context.schema.type(column.type.name)
        demanded = _demands_a_value(column) or (domain is not None and domain.not_null)
        default = domain.default if domain is not None and column.default is None else column.default
        if not demanded or _has_a_value(column, default):
            return
        table, name = action.table, column.name
        yield Hit(
            message=f"adds {name} to {table} as NOT NULL without a default: it fails as soon as {table} holds one row"
            + (", on the way back too" if context.down else f", and INSERTs that don't name {name} fail from then on"),
            span=action.span,
            subject=f"{table}.{name}",
            safe_form=_safe_form(action, context),
        )


def _safe_form(action: AddColumn, context: Context) -> SafeForm:
    table, column = action.table, action.column
    name, nullable = column.name, _nullable(context.text(column.span))
    here, its, check = (quoted(each, context.dialect) for each in (table, name, f"{table.name}_{name}_not_null"))
    if context.down:
        fill = f"UPDATE {here} SET {its} = …; ALTER TABLE {here} ALTER COLUMN {its} SET NOT NULL;"
        return SafeForm(note=f"in this down: ALTER TABLE {here} ADD COLUMN {nullable}; {fill}")
    return SafeForm(
        steps=(
            Step(
                name=f"add_{name}_to_{table.name}",
                up=f"ALTER TABLE {here} ADD COLUMN {nullable};",
                down=f"ALTER TABLE {here} DROP COLUMN {its};",
                note=f"then fill {name} in batches, and make the application write it",
            ),
            Step(
                name=f"check_{name}_of_{table.name}",
                up=f"ALTER TABLE {here} ADD CONSTRAINT {check} CHECK ({its} IS NOT NULL) NOT VALID;",
                down=f"ALTER TABLE {here} DROP CONSTRAINT {check};",
            ),
            Step(
                name=f"require_{name}_of_{table.name}",
                up=f"ALTER TABLE {here} VALIDATE CONSTRAINT {check};",
                down="-- nothing to undo: the constraint stays\nSELECT 1;",
            ),
        )
    )


def _demands_a_value(column: Column) -> bool:
    return column.not_null or any(each.kind is ConstraintKind.PRIMARY_KEY for each in column.constraints)


def _has_a_value(column: Column, default: Expression | None) -> bool:
    has_default = default is not None and not default.null
    return has_default or column.generated is not None or column.identity is not None


def _nullable(definition: str) -> str:
    position = definition.upper().find("NOT NULL")
    return definition if position < 0 else (definition[:position] + definition[position + 8 :]).strip()
