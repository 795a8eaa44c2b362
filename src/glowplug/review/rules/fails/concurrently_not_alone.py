"""Rule ``concurrently-not-alone``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import Fails
from glowplug.review.rule import Hit, Rule
from glowplug.sql.actions import CreateIndex, DetachPartition, DropIndex, Maintain, Reindex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.sql.statement import Statement


class ConcurrentlyNotAlone(Rule):
    """A statement that must run alone shares its file with others, even without Diesel's transaction.

    ## What it does
    Finds `CONCURRENTLY` and `VACUUM` in a file of several statements, with `run_in_transaction = false`.

    ## Why it is harmful
    Diesel sends a file as one batch, and PostgreSQL runs a batch of several statements as one implicit transaction:
    the statement is refused, and nothing of the file stays. So `SET lock_timeout = '2s'; CREATE INDEX CONCURRENTLY …`
    fails, whatever a linter advised. One metadata.toml governs both directions: a down.sql that drops two indexes
    concurrently fails in the same way, on the day that it is needed.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    ```
    ```sql up no-transaction
    SET lock_timeout = '2s';
    CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
    ```

    ## Use instead
    One statement a migration; a timeout belongs to the connection that runs migrations.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    ```
    ```sql up no-transaction
    CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
    ```

    ## How it was proven
    The files were sent as Diesel sends them to PostgreSQL 14 to 18: SQLSTATE 25001, whatever the order.
    """

    hazards = (120, 126)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    claims = (Fails(dialect=Dialect.POSTGRES, code="25001"),)

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Say once for a file that it must be taken apart."""
        if len(contexts) < 2 or contexts[0].in_transaction:  # noqa: PLR2004 - alone is one
            return
        alone = next((context for context in contexts if _must_be_alone(context.statement)), None)
        if alone is None:
            return
        others = len(contexts) - 1
        way_back = " The way back stops here." if alone.down else ""
        yield Hit(
            message=f"shares its file with {others} other {'statement' if others == 1 else 'statements'}: Diesel sends "
            "a file as one batch, which PostgreSQL runs as one implicit transaction even with `run_in_transaction = "
            f"false`, and this statement can't run in one: the file fails.{way_back}",
            span=alone.statement.span,
            subject=alone.text(alone.statement.span),
            safe_form=SafeForm(
                steps=tuple(
                    Step(
                        name=f"{contexts[0].migration.name.partition('_')[2]}_{number}",
                        up=f"{context.text(context.statement.span)};",
                        down="",
                        run_in_transaction=not _must_be_alone(context.statement),
                    )
                    for number, context in enumerate(contexts, start=1)
                )
                if len(contexts) <= 5 and not alone.down  # noqa: PLR2004 - more is no help to read
                else (),
                note="one migration for each: a migration that can't run in a transaction holds a single statement",
            ),
        )


def _must_be_alone(statement: Statement) -> bool:
    return any(
        (isinstance(action, CreateIndex | DropIndex | Reindex | DetachPartition) and action.concurrently)
        or (isinstance(action, Maintain) and action.verb == "vacuum")
        for action in statement.actions
    )
