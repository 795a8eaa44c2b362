"""Rule ``drop-column-needs-version``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import setting
from glowplug.sql.actions import DropColumn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context


class DropColumnNeedsVersion(Rule):
    """Columns are dropped, and nothing says that production's SQLite can do it.

    ## What it does
    Says once for all new migrations that one of them has `DROP COLUMN`, where `server_version` in glowplug.toml does
    not say which SQLite production has.

    ## Why it is harmful
    According to SQLite's manual, DROP COLUMN came with 3.35, in March 2021: a system that is older has its own SQLite,
    and an application that does not bring one with it uses that.

    ## Example
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT);
    ```
    ```sql up
    -- glowplug: allow column-dropped because "nothing reads phone since release 2.4"
    ALTER TABLE users DROP COLUMN phone;
    ```

    ## Use instead
    Say in glowplug.toml which SQLite production has: `server_version = "3.40"` under the chain's `[[chain]]`.
    ```sql before version=3.40
    CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT);
    ```
    ```sql up
    -- glowplug: allow column-dropped because "nothing reads phone since release 2.4"
    ALTER TABLE users DROP COLUMN phone;
    ```

    ## How it was proven
    It was not: no SQLite as old as that is at hand. The manual says so.
    """

    hazards = (111,)
    dialects = frozenset({Dialect.SQLITE})
    severity = Severity.NOTICE

    def check_chain(self, contexts: Sequence[Context]) -> Iterator[tuple[Context, Hit]]:
        """Say once that the version decides."""
        if contexts[0].terms.version is not None:
            return
        found = [
            (context, action)
            for context in contexts
            for action in context.statement.actions
            if isinstance(action, DropColumn)
        ]
        if found:
            context, action = found[0]
            others = len(found) - 1
            more = f", here and {others} times more" if others > 1 else ", here and once more" if others else ""
            yield (
                context,
                Hit(
                    message=f"drops a column{more}: according to its manual SQLite has none before 3.35, and "
                    "nothing says which one production has",
                    span=action.span,
                    subject="DROP COLUMN",
                    safe_form=SafeForm(
                        note="say it in glowplug.toml:\n" + setting(context, "server_version", '"3.40"')
                    ),
                ),
            )
