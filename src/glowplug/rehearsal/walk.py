"""One stretch of a chain on one database: the ups before it, its own round trips, and the way down if it is its own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from glowplug.database.interface import SEVERAL
from glowplug.dialect import Direction
from glowplug.rehearsal.assertions import asserted
from glowplug.rehearsal.bookkeeping import is_passed_by
from glowplug.rehearsal.chain_down import chain_down
from glowplug.rehearsal.leaving_broken import State
from glowplug.rehearsal.outcome import ChainDown, Outcome, RoundTrip, WayDown
from glowplug.rehearsal.round_trip import Step, round_trip, tell_what_is_lacking

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.project import Chain, Migration
    from glowplug.rehearsal.assertions import Broken
    from glowplug.rehearsal.trial import Trial
    from glowplug.schema import Schema
    from glowplug.scratch.interface import Database

    Tell = Callable[[str, int, int, Migration], None]
    """Hears the way ("up" or "down"), how many were gone of how many, and what is next; up, of the own stretch."""

    Keep = Callable[[int, Chain, Database, Schema], None]
    """May keep the state in which so many migrations have run; the schema is that before the first."""


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

    ``stopped_at`` is the index of the migration whose up failed, on the way to the stretch or in it; None: none did,
    or those that did are passed by.
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


def keep_nothing(_at: int, _chain: Chain, _database: Database, _baseline: Schema) -> None:
    """Keep no state."""


def walk(
    chain: Chain,
    database: Database,
    own: range,
    *,
    forward_only: bool,
    tell: Tell,
    trial: Trial | None = None,
    keep: Keep = keep_nothing,
) -> Walked:
    """Rehearse the migrations of ``own``, by index, on a fresh database; ``trial``: what to try beside the schema.

    ``keep`` may keep any state on the way.

    Raises:
        EnvironmentFailure: the server, not a migration, failed.
    """
    walked = Walked()
    baseline = database.connection.snapshot()
    before = State(schema=baseline)
    if own.start:
        walked.stopped_at = go_up(chain, database, range(own.start))
        if walked.stopped_at is not None:
            return walked
        before = State(schema=database.connection.snapshot())
        walked.before = Edge(schema=before.schema, recorded=database.connection.recorded())
    database.connection.will_run([chain.migrations[index] for index in own if chain.migrations[index].runnable])
    total = sum(chain.migrations[index].runnable for index in own)
    done = 0
    for index in own:
        migration = chain.migrations[index]
        if walked.stopped_at is not None or not migration.runnable:
            walked.trips.append(RoundTrip(migration=migration, outcome=Outcome.NOT_REACHED))
            continue
        keep(index, chain, database, baseline)
        tell("up", done, total, migration)
        step = try_out(chain, database, migration, before, forward_only=forward_only, trial=trial)
        walked.trips.append(step.round_trip)
        done += 1
        after = step.after or passed_by(chain, database, migration)
        if after is None:
            walked.stopped_at = index
        else:
            before = after
    if walked.stopped_at is None and own.stop < len(chain.migrations):
        walked.after = Edge(schema=before.schema, recorded=database.connection.recorded())
        return walked
    if walked.stopped_at is None:
        keep(own.stop, chain, database, baseline)
        walked.broken = assert_all(chain, database, trial)
    walked.back = go_down(chain, database, baseline, forward_only=forward_only, tell=tell)
    return walked


def try_out(
    chain: Chain, database: Database, migration: Migration, before: State, *, forward_only: bool, trial: Trial | None
) -> Step:
    """Measure one migration, then its round trip; ``before`` is the state before it.

    Raises:
        EnvironmentFailure: the server lacks what the migration asks for, or failed.
    """
    measured = None
    if trial is not None:
        measured = trial.measure(chain, database, migration, forward_only=forward_only)
    step = round_trip(database, migration, before, chain.dialect)
    if measured is not None:
        for refused in (measured.data.failure, *measured.data.refusals):
            if refused is not None:
                tell_what_is_lacking(migration, refused.direction, refused.error)
    return replace(step, round_trip=replace(step.round_trip, measurement=measured))


def passed_by(chain: Chain, database: Database, migration: Migration) -> State | None:
    """Give the state from which Diesel's next run would go on behind an up that failed; None: from before that up.

    Raises:
        EnvironmentFailure: the server failed.
    """
    if not is_passed_by(database, migration, chain.dialect):
        return None
    return State(schema=database.connection.snapshot())


def assert_all(chain: Chain, database: Database, trial: Trial | None) -> tuple[Broken, ...]:
    """Ask what must hold at the end of the chain; what does not."""
    return () if trial is None else tuple(asserted(database.connection.rows, trial.assertions, chain))


def go_up(chain: Chain, database: Database, stretch: range) -> int | None:
    """Run the ups of ``stretch``, as Diesel would; the index of one that fails, and is not passed by, ends it.

    Raises:
        EnvironmentFailure: the server failed.
    """
    runnable = [index for index in stretch if chain.migrations[index].runnable]
    done = 0
    while done < len(runnable):
        files = [chain.migrations[index] for index in runnable[done : done + SEVERAL]]
        runs = database.connection.run_several(files, Direction.UP)
        done += sum(run.error is None for run in runs)
        if runs[-1].error is not None:
            if not is_passed_by(database, chain.migrations[runnable[done]], chain.dialect):
                return runnable[done]
            done += 1
    return None


def go_down(chain: Chain, database: Database, baseline: Schema, *, forward_only: bool, tell: Tell) -> Back:
    """Revert everything, in a session of its own; ``baseline`` is the schema before the first migration."""
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
