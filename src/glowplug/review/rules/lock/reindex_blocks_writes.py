"""Rule ``reindex-blocks-writes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import NOT_ALONE_IN_A_DOWN, among_others_in_a_down, is_new, lead, sql, weight
from glowplug.sql.actions import Reindex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name


class ReindexBlocksWrites(Rule):
    """An index is built again while its table's writers wait, and its readers too.

    ## What it does
    Finds `REINDEX` of an index or a table without `CONCURRENTLY`, where the table was there before the migration.

    ## Why it is harmful
    It takes a SHARE lock on the table and an ACCESS EXCLUSIVE lock on each index, and reads the whole table. Writes
    wait until the migration's transaction ends; so do queries, for to plan one the server looks at every index of the
    table.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    CREATE INDEX users_email_idx ON users (email);
    ```
    ```sql up
    REINDEX INDEX users_email_idx;
    ```

    ## Use instead
    Build it again concurrently, alone in its file, with `run_in_transaction = false` in the migration's metadata.toml.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    CREATE INDEX users_email_idx ON users (email);
    ```
    ```sql up no-transaction
    REINDEX INDEX CONCURRENTLY users_email_idx;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows ShareLock on the table and AccessExclusiveLock on the index, and the
    transaction fetches every block of the table; with CONCURRENTLY it is ShareUpdateExclusiveLock on the table.
    """

    hazards = (8,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (Reindex,)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.SHARE),
        Locks(dialect=Dialect.POSTGRES, on="index", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="table"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where an index in use is built again."""
        if not isinstance(action, Reindex) or action.concurrently or action.target is None:
            return
        table = _table(action, context)
        if action.scope not in {"index", "table"} or (table is not None and is_new(context, table)):
            return
        named = "its table" if table is None else str(table)
        indexes = "it" if action.scope == "index" else "each of its indexes"
        lock = f"a SHARE lock on {named}"
        if table is not None and words.is_shut(context, table):
            lock = words.shut(context, table)
        yield Hit(
            message=f"{lead(context)}builds {action.target} again under {lock} and an ACCESS EXCLUSIVE "
            f"lock on {indexes}: every write waits until the migration has ended, and so does every query, which the "
            "server cannot plan without a look at the indexes",
            span=action.span,
            subject=str(action.target),
            severity=weight(context),
            safe_form=SafeForm(note=NOT_ALONE_IN_A_DOWN)
            if among_others_in_a_down(context)
            else SafeForm(
                replacement=f"REINDEX {action.scope.upper()} CONCURRENTLY {sql(context, action.target)}",
                note="alone in its file, with run_in_transaction = false in metadata.toml",
            ),
        )


def _table(action: Reindex, context: Context) -> Name | None:
    if action.target is None or action.scope == "table":
        return action.target
    facts = context.schema.index(action.target)
    return None if facts is None else facts.table
