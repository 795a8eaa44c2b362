"""Rule ``cannot-run-in-transaction``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import Fails
from glowplug.review.rule import Hit, Rule
from glowplug.sql.actions import CreateIndex, DetachPartition, DropIndex, Maintain, Reindex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action


class CannotRunInTransaction(Rule):
    """A statement that refuses to run in a transaction, in a migration that Diesel wraps in one.

    ## What it does
    Finds `CREATE INDEX CONCURRENTLY`, `DROP INDEX CONCURRENTLY`, `REINDEX … CONCURRENTLY`,
    `DETACH PARTITION … CONCURRENTLY` and `VACUUM` in a migration without `run_in_transaction = false`.

    ## Why it is harmful
    Diesel opens a transaction around a migration unless its metadata.toml says otherwise, and the server refuses these
    statements there: the migration fails at once. One metadata.toml governs up.sql and down.sql alike.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    ```
    ```sql up
    CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
    ```

    ## Use instead
    Write `run_in_transaction = false` into the metadata.toml beside up.sql, and keep the statement alone in its file.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    ```
    ```sql up no-transaction
    CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
    ```

    ## How it was proven
    Each of the statements was run in a transaction on PostgreSQL 14 to 18: SQLSTATE 25001.
    """

    hazards = (2, 62)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (CreateIndex, DropIndex, Reindex, DetachPartition, Maintain)
    claims = (Fails(dialect=Dialect.POSTGRES, code="25001"),)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where the statement would meet Diesel's transaction."""
        what = _refuses(action)
        if what is None or not context.in_transaction:
            return
        statement = context.text(context.statement.span)
        other = "up.sql" if context.down else "down.sql"
        yield Hit(
            message=f"{what} can't run in a transaction, and Diesel opens one around this migration: it fails. "
            f"`run_in_transaction = false` in metadata.toml turns that off, for {other} as well.",
            span=context.statement.span,
            subject=statement,
            safe_form=SafeForm(
                steps=()
                if context.down
                else (
                    Step(
                        name=context.migration.name.partition("_")[2] or context.migration.name,
                        up=f"{statement};",
                        down=(context.migration.down or b"").decode(errors="replace"),
                        run_in_transaction=False,
                        note="alone in its file: two statements are one implicit transaction",
                    ),
                ),
            ),
        )


def _refuses(action: Action) -> str | None:
    match action:
        case CreateIndex(concurrently=True):
            return "CREATE INDEX CONCURRENTLY"
        case DropIndex(concurrently=True):
            return "DROP INDEX CONCURRENTLY"
        case Reindex(concurrently=True):
            return "REINDEX CONCURRENTLY"
        case DetachPartition(concurrently=True):
            return "DETACH PARTITION CONCURRENTLY"
        case Maintain(verb="vacuum"):
            return "VACUUM"
    return None
