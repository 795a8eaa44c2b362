"""Which failures may be the machine's, or the moment's, and not the migration's: they are never taken as proved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.interface import SqlError
    from glowplug.dialect import Direction
    from glowplug.project import Migration
    from glowplug.rehearsal.measured import Data, Measurement
    from glowplug.rehearsal.outcome import RoundTrip

_OF_THE_MOMENT = (
    "08",  # the connection
    "40",  # deadlocks, serialization
    "53",  # resources: disk, memory, connections
    "54001",  # the stack's depth, which the system limits
    "55006",  # in use
    "55P03",  # a lock that was not to be had
    "57",  # somebody intervened
    "58",  # the system
    "70100",  # interrupted
    "HY001",  # memory
    "XX",  # the server's own fault
)
"""Beginnings of SQLSTATEs."""

_OF_THE_MOMENT_ON_SQLITE = (
    *("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_FULL", "SQLITE_INTERNAL", "SQLITE_INTERRUPT"),
    *("SQLITE_IOERR", "SQLITE_LOCKED", "SQLITE_NOLFS", "SQLITE_NOMEM", "SQLITE_PERM", "SQLITE_PROTOCOL"),
)

_NUMBER = re.compile(r"\((\d+)\)\Z")
_NUMBERS_OF_THE_MOMENT = frozenset({
    *range(1, 1000),  # the system's, and the storage engine's
    *(1020, 1021, 1023, 1026, 1030, 1037, 1038, 1040, 1041),  # files, memory, connections
    *(1105, 1114, 1119, 1135, 1180, 1194, 1203, 1205, 1206, 1213, 1317),  # a full table, locks, an interruption
    *(1927, 1969, 3024),  # ended from outside, or for the time it took
    *range(2000, 3000),  # the client's
})  # fmt: skip
"""Of MySQL and MariaDB, which give most of these the SQLSTATE HY000, as they do to much else."""


def is_refused_unasked(migration: Migration, direction: Direction) -> bool:
    """Whether Diesel refuses a file for its bytes, before any server is asked: such an error has no code."""
    content = migration.sql(direction)
    if not content or b"\0" in content:
        return True
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def is_doubtful(error: SqlError) -> bool:
    """Whether the same file might fare otherwise the next time, or on another machine; with no code, it might."""
    if error.timed_out or error.missing_extension is not None or error.code is None:
        return True
    number = _NUMBER.search(error.message) if error.code == "HY000" else None
    if number is not None and int(number[1]) in _NUMBERS_OF_THE_MOMENT:
        return True
    return error.code.startswith((*_OF_THE_MOMENT, *_OF_THE_MOMENT_ON_SQLITE))


def errors_of(trip: RoundTrip) -> Iterator[SqlError]:
    """Give every error of a server's that a round trip tells of, among them those of its measurement."""
    if trip.error is not None and not is_refused_unasked(trip.migration, trip.error.direction):
        yield trip.error.error
    yield from (each.error for each in (*trip.leaves_unasked, *trip.down_leaves_unasked) if each.error is not None)
    if trip.measurement is not None:
        yield from _of_measurement(trip.measurement)


def _of_measurement(measurement: Measurement) -> Iterator[SqlError]:
    for trace in (measurement.observed, measurement.observed_down):
        if trace is not None:
            errors = (trace.error, *(seen.error for seen in trace.statements))
            yield from (error for error in errors if error is not None)
    for test in measurement.tests:
        if test.error is not None:
            yield test.error
    yield from measurement.met
    yield from _of_data(measurement.data)


def _of_data(data: Data) -> Iterator[SqlError]:
    failures = (data.failure, *(world.failure for world in data.elsewhere))
    yield from (failure.error for failure in failures if failure is not None)
    yield from (refusal.error for refusal in data.refusals)
