"""Rule ``type-rewrites-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import LockMode, Locks, Rewrites
from glowplug.review.rule import Hit, Rule
from glowplug.review.type_change import Work, work_of
from glowplug.review.wording import condition, is_new, lead, sql, weight
from glowplug.sql.actions import AlterColumnType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action


class TypeRewritesTable(Rule):
    """A column's type changes, and every row is written anew while nobody can read the table.

    ## What it does
    Finds `ALTER COLUMN … TYPE` that PostgreSQL can't do by a change of the catalogue alone. It is silent where it can:
    a longer `varchar`, `varchar` to `text`, more digits of `numeric` with the same scale, `timestamp` to `timestamptz`
    under UTC, and their like.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock, writes the whole table and builds its indexes again. Every query waits, SELECT
    too, until the migration's transaction ends; the table needs its size again on disk.

    ## Example
    ```sql before
    CREATE TABLE downloads (id integer PRIMARY KEY, count integer NOT NULL);
    ```
    ```sql up
    ALTER TABLE downloads ALTER COLUMN count TYPE bigint;
    ```

    ## Use instead
    Add a column of the new type, let the application write both, copy the rows in batches, then read the new one.
    ```sql before
    CREATE TABLE downloads (id integer PRIMARY KEY, count integer NOT NULL);
    ```
    ```sql up
    ALTER TABLE downloads ADD COLUMN count_bigint bigint;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18: another relfilenode, AccessExclusiveLock. Each pair of fifty types was changed on each
    server, and what this rule says of it compared.
    """

    hazards = (28,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AlterColumnType,)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Rewrites(dialect=Dialect.POSTGRES, on="table"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where the rows are written anew, or may be."""
        if not isinstance(action, AlterColumnType) or is_new(context, action.table):
            return
        column = context.schema.column(action.table, action.column)
        old = None if column is None else column.type
        cost = work_of(action, context.schema)
        if cost is Work.NOTHING:
            return
        name = f"{action.table}.{action.column}"
        writes = "writes" if cost is Work.REWRITE else "may write"
        was = "" if old is None else f" from {old}"
        yield Hit(
            message=f"{lead(context)}{writes} every row of {action.table} anew to change {name}{was} to {action.type}, "
            "and builds its indexes again, under an ACCESS EXCLUSIVE lock: every query on it waits, SELECT too, until "
            f"the migration has ended{condition(context, action.table)}",
            span=action.span,
            subject=name,
            severity=weight(context, Severity.ERROR if cost is Work.REWRITE else Severity.WARNING),
            related=() if column is None else (context.related(column.born, f"{name} was defined here"),),
            safe_form=_safe_form(action, context),
        )


def _safe_form(action: AlterColumnType, context: Context) -> SafeForm:
    table, column = sql(context, action.table), sql(context, action.column)
    fresh = f"{action.column}_{action.type.name.split()[0].strip(chr(34))}"
    its = sql(context, fresh)
    return SafeForm(
        steps=(
            Step(
                name=f"add_{fresh}_to_{action.table.name}",
                up=f"ALTER TABLE {table} ADD COLUMN {its} {action.type};",
                down=f"ALTER TABLE {table} DROP COLUMN {its};",
                note=f"release code that writes both; copy the rows in batches; then read {fresh}",
            ),
            Step(
                name=f"drop_{action.column}_of_{action.table.name}",
                up=f"ALTER TABLE {table} DROP COLUMN {column};",
                down=f"ALTER TABLE {table} ADD COLUMN {column} {action.type};",
                note="when no running release names it",
            ),
        )
    )
