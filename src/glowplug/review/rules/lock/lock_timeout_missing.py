"""Rule ``lock-timeout-missing``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Fails, Leaves
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import setting
from glowplug.sql import actions as sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name

_LOCKING = (
    sql.AddColumn,
    sql.AddConstraint,
    sql.AlterColumnSetting,
    sql.AlterColumnType,
    sql.AlterConstraint,
    sql.AlterTableSetting,
    sql.AttachPartition,
    sql.CreateIndex,
    sql.CreateTrigger,
    sql.DetachPartition,
    sql.DropColumn,
    sql.DropConstraint,
    sql.DropIndex,
    sql.DropNotNull,
    sql.DropTable,
    sql.DropTrigger,
    sql.LockTable,
    sql.RenameColumn,
    sql.RenameTable,
    sql.SetDefault,
    sql.SetNotNull,
    sql.SwitchTrigger,
    sql.Truncate,
)


class LockTimeoutMissing(Rule):
    """No lock timeout: a migration that has to wait stops everybody else for as long.

    ## What it does
    Looks at all new up.sql together, and says once that statements lock tables that were there before while no
    `lock_timeout` holds. It is silent where `session_setup` in glowplug.toml sets one, or where each file concerned
    does so before its first such statement. Builds with CONCURRENTLY are left out, for they let others through while
    they wait, and `DROP TABLE IF EXISTS` that finds nothing.

    ## Why it is harmful
    A statement that wants a table's lock waits for the longest transaction on it, and every query that comes later
    waits behind it. By default it waits without end: one forgotten session, and the application stands still.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN email text;
    ```

    ## Use instead
    Set it for the connection that runs migrations (`PGOPTIONS='-c lock_timeout=5s'`, `ALTER ROLE … SET lock_timeout`,
    or the application's own first statement, which `session_setup` under `[[chain]]` in glowplug.toml then repeats), or
    at the top of a file that runs in a transaction. Not in front of CONCURRENTLY: two statements in a file are one
    batch, and that fails.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY);
    ```
    ```sql up
    SET LOCAL lock_timeout = '5s';
    ALTER TABLE users ADD COLUMN email text;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `lock_timeout` is 0, without end, in a session where nobody has set it; and
    `SET lock_timeout = '5s'; CREATE INDEX CONCURRENTLY …` as one batch ends with SQLSTATE 25001.
    """

    hazards = (45,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.NOTICE
    claims = (
        Leaves(dialect=Dialect.POSTGRES, what="a session that waits for locks without end"),
        Fails(dialect=Dialect.POSTGRES, code="25001"),
    )

    def check_chain(self, contexts: Sequence[Context]) -> Iterator[tuple[Context, Hit]]:
        """Say once that no timeout holds, at the first statement that it would hold for."""
        if any("lock_timeout" in each.lower() for context in contexts[:1] for each in context.terms.session_setup):
            return
        concerned: dict[str, tuple[Context, Action]] = {}
        ready: set[str] = set()
        made: dict[str, set[Name]] = {}
        there = words.earlier_tables(contexts)
        for context in contexts:
            path = context.migration.path
            for action in words.within(context.statement):
                if isinstance(action, sql.SetVariable) and action.name == "lock_timeout":
                    (ready.add if action.value not in {None, "0", "'0'"} else ready.discard)(path)
                elif path not in ready | concerned.keys() and _locks(
                    action, made.get(path, set()), None if there is None else there[path]
                ):
                    concerned[path] = (context, action)
                elif isinstance(action, sql.CreateTable):
                    made.setdefault(path, set()).add(action.table)
                elif isinstance(action, sql.CreateView):
                    made.setdefault(path, set()).add(action.view)
        if concerned:
            context, action = next(iter(concerned.values()))
            yield context, _hit(action, context, len(concerned))


def _locks(action: Action, made: set[Name], there: frozenset[Name] | None) -> bool:
    if isinstance(action, sql.CreateTable):
        inline = [each for column in action.columns for each in column.constraints]
        parents = {each.references for each in (*action.constraints, *inline)} - {None, action.table}
        return bool(parents - made) or (action.partition_of is not None and action.partition_of not in made)
    if not isinstance(action, _LOCKING) or getattr(action, "concurrently", False):
        return False
    if words.finds_nothing(action, there):
        return False
    table: Name | None = action.table
    return table not in made


def _hit(action: Action, context: Context, files: int) -> Hit:
    more = "" if files == 1 else f", here and in {files - 1} more of the new migrations"
    return Hit(
        message=f"locks a table that is in use, and no lock_timeout holds{more}: it waits as long as the longest "
        "transaction "
        "on the table, and every query that comes later waits behind it",
        span=action.span,
        subject="lock_timeout",
        safe_form=SafeForm(
            note="SET LOCAL lock_timeout = '5s'; at the top of a file, but never in front of CONCURRENTLY, which must "
            "be alone; or set lock_timeout for the connection that runs migrations, and say so in glowplug.toml:\n"
            + setting(context, "session_setup", """["SET lock_timeout = '5s'"]""")
        ),
    )
