"""A whole chain: every migration's round trip in order, then the way down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.rehearsal.at_once import walk_at_once
from glowplug.rehearsal.bookkeeping import forgotten
from glowplug.rehearsal.outcome import Rehearsal
from glowplug.rehearsal.stretches import cut
from glowplug.rehearsal.walk import Walked, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.project import Chain, Migration
    from glowplug.rehearsal.trial import Trial
    from glowplug.scratch.interface import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a rehearsal stands: ``done`` of ``total`` migrations, on the way ``up`` or ``down``."""

    done: int
    total: int
    name: str
    way: str


def rehearse(
    chain: Chain,
    server: Server,
    *,
    forward_only: bool,
    progress: Callable[[Progress], None] = lambda _: None,
    jobs: int = 1,
    trial: Trial | None = None,
) -> Rehearsal:
    """Prove every migration of ``chain`` on a fresh database of ``server``.

    A failing up stops the way up; the rest is not reached, and the way down still runs over what was recorded.
    ``forward_only`` skips the way down: the project ships no downs.
    ``jobs``: as many stretches of a long chain may be rehearsed at once, each on a database of its own, where the
    server can keep them apart; the answer is the same. ``trial``: what to try beside the schema.

    Raises:
        EnvironmentFailure: the server, not a migration, failed.
    """

    def tell(way: str, done: int, total: int, migration: Migration) -> None:
        progress(Progress(done=done, total=total, name=migration.name, way=way))

    stretches = cut(chain.migrations, jobs)
    apart = server.dividing(chain) if len(stretches) > 1 else None
    walked = None
    if apart is not None:
        walked = walk_at_once(chain, apart, stretches, forward_only=forward_only, tell=tell, trial=trial)
    if walked is None:
        walked = _one_by_one(chain, server, forward_only=forward_only, tell=tell, trial=trial)
    if walked.back is None:
        raise AssertionError("a whole chain has its way down")
    trips = tuple(walked.trips)
    return Rehearsal(
        round_trips=trips,
        chain_down=walked.back.chain_down,
        recorded=walked.back.recorded,
        forgotten=forgotten(server, trips, walked.back.recorded),
        broken=walked.broken,
    )


def _one_by_one(
    chain: Chain,
    server: Server,
    *,
    forward_only: bool,
    tell: Callable[[str, int, int, Migration], None],
    trial: Trial | None,
) -> Walked:
    database = server.create()
    try:
        own = range(len(chain.migrations))
        return walk(chain, database, own, forward_only=forward_only, tell=tell, trial=trial)
    finally:
        database.close()
