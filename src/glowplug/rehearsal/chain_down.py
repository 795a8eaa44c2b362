"""The whole chain down, as ``diesel migration revert --all`` would go it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.interface import SqlError
from glowplug.dialect import Direction
from glowplug.rehearsal.outcome import ChainDown, StepError, WayDown
from glowplug.schema import diff
from glowplug.schema.diff import EXTRA
from glowplug.schema.noise import tell_apart

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.project import Chain, Migration
    from glowplug.schema import Schema
    from glowplug.scratch.interface import Database


def chain_down(
    chain: Chain, database: Database, baseline: Schema, *, progress: Callable[[int, Migration], None]
) -> ChainDown:
    """Revert what the database has recorded, the highest version first, to the first failure.

    ``baseline`` is the schema before the first migration; ``progress`` hears how many were reverted and what is next.
    """
    by_version = {migration.version: migration for migration in chain.migrations if migration.runnable}
    recorded = database.connection.recorded()  # once, as Diesel does: a down may delete another's row
    for reverted, version in enumerate(recorded):
        migration = by_version.get(version)
        if migration is None:
            return _stopped(reverted, version, chain.directory, "it is recorded as run, and not in the directory")
        progress(reverted, migration)
        run = database.connection.run(migration, Direction.DOWN)
        if run.error is not None:
            error = StepError(direction=Direction.DOWN, file=migration.file(Direction.DOWN), error=run.error)
            return ChainDown(outcome=WayDown.FAILED, reverted=reverted, failed_at=version, error=error)
        if version in database.connection.recorded():
            file = migration.file(Direction.DOWN)
            return _stopped(reverted + 1, version, file, "it ran, and its version is still recorded as run")
    return _complete(database, baseline, len(recorded))


def _stopped(reverted: int, version: str, file: str, message: str) -> ChainDown:
    error = StepError(direction=Direction.DOWN, file=file, error=SqlError(code=None, message=message))
    return ChainDown(outcome=WayDown.FAILED, reverted=reverted, failed_at=version, error=error)


def _complete(database: Database, baseline: Schema, reverted: int) -> ChainDown:
    final = database.connection.snapshot()
    differences, _ = tell_apart(diff(baseline, final), baseline, final)
    return ChainDown(
        outcome=WayDown.COMPLETE,
        reverted=reverted,
        left=tuple(final.objects[item.kind, item.name] for item in differences if item.property == EXTRA),
        lost=tuple(item for item in differences if item.property != EXTRA),
    )
