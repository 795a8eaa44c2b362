"""Rule ``index-blocks-writes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.concurrent_index import build_of, partition_by_partition
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import (
    NOT_IN_A_DOWN,
    among_others_in_a_down,
    condition,
    is_new,
    lead,
    made_here,
    sql,
    weight,
)
from glowplug.schema.simulation.naming import addition, index_columns, invented
from glowplug.sql.actions import CreateIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import IndexFacts
    from glowplug.sql.actions import Action


class IndexBlocksWrites(Rule):
    """An index is built while every write to its table waits.

    ## What it does
    Finds `CREATE INDEX` without `CONCURRENTLY` on a table that was there before the migration.

    ## Why it is harmful
    The build takes a SHARE lock on the table and reads all of it. Every INSERT, UPDATE and DELETE waits until the
    migration's transaction ends; on a large table that is minutes. Where something before it in the file has taken
    ACCESS EXCLUSIVE (ADD COLUMN, DROP CONSTRAINT, …), it is built under that, and SELECT waits too.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    ```
    ```sql up
    CREATE INDEX users_email_idx ON users (email);
    ```

    ## Use instead
    Build it concurrently, alone in its file, with `run_in_transaction = false` in the migration's metadata.toml. On a
    partitioned table that is refused: make the index `ON ONLY` the parent, which builds nothing, build one concurrently
    on each partition, and attach them.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    ```
    ```sql up no-transaction
    CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows ShareLock on the table until the transaction ends, which fetches every
    block of it, and with IF NOT EXISTS the lock also where the index is there; a partitioned table's partitions
    likewise; after ADD COLUMN in the same transaction it is AccessExclusiveLock. With CONCURRENTLY it is
    ShareUpdateExclusiveLock, under which others read and write.
    """

    hazards = (1,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (CreateIndex,)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.SHARE),
        Scans(dialect=Dialect.POSTGRES, on="table"),
        Locks(dialect=Dialect.POSTGRES, on="indexed", mode=LockMode.SHARE),
        Locks(dialect=Dialect.POSTGRES, on="parent", mode=LockMode.SHARE),
        Locks(dialect=Dialect.POSTGRES, on="partition", mode=LockMode.SHARE),
        Scans(dialect=Dialect.POSTGRES, on="partition"),
        Locks(dialect=Dialect.POSTGRES, on="widened", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="widened"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where a plain build stops the writers of a table that is not new."""
        if not isinstance(action, CreateIndex) or action.concurrently or is_new(context, action.table):
            return
        table = action.table
        view = context.schema.view(table)
        facts = context.schema.table(table)
        parent = facts is not None and facts.partition_by is not None
        if (parent and action.only) or (view is not None and made_here(context, view.born)):
            return
        name = action.index or _found_name(action, facts.indexes if facts else {})
        there = context.schema.index(replace(table, name=name), table)
        if action.if_not_exists and there is not None and context.schema.doubt_about(table) is None:
            yield self._skipped(action, context, name, there)
            return
        who = "every INSERT, UPDATE and DELETE on it" if view is None else "every REFRESH of it"
        what = f"{table} and each of its partitions" if parent else str(table)
        if words.is_shut(context, table):
            lock, who = words.shut(context, table), "every query on it, SELECT too,"
        else:
            lock = f"a SHARE lock on {what}"
        yield Hit(
            message=f"{lead(context)}builds {name} under {lock}: {who} waits until the migration has ended, at least "
            f"as long as it takes to read the whole table{condition(context, table)}",
            span=action.span,
            subject=f"{table}.{name}",
            severity=weight(context, Severity.ERROR if view is None else Severity.WARNING),
            safe_form=partition_by_partition(context, action, name, facts)
            if parent and facts is not None
            else _concurrently(context, action, name),
        )

    def _skipped(self, action: CreateIndex, context: Context, name: str, there: IndexFacts) -> Hit:
        waits = (
            f"takes a SHARE lock on {action.table} all the same: it waits for every transaction that has written to "
            f"it, and {words.WRITERS_WAIT}"
        )
        if words.is_shut(context, action.table):
            waits = f"its lock adds nothing to {words.shut(context, action.table)}: {words.READERS_WAIT}"
        return Hit(
            message=f"{lead(context)}builds nothing, for {name} is there, and {waits}",
            span=action.span,
            subject=f"{action.table}.{name}",
            severity=weight(context, Severity.WARNING),
            related=(context.related(there.born, f"{name} is made here"),),
            safe_form=SafeForm(note="leave the statement out"),
        )


def _found_name(action: CreateIndex, taken: Mapping[str, IndexFacts]) -> str:
    """Find the name that the server finds."""
    return invented(action.table.name, addition(index_columns(action.keys)), "idx", lambda name: name in taken)


def _concurrently(context: Context, action: CreateIndex, name: str) -> SafeForm:
    build = build_of(context, action, name, sql(context, action.table))
    if among_others_in_a_down(context):
        return SafeForm(note=NOT_IN_A_DOWN)
    if context.down:
        note = "alone in its file, with run_in_transaction = false in metadata.toml, which is for up.sql as well"
        return SafeForm(replacement=build, note=note)
    others = None if len(context.script.statements) == 1 else "the rest of this file stays in a migration of its own"
    index = sql(context, replace(action.table, name=name))
    return SafeForm(
        steps=(
            Step(
                name=f"index_{action.table.name}",
                up=f"{build};",
                down=f"DROP INDEX CONCURRENTLY {index};",
                run_in_transaction=False,
                note=others,
            ),
        )
    )
