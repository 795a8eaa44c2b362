"""Whether what ran is still recorded as run: Diesel would run again what is not, and never revert it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect, Direction
from glowplug.rehearsal.outcome import Forgotten, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.project import Migration
    from glowplug.rehearsal.outcome import RoundTrip
    from glowplug.scratch.interface import Database, Server


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


def is_passed_by(database: Database, migration: Migration, dialect: Dialect) -> bool:
    """Whether Diesel's next run passes by a migration whose up has failed: its version is recorded all the same.

    So it is where a file ends the transaction by itself. The next run is another process, and so is the session then.
    On MySQL the way up is not gone on: what follows the ups there knows of none that failed.

    Raises:
        EnvironmentFailure: the server failed.
    """
    if dialect is Dialect.MYSQL:
        return False
    database.restart_session()  # first: in the old one, the file may have given up the right to read the table
    return migration.version in database.connection.recorded()


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
