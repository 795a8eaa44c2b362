"""Rule ``detach-blocks-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import LockMode, Locks
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import NOT_ALONE_IN_A_DOWN, among_others_in_a_down, condition, is_new, lead, weight
from glowplug.sql.actions import DetachPartition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action


class DetachBlocksTable(Rule):
    """A partition is detached under a lock that shuts everybody out of the whole partitioned table.

    ## What it does
    Finds `DETACH PARTITION` without `CONCURRENTLY`, of a partitioned table that was there before the migration.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock on the partitioned table, the partition and the DEFAULT partition. That waits for
    every query that runs on any of them; every query that comes later, SELECT too, waits behind it, and until the
    migration's transaction ends.

    ## Example
    ```sql before
    CREATE TABLE events (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
    ```
    ```sql up
    ALTER TABLE events DETACH PARTITION events_2023;
    ```

    ## Use instead
    Detach it concurrently, alone in its file, with `run_in_transaction = false` in the migration's metadata.toml. That
    is refused where there is a DEFAULT partition, and for the DEFAULT partition itself: there, keep the migration
    short, with a lock timeout.
    ```sql before
    CREATE TABLE events (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
    ```
    ```sql up no-transaction
    ALTER TABLE events DETACH PARTITION events_2023 CONCURRENTLY;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows AccessExclusiveLock on the partitioned table and the partition; with
    CONCURRENTLY it is ShareUpdateExclusiveLock on the partitioned table. With a DEFAULT partition the server answers
    SQLSTATE 55000.
    """

    hazards = (64,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.WARNING
    actions = (DetachPartition,)
    claims = (Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where a partitioned table in use is locked."""
        if not isinstance(action, DetachPartition) or action.concurrently or action.finalize:
            return
        table, partition = action.table, action.partition
        if is_new(context, table):
            return
        default = context.held.default_of(table, context.schema)
        others = "" if default in {None, partition} else f" and its DEFAULT partition {default}"
        yield Hit(
            message=f"{lead(context)}detaches {partition} under an ACCESS EXCLUSIVE lock on {table}{others}: it "
            "waits for every query that runs on it, and every later one, SELECT too, waits behind it until the "
            f"migration has ended{condition(context, table)}",
            span=action.span,
            subject=f"{table}.{partition}",
            severity=weight(context, self.severity),
            safe_form=SafeForm(
                note=f"{table} has a DEFAULT partition, {default}, and with one DETACH … CONCURRENTLY is refused, of "
                "that itself too: keep the migration short, set a lock timeout, and try again when it runs out"
            )
            if default is not None
            else SafeForm(note=NOT_ALONE_IN_A_DOWN)
            if among_others_in_a_down(context)
            else SafeForm(
                replacement=context.replaced(action.span, f"{context.text(action.span)} CONCURRENTLY"),
                note="alone in its file, with run_in_transaction = false in metadata.toml; from PostgreSQL 14 on, and "
                f"where {table} has no DEFAULT partition",
            ),
        )
