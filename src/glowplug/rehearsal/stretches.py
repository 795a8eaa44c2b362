"""Where a long chain is cut, so that its stretches can be rehearsed at once.

Only time depends on it. What is known of that (measured on PostgreSQL): an up alone costs a part of a round trip, so
does a down on the way down, a database with the first readings of it as much as many, and so does what needs a copy of
the database; one index made or dropped on its own does not. With rows, a migration takes as long as forty without.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from glowplug.project import Migration
    from glowplug.rehearsal.trial import Trial

MOST = 8
"""More at once gain nothing: the last one runs every up, and every down."""

PIECES = 4
"""As many stretches for each that goes at once, where they are worth it: who is done takes the next.

With rows nobody knows beforehand how long a migration takes.
"""

WORTH_IT = 1.05
"""How many times as long fewer stretches may take and still be better: they take less of the machine."""

_UP = 0.15
_DOWN = 0.12
_COPIED = 10.0
_LIKELY_COPIED = re.compile(rb"\b(?:(?:add\s+value|extension|copy|vacuum|commit)\b|do\s+\$)", re.IGNORECASE)
_APART = 2.0
_LIKELY_IN_PLACE = re.compile(rb"\s*(?:create|drop)\s[^;]*\bconcurrently\b[^;]*;?\s*", re.IGNORECASE)
_ROUNDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What takes as long as how many round trips of the schema.

    ``start``: a database and the first readings of it; ``rows``: what is tried with rows, of one migration.
    ``shortest``: a stretch of fewer migrations is not worth its database, ``piece``: nor is it where more go at once
    anyway.
    """

    start: float
    rows: float
    shortest: int
    piece: int

    @classmethod
    def of(cls, trial: Trial | None) -> Pace:
        """Give that of a rehearsal with this trial."""
        return WITH_ROWS if trial is not None and trial.data.rows else SCHEMA


SCHEMA = Pace(start=9.0, rows=0.0, shortest=40, piece=1000)
WITH_ROWS = Pace(start=20.0, rows=40.0, shortest=2, piece=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """A whole chain: how far it is, of which so much is ups alone, and what the way down takes."""

    whole: float
    ups: float
    down: float
    start: float

    def ends(self, time: float, count: int) -> list[float]:
        """How far each of so many stretches gets in this ``time``."""
        ends: list[float] = []
        end = 0.0
        for number in range(count):
            start = self.start if number else 0.0
            way_down = self.down if number == count - 1 else 0.0
            end += max(0.0, time - start - self.ups * end - way_down)
            ends.append(end)
        return ends

    def time(self, count: int) -> float:
        """How long the longest of so many takes at least: the last one's ways up and down are its own."""
        low, high = 0.0, self.start + self.down + 2 * self.whole
        for _ in range(_ROUNDS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.ends(middle, count)[-1] < self.whole else (low, middle)
        return high


def cut(
    migrations: Sequence[Migration],
    jobs: int,
    *,
    pace: Pace,
    forward_only: bool = False,
    new: Collection[int] | None = None,
) -> tuple[range, ...]:
    """Cut a chain into stretches, as indices, of which ``jobs`` go at once.

    Before its own migrations a stretch runs all ups that come before; the last one, which may have none of its own,
    goes the whole way down as well, unless all is ``forward_only``. So many as go at once take about as long as one
    another, or they are ``PIECES`` times as many, of a whole chain. ``new``: the others are not rehearsed, and those
    before the first have gone up.
    """
    weights = [_weight(each) for each in migrations]
    places = frozenset(range(len(migrations)) if new is None else new)
    own = [weight + pace.rows if weight and index in places else 0.0 for index, weight in enumerate(weights)]
    most = min(jobs, MOST, sum(map(bool, own)) // pace.shortest)
    if most < 2:  # noqa: PLR2004 - one is no division
        return (range(len(migrations)),)
    reached = list(itertools.accumulate(own))
    ups = _UP * sum(weight for weight, mine in zip(weights, own, strict=True) if mine) / reached[-1]
    way = _Way(whole=reached[-1], ups=ups, down=0.0 if forward_only else _DOWN * sum(weights), start=pace.start)
    times = {count: way.time(count) for count in range(2, most + 1)}
    best = min(times.values())
    count = next(count for count, time in times.items() if time <= best * WORTH_IT)
    pieces = min(PIECES * count, sum(map(bool, own)) // pace.piece) if new is None else 0
    if pieces > count:
        ends = [reached[-1] * (number + 1) / pieces for number in range(pieces)]
    else:
        ends = way.ends(times[count], count)
    borders = [sum(one <= end for one in reached) for end in ends[:-1]]
    return tuple(itertools.starmap(range, itertools.pairwise([0, *borders, len(migrations)])))


def _weight(migration: Migration) -> float:
    if not migration.runnable:
        return 0.0
    files = (migration.up or b"", migration.down or b"")
    if not migration.run_in_transaction:
        return _APART if all(map(_LIKELY_IN_PLACE.fullmatch, files)) else _COPIED
    return _COPIED if any(map(_LIKELY_COPIED.search, files)) else 1.0
