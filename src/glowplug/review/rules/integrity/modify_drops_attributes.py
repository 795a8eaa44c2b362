"""Rule ``modify-drops-attributes``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review import mysql_alter
from glowplug.review.claims import Fails, Leaves
from glowplug.review.mysql_type_change import MARIADB, WITH_CHARSET, canonical
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import is_new, lead, weight
from glowplug.schema.simulation.parts import own_check
from glowplug.sql.actions import ModifyColumn
from glowplug.sql.parts import ConstraintKind, Identity, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import ColumnFacts, TableFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Expression

_CHECKS_COUNT = (10, 2)  # the first MariaDB that heeds a CHECK; until then it is read, and forgotten
_NULL = re.compile(r"(?P<other>\b(?:NOT|DEFAULT)\s+)?\bNULL\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Lost:
    """What is not repeated, as SQL, and what follows from that; ``grave`` where INSERTs fail at once."""

    text: str
    follows: str
    grave: bool = False


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
        table = context.schema.table(action.table)
        column = context.schema.column(action.table, action.column)
        if table is None or column is None or action.definition.generated is not None:
            return
        lost = list(_lost(action, context, table, column))
        if not lost or (len(lost) == 1 and not _else_changes(action, context, column)):
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
            safe_form=_safe_form(action, context, lost),
        )


def _lost(action: ModifyColumn, context: Context, table: TableFacts, column: ColumnFacts) -> Iterator[_Lost]:
    new, name = action.definition, action.definition.name
    said = any(found["other"] is None for found in _NULL.finditer(context.text(new.span)))
    key = any(
        each.definition.kind is ConstraintKind.PRIMARY_KEY
        and column.name.casefold() in map(str.casefold, each.definition.columns)
        for each in table.constraints.values()
    )
    if column.not_null and not new.not_null and not said and not key and new.identity is None:
        implied = new.type is not None and new.type.name == "timestamp"
        where = " (where explicit_defaults_for_timestamp is on)" if implied else ""
        yield _Lost("NOT NULL", f"rows can hold NULL in {name}, which the release that runs can't read{where}")
    if column.default is not None and new.default is None and new.identity is None:
        fails = new.not_null or (column.not_null and key)
        follows = "fail in strict mode" if fails else "put NULL there"
        yield _Lost(f"DEFAULT {column.default.text}", f"INSERTs that leave {name} out {follows}")
    if column.identity is Identity.AUTO_INCREMENT and new.identity is None:
        yield _Lost("AUTO_INCREMENT", f"INSERTs that leave {name} out fail in strict mode", grave=True)
    check = _own_check(table, column) if _heeds_checks(context) else None
    if check is not None and not any(each.kind is ConstraintKind.CHECK for each in new.constraints):
        where = "" if context.terms.version is not None else " (on MariaDB)"
        yield _Lost(f"CHECK ({check.text})", f"rows that it refused get in{where}")
    if column.comment and new.comment is None:
        escaped = column.comment.replace("\\", "\\\\").replace("'", "''")
        yield _Lost(f"COMMENT '{escaped}'", "")
    yield from _lost_encoding(action, column)


def _heeds_checks(context: Context) -> bool:
    version = context.terms.version
    return MARIADB in mysql_alter.vendors(context) and (version is None or version.numbers >= _CHECKS_COUNT)


def _own_check(table: TableFacts, column: ColumnFacts) -> Expression | None:
    """Give the CHECK within the column's definition, which is a part of it on MariaDB."""
    facts = table.constraints.get(own_check(column.name.casefold()))
    return None if facts is None else facts.definition.expression


def _lost_encoding(action: ModifyColumn, column: ColumnFacts) -> Iterator[_Lost]:
    new = action.definition.type
    if column.type is None or new is None or not {canonical(new).name, canonical(column.type).name} <= WITH_CHARSET:
        return
    if new.charset is None and new.collation is None:
        if column.type.collation:
            yield _Lost(f"COLLATE {column.type.collation}", "its texts get the table's character set and collation")
        elif column.type.charset:
            yield _Lost(f"CHARACTER SET {column.type.charset}", "its texts get the table's character set")


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


def _safe_form(action: ModifyColumn, context: Context, lost: list[_Lost]) -> SafeForm:
    behind_type = [each.text for each in lost if each.text.startswith("CHARACTER SET")]
    rest = "".join(f" {each.text}" for each in lost if not each.text.startswith("CHARACTER SET"))
    end = action.definition.span.end
    return SafeForm(
        replacement=context.replaced(Span(end, end), rest) if rest else None,
        note=f"and {behind_type[0]} just behind the type" if behind_type else None,
    )
