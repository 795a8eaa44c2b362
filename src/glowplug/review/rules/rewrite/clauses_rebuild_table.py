"""Rule ``clauses-rebuild-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review import mysql_alter
from glowplug.review.claims import Alters
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import is_new, lead, sql, weight
from glowplug.sql.actions import AddColumn, AddConstraint, CreateIndex, DropColumn
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action


class ClausesRebuildTable(Rule):
    """A column is added or dropped and an index built in one ALTER TABLE, which rebuilds the table for both.

    ## What it does
    Finds an ALTER TABLE of a table that was there with `ADD COLUMN` or `DROP COLUMN` beside `ADD INDEX` or
    `ADD UNIQUE`.

    ## Why it is harmful
    Alone, the column takes an instant, and the index is built beside the table. Together they have one algorithm, the
    dearer one, which writes the whole table anew. Others read and write meanwhile, but disk, replicas and time pay for
    it.

    ## Example
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY, email varchar(50));
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN nick varchar(50), ADD INDEX (email);
    ```

    ## Use instead
    Two migrations.
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY, email varchar(50));
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN nick varchar(50);
    ```
    ```sql up
    ALTER TABLE users ADD INDEX (email);
    ```

    ## How it was proven
    MariaDB takes INPLACE and nothing cheaper for both in one, INSTANT for the column alone, NOCOPY for the index alone.
    """

    hazards = (105,)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.NOTICE
    actions = (AddColumn, DropColumn)
    claims = (Alters(dialect=Dialect.MYSQL, algorithm="INPLACE", lock="NONE", versions=mysql_alter.ON_MARIADB),)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say that the two don't go together."""
        if not isinstance(action, (AddColumn, DropColumn)) or is_new(context, action.table):
            return
        clauses = context.statement.actions
        if action is not next(each for each in clauses if isinstance(each, (AddColumn, DropColumn))):
            return  # once a statement
        indexes = [each for each in clauses if _builds(each)]
        if not indexes or len(indexes) + sum(map(_is_instant, clauses)) != len(clauses):
            return  # none, or something else that needs more
        yield Hit(
            message=f"{lead(context)}rebuilds {action.table}, for one ALTER TABLE changes columns and builds an index "
            f"(ALGORITHM=INPLACE): apart, the columns take an instant and the index does not touch the rows"
            f"{mysql_alter.by_manual(context)}",
            span=context.statement.span,
            subject=str(action.table),
            severity=weight(context, Severity.NOTICE),
            safe_form=_safe_form(action, context, indexes),
        )


def _builds(action: Action) -> bool:
    if isinstance(action, CreateIndex):
        return action.method not in {"fulltext", "spatial"}
    return isinstance(action, AddConstraint) and action.constraint.kind is ConstraintKind.UNIQUE


def _is_instant(action: Action) -> bool:
    if isinstance(action, DropColumn):
        return True
    return (
        isinstance(action, AddColumn)
        and action.column.identity is None
        and not action.column.stored
        and not action.column.constraints
    )


def _safe_form(action: AddColumn | DropColumn, context: Context, indexes: list[Action]) -> SafeForm:
    table = sql(context, action.table)
    columns = [each for each in context.statement.actions if each not in indexes]
    first = ", ".join(context.text(each.span) for each in columns)
    steps = [Step(name=f"columns_of_{action.table.name}", up=f"ALTER TABLE {table} {first};", down="-- the opposite")]
    for each in indexes:
        text = context.text(each.span)
        text = text if text.upper().startswith("ADD") else f"ADD {text}"
        steps.append(
            Step(name=f"index_{action.table.name}", up=f"ALTER TABLE {table} {text};", down="-- drops the index")
        )
    return SafeForm(steps=tuple(steps))
