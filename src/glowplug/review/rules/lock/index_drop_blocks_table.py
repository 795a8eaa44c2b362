"""Rule ``index-drop-blocks-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review import definitions
from glowplug.review.claims import LockMode, Locks
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import NOT_ALONE_IN_A_DOWN, among_others_in_a_down, is_new, lead, sql, weight
from glowplug.sql.actions import DropIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import IndexFacts
    from glowplug.sql.actions import Action


class IndexDropBlocksTable(Rule):
    """An index is dropped under a lock that shuts everybody out of its table.

    ## What it does
    Finds `DROP INDEX` without `CONCURRENTLY`, where the index's table was there before the migration.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock on the table. That waits for every query that runs on it; every query that comes
    later, SELECT too, waits behind it, and until the migration's transaction ends.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    CREATE INDEX users_email_idx ON users (email);
    ```
    ```sql up
    DROP INDEX users_email_idx;
    ```

    ## Use instead
    Drop it concurrently, alone in its file, with `run_in_transaction = false` in the migration's metadata.toml. A
    partitioned table's index can't be dropped so: there, keep the migration short, with a lock timeout.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    CREATE INDEX users_email_idx ON users (email);
    ```
    ```sql up no-transaction
    DROP INDEX CONCURRENTLY users_email_idx;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows AccessExclusiveLock on the table; with CONCURRENTLY, at each moment that it
    waits for others, ShareUpdateExclusiveLock at most.
    """

    hazards = (6,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.WARNING
    actions = (DropIndex,)
    claims = (Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where dropping an index waits for everybody, and everybody for it."""
        if not isinstance(action, DropIndex) or action.concurrently:
            return
        facts = context.schema.index(action.index)
        if facts is None and context.schema.doubt is None and action.if_exists:
            return
        if facts is not None and (facts.constraint is not None or is_new(context, facts.table)):
            return
        table = "its table" if facts is None else str(facts.table)
        doubt = context.schema.doubt
        unless = f", if {action.index} is there ({doubt})" if facts is None and action.if_exists and doubt else ""
        yield Hit(
            message=f"{lead(context)}drops {action.index} under an ACCESS EXCLUSIVE lock on {table}: it waits "
            "for every "
            "query that runs on it, and every later one, SELECT too, waits behind it until the migration has "
            f"ended{unless}",
            span=action.span,
            subject=str(action.index),
            severity=weight(context, self.severity),
            safe_form=_safe_form(action, context, facts),
        )


def _safe_form(action: DropIndex, context: Context, facts: IndexFacts | None) -> SafeForm:
    index = sql(context, action.index)
    table = None if facts is None else context.schema.table(facts.table)
    if table is not None and table.partition_by is not None:
        return SafeForm(
            note=f"{table.name} is partitioned, where DROP INDEX CONCURRENTLY is refused: set a lock timeout, and try "
            "again when it runs out"
        )
    if among_others_in_a_down(context):
        return SafeForm(note=NOT_ALONE_IN_A_DOWN)
    drop = f"DROP INDEX CONCURRENTLY {'IF EXISTS ' if action.if_exists else ''}{index}"
    alone = "alone in its file, with run_in_transaction = false in metadata.toml"
    if context.down or facts is None:
        if len(context.statement.actions) > 1:
            return SafeForm(note="CONCURRENTLY refuses two indexes at once: set a lock timeout, and try again")
        return SafeForm(replacement=drop, note=alone + (", which is for up.sql as well" if context.down else ""))
    build = definitions.index(context, facts, concurrently=True)
    return SafeForm(
        steps=(
            Step(
                name=f"drop_{action.index.name}",
                up=f"{drop};",
                down=f"{build};" if build else f"-- build {index} again as it was, which is not known here",
                run_in_transaction=False,
                note="one index a migration: CONCURRENTLY refuses two at once",
            ),
        )
    )
