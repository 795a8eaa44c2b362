"""Where the numbers of a table's rows begin: no other table's rows have them, so that two tables may become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Direction
from glowplug.rehearsal.seeding.compiled import FAR
from glowplug.schema.tables import Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glowplug.rehearsal.data.files.names import Names
    from glowplug.schema.tables import Column, Table

_ROOM = 100_000
"""Numbers of one table before those of the next, where its type has as many."""


class Numbering(msgspec.Struct, frozen=True, kw_only=True):
    """The tables on one side of an up: the ``places`` that their numbers have among those ``of`` all of both sides.

    ``others``: the tables on the other side, by the names on this one.
    """

    places: Mapping[str, int]
    of: int
    others: Mapping[str, Table]

    def first(self, table: Table, column: Column, wanted: int, *, turn: int = 0) -> int:
        """Give the first number of a table's rows: from ``wanted`` on, where the types of both sides have that many.

        ``turn`` 1 gives numbers that 0 does not come to.
        """
        most = min(self._most(table, column), default=None)
        low = wanted if most is None else min(wanted, most // 2)
        room = _ROOM if most is None else min(_ROOM, (most - low) // self.of)
        return low + self.places[table.name] * room + turn * room // 2

    def far(self, table: Table, column: Column) -> int:
        """Give how far behind the first row's number the others' begin: most numbers of the type come after."""
        most = min(self._most(table, column), default=None)
        return FAR if most is None else min(FAR, most // 4)

    def _most(self, table: Table, column: Column) -> Iterator[int]:
        other = self.others.get(table.name)
        same = () if other is None else (each for each in other.columns if each.name == column.name)
        return (each.type.maximum for each in (column, *same) if each.type.maximum is not None)


def numberings(
    before: Sequence[Table], after: Sequence[Table], names: Names, *, later: Iterable[Table], earlier: Iterable[Table]
) -> Mapping[Direction, Numbering]:
    """Number what is written before a file runs in each direction: a table has one place on both sides of the up.

    ``later`` and ``earlier`` are ``after`` and ``before`` by the names of the other side.
    """
    back = names.back().tables
    old = {table.name: place for place, table in enumerate(before)}
    added = [table.name for table in after if back.get(table.name) not in old]
    new = {name: place for place, name in enumerate(added, len(old))}
    places = {table.name: new[table.name] if table.name in new else old[back[table.name]] for table in after}
    of = len(old) + len(new)
    return {
        Direction.UP: Numbering(places=old, of=of, others={table.name: table for table in later}),
        Direction.DOWN: Numbering(places=places, of=of, others={table.name: table for table in earlier}),
    }


def numbered(table: Table) -> Iterator[Column]:
    """Give the columns that the server numbers, unless a row has a number of its own there."""
    return (column for column in table.columns if column.numbered and column.written is Written.SERVER_IF_LEFT_OUT)
