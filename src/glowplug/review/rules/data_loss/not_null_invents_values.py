"""Rule ``not-null-invents-values``."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review import mysql_alter
from glowplug.review.claims import Fails, Leaves
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import NOTHING_TO_UNDO, is_new, lead, sql, weight
from glowplug.sql import actions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action, ModifyColumn

NEAR = 50  # statements before it that are looked at


class NotNullInventsValues(Rule):
    """A column becomes NOT NULL: rows that hold NULL stop the migration, or get 0 or '' without strict mode.

    ## What it does
    Finds `MODIFY` and `CHANGE COLUMN … NOT NULL` of a column that could hold NULL. It is silent where an UPDATE of the
    column stands before it in the file. In strict mode, which is the default and which Diesel does not change, it is a
    notice; an error where the file or `session_setup` in glowplug.toml sets a `sql_mode` that is not strict.

    ## Why it is harmful
    In strict mode the first row that holds NULL makes the statement fail, in production only. Without it every NULL
    becomes 0, '' or a zero date, which nobody can tell from a value any more.

    ## Example
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY, age int);
    ```
    ```sql up
    SET SESSION sql_mode = '';
    ALTER TABLE users MODIFY age int NOT NULL;
    ```

    ## Use instead
    Say what stands in the place of NULL, and keep strict mode.
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY, age int);
    ```
    ```sql up
    UPDATE users SET age = 18 WHERE age IS NULL;
    ALTER TABLE users MODIFY age int NOT NULL;
    ```

    ## How it was proven
    On MariaDB, with a row that holds NULL: error 1265 in strict mode, 0 with an empty `sql_mode`.
    """

    hazards = (89,)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.ERROR
    actions = (actions.ModifyColumn,)
    claims = (
        Fails(dialect=Dialect.MYSQL, code="1265", versions=mysql_alter.ON_MARIADB),
        Leaves(dialect=Dialect.MYSQL, what="0 where NULL was, without strict mode", versions=mysql_alter.ON_MARIADB),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say what becomes of NULL."""
        if not isinstance(action, actions.ModifyColumn) or not action.definition.not_null:
            return
        column = context.schema.column(action.table, action.column)
        if is_new(context, action.table) or column is None or column.not_null or column.generated is not None:
            return
        if not context.schema.may_have_rows(action.table) or _filled(action, context):
            return
        name = f"{action.table}.{action.column}"
        lax = mysql_alter.strict(context) is False
        what = "every NULL in it becomes 0, '' or a zero date, for sql_mode is not strict here"
        if not lax:
            what = (
                "a row that holds NULL makes it fail in strict mode, which is the default, and gets 0 or '' without it"
            )
        yield Hit(
            message=f"{lead(context)}makes {name} NOT NULL: {what}{mysql_alter.by_manual(context)}",
            span=action.span,
            subject=name,
            severity=weight(context, Severity.ERROR if lax else Severity.NOTICE),
            related=(context.related(column.born, f"{name} was added here"),),
            safe_form=_safe_form(action, context),
        )


def _filled(action: ModifyColumn, context: Context) -> bool:
    """Whether one of the statements just before it is an UPDATE that gives the column values."""
    name, statements = action.column.casefold(), context.script.statements
    at = bisect.bisect_left(statements, action.span.start, key=lambda each: each.span.end)
    return any(
        isinstance(each, actions.Update)
        and each.table.name.casefold() == action.table.name.casefold()
        and name in (column.casefold() for column in each.columns)
        for statement in statements[max(0, at - NEAR) : at]
        for each in mysql_alter.actions_of(statement)
    )


def _safe_form(action: ModifyColumn, context: Context) -> SafeForm:
    table, column = sql(context, action.table), sql(context, action.column)
    return SafeForm(
        steps=(
            Step(
                name=f"fill_{action.column}_of_{action.table.name}",
                up=f"UPDATE {table} SET {column} = … WHERE {column} IS NULL;",
                down=NOTHING_TO_UNDO,
                note="before the statement; "
                + ("" if context.down else "in batches where the table is large, ")
                + "once no running release writes NULL there",
            ),
        ),
        note=f"ask production first: SELECT COUNT(*) FROM {table} WHERE {column} IS NULL;",
    )
