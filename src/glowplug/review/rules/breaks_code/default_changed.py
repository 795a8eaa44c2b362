"""Rule ``default-changed``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Fails
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import actions_of_up, is_new, lead, made_by_up, weight
from glowplug.sql.actions import AlterColumnType, SetDefault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Expression


class DefaultChanged(Rule):
    """A default that the running release may rely on is changed or dropped.

    ## What it does
    Finds `DROP DEFAULT`, and `SET DEFAULT` where there was another one. A first default is silent, and what the same
    transaction gives back: a column whose type changes loses its default before, and gets it in the new type behind.

    ## Why it is harmful
    INSERTs of the release that still runs, which leave the column out, get another value from then on; without a
    default they fail where the column is NOT NULL. That holds for a column added in the same migration, too: the
    running release does not know it.

    ## Example
    ```sql before
    CREATE TABLE jobs (id bigint PRIMARY KEY, priority integer NOT NULL DEFAULT 0);
    ```
    ```sql up
    ALTER TABLE jobs ALTER COLUMN priority DROP DEFAULT;
    ```

    ## Use instead
    Let the application name the column in every INSERT, release that, and change the default after it.
    ```sql before
    CREATE TABLE jobs (id bigint PRIMARY KEY, priority integer);
    ```
    ```sql up
    ALTER TABLE jobs ALTER COLUMN priority SET DEFAULT 0;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, an INSERT without the column fails after DROP DEFAULT: SQLSTATE 23502.
    """

    hazards = (53,)
    dialects = frozenset({Dialect.POSTGRES, Dialect.MYSQL})
    severity = Severity.WARNING
    actions = (SetDefault,)
    claims = (Fails(dialect=Dialect.POSTGRES, code="23502"),)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say what INSERTs meet from then on."""
        if not isinstance(action, SetDefault) or is_new(context, action.table):
            return
        column = context.schema.column(action.table, action.column)
        if column is None or column.default is None or made_by_up(context, column.born):
            return
        if action.default is not None and action.default.text.split() == column.default.text.split():
            return
        if context.down and _is_the_first_of_up(action, context):
            return
        given = _given_after(action, context)
        if given is not None and (given.text.split() == column.default.text.split() or _is_retyped(action, context)):
            return
        name = f"{action.table}.{action.column}"
        required = column.not_null and column.identity is None
        dropped = given is None and (action.default is None or action.default.null)
        if dropped and required:
            what = f"drops the default of {name}, which is NOT NULL: INSERTs of the release that runs fail where they "
            what += f"leave {action.column} out"
        elif dropped:
            what = f"drops the default of {name}: INSERTs that leave it out put NULL there from then on"
        else:
            what = f"changes the default of {name} from {column.default.text}: INSERTs that leave it out put "
            what += "another value there from then on"
        yield Hit(
            message=lead(context) + what,
            span=action.span,
            subject=name,
            severity=weight(context, Severity.WARNING if dropped and required else Severity.NOTICE),
            related=(context.related(column.born, f"{name} was defined here"),),
            safe_form=SafeForm(note=f"release code that names {action.column} in every INSERT before this runs"),
        )


def _given_after(action: SetDefault, context: Context) -> Expression | None:
    """Give the default that the column has in the end, where this takes it away and nobody sees it without one."""
    if action.default is not None or not context.atomic:
        return None
    given = None
    for each in _behind(action, context):
        given = each.default if isinstance(each, SetDefault) else given
    return given


def _is_retyped(action: SetDefault, context: Context) -> bool:
    return any(isinstance(each, AlterColumnType) for each in _behind(action, context))


def _behind(action: SetDefault, context: Context) -> Iterator[SetDefault | AlterColumnType]:
    """Give what comes later in the file and changes the same column's default or type."""
    for statement in context.script.statements:
        for each in statement.actions:
            if not isinstance(each, (SetDefault, AlterColumnType)) or each.span.start <= action.span.start:
                continue
            if (each.table, each.column) == (action.table, action.column):
                yield each


def _is_the_first_of_up(action: SetDefault, context: Context) -> bool:
    """Whether this down takes away what its up gave: the release that comes back knew no default."""
    gives = any(
        isinstance(each, SetDefault) and (each.table, each.column) == (action.table, action.column)
        for each in actions_of_up(context)
    )
    return gives and action.default is None
