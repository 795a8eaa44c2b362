"""The stretches of a long chain, each on a database and in a process of its own, all at once.

What comes of it is what the chain would have shown on one database, or nothing: wherever two stretches that ran the
same ups do not agree, or one may have been in another's way, the answer is None, and the chain goes one by one.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from glowplug.errors import EnvironmentFailure
from glowplug.processes import can_be_at_once, try_each_apart
from glowplug.rehearsal.doubtful import errors_of
from glowplug.rehearsal.outcome import Outcome, RoundTrip
from glowplug.rehearsal.round_trip import is_a_moment
from glowplug.rehearsal.stretches import MOST
from glowplug.rehearsal.walk import Walked
from glowplug.schema import diff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.processes import Ended
    from glowplug.project import Chain, Migration
    from glowplug.rehearsal.walk import Edge
    from glowplug.scratch.interface import Account, Database, DividingServer

    Tell = Callable[[str, int, int, Migration], None]
    Told = tuple[str, int, int, int]
    """What ``Tell`` hears, of the migration with that index."""

_OF_THE_SERVER = ("40", "53", "55", "57", "58", "XX")
"""Classes of SQLSTATEs that may have come of what else the server did: deadlocks, resources, objects in use, timeouts.

A file that takes too long by itself does so a second time.
"""

_TOLD_EVERY = 0.1
"""Seconds: to hear of every migration at once would cost as much as a part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gone:
    """What one stretch showed, None where the size limit ended something in it, and what its process knows."""

    walked: Walked | None
    account: Account


def walk_at_once(
    chain: Chain,
    server: DividingServer,
    stretches: Sequence[range],
    go: Callable[..., Walked],
    *,
    jobs: int,
    tell: Tell,
    total: int | None = None,
) -> Walked | None:
    """Rehearse the whole chain in ``stretches``, ``jobs`` at once; None where what came of it can't be trusted.

    The last begin first: they take longest, for what is rehearsed grows. ``go`` is ``walk`` for this chain, or like it.
    ``tell`` is called in this process, of ``total`` migrations, else of all that can run. An exception there, or here
    (a signal's), ends all that runs.

    Raises:
        EnvironmentFailure: the server, not a migration, failed; of several stretches' the first in the chain.
    """
    if not can_be_at_once():
        return None
    listener = _Listener(
        chain=chain,
        tell=tell,
        total=sum(migration.runnable for migration in chain.migrations) if total is None else total,
        last=len(stretches) - 1,
    )
    tasks = [_Stretch(chain=chain, server=server, make=server.apart(), own=own, go=go) for own in stretches]
    with server.divided():
        ended = try_each_apart(tasks, at_once=min(jobs, MOST), hear=listener.hear, last_first=True)
    if any(one.error is None and one().walked is None for one in ended):
        return None
    walked = list(_until_one_stops(ended, stretches))
    if not _agree(walked, ended, of=len(stretches)):
        return None
    together = _together(chain, walked)
    if any(map(_may_be_anothers, _errors(together))):
        return None
    for one in ended:
        server.settle(one().account)
    return together


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """Goes one stretch, in its own process, on the database that ``make`` makes there."""

    chain: Chain
    server: DividingServer
    make: Callable[[], Database]
    own: range
    go: Callable[..., Walked]

    def __call__(self, hear: Callable[[list[Told]], None]) -> _Gone:
        limited = self.server.account().times_limited
        teller = _Teller(indices={item.path: index for index, item in enumerate(self.chain.migrations)}, hear=hear)
        walked: Walked | None = None
        try:
            walked = self._go(teller)
        except EnvironmentFailure:
            if self.server.account().times_limited == limited:
                raise
        teller.flush()
        account = self.server.account()
        return _Gone(walked=walked if account.times_limited == limited else None, account=account)

    def _go(self, teller: _Teller) -> Walked:
        database = self.make()
        try:
            return self.go(database, self.own, tell=teller.tell)
        finally:
            database.close()


@dataclass(slots=True, kw_only=True)
class _Teller:
    """Tells the other process how far this one is, now and then."""

    indices: dict[str, int]
    hear: Callable[[list[Told]], None]
    told: list[Told] = field(default_factory=list)
    last: float = 0.0

    def tell(self, way: str, count: int, total: int, migration: Migration) -> None:
        self.told.append((way, count, total, self.indices[migration.path]))
        if time.monotonic() - self.last > _TOLD_EVERY:
            self.flush()

    def flush(self) -> None:
        if self.told:
            self.hear(self.told)
        self.told, self.last = [], time.monotonic()


@dataclass(slots=True, kw_only=True)
class _Listener:
    """Tells how far all are together: the way up of all, then the way down, which is the last one's."""

    chain: Chain
    tell: Tell
    total: int
    last: int
    done: int = 0

    def hear(self, number: int, told: list[Told]) -> None:
        for way, count, of, index in told:
            migration = self.chain.migrations[index]
            if way == "up":
                self.tell(way, self.done, self.total, migration)
                self.done += 1
            elif number == self.last and self.done >= self.total:
                self.tell(way, count, of, migration)


def _until_one_stops(ended: Sequence[Ended[_Gone]], stretches: Sequence[range]) -> Iterator[Walked]:
    """Give what the stretches showed, in order, to the first in which an up failed; raise what one raised before."""
    for one, own in zip(ended, stretches, strict=False):
        walked = one().walked
        if walked is None:
            return
        yield walked
        if walked.stopped_at is not None and walked.stopped_at in own:
            return


def _agree(walked: Sequence[Walked], ended: Sequence[Ended[_Gone]], *, of: int) -> bool:
    """Whether the same ups did the same everywhere: in ``of`` stretches."""
    *earlier, last = walked
    if last.back is None or any(one.stopped_at is not None for one in earlier):
        return False
    gone = [one().walked for one in ended if one.error is None]
    if len(gone) < of or any(one is None or one.stopped_at != last.stopped_at for one in gone[len(walked) :]):
        return False
    return all(_same(one.after, other.before) for one, other in itertools.pairwise(walked))


def _same(one: Edge | None, other: Edge | None) -> bool:
    if one is None or other is None or one.recorded != other.recorded:
        return False
    return all(map(is_a_moment, diff(one.schema, other.schema)))


def _together(chain: Chain, walked: Sequence[Walked]) -> Walked:
    sent = itertools.chain.from_iterable(one.trips for one in walked)
    trips = [replace(trip, migration=own) for trip, own in zip(sent, chain.migrations, strict=False)]
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
