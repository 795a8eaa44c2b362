"""Rule ``lock-wait-timeout-missing``."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Fails, Leaves
from glowplug.review.mysql_alter import ON_MARIADB, actions_of, by_manual, in_session, inline_references
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import setting
from glowplug.sql import actions as sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name

_VARIABLE = "lock_wait_timeout"
_OWN = re.compile(r"\b(?:NOWAIT|WAIT\s+\d+)\b", re.IGNORECASE)  # MariaDB's own clauses
_LOCKING = (
    sql.AddColumn,
    sql.AddConstraint,
    sql.AlterColumnSetting,
    sql.AlterConstraint,
    sql.AlterTableSetting,
    sql.CreateIndex,
    sql.CreateTrigger,
    sql.DropColumn,
    sql.DropConstraint,
    sql.DropIndex,
    sql.DropTable,
    sql.LockTable,
    sql.ModifyColumn,
    sql.RenameColumn,
    sql.RenameIndex,
    sql.RenameTable,
    sql.SetDefault,
    sql.Truncate,
)


class LockWaitTimeoutMissing(Rule):
    """No lock_wait_timeout: a migration that has to wait stops everybody else, for up to a day.

    ## What it does
    Looks at all new up.sql together, and says once that statements change tables that were there before while no
    `lock_wait_timeout` is set. It is silent where `session_setup` in glowplug.toml sets one, where each file concerned
    does so before its first such statement, where the statement says so itself (MariaDB's `WAIT 5`), and where
    `DROP TABLE IF EXISTS` finds nothing.

    ## Why it is harmful
    ALTER TABLE waits for the longest transaction that has touched the table, and every query that comes later waits
    behind it. The default is 86,400 seconds: one forgotten session, and the application stands still.

    ## Example
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN email text;
    ```

    ## Use instead
    Set it at the top of a file, or for the connection that runs migrations, which `session_setup` under
    `[[chain]]` in glowplug.toml then repeats.
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY);
    ```
    ```sql up
    SET SESSION lock_wait_timeout = 5;
    ALTER TABLE users ADD COLUMN email text;
    ```

    ## How it was proven
    On MariaDB it is 86400 in a session where nobody has set it. With `lock_wait_timeout = 1` an ALTER of a table that
    another session's transaction has read ends with error 1205.
    """

    hazards = (107,)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.NOTICE
    claims = (
        Leaves(dialect=Dialect.MYSQL, what="a session that waits for locks for a day", versions=ON_MARIADB),
        Fails(dialect=Dialect.MYSQL, code="1205", versions=ON_MARIADB),
    )

    def check_chain(self, contexts: Sequence[Context]) -> Iterator[tuple[Context, Hit]]:
        """Say once that no timeout holds, at the first statement that it would hold for."""
        if any(in_session(context, _VARIABLE) is not None for context in contexts[:1]):
            return
        concerned: dict[str, tuple[Context, Action]] = {}
        there = words.earlier_tables(contexts)
        for path, its in itertools.groupby(contexts, key=lambda context: context.migration.path):
            found = _first(list(its), None if there is None else there[path])
            if found is not None:
                concerned[path] = found
        if concerned:
            context, action = next(iter(concerned.values()))
            yield context, _hit(action, context, len(concerned))


def _first(contexts: Sequence[Context], there: frozenset[Name] | None) -> tuple[Context, Action] | None:
    """Give the first statement of a file that waits for a table that was there, and has no timeout.

    ``there`` are the tables of earlier files; None: not all of them are known.
    """
    actions = [(context, action) for context in contexts for action in actions_of(context.statement)]
    made = {action.table for _, action in actions if isinstance(action, sql.CreateTable)}
    before: set[Name] = set()
    ready = False
    for context, action in actions:
        if isinstance(action, sql.SetVariable):
            alone = all(isinstance(each, sql.SetVariable) for each in context.statement.actions)
            if action.name == _VARIABLE and action.scope != "global" and alone:
                ready = action.value is not None
            continue
        if isinstance(action, sql.CreateTable):
            before.add(action.table)
            waits = bool(_parents(action, context) - made)
        else:
            waits = _locks(action, before) and not words.finds_nothing(action, there)
        if waits and not ready and not _own_timeout(context):
            return context, action
    return None


def _own_timeout(context: Context) -> bool:
    """Whether the statement has a timeout for itself alone: WAIT, NOWAIT, or SET STATEMENT … FOR."""
    if any(isinstance(each, sql.SetVariable) and each.name == _VARIABLE for each in context.statement.actions):
        return True
    return _OWN.search(context.text(context.statement.span)) is not None


def _parents(action: sql.CreateTable, context: Context) -> set[Name]:
    """Give the tables that a new one refers to, which it locks."""
    inline = (each for column in action.columns for each in column.constraints)
    keys = (*action.constraints, *(inline if inline_references(context) else ()))
    return {each.references for each in keys if each.references is not None} - {action.table}


def _locks(action: Action, made: set[Name]) -> bool:
    if not isinstance(action, _LOCKING) or getattr(action, "temporary", False):
        return False
    table: Name | None = action.table
    return table not in made


def _hit(action: Action, context: Context, files: int) -> Hit:
    more = "" if files == 1 else f", here and in {files - 1} more of the new migrations"
    return Hit(
        message=f"changes a table that is in use, and no lock_wait_timeout is set{more}: it waits up to a day, the "
        f"default{by_manual(context)}, for the longest transaction on the table, and every query that comes later "
        "waits behind it",
        span=action.span,
        subject=_VARIABLE,
        safe_form=SafeForm(
            note="SET SESSION lock_wait_timeout = 5; at the top of the file, or for the connection that runs "
            "migrations, and say so in glowplug.toml:\n"
            + setting(context, "session_setup", '["SET SESSION lock_wait_timeout = 5"]')
        ),
    )
