"""Rule ``cascade-drops-more``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Leaves
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import lead, weight
from glowplug.sql.actions import (
    Drop,
    DropColumn,
    DropConstraint,
    DropTable,
    DropView,
    Rename,
    RenameTable,
    SetSchema,
    Truncate,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name


class CascadeDropsMore(Rule):
    """CASCADE drops what the statement does not name.

    ## What it does
    Finds `DROP … CASCADE` and `TRUNCATE … CASCADE`, and names the views, foreign keys and tables that depend on what
    is dropped, as far as the migrations tell; but not what the same file drops by name as well, and the foreign keys
    of a table that it drops.

    ## Why it is harmful
    Views, foreign keys and functions that somebody else made go as well, without a word, in production perhaps more
    than in the test database; TRUNCATE empties every table that refers to the one that is named. What went the
    down.sql can't know, so it does not bring it back.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text);
    CREATE VIEW addresses AS SELECT email FROM users;
    ```
    ```sql up
    DROP VIEW IF EXISTS addresses CASCADE;
    ```

    ## Use instead
    Name what shall go, and let the server refuse the rest.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text);
    CREATE VIEW addresses AS SELECT email FROM users;
    ```
    ```sql up
    DROP VIEW IF EXISTS addresses;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, a view that somebody else made is gone after the CASCADE; without it the server refuses.
    """

    hazards = (37,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.WARNING
    actions = (Drop, DropColumn, DropConstraint, DropTable, DropView, Truncate)
    claims = (Leaves(dialect=Dialect.POSTGRES, what="a view that the statement does not name is gone"),)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Name what the chain knows to go with it."""
        if not isinstance(action, self.actions) or not action.cascade:
            return
        relation, subject = _named(action)
        going = _dependants(context, action, relation)
        if not going and relation is not None and context.schema.is_new(relation):
            return
        if isinstance(action, Truncate):
            what = f"empties {', '.join(going) or 'every table that refers to it'} as well"
        else:
            what = f"drops {', '.join(going) or 'whatever depends on it'} as well"
        yield Hit(
            message=f"{lead(context)}CASCADE {what}, and in production perhaps more: what is not in the migrations is "
            "not known here",
            span=action.span,
            subject=subject,
            severity=weight(context, Severity.ERROR if going else Severity.WARNING),
            safe_form=SafeForm(note="leave out CASCADE, and drop first, by name, what shall go with it"),
        )


def _named(action: Action) -> tuple[Name | None, str]:
    match action:
        case DropTable() | Truncate():
            return action.table, str(action.table)
        case DropView():
            return action.view, str(action.view)
        case DropColumn():
            return action.table, f"{action.table}.{action.column}"
        case DropConstraint():
            return action.table, f"{action.table}.{action.name}"
        case Drop():
            return None, f"{action.kind} {action.name}"
    return None, ""


def _dependants(context: Context, action: Action, relation: Name | None) -> list[str]:
    schema = context.schema
    if relation is None or isinstance(action, DropConstraint):
        return []
    if isinstance(action, Truncate):
        named = {action.table for action in context.statement.actions if isinstance(action, Truncate)}
        return [str(table.name) for table, _ in schema.references_to(relation) if table.name not in named]
    column = action.column if isinstance(action, DropColumn) else None
    dropped = _dropped_by_name(context)
    views = [f"view {view.name}" for view in schema.views_on(relation, column) if view.name not in dropped]
    if isinstance(action, DropView):
        return [name for name in views if name != f"view {action.view}"]
    keys = [
        f"foreign key {constraint.name} of {table.name}"
        for table, constraint in schema.references_to(relation)
        if table.name not in {relation, *dropped}
        and (column is None or column in constraint.definition.referenced_columns)
    ]
    return views + keys


def _dropped_by_name(context: Context) -> set[Name]:
    """Give what this statement and those after it surely drop; none where a name may come to mean another relation."""
    actions = [
        action
        for statement in context.script.statements
        if statement.span.start >= context.statement.span.start and not statement.conditional
        for action in statement.actions
    ]
    if any(isinstance(action, (RenameTable, Rename, SetSchema)) for action in actions):
        return set()
    tables = [context.schema.table(action.table) for action in actions if isinstance(action, DropTable)]
    views = [context.schema.view(action.view) for action in actions if isinstance(action, DropView)]
    return {facts.name for facts in (*tables, *views) if facts is not None}
