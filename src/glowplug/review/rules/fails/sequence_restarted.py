"""Rule ``sequence-restarted``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Leaves
from glowplug.review.rule import Hit, Rule
from glowplug.review.sequences import restarted
from glowplug.review.wording import is_new, lead, sql, weight
from glowplug.sql.actions import Alter, AlterColumnSetting, Delete, Insert, Select, Truncate
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.review.sequences import Numbered
    from glowplug.schema.simulation.values import TableFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name


class SequenceRestarted(Rule):
    """A sequence counts from the beginning again, and the next INSERT gets a number that is taken.

    ## What it does
    Finds `ALTER SEQUENCE … RESTART`, `setval(…)` and `ALTER COLUMN … RESTART` that let a sequence count from its
    beginning again, where it numbers a column that is a key of its own, of a table that was there before the migration.
    It is silent where the file empties the table, says `setval` of the sequence again later, or inserts the row that
    `setval(…, 1)` counts as there, and where it goes on from a higher number: whether that is high enough is
    production's to tell.

    ## Why it is harmful
    The migration passes. The next INSERT gets a number that a row has already, and fails on the key; so does each after
    it, until the sequence is past the highest.

    ## Example
    ```sql before
    CREATE TABLE orders (id bigserial PRIMARY KEY);
    ```
    ```sql up
    ALTER SEQUENCE orders_id_seq RESTART WITH 1;
    ```

    ## Use instead
    Let it go on behind the highest number that is there.
    ```sql before
    CREATE TABLE orders (id bigserial PRIMARY KEY);
    ```
    ```sql up
    SELECT setval('orders_id_seq', coalesce(max(id), 0) + 1, false) FROM orders;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, the number that comes next is among those of the rows, and not so after what stands above.
    """

    hazards = (144,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.WARNING
    actions = (Alter, AlterColumnSetting, Select)
    claims = (Leaves(dialect=Dialect.POSTGRES, what="a number that is taken comes next"),)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say which column gets numbers again that it has."""
        for numbered in restarted(action, context):
            table, column = numbered.table.name, numbered.column
            if (
                is_new(context, table)
                or not context.schema.may_have_rows(table)
                or not _is_key(numbered.table, column)
                or _is_emptied(context, table)
                or _is_set_later(context, numbered)
                or (numbered.called and _gets_its_first_row(context, table))
            ):
                continue
            here, its = sql(context, table), sql(context, column)
            yield Hit(
                message=f"{lead(context)}lets the numbers of {table}.{column} begin again, which is a key: each INSERT "
                "fails that gets a number of a row that is there, until they are past the highest",
                span=action.span,
                subject=f"{table}.{column}",
                severity=weight(context, self.severity),
                safe_form=SafeForm(
                    replacement=_behind_the_highest(numbered, here, its) if numbered.is_all else None,
                    note=f"ask production first: SELECT max({its}) FROM {here};"
                    + ("" if numbered.is_all else f" and instead: {_behind_the_highest(numbered, here, its)}"),
                ),
            )


def _is_key(table: TableFacts, column: str) -> bool:
    """Whether no two rows can have the same number."""
    keys = {ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE}
    return any(
        each.definition.kind in keys and each.definition.columns == (column,) for each in table.constraints.values()
    ) or any(
        each.unique and each.where is None and [key.column for key in each.keys] == [column]
        for each in table.indexes.values()
    )


def _is_emptied(context: Context, table: Name) -> bool:
    """Whether the file deletes all rows of a table, before or after."""
    return any(
        (isinstance(action, Truncate) or (isinstance(action, Delete) and (action.where is None or action.tautology)))
        and action.table.name == table.name
        for statement in context.script.statements
        for action in statement.actions
    )


def _gets_its_first_row(context: Context, table: Name) -> bool:
    """Whether the file inserts into a table, as it may well do before it says that the first number is given."""
    return any(
        isinstance(action, Insert) and action.table.name == table.name
        for statement in context.script.statements
        for action in statement.actions
    )


def _is_set_later(context: Context, numbered: Numbered) -> bool:
    """Whether a later statement of the file lets the sequence go on from elsewhere."""
    later = (each for each in context.script.statements if each.span.start > context.statement.span.start)
    return any(
        re.search(r"\b(?:setval|restart)\b", text := context.text(each.span), re.IGNORECASE) is not None
        and numbered.said.casefold() in text.casefold()
        for each in later
    )


def _behind_the_highest(numbered: Numbered, table: str, column: str) -> str:
    return f"SELECT setval({numbered.sequence}, coalesce(max({column}), 0) + 1, false) FROM {table}"
