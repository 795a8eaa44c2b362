"""Rule ``refresh-blocks-reads``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import LockMode, Locks, Rewrites
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import lead, sql, weight
from glowplug.sql.actions import RefreshView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action


class RefreshBlocksReads(Rule):
    """A materialized view is filled again while nobody can read it.

    ## What it does
    Finds `REFRESH MATERIALIZED VIEW` without `CONCURRENTLY`, of a view that was there before the migration.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock on the view and then runs its query. Every query on the view waits until the
    migration's transaction ends.

    ## Example
    ```sql before
    CREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL);
    CREATE MATERIALIZED VIEW totals AS SELECT id, total FROM orders;
    ```
    ```sql up
    REFRESH MATERIALIZED VIEW totals;
    ```

    ## Use instead
    Refresh it concurrently, which needs a unique index over columns of all its rows.
    ```sql before
    CREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL);
    CREATE MATERIALIZED VIEW totals AS SELECT id, total FROM orders;
    CREATE UNIQUE INDEX totals_id_idx ON totals (id);
    ```
    ```sql up
    REFRESH MATERIALIZED VIEW CONCURRENTLY totals;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows AccessExclusiveLock on the view, which has another relfilenode afterwards;
    with CONCURRENTLY, in a transaction as well, it is ExclusiveLock, under which others read.
    """

    hazards = (63,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (RefreshView,)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="view", mode=LockMode.ACCESS_EXCLUSIVE),
        Rewrites(dialect=Dialect.POSTGRES, on="view"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where readers of the view wait."""
        if not isinstance(action, RefreshView) or action.concurrently:
            return
        facts = context.schema.view(action.view)
        if facts is not None and facts.born.file == context.migration.file(context.direction):
            return
        unique = facts is not None and any(
            index.unique and index.where is None and all(key.column is not None for key in index.keys)
            for index in facts.indexes.values()
        )
        concurrent = f"REFRESH MATERIALIZED VIEW CONCURRENTLY {sql(context, action.view)}"
        yield Hit(
            message=f"{lead(context)}fills {action.view} again under an ACCESS EXCLUSIVE lock: every query on "
            "it waits "
            "until its query has run and the migration has ended",
            span=action.span,
            subject=str(action.view),
            severity=weight(context),
            safe_form=SafeForm(replacement=concurrent)
            if unique
            else SafeForm(note=f"{concurrent}, which needs a unique index on plain columns, without WHERE"),
        )
