"""A whole chain: every migration's round trip in order, then the way down."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from glowplug.rehearsal.at_once import walk_at_once
from glowplug.rehearsal.bookkeeping import forgotten
from glowplug.rehearsal.outcome import Rehearsal
from glowplug.rehearsal.stretches import Pace, cut
from glowplug.rehearsal.walk import keep_nothing, walk
from glowplug.rehearsal.walk_on import walk_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.project import Chain, Migration
    from glowplug.rehearsal.known import Known
    from glowplug.rehearsal.trial import Trial
    from glowplug.rehearsal.walk import Walked
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
    known: Known | None = None,
) -> Rehearsal:
    """Prove every migration of ``chain`` on a fresh database of ``server``.

    A failing up stops the way up; the rest is not reached, and the way down still runs over what was recorded.
    ``forward_only`` skips the way down: the project ships no downs.
    ``jobs``: as many stretches of a long chain may be rehearsed at once, each on a database of its own, where the
    server can keep them apart; the answer is the same. ``trial``: what to try beside the schema.
    ``known``: what was proved already, which is not proved again; what is now proved is kept there.

    Raises:
        EnvironmentFailure: the server, not a migration, failed.
    """

    def tell(way: str, done: int, total: int, migration: Migration) -> None:
        progress(Progress(done=done, total=total, name=migration.name, way=way))

    walked = None
    if known is not None and known.is_anything:
        walked = walk_on(chain, server, known, forward_only=forward_only, tell=tell, trial=trial, jobs=jobs)
    stretches: tuple[range, ...] = ()
    if walked is None:
        stretches = cut(chain.migrations, jobs, pace=Pace.of(trial), forward_only=forward_only)
    apart = server.dividing(chain) if len(stretches) > 1 else None
    go = partial(
        walk, chain, forward_only=forward_only, trial=trial, keep=keep_nothing if known is None else known.keep
    )
    if apart is not None:
        walked = walk_at_once(chain, apart, stretches, go, jobs=jobs, tell=tell)
    if walked is None:
        walked = _one_by_one(chain, server, partial(go, tell=tell))
    if walked.back is None:
        raise AssertionError("a whole chain has its way down")
    trips = tuple(walked.trips)
    if known is not None:
        known.store(trips)
    return Rehearsal(
        round_trips=trips,
        chain_down=walked.back.chain_down,
        recorded=walked.back.recorded,
        forgotten=forgotten(server, trips, walked.back.recorded),
        broken=walked.broken,
    )


def _one_by_one(chain: Chain, server: Server, go: Callable[..., Walked]) -> Walked:
    database = server.create()
    try:
        return go(database, range(len(chain.migrations)))
    finally:
        database.close()
