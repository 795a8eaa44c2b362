"""The rest of a chain of which something was proved: that is not proved again, its ups alone run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.rehearsal.at_once import walk_at_once
from glowplug.rehearsal.known import Begun
from glowplug.rehearsal.leaving_broken import State
from glowplug.rehearsal.outcome import Outcome, RoundTrip
from glowplug.rehearsal.stretches import Pace, cut
from glowplug.rehearsal.walk import Edge, Walked, assert_all, go_down, go_up, passed_by, try_out

if TYPE_CHECKING:
    from glowplug.project import Chain
    from glowplug.rehearsal.known import Known
    from glowplug.rehearsal.trial import Trial
    from glowplug.rehearsal.walk import Tell
    from glowplug.scratch.interface import Database, Server


def walk_on(
    chain: Chain,
    server: Server,
    known: Known,
    *,
    forward_only: bool,
    tell: Tell,
    trial: Trial | None = None,
    jobs: int = 1,
) -> Walked | None:
    """Begin where another run stood, else go up again; None where what was proved does not hold.

    Where a file does not go up from there, that may be of the session, which began there: then all go up in one.
    ``jobs``: as many stretches may be rehearsed at once, on copies of where the other run stood.

    Raises:
        EnvironmentFailure: the server, not a migration, failed.
    """
    rest = _Rest(chain, known, forward_only=forward_only, trial=trial)
    begun = known.begin(chain, server)
    if begun is not None:
        try:
            walked = rest.from_there(begun, server, tell=tell, jobs=jobs)
        finally:
            begun.database.close()
        if walked is not None and walked.stopped_at is None:
            return walked
    database = server.create()
    try:
        fresh = Begun(database=database, at=0, baseline=database.connection.snapshot())
        return rest.whole(fresh, tell=tell)
    finally:
        database.close()


class _Rest:
    def __init__(self, chain: Chain, known: Known, *, forward_only: bool, trial: Trial | None) -> None:
        self._chain = chain
        self._known = known
        self._forward_only = forward_only
        self._trial = trial
        self._unproved = [
            index
            for index, (migration, trip) in enumerate(zip(chain.migrations, known.trips, strict=True))
            if trip is None and migration.runnable
        ]

    def from_there(self, begun: Begun, server: Server, *, tell: Tell, jobs: int) -> Walked | None:
        """Go the whole rest, in stretches at once where that takes less time."""
        pace = Pace.of(self._trial)
        stretches = cut(self._chain.migrations, jobs, pace=pace, forward_only=self._forward_only, new=self._unproved)
        if len(stretches) == 1:
            return self.whole(begun, tell=tell)
        ahead = self._ahead(begun)
        if ahead is None:
            return None
        apart = server.twins(self._chain)
        go = partial(self._stretch, ahead)
        walked = None
        if apart is not None:
            walked = walk_at_once(self._chain, apart, stretches, go, jobs=jobs, tell=tell, total=len(self._unproved))
        return self.whole(ahead, tell=tell) if walked is None else walked

    def whole(self, begun: Begun, *, tell: Tell) -> Walked | None:
        """Go the whole rest on the database that stands there; None where one that was proved does not go up."""
        walked = self._go(begun, begun.database, range(len(self._chain.migrations)), tell=tell)
        return None if walked.back is None else walked

    def _ahead(self, begun: Begun) -> Begun | None:
        """Go up to the first that is not proved; None where one that was does not go up."""
        first = self._unproved[0]
        if first <= begun.at:
            return begun
        if go_up(self._chain, begun.database, range(begun.at, first)) is not None:
            return None
        ahead = replace(begun, at=first)
        self._known.keep(first, self._chain, begun.database, begun.baseline)
        return ahead

    def _stretch(self, begun: Begun, database: Database, own: range, *, tell: Tell) -> Walked:
        """Go one stretch on a database in the state of that which has begun."""
        database.connection.ran_before([each for each in self._chain.migrations[: begun.at] if each.runnable])
        return self._go(begun, database, own, tell=tell)

    def _go(self, begun: Begun, database: Database, own: range, *, tell: Tell) -> Walked:
        """Go up to ``own`` and through it; without ``back`` where one that was proved does not go up."""
        chain, walked = self._chain, Walked()
        before: State | None = None
        if own.start > begun.at:
            walked.stopped_at = go_up(chain, database, range(begun.at, own.start))
            if walked.stopped_at is not None:
                return walked
            before = State(schema=database.connection.snapshot())
            walked.before = Edge(schema=before.schema, recorded=database.connection.recorded())
        whole, after = self._through(begun, database, own, walked, before, tell=tell)
        if not whole:
            return walked
        if walked.stopped_at is None and own.stop < len(chain.migrations):
            schema = database.connection.snapshot() if after is None else after.schema
            walked.after = Edge(schema=schema, recorded=database.connection.recorded())
            return walked
        if walked.stopped_at is None:
            self._keep(own.stop, begun, database)
            walked.broken = assert_all(chain, database, self._trial)
        walked.back = go_down(chain, database, begun.baseline, forward_only=self._forward_only, tell=tell)
        return walked

    def _through(
        self, begun: Begun, database: Database, own: range, walked: Walked, before: State | None, *, tell: Tell
    ) -> tuple[bool, State | None]:
        """Go through ``own``: whether all that was proved went up, and the state then, where that is known.

        It is known only behind a migration that was rehearsed.
        """
        told, total = 0, sum(index in own for index in self._unproved)
        for index in own:
            migration, trip = self._chain.migrations[index], self._known.trips[index]
            self._keep(index, begun, database)
            if walked.stopped_at is not None or not migration.runnable:
                walked.trips.append(RoundTrip(migration=migration, outcome=Outcome.NOT_REACHED))
            elif trip is not None:
                before = None
                walked.trips.append(trip)
                if index >= begun.at and database.connection.run(migration, Direction.UP).error is not None:
                    walked.stopped_at = index
                    return False, None
            else:
                tell("up", told, total, migration)
                told += 1
                before = before or State(schema=database.connection.snapshot())
                step = try_out(
                    self._chain, database, migration, before, forward_only=self._forward_only, trial=self._trial
                )
                walked.trips.append(step.round_trip)
                before = step.after or passed_by(self._chain, database, migration)
                walked.stopped_at = index if before is None else None
        return True, before

    def _keep(self, at: int, begun: Begun, database: Database) -> None:
        if at > begun.at:  # where it began it need not be kept again
            self._known.keep(at, self._chain, database, begun.baseline)
