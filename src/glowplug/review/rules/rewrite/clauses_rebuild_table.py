"""Rule ``clauses-rebuild-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review import mysql_alter
from glowplug.review.claims import Alters
from glowplug.review.mysql_type_change import written
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.rewrite import _words as words
from glowplug.review.wording import allow, is_new, lead, sql, weight
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
    columns = [each for each in context.statement.actions if isinstance(each, (AddColumn, DropColumn))]
    first = f"ALTER TABLE {table} {', '.join(context.text(each.span) for each in columns)};"
    builds = [f"ALTER TABLE {table} {_clause(context, each)};" for each in indexes]
    if context.down:
        return SafeForm(replacement="\n".join((first, *builds)).rstrip(";"))
    accepted = [
        allow("column-dropped", f"nothing reads {each.column} since …")
        for each in columns
        if isinstance(each, DropColumn)
    ]
    back = [_back(context, each) for each in columns]
    opposite = "-- add again what is dropped, as it was, which is not known here"
    steps = [
        Step(
            name=f"columns_of_{action.table.name}",
            up="\n".join((*accepted, first)),
            down=opposite if None in back else f"ALTER TABLE {table} {', '.join(filter(None, back))};",
        )
    ]
    fork = context.schema.fork()
    for each, build in zip(indexes, builds, strict=True):
        before = fork.table(action.table)
        fork.apply(each, context.statement)
        after = fork.table(action.table)
        known = {} if before is None else before.indexes
        made = [index.name for at, index in (after.indexes if after else {}).items() if at not in known]
        down = "-- drop the index" if len(made) != 1 else f"ALTER TABLE {table} DROP INDEX {sql(context, made[0])};"
        steps.append(Step(name=f"index_{action.table.name}", up=build, down=down))
    return SafeForm(steps=tuple(steps))


def _clause(context: Context, action: Action) -> str:
    text = context.text(action.span)
    return text if text.upper().startswith("ADD") else f"ADD {text}"


def _back(context: Context, action: AddColumn | DropColumn) -> str | None:
    """Write the clause that undoes another; None where what was there is not known."""
    if isinstance(action, AddColumn):
        return f"DROP COLUMN {sql(context, action.column.name)}"
    facts = context.schema.column(action.table, action.column)
    if facts is None or facts.type is None or facts.generated is not None or facts.identity is not None:
        return None
    shape = words.Shape.of(facts, facts.name, written(facts.type))
    return f"ADD COLUMN {sql(context, facts.name)} {words.full(shape)}"
