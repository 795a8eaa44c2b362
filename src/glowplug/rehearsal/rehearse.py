"""A whole chain: every migration's round trip in order, then the way down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.rehearsal.bookkeeping import forgotten
from glowplug.rehearsal.chain_down import chain_down
from glowplug.rehearsal.outcome import ChainDown, Outcome, Rehearsal, RoundTrip, WayDown
from glowplug.rehearsal.round_trip import round_trip

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.project import Chain
    from glowplug.scratch.interface import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a rehearsal stands: ``done`` of ``total`` migrations, on the way ``up`` or ``down``."""

    done: int
    total: int
    name: str
    way: str


def rehearse(
    chain: Chain, server: Server, *, forward_only: bool, progress: Callable[[Progress], None] = lambda _: None
) -> Rehearsal:
    """Prove every migration of ``chain`` on a fresh database of ``server``.

    A failing up stops the way up; the rest is not reached, and the way down still runs over what was recorded.
    ``forward_only`` skips the way down: the project ships no downs.

    Raises:
        EnvironmentFailure: the server, not a migration, failed.
    """
    database = server.create()
    try:
        trips: list[RoundTrip] = []
        total = sum(migration.runnable for migration in chain.migrations)
        baseline = before = database.connection.snapshot()
        stopped = False
        done = 0
        for migration in chain.migrations:
            if stopped or not migration.runnable:
                trips.append(RoundTrip(migration=migration, outcome=Outcome.NOT_REACHED))
                continue
            progress(Progress(done=done, total=total, name=migration.name, way="up"))
            step = round_trip(database, migration, before, chain.dialect)
            trips.append(step.round_trip)
            done += 1
            if step.after is None:
                stopped = True
            else:
                before = step.after
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
                progress=lambda count, migration: progress(
                    Progress(done=count, total=len(recorded), name=migration.name, way="down")
                ),
            )
    finally:
        database.close()
    return Rehearsal(
        round_trips=tuple(trips),
        chain_down=down,
        recorded=recorded,
        forgotten=forgotten(server, trips, recorded),
    )
