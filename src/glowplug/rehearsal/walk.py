"""One stretch of a chain on one database: the ups before it, its own round trips, and the way down if it is its own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from glowplug.dialect import Direction
from glowplug.rehearsal.assertions import asserted
from glowplug.rehearsal.chain_down import chain_down
from glowplug.rehearsal.outcome import ChainDown, Outcome, RoundTrip, WayDown
from glowplug.rehearsal.round_trip import round_trip

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.project import Chain, Migration
    from glowplug.rehearsal.assertions import Broken
    from glowplug.rehearsal.trial import Trial
    from glowplug.schema import Schema
    from glowplug.scratch.interface import Database

    Tell = Callable[[str, int, int, Migration], None]
    """Hears the way ("up" or "down"), how many were gone of how many, and what is next; up, of the own stretch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What there was between two stretches: the schema, and the recorded versions."""

    schema: Schema
    recorded: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What was recorded before the way down, and what became of that."""

    recorded: tuple[str, ...]
    chain_down: ChainDown


@dataclass(slots=True, kw_only=True)
class Walked:
    """What one stretch showed.

    ``stopped_at`` is the index of the migration whose up failed, on the way to the stretch or in it; None: none did.
    ``before`` and ``after`` are the edges to its neighbours, None where there is none or it was not reached.
    ``back`` is there if the stretch was the last, or its own up failed; then ``broken`` are the assertions that do
    not hold at the end.
    """

    trips: list[RoundTrip] = field(default_factory=list)
    stopped_at: int | None = None
    before: Edge | None = None
    after: Edge | None = None
    back: Back | None = None
    broken: tuple[Broken, ...] = ()


def walk(
    chain: Chain, database: Database, own: range, *, forward_only: bool, tell: Tell, trial: Trial | None = None
) -> Walked:
    """Rehearse the migrations of ``own``, by index, on a fresh database; ``trial``: what to try beside the schema.

    Raises:
        EnvironmentFailure: the server, not a migration, failed.
    """
    walked = Walked()
    baseline = before = database.connection.snapshot()
    if own.start:
        walked.stopped_at = _go_up(chain, database, own.start)
        if walked.stopped_at is not None:
            return walked
        before = database.connection.snapshot()
        walked.before = Edge(schema=before, recorded=database.connection.recorded())
    total = sum(chain.migrations[index].runnable for index in own)
    done = 0
    for index in own:
        migration = chain.migrations[index]
        if walked.stopped_at is not None or not migration.runnable:
            walked.trips.append(RoundTrip(migration=migration, outcome=Outcome.NOT_REACHED))
            continue
        tell("up", done, total, migration)
        measured = None
        if trial is not None:
            measured = trial.measure(chain, database, migration, forward_only=forward_only)
        step = round_trip(database, migration, before, chain.dialect)
        walked.trips.append(replace(step.round_trip, measurement=measured))
        done += 1
        if step.after is None:
            walked.stopped_at = index
        else:
            before = step.after
    if walked.stopped_at is None and own.stop < len(chain.migrations):
        walked.after = Edge(schema=before, recorded=database.connection.recorded())
    else:
        if trial is not None and walked.stopped_at is None:
            walked.broken = tuple(asserted(database.connection.rows, trial.assertions, chain))
        walked.back = _go_down(chain, database, baseline, forward_only=forward_only, tell=tell)
    return walked


def _go_up(chain: Chain, database: Database, end: int) -> int | None:
    """Run the ups before ``end``, as Diesel would; the index of one that fails ends it."""
    for index, migration in enumerate(chain.migrations[:end]):
        if migration.runnable and database.connection.run(migration, Direction.UP).error is not None:
            return index
    return None


def _go_down(chain: Chain, database: Database, baseline: Schema, *, forward_only: bool, tell: Tell) -> Back:
    database.restart_session()  # as `diesel migration revert` is another process than `run`
    recorded = database.connection.recorded()
    if forward_only:
        down = ChainDown(outcome=WayDown.SKIPPED, why="glowplug.toml says that this project ships no downs")
    elif not recorded:
        down = ChainDown(outcome=WayDown.SKIPPED, why="nothing was recorded as run")
    else:
        down = chain_down(
            chain,
            database,
            baseline,
            progress=lambda count, migration: tell("down", count, len(recorded), migration),
        )
    return Back(recorded=recorded, chain_down=down)
