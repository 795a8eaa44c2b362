"""Where a long chain is cut, so that its stretches can be rehearsed at once.

Only time depends on it. What is known of that, in round trips (measured on PostgreSQL): an up alone costs a part of
one, so does a down on the way down, a database with the first readings of it as much as many, and so does what needs a
copy of the database; one index made or dropped on its own does not.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.project import Migration

SHORTEST = 40
"""Migrations for each stretch: a database of its own, and its first readings, are not worth it for fewer."""

MOST = 8
"""More stretches gain nothing: the last one runs every up, and every down."""

START = 12.0
"""Round trips that a database and the first readings of it take as long as."""

WORTH_IT = 1.05
"""How many times as long fewer stretches may take and still be better: they take less of the machine."""

_UP = 0.15
_DOWN = 0.15
_COPIED = 10.0
_LIKELY_COPIED = re.compile(rb"\b(?:(?:add\s+value|extension|copy|vacuum|commit)\b|do\s+\$)", re.IGNORECASE)
_APART = 2.0
_LIKELY_IN_PLACE = re.compile(rb"\s*(?:create|drop)\s[^;]*\bconcurrently\b[^;]*;?\s*", re.IGNORECASE)
_ROUNDS = 30


def cut(migrations: Sequence[Migration], jobs: int) -> tuple[range, ...]:
    """Cut a chain into at most ``jobs`` stretches, as indices, that take about as long as one another.

    Before its own migrations a stretch runs all ups that come before; the last one, which may have none of its own,
    goes the whole way down as well.
    """
    most = min(jobs, MOST, len(migrations) // SHORTEST)
    if most < 2:  # noqa: PLR2004 - one is no division
        return (range(len(migrations)),)
    reached = list(itertools.accumulate(map(_weight, migrations)))
    times = {count: _time(count, reached[-1]) for count in range(2, most + 1)}
    best = min(times.values())
    count = next(count for count, time in times.items() if time <= best * WORTH_IT)
    ends = _ends(times[count], count, reached[-1])
    borders = [sum(one <= end for one in reached) for end in ends[:-1]]
    return tuple(itertools.starmap(range, itertools.pairwise([0, *borders, len(migrations)])))


def _time(count: int, whole: float) -> float:
    """How long the longest of so many stretches takes at least: the last one's ways up and down are its own."""
    low, high = START + (_UP + _DOWN) * whole, START + 2 * whole
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if _ends(middle, count, whole)[-1] < whole else (low, middle)
    return high


def _ends(time: float, count: int, whole: float) -> list[float]:
    """How far each stretch gets in this ``time``."""
    ends: list[float] = []
    end = 0.0
    for number in range(count):
        start = START if number else 0.0
        way_down = _DOWN * whole if number == count - 1 else 0.0
        end += max(0.0, time - start - _UP * end - way_down)
        ends.append(end)
    return ends


def _weight(migration: Migration) -> float:
    if not migration.runnable:
        return 0.0
    files = (migration.up or b"", migration.down or b"")
    if not migration.run_in_transaction:
        return _APART if all(map(_LIKELY_IN_PLACE.fullmatch, files)) else _COPIED
    return _COPIED if any(map(_LIKELY_COPIED.search, files)) else 1.0
