"""Rule ``modify-narrows-type``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review import mysql_alter
from glowplug.review.claims import Fails, Leaves
from glowplug.review.mysql_type_change import Loss, loses, shown, written
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import is_new, lead, sql, weight
from glowplug.sql.actions import ModifyColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import TypeName


class ModifyNarrowsType(Rule):
    """MODIFY or CHANGE gives a column a type that can't hold every value of the old one.

    ## What it does
    Finds `MODIFY` and `CHANGE COLUMN` to a shorter text, a narrower or unsigned number, fewer digits, a date without
    its time. What is cut in strict mode, too, is an error; what only makes the statement fail there, a warning. Strict
    mode is the default, and Diesel does not change it; where the file or `session_setup` in glowplug.toml sets a
    `sql_mode` without it, the rule says what is cut.

    ## Why it is harmful
    Digits behind the point, fractions of a second and times of day go without a word. A text that is too long and a
    number that is too large make the statement fail in strict mode, in production only; without strict mode they are
    cut to what fits. No down.sql brings back what was cut.

    ## Example
    ```sql before
    CREATE TABLE prices (id int PRIMARY KEY, amount decimal(12, 4));
    ```
    ```sql up
    -- glowplug: allow type-copies-table because "200 rows"
    ALTER TABLE prices MODIFY amount decimal(12, 2);
    ```

    ## Use instead
    A new column beside the old one, which stays until nobody misses what it held.
    ```sql before
    CREATE TABLE prices (id int PRIMARY KEY, amount decimal(12, 4));
    ```
    ```sql up
    ALTER TABLE prices ADD COLUMN rounded decimal(12, 2);
    ```

    ## How it was proven
    On MariaDB: 1.2345 comes back as 1.23 in strict mode, a text that is too long is refused with 1265, and cut with an
    empty `sql_mode`. Each pair of thirty types was changed with values at their limits, in both modes.
    """

    hazards = (88, 130)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.ERROR
    actions = (ModifyColumn,)
    claims = (
        Leaves(dialect=Dialect.MYSQL, what="rounded digits, in strict mode too", versions=mysql_alter.ON_MARIADB),
        Fails(dialect=Dialect.MYSQL, code="1265", versions=mysql_alter.ON_MARIADB),
        Leaves(
            dialect=Dialect.MYSQL, what="a text cut to what fits, without strict mode", versions=mysql_alter.ON_MARIADB
        ),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say what a value can lose, and in which mode."""
        if not isinstance(action, ModifyColumn) or is_new(context, action.table):
            return
        column, kind = context.schema.column(action.table, action.column), action.definition.type
        if column is None or column.type is None or kind is None or not context.schema.may_have_rows(action.table):
            return
        old, new = (mysql_alter.column_type(context, action.table, each) for each in (column.type, kind))
        loss = loses(old, new)
        if loss is None:
            return
        how, what = loss
        name = f"{action.table}.{action.column}"
        yield Hit(
            message=f"{lead(context)}changes {name} from {shown(old)} to {shown(new)}: {_said(context, how, what)}"
            + mysql_alter.by_manual(context),
            span=action.span,
            subject=name,
            severity=_weight(context, how),
            related=(context.related(column.born, f"{name} was added here"),),
            safe_form=SafeForm(note=_ask(action, context, kind)),
        )


def _said(context: Context, how: Loss, what: str) -> str:
    if how is Loss.SILENT:
        return f"{what}, in strict mode too, and no down.sql brings that back"
    if mysql_alter.strict(context) is False:
        return f"{what} is cut to what fits, for sql_mode is not strict here, and no down.sql brings that back"
    return f"{what} makes it fail in strict mode, which is the default, and is cut to what fits without it"


def _weight(context: Context, how: Loss) -> Severity:
    certain = how is Loss.SILENT or mysql_alter.strict(context) is False
    return weight(context, Severity.ERROR if certain else Severity.WARNING)


def _ask(action: ModifyColumn, context: Context, kind: TypeName) -> str:
    table, column = sql(context, action.table), sql(context, action.column)
    copy = sql(context, f"{action.table.name}_narrowed")
    return (
        "ask a copy of production first, in one session, which strict mode would stop: SET @mode = @@sql_mode, "
        f"sql_mode = ''; CREATE TABLE {copy} AS SELECT {column} AS was, {column} FROM {table}; "
        f"ALTER TABLE {copy} MODIFY {column} {written(kind)}; SELECT COUNT(*) FROM {copy} WHERE NOT was <=> {column}; "
        f"DROP TABLE {copy}; SET sql_mode = @mode;"
    )
