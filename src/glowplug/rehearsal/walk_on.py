"""The rest of a chain of which something was proved: that is not proved again, its ups alone run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Direction
from glowplug.rehearsal.known import Begun
from glowplug.rehearsal.leaving_broken import State
from glowplug.rehearsal.outcome import Outcome, RoundTrip
from glowplug.rehearsal.walk import Walked, assert_all, go_down, try_out

if TYPE_CHECKING:
    from glowplug.project import Chain, Migration
    from glowplug.rehearsal.known import Known
    from glowplug.rehearsal.trial import Trial
    from glowplug.rehearsal.walk import Tell
    from glowplug.scratch.interface import Server


def walk_on(
    chain: Chain, server: Server, known: Known, *, forward_only: bool, tell: Tell, trial: Trial | None = None
) -> Walked | None:
    """Begin where another run stood, else go up again; None where what was proved does not hold.

    Where a file does not go up from there, that may be of the session, which began there: then all go up in one.

    Raises:
        EnvironmentFailure: the server, not a migration, failed.
    """
    begun = known.begin(chain, server)
    if begun is not None:
        walked = _Rest(chain, begun, known, forward_only=forward_only, tell=tell, trial=trial).walk()
        if walked is not None and walked.stopped_at is None:
            return walked
    database = server.create()
    fresh = Begun(database=database, at=0, baseline=database.connection.snapshot())
    return _Rest(chain, fresh, known, forward_only=forward_only, tell=tell, trial=trial).walk()


class _Rest:
    def __init__(
        self, chain: Chain, begun: Begun, known: Known, *, forward_only: bool, tell: Tell, trial: Trial | None
    ) -> None:
        self._chain = chain
        self._begun = begun
        self._database = begun.database
        self._known = known
        self._forward_only = forward_only
        self._tell = tell
        self._trial = trial
        self._walked = Walked()
        self._before: State | None = None  # known only behind a migration that was rehearsed
        self._done = 0

    def walk(self) -> Walked | None:
        """Go the whole way up and down, and close the database; None where one that was proved does not go up."""
        chain, walked = self._chain, self._walked
        try:
            for index, (migration, trip) in enumerate(zip(chain.migrations, self._known.trips, strict=True)):
                if walked.stopped_at is not None or not migration.runnable:
                    walked.trips.append(RoundTrip(migration=migration, outcome=Outcome.NOT_REACHED))
                elif not self._go(index, migration, trip):
                    return None
            if walked.stopped_at is None:
                self._keep(len(chain.migrations))
                walked.broken = assert_all(chain, self._database, self._trial)
            walked.back = go_down(
                chain, self._database, self._begun.baseline, forward_only=self._forward_only, tell=self._tell
            )
            return walked
        finally:
            self._database.close()

    def _go(self, index: int, migration: Migration, trip: RoundTrip | None) -> bool:
        self._keep(index)
        if trip is not None:
            self._before = None
            self._walked.trips.append(trip)
            return index < self._begun.at or self._database.connection.run(migration, Direction.UP).error is None
        total = sum(each is None for each in self._known.trips)
        self._tell("up", self._done, total, migration)
        before = self._before or State(schema=self._database.connection.snapshot())
        step = try_out(
            self._chain, self._database, migration, before, forward_only=self._forward_only, trial=self._trial
        )
        self._walked.trips.append(step.round_trip)
        self._done += 1
        self._before = step.after
        if step.after is None:
            self._walked.stopped_at = index
        return True

    def _keep(self, at: int) -> None:
        if at > self._begun.at:  # where it began it need not be kept again
            self._known.keep(at, self._chain, self._database, self._begun.baseline)
