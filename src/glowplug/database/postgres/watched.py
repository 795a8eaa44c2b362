"""Run a file in one message with what looks at what it did."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from glowplug.database.postgres.ahead import look_back_ahead
from glowplug.database.postgres.there_and_back import CONSTRAINTS_AT_ONCE
from glowplug.dialect import Direction
from glowplug.sql.postgres import statement_offsets

if TYPE_CHECKING:
    from glowplug.database.interface import SqlError
    from glowplug.database.postgres.batch import Runner
    from glowplug.database.postgres.questions import Watching
    from glowplug.project import Migration
    from glowplug.sql.postgres_locality import Locality

_BEFORE_ANY_QUERY = "25001"
"""What must be a transaction's first statement was not: one of glowplug's had gone before it."""


def run_watched(
    runner: Runner, migration: Migration, direction: Direction, watching: Watching, local: Locality
) -> SqlError | None:
    """Run a file of which ``local`` is known; the runner's answers are then those of ``watching``.

    Only what fails for glowplug's own statements is run again without them: sequences have counted, no rollback brings
    that back, and the second try is not the first.
    """
    waiting = local.writes or local.evaluates  # for the COMMIT
    looking = ((CONSTRAINTS_AT_ONCE,) * waiting) + (watching.ending if watching.reads else (watching.watch,))
    opening, closing = (b"BEGIN", watching.count), (*looking, b"COMMIT")
    meanwhile = partial(look_back_ahead, migration) if direction is Direction.UP else None
    silent = not local.writes
    error = runner.run_whole(
        migration, direction, opening=opening, closing=closing, rows=True, silent=silent, meanwhile=meanwhile
    )
    if error is None or error.timed_out or not runner.session.alive:
        return error
    content = (migration.sql(direction) or b"").decode()
    own = len(opening) + len(statement_offsets(content) or ()) + 1 + waiting  # with the bookkeeping's
    if runner.completed < own and error.code != _BEFORE_ANY_QUERY:
        return error
    return runner.run_whole(migration, direction)
