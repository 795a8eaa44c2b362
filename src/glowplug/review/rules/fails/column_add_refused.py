"""Rule ``column-add-refused``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import Fails
from glowplug.review.emptied import with_emptied
from glowplug.review.procedure import changed
from glowplug.review.rebuild import ForeignKeys, moments
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import lead, sql
from glowplug.sql.actions import AddColumn
from glowplug.sql.parts import ConstraintKind, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.review.rebuild import Moment
    from glowplug.sql.parts import Column, Constraint


REFERENCES = "a column that references a table can't have a default"


class ColumnAddRefused(Rule):
    """A column is added that SQLite's ADD COLUMN does not take.

    ## What it does
    Finds, on SQLite, `ADD COLUMN` that is UNIQUE or PRIMARY KEY; and, on a table that may have rows, one that is NOT
    NULL without a default, has a default that is computed, such as `CURRENT_TIMESTAMP` or `(1 + 1)`, is STORED, or
    references a table and has a default where foreign_keys is ON. It is silent where the file has deleted every row.

    ## Why it is harmful
    UNIQUE and PRIMARY KEY are refused always. All the others are refused as soon as the table holds one row: the empty
    database of a test takes them, production does not.

    ## Example
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP;
    ```

    ## Use instead
    Give it a constant default, or neither a default nor NOT NULL; instead of UNIQUE, make a unique index after it; say
    VIRTUAL instead of STORED. Where it must have the computed default, the table has to be rebuilt.
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN created_at TIMESTAMP;
    ```

    ## How it was proven
    On SQLite, each on an empty table and on one with a row, with foreign_keys on and off.
    """

    hazards = (110,)
    dialects = frozenset({Dialect.SQLITE})
    severity = Severity.ERROR
    claims = (
        Fails(dialect=Dialect.SQLITE, code="Cannot add a UNIQUE column"),
        Fails(dialect=Dialect.SQLITE, code="Cannot add a PRIMARY KEY column"),
        Fails(dialect=Dialect.SQLITE, code="Cannot add a NOT NULL column with default value NULL"),
        Fails(dialect=Dialect.SQLITE, code="Cannot add a column with non-constant default"),
        Fails(dialect=Dialect.SQLITE, code="cannot add a STORED column"),
        Fails(dialect=Dialect.SQLITE, code="Cannot add a REFERENCES column with non-NULL default value"),
    )

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Say which columns are refused."""
        if not any(isinstance(action, AddColumn) for each in contexts for action in each.statement.actions):
            return
        for moment, emptied in with_emptied(moments(contexts)):
            action = moment.action
            if isinstance(action, AddColumn) and not action.if_not_exists:  # which is refused for itself
                empty = not moment.schema.may_have_rows(action.table) or action.table.name.casefold() in emptied
                yield from _hits(moment, action, empty=empty)


def _hits(moment: Moment, action: AddColumn, *, empty: bool) -> Iterator[Hit]:
    context, table, column = moment.context, action.table, action.column
    key = _key(column)
    why = None if key is not None or empty else _with_rows(column, moment.foreign_keys)
    if key is not None:
        how, condition, severity = f": ADD COLUMN takes no {key.kind.value.upper()} column", "", None
    elif why is not None:
        how = f" as soon as {table} holds one row: {why}"
        depends = why == REFERENCES
        condition = moment.foreign_keys.condition if depends else ""
        severity = Severity.WARNING if depends and not moment.foreign_keys.on else None
    else:
        return
    yield Hit(
        message=f"{lead(context)}adding {column.name} to {table} fails{how}{condition}",
        span=action.span,
        subject=f"{table}.{column.name}",
        severity=severity,
        safe_form=_safe_form(moment, action, key),
    )


def _key(column: Column) -> Constraint | None:
    keys = [each for each in column.constraints if each.kind in {ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY}]
    return min(keys, key=lambda each: each.kind is ConstraintKind.UNIQUE, default=None)


def _with_rows(column: Column, foreign_keys: ForeignKeys) -> str | None:
    default = None if column.default is None or column.default.null else column.default
    if column.generated is not None:
        return "a STORED column can't be added; a VIRTUAL one can" if column.stored else None
    references = any(each.kind is ConstraintKind.FOREIGN_KEY for each in column.constraints)
    if references and default is not None and not foreign_keys.surely_off:
        return REFERENCES
    if column.not_null and default is None:
        return "it is NOT NULL, and the rows would have no value"
    if default is not None and not default.constant:
        return f"its default {default.text} is computed, and only a constant can stand for rows that are there"
    return None


def _safe_form(moment: Moment, action: AddColumn, key: Constraint | None) -> SafeForm:
    context, table, column = moment.context, action.table, action.column
    its = sql(context, column.name)
    definition = context.text(column.span)
    if key is not None and key.kind is ConstraintKind.UNIQUE:
        index = sql(context, f"{table.name}_{column.name}_key")
        bare = _without(context, column, key)
        add = f"ALTER TABLE {sql(context, table)} ADD COLUMN {bare};"
        up = f"{add}\nCREATE UNIQUE INDEX {index} ON {sql(context, table.name)} ({its});"
        return SafeForm(steps=(_step(context, action, up, before=f"DROP INDEX {index};\n"),))
    if column.stored:
        virtual = re.sub(r"(?i)\bSTORED\b(?!.*\bSTORED\b)", "VIRTUAL", context.text(action.span), flags=re.DOTALL)
        return SafeForm(replacement=context.replaced(action.span, virtual))
    if column.not_null and (column.default is None or column.default.null) and key is None and not context.down:
        nullable = re.sub(r"(?i)\s*\bNOT\s+NULL\b", "", definition, count=1)
        step = _step(context, action, f"ALTER TABLE {sql(context, table)} ADD COLUMN {nullable};")
        return SafeForm(
            steps=(step,), note=f"then fill {column.name}; or give it a constant default, which old rows get as well"
        )
    fork = moment.schema.fork()
    fork.apply(action, context.statement)
    after = fork.table(table)
    rebuilt = None if after is None else changed(context, moment.schema, after)
    what = "its default" if key is None else f"{key.kind.value.upper()}"
    what = "NOT NULL" if column.not_null and column.default is None and key is None else what
    without = f"add {column.name} without {what}, and fill it after that"
    return SafeForm(steps=() if rebuilt is None else (rebuilt,), note=without if rebuilt is None else f"or {without}")


def _step(context: Context, action: AddColumn, up: str, before: str = "") -> Step:
    table, its = sql(context, action.table), sql(context, action.column.name)
    return Step(
        name=f"add_{action.column.name}_to_{action.table.name}",
        up=up,
        down=f"{before}ALTER TABLE {table} DROP COLUMN {its};",
    )


def _without(context: Context, column: Column, constraint: Constraint) -> str:
    before = context.text(Span(column.span.start, constraint.span.start))
    return " ".join(f"{before}{context.text(Span(constraint.span.end, column.span.end))}".split())
