"""The stretches of a long chain, each on a database of its own, all at once.

What comes of it is what the chain would have shown on one database, or nothing: wherever two stretches that ran the
same ups do not agree, or one may have been in another's way, the answer is None, and the chain goes one by one.
"""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING

from glowplug.rehearsal.doubtful import errors_of
from glowplug.rehearsal.outcome import Outcome, RoundTrip
from glowplug.rehearsal.round_trip import is_a_moment
from glowplug.rehearsal.walk import Walked
from glowplug.schema import diff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.project import Chain, Migration
    from glowplug.rehearsal.walk import Edge
    from glowplug.scratch.interface import Database, DividingServer

    Tell = Callable[[str, int, int, Migration], None]
    Told = tuple[str, int, int, Migration]

_OF_THE_SERVER = ("40", "53", "55", "57", "58", "XX")
"""Classes of SQLSTATEs that may have come of what else the server did: deadlocks, resources, objects in use, timeouts.

A file that takes too long by itself does so a second time.
"""


def walk_at_once(
    chain: Chain,
    server: DividingServer,
    stretches: Sequence[range],
    go: Callable[..., Walked],
    *,
    tell: Tell,
    total: int | None = None,
) -> Walked | None:
    """Rehearse the whole chain in ``stretches``; None where what came of it can't be trusted.

    ``go`` is ``walk`` for this chain, or like it. ``tell`` is called in the calling thread, of ``total`` migrations,
    else of all that can run. An exception there, or here (a signal's), ends all that runs.

    Raises:
        EnvironmentFailure: the server, not a migration, failed; of several stretches' the first in the chain.
    """
    limited = server.times_limited
    heard: SimpleQueue[Told | Future[Walked]] = SimpleQueue()
    stops = [threading.Event() for _ in stretches]
    futures: list[Future[Walked]] = []
    with ThreadPoolExecutor(len(stretches), thread_name_prefix="glowplug-stretch") as pool:
        try:
            for own, stop in zip(stretches, stops, strict=True):  # one by one: it changes what all share
                database = server.create_apart(stop)
                futures.append(pool.submit(_walk, go, database, own, heard))
                futures[-1].add_done_callback(heard.put)
            of = sum(migration.runnable for migration in chain.migrations) if total is None else total
            _listen(of, futures, stops, heard, tell)
        finally:
            for stop in stops:
                stop.set()
    if server.times_limited != limited:
        return None
    walked = list(_until_one_stops(futures, stretches))
    if not _agree(walked, futures):
        return None
    together = _together(chain, walked)
    return None if any(map(_may_be_anothers, _errors(together))) else together


def _walk(
    go: Callable[..., Walked], database: Database, own: range, heard: SimpleQueue[Told | Future[Walked]]
) -> Walked:
    try:
        return go(database, own, tell=lambda *told: heard.put(told))
    finally:
        database.close()


def _listen(
    total: int,
    futures: Sequence[Future[Walked]],
    stops: Sequence[threading.Event],
    heard: SimpleQueue[Told | Future[Walked]],
    tell: Tell,
) -> None:
    """Pass on how far all are together, to the end of all; after an error those behind it are not waited for."""
    done, running = 0, len(futures)
    while running:
        said = heard.get()
        if isinstance(said, Future):
            running -= 1
            if said.exception() is not None:
                for stop in stops[futures.index(said) + 1 :]:
                    stop.set()
            continue
        way, count, of, migration = said
        if way == "up":
            tell(way, done, total, migration)
            done += 1
        elif running == 1:
            tell(way, count, of, migration)


def _until_one_stops(futures: Sequence[Future[Walked]], stretches: Sequence[range]) -> Iterator[Walked]:
    """Give what the stretches showed, in order, to the first in which an up failed; raise what one raised before."""
    for future, own in zip(futures, stretches, strict=True):
        walked = future.result()
        yield walked
        if walked.stopped_at is not None and walked.stopped_at in own:
            return


def _agree(walked: Sequence[Walked], futures: Sequence[Future[Walked]]) -> bool:
    """Whether the same ups did the same everywhere."""
    *earlier, last = walked
    behind = futures[len(walked) :]
    if last.back is None or any(one.stopped_at is not None for one in earlier):
        return False
    if any(one.exception() is not None or one.result().stopped_at != last.stopped_at for one in behind):
        return False
    return all(_same(one.after, other.before) for one, other in itertools.pairwise(walked))


def _same(one: Edge | None, other: Edge | None) -> bool:
    if one is None or other is None or one.recorded != other.recorded:
        return False
    return all(map(is_a_moment, diff(one.schema, other.schema)))


def _together(chain: Chain, walked: Sequence[Walked]) -> Walked:
    trips = list(itertools.chain.from_iterable(one.trips for one in walked))
    not_reached = chain.migrations[len(trips) :]
    trips += [RoundTrip(migration=migration, outcome=Outcome.NOT_REACHED) for migration in not_reached]
    last = walked[-1]
    return Walked(trips=trips, stopped_at=last.stopped_at, back=last.back, broken=last.broken)


def _errors(walked: Walked) -> Iterator[SqlError]:
    """Give every error that was met now: in the files, in what they were tried with, in what was asked at the end."""
    for trip in walked.trips:
        if not trip.cached:
            yield from errors_of(trip)
    if walked.back is not None and walked.back.chain_down.error is not None:
        yield walked.back.chain_down.error.error
    yield from (broken.answer.error for broken in walked.broken if broken.answer.error is not None)


def _may_be_anothers(error: SqlError) -> bool:
    return error.timed_out or (error.code or "").startswith(_OF_THE_SERVER)
