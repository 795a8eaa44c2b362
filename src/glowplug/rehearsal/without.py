"""History as it is without what is new: whether that is to blame for what the whole chain shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.dialect import Direction
from glowplug.rehearsal.bookkeeping import is_passed_by
from glowplug.rehearsal.chain_down import chain_down
from glowplug.rehearsal.outcome import Outcome, WayDown

if TYPE_CHECKING:
    from collections.abc import Collection

    from glowplug.project import Chain
    from glowplug.rehearsal.outcome import ChainDown, Rehearsal
    from glowplug.scratch.interface import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """What history shows without what is new: its versions that ran and are not recorded, and its way down."""

    forgotten: frozenset[str]
    chain_down: ChainDown


def history_alone(chain: Chain, server: Server, rehearsal: Rehearsal, new: Collection[str]) -> Alone | None:
    """Go up and down without those named in ``new``, where it is the question whose doing it is what was shown.

    That takes a fresh database, but where nothing that is new ran. None where it is no question, where there is no
    history, or where that can't go up without what is new.

    Raises:
        EnvironmentFailure: the server, not a migration, failed.
    """
    if not _is_the_question(rehearsal, new):
        return None
    if not any(trip.migration.name in new for trip in rehearsal.round_trips if trip.outcome is not Outcome.NOT_REACHED):
        forgotten = frozenset[str]() if rehearsal.forgotten is None else frozenset(rehearsal.forgotten.versions)
        return Alone(forgotten=forgotten, chain_down=rehearsal.chain_down)
    history = [migration for migration in chain.migrations if migration.runnable and migration.name not in new]
    if not history:
        return None
    database = server.create()
    try:
        baseline = database.connection.snapshot()
        for migration in history:
            failed = database.connection.run(migration, Direction.UP).error is not None
            if failed and not is_passed_by(database, migration, chain.dialect):
                return None
        database.restart_session()
        forgotten = frozenset(migration.version for migration in history).difference(database.connection.recorded())
        down = rehearsal.chain_down
        if down.outcome is not WayDown.SKIPPED:
            down = chain_down(chain, database, baseline, progress=lambda _count, _migration: None)
        return Alone(forgotten=forgotten, chain_down=down)
    finally:
        database.close()


def stops_only_since(alone: Alone | None, rehearsal: Rehearsal, new: Collection[str]) -> bool:
    """Whether the way down stops at a migration of history, which history ``alone`` gets past."""
    if alone is None or not _stops_behind_what_is_new(rehearsal, new):
        return False
    failed_at, before = rehearsal.chain_down.failed_at, alone.chain_down
    if before.outcome is WayDown.COMPLETE:
        return True
    return failed_at is not None and before.failed_at is not None and before.failed_at < failed_at


def _is_the_question(rehearsal: Rehearsal, new: Collection[str]) -> bool:
    """Whether something was shown that is no single migration's, or that history's may not be to blame for."""
    down = rehearsal.chain_down
    if rehearsal.forgotten is not None and rehearsal.forgotten.culprit is None:
        return True
    if down.left or down.lost:
        return all(trip.outcome is Outcome.RESTORED for trip in rehearsal.round_trips)
    if down.outcome is WayDown.FAILED and down.failed_at not in _names(rehearsal):
        return True
    return _stops_behind_what_is_new(rehearsal, new)


def _stops_behind_what_is_new(rehearsal: Rehearsal, new: Collection[str]) -> bool:
    """Whether the way down stops at a migration of history, after some that are new."""
    names, down = _names(rehearsal), rehearsal.chain_down
    name = names.get(down.failed_at or "")
    if down.outcome is not WayDown.FAILED or name is None or name in new:
        return False
    return any(names.get(version) in new for version in rehearsal.recorded[: down.reverted])


def _names(rehearsal: Rehearsal) -> dict[str, str]:
    """The names of what can run, by version."""
    migrations = (trip.migration for trip in rehearsal.round_trips)
    return {migration.version: migration.name for migration in migrations if migration.runnable}
