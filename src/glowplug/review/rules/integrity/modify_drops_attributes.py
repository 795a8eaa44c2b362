"""Rule ``modify-drops-attributes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review import mysql_alter, redefined
from glowplug.review.claims import Fails, Leaves
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import is_new, lead, weight
from glowplug.sql.actions import ModifyColumn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import ColumnFacts
    from glowplug.sql.actions import Action


class ModifyDropsAttributes(Rule):
    """MODIFY or CHANGE drops the NOT NULL, DEFAULT, AUTO_INCREMENT or COMMENT that it does not repeat.

    ## What it does
    Compares the new definition with what the earlier migrations made of the column. It is silent where one attribute
    goes and nothing else changes, for then that is what the statement is there for (MySQL has no `DROP NOT NULL`), and
    where `NULL` or another default is said.

    ## Why it is harmful
    These statements define the column anew: what they leave out is gone, without a word. A rename that was to be only
    that lets NULL in, which the release that runs can't read; INSERTs that rely on a default put NULL there or fail.

    ## Example
    ```sql before
    CREATE TABLE attachments (id int PRIMARY KEY, notes varchar(20) NOT NULL DEFAULT '-') CHARSET latin1;
    ```
    ```sql up
    ALTER TABLE attachments MODIFY notes varchar(40) NOT NULL;
    ```

    ## Use instead
    Repeat all of the definition; for a name alone, `RENAME COLUMN`; for a default alone, `ALTER COLUMN … SET DEFAULT`.
    ```sql before
    CREATE TABLE attachments (id int PRIMARY KEY, notes varchar(20) NOT NULL DEFAULT '-') CHARSET latin1;
    ```
    ```sql up
    ALTER TABLE attachments MODIFY notes varchar(40) NOT NULL DEFAULT '-';
    ```

    ## How it was proven
    On MariaDB, `information_schema.columns` before and after; and an INSERT that leaves the column out fails with 1364
    in strict mode.
    """

    hazards = (137,)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.WARNING
    actions = (ModifyColumn,)
    claims = (
        Leaves(dialect=Dialect.MYSQL, what="a column that lets NULL in", versions=mysql_alter.ON_MARIADB),
        Leaves(dialect=Dialect.MYSQL, what="a column without its default", versions=mysql_alter.ON_MARIADB),
        Leaves(dialect=Dialect.MYSQL, what="a column without its comment", versions=mysql_alter.ON_MARIADB),
        Leaves(dialect=Dialect.MYSQL, what="a column in the table's character set", versions=mysql_alter.ON_MARIADB),
        Leaves(dialect=Dialect.MYSQL, what="a column without its CHECK", versions=mysql_alter.ON_MARIADB),
        Fails(dialect=Dialect.MYSQL, code="1364", versions=mysql_alter.ON_MARIADB),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say what is not repeated."""
        if not isinstance(action, ModifyColumn) or is_new(context, action.table):
            return
        column, lost = context.schema.column(action.table, action.column), redefined.lost(action, context)
        if column is None or not lost or (len(lost) == 1 and not _else_changes(action, context, column)):
            return
        name = f"{action.table}.{action.column}"
        what = ", ".join(each.text for each in lost)
        follows = "; ".join(dict.fromkeys(each.follows for each in lost if each.follows))
        grave = Severity.ERROR if any(each.grave for each in lost) else Severity.WARNING
        yield Hit(
            message=f"{lead(context)}defines {name} anew and does not repeat {what}: that is gone"
            + (f". {follows[0].upper()}{follows[1:]}" if follows else "")
            + mysql_alter.by_manual(context),
            span=action.span,
            subject=name,
            severity=weight(context, grave if follows else Severity.NOTICE),
            related=(context.related(column.born, f"{name} was added here"),),
            safe_form=_safe_form(action, context, lost, what),
        )


def _else_changes(action: ModifyColumn, context: Context, column: ColumnFacts) -> bool:
    """Whether it changes anything but what it leaves out."""
    new = action.definition
    if new.type is None or column.type is None:
        return True
    old_type, new_type = (mysql_alter.column_type(context, action.table, each) for each in (column.type, new.type))
    other_type = (old_type.name, old_type.modifiers, old_type.unsigned) != (
        new_type.name,
        new_type.modifiers,
        new_type.unsigned,
    )
    added = (new.default is not None and (column.default is None or new.default.text != column.default.text)) or (
        new.not_null and not column.not_null
    )
    renamed = new.name.casefold() != action.column.casefold()
    commented = new.comment is not None and new.comment != column.comment
    return other_type or added or renamed or commented or action.position is not None or bool(new.constraints)


def _safe_form(action: ModifyColumn, context: Context, lost: Sequence[redefined.Lost], what: str) -> SafeForm:
    replacement = redefined.whole(action, context, lost)
    return SafeForm(replacement=replacement, note=f"repeat {what}" if replacement is None else None)
