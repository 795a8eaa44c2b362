"""The up's own columns that hold what it took from others: a down that brings those back gives up some of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from glowplug.rehearsal.data.files.names import Names
    from glowplug.rehearsal.data.losses.compare import Reading
    from glowplug.rehearsal.data.losses.missing import State

_TELLING = 2  # values: a single one comes back by chance, as a default does


def carriers(written: State, restored: State, own: Names, down: Names) -> Iterator[tuple[Reading, str]]:
    """Give own columns of tables in which the down made others anew, and filled them with more than one value.

    ``own``: what is called how before the up; a column that is not in it is the up's own.
    """
    for name, reading in written.items():
        then = restored.get(down.tables.get(name, ""))
        if name not in own.tables or then is None:
            continue
        known = {down.columns.get((name, column)) for column in reading.contents.columns}
        if any(len(then.distinct(each)) >= _TELLING for each in then.data_columns if each not in known):
            yield from ((reading, column) for column in reading.data_columns if (name, column) not in own.columns)


def is_carried(reading: Reading, column: str, odd: Collection[int], lost: Mapping[str, Collection[int]]) -> bool:
    """Whether all rows but odd ones have their values of a column again, and more than one; ``lost``: those without."""
    values = reading.values(column)
    plain = [row for row in range(len(values)) if row not in odd]
    return len({values[row] for row in plain}) >= _TELLING and not set(plain).intersection(lost.get(column, ()))
