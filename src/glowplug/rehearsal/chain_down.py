"""The whole chain down, as ``diesel migration revert --all`` would go it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from glowplug.database.interface import SEVERAL, SqlError
from glowplug.dialect import Direction
from glowplug.rehearsal.outcome import ChainDown, StepError, WayDown
from glowplug.schema import diff
from glowplug.schema.diff import EXTRA
from glowplug.schema.noise import tell_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.database.interface import Run
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
    reverted = 0
    while reverted < len(recorded):
        coming = itertools.takewhile(by_version.__contains__, recorded[reverted : reverted + SEVERAL])
        files = [by_version[version] for version in coming]
        if not files:
            unknown = "it is recorded as run, and not in the directory"
            return _stopped(reverted, recorded[reverted], chain.directory, unknown)
        progress(reverted, files[0])
        runs = database.connection.run_several(files, Direction.DOWN)
        stopped = _verdict(database, reverted, list(zip(files, runs, strict=False)))
        if stopped is not None:
            return stopped
        reverted += len(runs)
    return _complete(database, baseline, len(recorded))


def _verdict(database: Database, reverted: int, ran: Sequence[tuple[Migration, Run]]) -> ChainDown | None:
    """Say why the way ends with one of the downs that ran; None: it goes on."""
    recorded = None
    for index, (migration, run) in enumerate(ran, reverted):
        file = migration.file(Direction.DOWN)
        if run.error is not None:
            error = StepError(direction=Direction.DOWN, file=file, error=run.error)
            return ChainDown(outcome=WayDown.FAILED, reverted=index, failed_at=migration.version, error=error)
        recorded = database.connection.recorded() if recorded is None else recorded
        if migration.version in recorded:
            return _stopped(index + 1, migration.version, file, "it ran, and its version is still recorded as run")
    return None


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
