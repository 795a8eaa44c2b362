"""Whether what ran is still recorded as run: Diesel would run again what is not, and never revert it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Direction
from glowplug.rehearsal.outcome import Forgotten, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.project import Migration
    from glowplug.rehearsal.outcome import RoundTrip
    from glowplug.scratch.interface import Server


def forgotten(server: Server, trips: Iterable[RoundTrip], recorded: Iterable[str]) -> Forgotten | None:
    """Find the versions that ran and are not ``recorded``, and on another fresh database whose up made it so.

    Raises:
        EnvironmentFailure: the server, not a migration, failed.
    """
    ran = [trip.migration for trip in trips if trip.outcome not in {Outcome.NOT_REACHED, Outcome.UP_FAILED}]
    missing = {migration.version for migration in ran}.difference(recorded)
    if not missing:
        return None
    return Forgotten(versions=tuple(sorted(missing)), culprit=_culprit(server, ran))


def _culprit(server: Server, ran: Iterable[Migration]) -> Migration | None:
    """Go up once more and look after each; None where nothing is forgotten this time."""
    database = server.create()
    try:
        versions: set[str] = set()
        for migration in ran:
            versions.add(migration.version)
            if database.connection.run(migration, Direction.UP).error is not None:
                return None
            if versions.difference(database.connection.recorded()):
                return migration
        return None
    finally:
        database.close()
