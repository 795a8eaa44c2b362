"""Where a long chain is cut, so that its stretches can be rehearsed at once.

Only time depends on it. What is known of that: an up alone costs a part of a round trip, so does a down on the way
down, and what needs a copy of the database costs many times as much (measured on PostgreSQL).
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

_UP = 0.2
_DOWN = 0.2
_COPIED = 10.0
_LIKELY_COPIED = re.compile(rb"\b(?:concurrently|add\s+value|do\s+\$|extension|copy|vacuum|commit)\b", re.IGNORECASE)
_ROUNDS = 30


def cut(migrations: Sequence[Migration], jobs: int) -> tuple[range, ...]:
    """Cut a chain into at most ``jobs`` stretches, as indices, that take about as long as one another.

    Before its own migrations a stretch runs all ups that come before; the last one goes the whole way down as well.
    """
    count = min(jobs, MOST, len(migrations) // SHORTEST)
    if count < 2:  # noqa: PLR2004 - one is no division
        return (range(len(migrations)),)
    reached = list(itertools.accumulate(map(_weight, migrations)))
    low, high = 0.0, 2 * reached[-1]
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        if _ends(middle, count, reached[-1])[-1] < reached[-1]:
            low = middle
        else:
            high = middle
    borders = [sum(one <= end for one in reached) for end in _ends(high, count, reached[-1])[:-1]]
    return tuple(itertools.starmap(range, itertools.pairwise([0, *borders, len(migrations)])))


def _ends(time: float, count: int, whole: float) -> list[float]:
    """How far each stretch gets in this ``time``."""
    ends: list[float] = []
    end = 0.0
    for number in range(count):
        way_down = _DOWN * whole if number == count - 1 else 0.0
        end += max(0.0, time - _UP * end - way_down)
        ends.append(end)
    return ends


def _weight(migration: Migration) -> float:
    if not migration.runnable:
        return 0.0
    files = (migration.up or b"", migration.down or b"")
    return _COPIED if not migration.run_in_transaction or any(map(_LIKELY_COPIED.search, files)) else 1.0
