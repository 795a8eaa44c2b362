"""Rule ``check-copies-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review import mysql_alter
from glowplug.review.claims import Alters, Fails
from glowplug.review.mysql_type_change import MARIADB, MYSQL
from glowplug.review.rule import Hit, Rule
from glowplug.review.version import Versions
from glowplug.review.wording import condition, is_new, sql
from glowplug.sql.actions import AddConstraint
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action

_CHECKED = (Versions(vendor=MARIADB), Versions(vendor=MYSQL, since=(8, 0, 16)))


class CheckCopiesTable(Rule):
    """A CHECK is added to a table that was there: the server copies the table while writers wait.

    ## What it does
    Finds `ALTER TABLE … ADD CHECK`. A CHECK within the definition of a new column is silent: it costs nothing.

    ## Why it is harmful
    To look at the rows the server writes the table anew, row by row. For that long INSERT, UPDATE and DELETE on it
    wait (MariaDB from 11.2 on lets them go on, as its manual says). One row that violates it, and it fails.

    ## Example
    ```sql before
    CREATE TABLE orders (id int PRIMARY KEY, total int NOT NULL);
    ```
    ```sql up
    ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total >= 0);
    ```

    ## Use instead
    On MariaDB, a CHECK within the column's own definition, all of which has to be repeated: that takes an instant, for
    rows that are there are not looked at. Ask for those that violate it before and after. Elsewhere let the
    application check, or gh-ost or pt-online-schema-change copy the table.
    ```sql before mysql version=mariadb-10.11
    CREATE TABLE orders (id int PRIMARY KEY, total int NOT NULL);
    ```
    ```sql up mysql version=mariadb-10.11
    ALTER TABLE orders MODIFY total int NOT NULL CHECK (total >= 0);
    ```

    ## How it was proven
    MariaDB takes COPY with LOCK=SHARED and nothing cheaper, INSTANT for the CHECK within a definition; a row that
    violates it ends it with error 4025. There was no MySQL to try.
    """

    hazards = (96,)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.ERROR
    actions = (AddConstraint,)
    claims = (
        Alters(dialect=Dialect.MYSQL, algorithm="COPY", lock="SHARED", versions=mysql_alter.BLOCKING_COPY),
        Fails(dialect=Dialect.MYSQL, code="4025", versions=mysql_alter.ON_MARIADB),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say which table is copied for which CHECK."""
        if not isinstance(action, AddConstraint) or is_new(context, action.table):
            return
        constraint = action.constraint
        if constraint.kind is not ConstraintKind.CHECK or not constraint.enforced or constraint.expression is None:
            return
        if not any(context.may_be(versions) for versions in _CHECKED):
            return  # MySQL read and ignored it then
        facts = context.schema.table(action.table)
        name = constraint.name or constraint.expression.text
        if action.if_not_exists and facts is not None and name.casefold() in facts.constraints:
            return
        untried = mysql_alter.vendors(context) == (MYSQL,)
        tried = " (seen on MariaDB, not tried on MySQL)" if untried else ""
        to = f"look whether a row violates CHECK ({constraint.expression.text})"
        yield Hit(
            message=mysql_alter.copies(context, action.table, to) + tried + condition(context, action.table),
            span=action.span,
            subject=f"{action.table} {name}",
            severity=mysql_alter.copy_weight(context, Severity.WARNING if untried else Severity.ERROR),
            safe_form=_safe_form(action, context),
        )


def _safe_form(action: AddConstraint, context: Context) -> SafeForm:
    expression = action.constraint.expression
    text = "" if expression is None else expression.text
    asked = f"ask production: SELECT COUNT(*) FROM {sql(context, action.table)} WHERE NOT ({text}); "
    columns = () if expression is None else dict.fromkeys(expression.columns)
    if MARIADB in mysql_alter.vendors(context) and len(columns) == 1:
        (column,) = columns
        asked += (
            f"on MariaDB, MODIFY {sql(context, column)} … CHECK ({text}) with all of its definition repeated takes "
        )
        asked += "an instant, without a look at the rows; "
    return SafeForm(note=f"{asked}or " + mysql_alter.outside_tool(context, action.table, context.text(action.span)))
