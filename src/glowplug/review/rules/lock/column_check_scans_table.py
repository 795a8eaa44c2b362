"""Rule ``column-check-scans-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import NOT_IN_A_DOWN, condition, is_new, lead, others_stay, sql, weight
from glowplug.sql.actions import AddColumn
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Constraint


class ColumnCheckScansTable(Rule):
    """A column is added with a CHECK, and every row is read to look at values that are all the same.

    ## What it does
    Finds `ADD COLUMN … CHECK (…)` on a table that was there before the migration.

    ## Why it is harmful
    ADD COLUMN alone reads nothing. With a CHECK written on the column it reads the whole table under its ACCESS
    EXCLUSIVE lock, though every row has NULL there, or the default: also where the CHECK is true of NULL. Every query
    waits, SELECT too, until the migration's transaction ends.

    ## Example
    ```sql before
    CREATE TABLE versions (id bigint PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE versions ADD COLUMN sha256 bytea CHECK (octet_length(sha256) = 32);
    ```

    ## Use instead
    Add the column, and the CHECK as a constraint that is `NOT VALID`, in one statement; validate it in a later
    migration.
    ```sql before
    CREATE TABLE versions (id bigint PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE versions
      ADD COLUMN sha256 bytea,
      ADD CONSTRAINT versions_sha256_check CHECK (octet_length(sha256) = 32) NOT VALID;
    ```
    ```sql up
    ALTER TABLE versions VALIDATE CONSTRAINT versions_sha256_check;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows AccessExclusiveLock, and the transaction fetches every block of the table,
    with a nullable column and with `CHECK (x IS NULL OR …)` as well; with the constraint NOT VALID it fetches none.
    """

    hazards = (13,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AddColumn,)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="table"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say once for a statement that its new columns' CHECKs read the whole table."""
        if not isinstance(action, AddColumn) or is_new(context, action.table):
            return
        actions = context.statement.actions
        added = [each for each in actions if isinstance(each, AddColumn) and _checks(each, context)]
        if action not in added[:1]:
            return
        table, columns = action.table, [each.column for each in added]
        names = " and ".join(column.name for column in columns)
        filled = any(column.default is not None and not column.default.null for column in columns)
        yield Hit(
            message=f"{lead(context)}reads all of {table} under an ACCESS EXCLUSIVE lock, only to look whether "
            f"the CHECK on {names} holds for {'the default' if filled else 'NULL'} in every row: "
            f"{words.READERS_WAIT}{condition(context, table)}",
            span=action.span,
            subject=".".join((str(table), *(column.name for column in columns))),
            severity=weight(context),
            safe_form=SafeForm(note=NOT_IN_A_DOWN) if context.down else _safe_form(context, added),
        )


def _checks(action: AddColumn, context: Context) -> list[Constraint]:
    table, name = action.table, action.column.name
    there = context.schema.column(table, name) is not None and not context.schema.is_new_column(table, name)
    if action.if_not_exists and there:
        return []
    return [each for each in action.column.constraints if each.kind is ConstraintKind.CHECK and each.enforced]


def _safe_form(context: Context, added: list[AddColumn]) -> SafeForm:
    table = added[0].table
    here = sql(context, table)
    add, drop, validate = [], [], []
    for each in added:
        column, checks = each.column, _checks(each, context)
        unless = "IF NOT EXISTS " if each.if_not_exists else ""
        add.append(f"ADD COLUMN {unless}{words.without(context, column, checks)}")
        drop.append(f"DROP COLUMN {sql(context, column.name)}")
        for check in checks:
            name = words.name_of(context, table, check, "check", (column.name,))
            its, clause = sql(context, name), words.definition(context, check)
            add.append(f"ADD CONSTRAINT {its} {clause} NOT VALID")
            validate.append(words.validate(context, table, name))
    first = Step(
        name=f"add_{added[0].column.name}_to_{table.name}",
        up=f"ALTER TABLE {here}\n  " + ",\n  ".join(add) + ";",
        down=f"ALTER TABLE {here} {', '.join(drop)};",
        note=others_stay(context),
    )
    return SafeForm(steps=(first, *validate))
