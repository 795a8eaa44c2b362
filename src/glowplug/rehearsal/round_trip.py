"""One migration: up, down, up again, on a database that saw only the ups before it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect, Direction
from glowplug.errors import MissingExtension, MissingFeature
from glowplug.rehearsal.leaving_broken import State, broken_in, left_broken, left_unasked
from glowplug.rehearsal.outcome import Outcome, RoundTrip, SecondUp, StepError
from glowplug.schema import diff
from glowplug.schema.noise import Noise, tell_apart
from glowplug.sql.blank import is_blank

if TYPE_CHECKING:
    from glowplug.database.interface import Connection, Run, SqlError
    from glowplug.project import Migration
    from glowplug.schema import Difference, Schema
    from glowplug.scratch.interface import Database

NOT_DETERMINISTIC = "its definition is another at every run (a timestamp, or the like, frozen into it)"
_MOMENT = re.compile(
    r"""\d{4}-\d\d-\d\d (?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)? (?:[+-]\d\d(?::?\d\d)?|Z)?
    | \d\d:\d\d:\d\d(?:\.\d+)?
    | [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}
    | \b\d{9,}(?:\.\d+)?\b""",
    re.VERBOSE,
)
"""A timestamp, a UUID, seconds since 1970 or a number as long: what tells one run from another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A round trip, and the state that the next migration starts from (None: the chain stops here)."""

    round_trip: RoundTrip
    after: State | None


def round_trip(database: Database, migration: Migration, before: State, dialect: Dialect) -> Step:
    """Run a migration up for good, and down and up again on an excursion.

    Raises:
        MissingExtension: the scratch server lacks an extension that a file asks for.
        MissingFeature: it was built without something that a file asks for.
    """
    connection = database.connection
    if before.broken is None:
        before = replace(before, broken=broken_in(connection, before.schema, dialect))
    up = connection.run(migration, Direction.UP)
    if up.error is not None:
        error = _failure(migration, Direction.UP, up)
        behind = diff(before.schema, connection.snapshot())
        trip = RoundTrip(migration=migration, outcome=Outcome.UP_FAILED, error=error, differences=behind)
        return Step(round_trip=trip, after=None)
    after = _state(connection, before, dialect)
    trip = _there_and_back(database, migration, before, after.schema, dialect)
    left, not_told = left_broken(before, after), left_unasked(before, after)
    return Step(round_trip=replace(trip, leaves_broken=left, leaves_unasked=not_told), after=after)


def tell_what_is_lacking(migration: Migration, direction: Direction, error: SqlError) -> None:
    """Raise where a file failed for what the scratch server lacks, which is no verdict on it.

    Raises:
        MissingExtension: it lacks an extension.
        MissingFeature: it was built without something.
    """
    file = migration.file(direction)
    if error.missing_extension is not None:
        raise MissingExtension(
            f"{file} asks for the extension {error.missing_extension!r}, which the scratch server lacks",
            line=error.line,
        )
    if error.missing_feature is not None:
        raise MissingFeature(
            f"{file} asks for {error.missing_feature}, which the scratch server lacks: {error.message}",
            line=error.line,
        )


def _state(connection: Connection, before: State, dialect: Dialect) -> State:
    """Look at what a file made of ``before``; where the schema is the same, so is what is broken in it."""
    schema = connection.snapshot()
    same = schema == before.schema
    return State(schema=schema, broken=before.broken if same else broken_in(connection, schema, dialect))


def _failure(migration: Migration, direction: Direction, run: Run) -> StepError | None:
    if run.error is None:
        return None
    tell_what_is_lacking(migration, direction, run.error)
    return StepError(direction=direction, file=migration.file(direction), error=run.error)


def _there_and_back(
    database: Database, migration: Migration, before: State, after: Schema, dialect: Dialect
) -> RoundTrip:
    if migration.down is None:
        return RoundTrip(migration=migration, outcome=Outcome.NO_DOWN)
    if is_blank(migration.down, dialect):
        with database.excursion() as connection:
            run = connection.run(migration, Direction.DOWN)
        return RoundTrip(migration=migration, outcome=Outcome.EMPTY_DOWN, empty_down_runs=run.error is None)
    trip = _excursion(database, migration, before, after, dialect)
    if trip.outcome is Outcome.DOWN_FAILED:
        return trip
    if not trip.differences and not trip.second_up_differences:
        return trip
    again = _excursion(database, migration, before, after, dialect)
    return _without_the_undetermined(trip, again)


def _excursion(database: Database, migration: Migration, before: State, after: Schema, dialect: Dialect) -> RoundTrip:
    with database.excursion() as connection:
        down = connection.run(migration, Direction.DOWN)
        if down.error is not None:
            error = _failure(migration, Direction.DOWN, down)
            half = diff(after, connection.snapshot())
            return RoundTrip(migration=migration, outcome=Outcome.DOWN_FAILED, error=error, differences=half)
        restored = _state(connection, before, dialect)
        differences, noise = tell_apart(diff(before.schema, restored.schema), before.schema, restored.schema)
        second_up, second_differences, error = _up_again(connection, migration, after)
    return RoundTrip(
        migration=migration,
        outcome=Outcome.DIFFERS if differences else Outcome.RESTORED,
        second_up=second_up,
        second_up_differences=second_differences,
        error=error,
        differences=differences,
        noise=noise,
        down_leaves_broken=left_broken(before, restored),
        down_leaves_unasked=left_unasked(before, restored),
    )


def _up_again(
    connection: Connection, migration: Migration, after: Schema
) -> tuple[SecondUp, tuple[Difference, ...], StepError | None]:
    run = connection.run(migration, Direction.UP)
    if run.error is not None:
        return SecondUp.FAILED, (), _failure(migration, Direction.UP, run)
    again = connection.snapshot()
    differences, _ = tell_apart(diff(after, again), after, again)
    return (SecondUp.DIFFERS if differences else SecondUp.EQUAL), differences, None


def _without_the_undetermined(trip: RoundTrip, again: RoundTrip) -> RoundTrip:
    """Hold it against the same once more: what then differs otherwise than the first time can't be deterministic."""
    undetermined = tuple(filter(is_a_moment, _changing(trip.differences, again.differences)))
    undetermined_up = _changing(trip.second_up_differences, again.second_up_differences)
    if not undetermined and not undetermined_up:
        return trip
    differences = tuple(item for item in trip.differences if item not in undetermined)
    second = tuple(item for item in trip.second_up_differences if item not in undetermined_up)
    second_up = SecondUp.EQUAL if trip.second_up is SecondUp.DIFFERS and not second else trip.second_up
    return replace(
        trip,
        outcome=Outcome.DIFFERS if differences else Outcome.RESTORED,
        second_up=second_up,
        second_up_differences=second,
        differences=differences,
        noise=trip.noise
        + tuple(Noise(difference=item, reason=NOT_DETERMINISTIC) for item in (*undetermined, *undetermined_up)),
    )


def _changing(first: tuple[Difference, ...], second: tuple[Difference, ...]) -> tuple[Difference, ...]:
    others = {(item.kind, item.name, item.property): item for item in second}
    found = []
    for item in first:
        other = others.get((item.kind, item.name, item.property))
        if other is not None and item.before is not None and item.after is not None and other.after != item.after:
            found.append(item)
    return tuple(found)


def is_a_moment(item: Difference) -> bool:
    """Whether both sides are the same but for when they were made: a down may well set another value at random."""
    return _MOMENT.sub("?", item.before or "") == _MOMENT.sub("?", item.after or "")
