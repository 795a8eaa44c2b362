"""Rule ``enum-values-changed``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review import mysql_alter, redefined
from glowplug.review.claims import Alters, Fails, Leaves
from glowplug.review.mysql_type_change import Work, work, written
from glowplug.review.procedure import names
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import NOT_IN_A_DOWN, is_new, sql, weight
from glowplug.sql.actions import ModifyColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import TypeName


class EnumValuesChanged(Rule):
    """Values of an ENUM or SET are removed, or put elsewhere than at the end: the server copies the table.

    ## What it does
    Finds `MODIFY` and `CHANGE COLUMN` of an ENUM or SET whose old values are not, in their order, the first of the new
    ones. Values put at the end are silent, unless the column then needs another byte (the 256th of an ENUM, the 9th of
    a SET).

    ## Why it is harmful
    An ENUM is stored as a number. Where the numbers change, every row is written anew, and writers wait for it. A row
    that holds a removed value makes the statement fail in strict mode, and holds `''` afterwards without it.

    ## Example
    ```sql before
    CREATE TABLE jobs (id int PRIMARY KEY, state enum('queued', 'done') NOT NULL);
    ```
    ```sql up
    ALTER TABLE jobs MODIFY state enum('queued', 'running', 'done') NOT NULL;
    ```

    ## Use instead
    Put new values at the end. A value that is no longer used may stay.
    ```sql before
    CREATE TABLE jobs (id int PRIMARY KEY, state enum('queued', 'done') NOT NULL);
    ```
    ```sql up
    ALTER TABLE jobs MODIFY state enum('queued', 'done', 'running') NOT NULL;
    ```

    ## How it was proven
    MariaDB takes COPY with LOCK=SHARED and nothing cheaper for it, INSTANT for a value at the end. With a row that
    holds the removed value it fails with 1265, and with an empty `sql_mode` the row holds `''` afterwards.
    """

    hazards = (99,)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.ERROR
    actions = (ModifyColumn,)
    claims = (
        Alters(dialect=Dialect.MYSQL, algorithm="COPY", lock="SHARED", versions=mysql_alter.BLOCKING_COPY),
        Fails(dialect=Dialect.MYSQL, code="1265", versions=mysql_alter.ON_MARIADB),
        Leaves(
            dialect=Dialect.MYSQL,
            what="an empty text where a removed value was, without strict mode",
            versions=mysql_alter.ON_MARIADB,
        ),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say which values go, and whether the table is copied."""
        if not isinstance(action, ModifyColumn) or is_new(context, action.table):
            return
        column, kind = context.schema.column(action.table, action.column), action.definition.type
        if column is None or column.type is None or kind is None:
            return
        old, new = (mysql_alter.column_type(context, action.table, each) for each in (column.type, kind))
        if old.name != new.name or old.name not in {"enum", "set"} or old.modifiers == new.modifiers:
            return
        if all(work(old, new, vendor) is Work.NOTHING for vendor in mysql_alter.vendors(context)):
            return
        name = f"{action.table}.{action.column}"
        gone = [each for each in old.modifiers if each not in new.modifiers]
        what = f"remove values of {name}" if gone else f"give values of {name} other numbers"
        appended = old.modifiers == new.modifiers[: len(old.modifiers)]
        what = f"store {name} in more bytes" if appended else what
        yield Hit(
            message=mysql_alter.copies(context, action.table, what) + _lost(context, gone),
            span=action.span,
            subject=name,
            severity=_weight(context, gone),
            related=(context.related(column.born, f"{name} was added here"),),
            safe_form=_safe_form(action, context, old, gone),
        )


def _weight(context: Context, gone: list[str]) -> Severity:
    return weight(context) if gone and mysql_alter.strict(context) is False else mysql_alter.copy_weight(context)


def _lost(context: Context, gone: list[str]) -> str:
    if not gone:
        return ""
    values = _quoted(gone)
    if mysql_alter.strict(context) is False:
        return f". Rows that hold {values} hold '' afterwards: sql_mode is not strict"
    return f". A row that holds {values} makes it fail in strict mode, which is the default, and holds '' without it"


def _safe_form(action: ModifyColumn, context: Context, old: TypeName, gone: list[str]) -> SafeForm:
    column = sql(context, action.column)
    used = f"SELECT {column}, COUNT(*) FROM {sql(context, action.table)} GROUP BY {column}; tells which are used"
    if context.down:
        first = f"; give rows that hold {_quoted(gone)} another value in it first: {used}" if gone else ""
        return SafeForm(note=NOT_IN_A_DOWN + first)
    renamed = action.definition.name.casefold() != action.column.casefold()
    if renamed or redefined.appended(action, context) is None:
        return SafeForm(note=f"leave the values that are there, in their order. {used}")
    missing = redefined.lost(action, context)
    note = f"new values at the end alone: {written(old)[:-1]}, …)"
    if missing:
        note += f"; and {names(each.text for each in missing)}, which else is gone"
    return SafeForm(replacement=redefined.whole(action, context, missing), note=note)


def _quoted(values: list[str]) -> str:
    return ", ".join(f"'{each}'" for each in values)
