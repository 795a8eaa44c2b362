"""Rule ``column-without-default``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review import mysql_alter
from glowplug.review.claims import Fails, Leaves
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import is_new, lead, sql, weight
from glowplug.sql.actions import AddColumn
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action


class ColumnWithoutDefault(Rule):
    """A NOT NULL column is added without a default: old rows get 0 or '', and INSERTs of the running release fail.

    ## What it does
    Finds `ADD COLUMN … NOT NULL` without DEFAULT on a table that was there. Generated and AUTO_INCREMENT columns are
    silent.

    ## Why it is harmful
    MySQL and MariaDB don't refuse it as others do: each row that is there gets 0, '', the first value of an ENUM or a
    zero date, strict mode or not, which nobody can tell from a value any more. The release that still runs does not
    know the column, and each of its INSERTs fails in strict mode, which is the default.

    ## Example
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN age int NOT NULL;
    ```

    ## Use instead
    Say a default that means something, or let the column be NULL until every row and every release has a value.
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN age int NOT NULL DEFAULT 18;
    ```

    ## How it was proven
    On MariaDB in strict mode: a row that was there holds 0 afterwards, and an INSERT that leaves the column out ends
    with error 1364.
    """

    hazards = (90,)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.ERROR
    actions = (AddColumn,)
    claims = (
        Leaves(
            dialect=Dialect.MYSQL, what="0 in rows that were there, in strict mode too", versions=mysql_alter.ON_MARIADB
        ),
        Fails(dialect=Dialect.MYSQL, code="1364", versions=mysql_alter.ON_MARIADB),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say what rows get, and what fails."""
        if not isinstance(action, AddColumn) or is_new(context, action.table):
            return
        column = action.column
        key = any(each.kind is ConstraintKind.PRIMARY_KEY for each in column.constraints)
        given = column.default is not None or column.generated is not None or column.identity is not None
        if not column.not_null or given or key or _same_statement_gives_it(action, context):
            return
        name = f"{action.table}.{column.name}"
        mode = mysql_alter.strict(context)
        fails = "" if mode is False else ", and INSERTs of the release that runs fail, for they leave it out"
        fails += " (in strict mode, the default)" if mode is None else ""
        yield Hit(
            message=f"{lead(context)}adds {name} NOT NULL without a default: rows that are there get 0, '' or a zero "
            f"date{fails}{mysql_alter.by_manual(context)}",
            span=action.span,
            subject=name,
            severity=weight(context),
            safe_form=_safe_form(action, context),
        )


def _same_statement_gives_it(action: AddColumn, context: Context) -> bool:
    """Whether the column is one of a primary key that the same statement adds."""
    return any(
        column.casefold() == action.column.name.casefold()
        for each in context.statement.actions
        for constraint in (getattr(each, "constraint", None),)
        if constraint is not None and constraint.kind is ConstraintKind.PRIMARY_KEY
        for column in constraint.columns
    )


def _safe_form(action: AddColumn, context: Context) -> SafeForm:
    table, its = sql(context, action.table), sql(context, action.column.name)
    definition = context.text(action.column.span)
    return SafeForm(
        steps=(
            Step(
                name=f"add_{action.column.name}_to_{action.table.name}",
                up=f"ALTER TABLE {table} ADD COLUMN {definition} DEFAULT …;",
                down=f"ALTER TABLE {table} DROP COLUMN {its};",
                note="a default that means something for the rows that are there; or without NOT NULL, until all have "
                "a value",
            ),
        )
    )
