"""Rule ``partition-of-blocks-parent``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import condition, is_new, lead, sql, weight
from glowplug.sql.actions import CreateTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action

_BOUNDS = re.compile(r"\b(FOR\s+VALUES\b.*?\)|DEFAULT)\s*(?:PARTITION\s+BY\b.*)?$", re.IGNORECASE | re.DOTALL)


class PartitionOfBlocksParent(Rule):
    """A partition is made in place, under a lock that shuts everybody out of the whole partitioned table.

    ## What it does
    Finds `CREATE TABLE … PARTITION OF` a table that was there before the migration.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock on the partitioned table, and on its DEFAULT partition, all of which it reads to
    look for rows that belong into the new one. The lock waits for every query that runs; every query that comes later,
    SELECT too, waits behind it, and until the migration's transaction ends.

    ## Example
    ```sql before
    CREATE TABLE events (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
    ```
    ```sql up
    CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    ```

    ## Use instead
    Make a table like it, and attach that: others read and write meanwhile. A DEFAULT partition is read even so, under
    ACCESS EXCLUSIVE, unless a CHECK on it says that it holds no such rows.
    ```sql before
    CREATE TABLE events (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
    ```
    ```sql up
    CREATE TABLE events_2024 (LIKE events INCLUDING ALL);
    ALTER TABLE events ATTACH PARTITION events_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows AccessExclusiveLock on the partitioned table and on the DEFAULT partition,
    all of whose blocks the transaction fetches; ATTACH PARTITION holds ShareUpdateExclusiveLock on the partitioned
    table.
    """

    hazards = (66,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.WARNING
    actions = (CreateTable,)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Locks(dialect=Dialect.POSTGRES, on="default", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="default"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where a partitioned table in use is locked."""
        if not isinstance(action, CreateTable) or action.partition_of is None:
            return
        parent, table = action.partition_of, action.table
        if is_new(context, parent) or (action.if_not_exists and context.schema.table(table) is not None):
            return
        here, its = sql(context, parent), sql(context, table)
        bounds = _BOUNDS.search(context.text(action.span))
        steps = (
            Step(
                name=f"add_{table.name}",
                up=f"CREATE TABLE {its} (LIKE {here} INCLUDING ALL);\n"
                f"ALTER TABLE {here} ATTACH PARTITION {its} {bounds[1] if bounds else 'DEFAULT'};",
                down=f"DROP TABLE {its};",
            ),
        )
        yield Hit(
            message=f"{lead(context)}makes {table} under an ACCESS EXCLUSIVE lock on {parent}, and on its "
            "DEFAULT "
            f"partition, which it reads whole, if there is one: it waits for every query that runs on {parent}, and "
            "every "
            f"later one, SELECT too, waits behind it until the migration has ended{condition(context, parent)}",
            span=action.span,
            subject=str(table),
            severity=weight(context, self.severity),
            safe_form=SafeForm(steps=steps, note=f"foreign keys of {parent} are not in LIKE: ATTACH adds them"),
        )
