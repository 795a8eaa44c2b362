"""Rule ``not-null-without-default``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Fails
from glowplug.review.domain import domain_of
from glowplug.review.emptied import emptied_by
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import sql
from glowplug.sql.actions import AddColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action


class NotNullWithoutDefault(Rule):
    """A NOT NULL column is added with nothing to put into the rows that are there.

    ## What it does
    Finds `ADD COLUMN … NOT NULL` without a default, identity or generation expression, on a table that may have rows.

    ## Why it is harmful
    The server refuses it as soon as the table holds one row: an empty test database passes, production does not. And
    the release that still runs does not know the column, so that its INSERTs fail from then on.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN email text NOT NULL;
    ```

    ## Use instead
    Add it nullable, let the application write it, and fill the old rows in batches. Then demand it in three more
    migrations: a CHECK that holds for new rows at once, one that looks at the old rows while others read and write, and
    NOT NULL itself, which believes the CHECK and reads nothing.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN email text;
    ```
    ```sql up
    ALTER TABLE users ADD CONSTRAINT users_email_present CHECK (email IS NOT NULL) NOT VALID;
    ```
    ```sql up
    ALTER TABLE users VALIDATE CONSTRAINT users_email_present;
    ```
    ```sql up
    ALTER TABLE users ALTER COLUMN email SET NOT NULL;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, on a table with rows: SQLSTATE 23502.
    """

    hazards = (21,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AddColumn,)
    covers = ("default-rewrites-table",)
    claims = (Fails(dialect=Dialect.POSTGRES, code="23502"),)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where rows would be without a value."""
        if not isinstance(action, AddColumn) or not words.lacks_value(action, context):
            return
        table, name = action.table, action.column.name
        inserts = f"INSERTs that don't name {name} fail from then on"
        fails = f"it fails as soon as {table} holds one row"
        if emptied_by(context, table) is None:
            inserts = f"{fails}, on the way back too" if context.down else f"{fails}, and {inserts}"
        elif context.down:
            return
        yield Hit(
            message=f"adds {name} to {table} as NOT NULL without a default: {inserts}",
            span=action.span,
            subject=f"{table}.{name}",
            safe_form=_safe_form(action, context),
        )


def _safe_form(action: AddColumn, context: Context) -> SafeForm:
    table, column = action.table, action.column
    if not context.down:
        return words.added_in_steps(table, column, context)
    here, its = sql(context, table), sql(context, column.name)
    then = [f"UPDATE {here} SET {its} = …;"]
    then += [f"ALTER TABLE {here} ALTER COLUMN {its} SET NOT NULL;"] if column.not_null else []
    domain = domain_of(column.type, context.schema)
    collation = "" if column.collation is None else f" COLLATE {sql(context, column.collation)}"
    if domain is not None and domain.demands:
        then.append(f"ALTER TABLE {here} ALTER COLUMN {its} TYPE {column.type}{collation};")
    for each in words.waiting(column):
        key = f"{each.kind.value.upper()} ({its})"
        then.append(f"ALTER TABLE {here} ADD {words.definition(context, each) if each.expression else key};")
    first = f"ALTER TABLE {here} ADD COLUMN {words.bare_column(column, context)};"
    return SafeForm(note=" ".join(["in this down:", first, *then]))
