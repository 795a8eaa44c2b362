"""References to rows that the server numbered anew: another number, and the same row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.rehearsal.data.losses.compare import match
from glowplug.rehearsal.data.losses.missing import columns_of
from glowplug.rehearsal.data.losses.paired import is_numbered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.database.rows import Value
    from glowplug.rehearsal.data.files.names import Names
    from glowplug.rehearsal.data.losses.missing import Missing, State


def still_refer(found: Missing, earlier: State, later: State, names: Names) -> frozenset[int]:
    """Give those of the rows whose value is a number of a row elsewhere, and now is the number which that row has."""
    if found.column is None or not found.now:
        return frozenset()
    reading = earlier[found.table]
    values = reading.values(found.column)
    keys = [key for key in reading.table.foreign_keys if key.columns == (found.column,)]
    numbers: dict[Value, Value] = {}
    for key in keys:
        numbers.update(_numbered_anew(key.table, key.referenced[0], earlier, later, names))
    return frozenset(
        row
        for row, value in zip(found.rows, found.now, strict=True)
        if value is not None and numbers.get(values[row]) == value
    )


def _numbered_anew(table: str, column: str, earlier: State, later: State, names: Names) -> Mapping[Value, Value]:
    """Give the numbers that rows have now by those that they had, in a column in which the server numbers them."""
    reading, now = earlier.get(table), later.get(names.tables.get(table, ""))
    new = names.columns.get((table, column))
    if reading is None or now is None or new is None or not now.has(new) or not is_numbered(reading, column):
        return {}
    olds, news = reading.values(column), now.values(new)
    return {olds[one]: news[two] for one, two in match(reading, now, columns_of(reading, names)).kept}
