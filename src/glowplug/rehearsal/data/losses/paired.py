"""Two states side by side: which row of the later one each row is, and what stands where its values stood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.rehearsal.data.losses.compare import Reading, match, meaning, same
from glowplug.rehearsal.data.losses.missing import columns_of
from glowplug.rehearsal.data.losses.rewritten import Series, merged

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from glowplug.database.rows import Value
    from glowplug.rehearsal.data.files.names import Names
    from glowplug.rehearsal.data.losses.missing import State
    from glowplug.schema.tables import Type


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A table that is new or was changed: ``came`` are its rows that are new, ``fresh`` the columns that are.

    A column counts as new where it holds other values than it did.
    """

    reading: Reading
    came: Reading
    fresh: frozenset[str]

    def of(self, column: str) -> Reading:
        """Give the rows whose value of this column did not stand there before."""
        return self.reading if column in self.fresh else self.came


class Paired:
    """An earlier and a later state, paired row by row when it is asked of a table."""

    def __init__(self, earlier: State, later: State, names: Names) -> None:
        """Take two states, and what the tables and columns of the earlier one are called in the later."""
        self._earlier, self._later, self._names = earlier, later, names
        self._partners: dict[str, Mapping[int, int]] = {}
        self._others: dict[str, tuple[str, ...]] = {}
        self._series: dict[tuple[int, str, tuple[int, ...]], Series] = {}
        self._images: dict[str, Mapping[int, int]] = {}
        self._holders: dict[str, Holder | None] = {}

    def _partner(self, reading: Reading) -> Mapping[int, int]:
        """Give which row of the later state each of a table's rows is."""
        name = reading.table.name
        if name not in self._partners:
            now = self._later.get(self._names.tables.get(name, ""))
            pairs = () if now is None else match(reading, now, columns_of(reading, self._names)).kept
            self._partners[name] = dict(pairs)
        return self._partners[name]

    def _place(self, reading: Reading, column: str) -> tuple[Reading, str] | None:
        """Give the table and column of then in which a column's values stand."""
        now = self._later.get(self._names.tables.get(reading.table.name, ""))
        new = self._names.columns.get((reading.table.name, column))
        return None if now is None or new is None or not now.has(new) else (now, new)

    def _of(self, reading: Reading, name: str, rows: Iterable[int]) -> Series:
        """Give a column's values in some rows, the same Series for the same rows."""
        key = id(reading), name, tuple(rows)
        if key not in self._series:
            values = reading.values(name)
            self._series[key] = Series(values=[values[row] for row in key[2]], type=type_of(reading, name))
        return self._series[key]

    def _in_place(self, reading: Reading, column: str, rows: Sequence[int]) -> frozenset[int]:
        """Give the rows whose value stands unchanged in the column, under its name of then."""
        place = self._place(reading, column)
        if place is None:
            return frozenset()
        now, new = place
        partner = self._partner(reading)
        types = (type_of(reading, column), type_of(now, new))
        values, afterwards = reading.values(column), now.values(new)
        return frozenset(row for row in rows if row in partner and same(values[row], afterwards[partner[row]], types))

    def _mixed(self, reading: Reading, column: str) -> frozenset[int]:
        """Give the rows whose value is now another row's as well, which had another one, with all that is new alike."""
        place = self._place(reading, column)
        if place is None:
            return frozenset()
        now, new = place
        partner = self._partner(reading)
        kinds = type_of(reading, column), type_of(now, new)
        values, afterwards = reading.values(column), now.values(new)
        if all(values[one] == afterwards[two] for one, two in partner.items()):
            return frozenset()
        more = self._new_in_rows(reading, now, partner)
        olds = {one: _meaning(values[one], kinds[0]) for one in partner}
        images: dict[int, Hashable] = {
            one: (_meaning(afterwards[two], kinds[1]), more[one]) for one, two in partner.items()
        }
        return merged(olds, images)

    def _new_in_rows(self, reading: Reading, now: Reading, partner: Mapping[int, int]) -> Mapping[int, int]:
        """Give each row a number that it shares with those that are alike in all that is new or changed."""
        name = reading.table.name
        if name not in self._images:
            more = [
                now.values(each) for each in self._new_or_changed(reading, now, partner) if not is_numbered(now, each)
            ]
            numbers: dict[tuple[Value, ...], int] = {}
            self._images[name] = {
                one: numbers.setdefault(tuple(theirs[two] for theirs in more), len(numbers))
                for one, two in partner.items()
            }
        return self._images[name]

    def _new_or_changed(self, reading: Reading, now: Reading, partner: Mapping[int, int]) -> tuple[str, ...]:
        name = reading.table.name
        if name not in self._others:
            self._others[name] = tuple(_others(reading, now, columns_of(reading, self._names), partner))
        return self._others[name]

    def _other_tables(self, own: str) -> Iterator[Holder]:
        """Give the tables of then, but for one, that are new or were changed."""
        for name in self._later:
            if name == self._names.tables.get(own):
                continue
            if name not in self._holders:
                self._holders[name] = self._holder(name)
            holder = self._holders[name]
            if holder is not None:
                yield holder

    def _holder(self, name: str) -> Holder | None:
        now = self._later[name]
        old = next((each for each in self._earlier.values() if self._names.tables.get(each.table.name) == name), None)
        if old is None:
            return Holder(reading=now, came=now, fresh=frozenset(now.contents.columns))
        if now.contents == old.contents:
            return None
        partner = self._partner(old)
        known = set(partner.values())
        rows = tuple(row for at, row in enumerate(now.contents.rows) if at not in known)
        came = Reading(table=now.table, contents=replace(now.contents, rows=rows))
        return Holder(reading=now, came=came, fresh=frozenset(self._new_or_changed(old, now, partner)))


def _others(reading: Reading, now: Reading, columns: Mapping[str, str], partner: Mapping[int, int]) -> Iterator[str]:
    olds = {new: old for old, new in columns.items()}
    for name in now.data_columns:
        if name not in olds:
            yield name
            continue
        before, after = reading.values(olds[name]), now.values(name)
        if any(before[one] != after[two] for one, two in partner.items()):
            yield name


def type_of(reading: Reading, name: str) -> Type | None:
    """Give a column's type."""
    column = reading.column(name)
    return None if column is None else column.type


def is_numbered(reading: Reading, name: str) -> bool:
    """Whether the server numbers a column."""
    column = reading.column(name)
    return column is not None and column.numbered


def _meaning(value: Value, kind: Type | None) -> Hashable:
    return value if kind is None or value is None else meaning(value, kind)


def key_of(reading: Reading) -> frozenset[str | None]:
    """Give the columns of the primary key."""
    return frozenset(name for unique in reading.table.uniques if unique.primary for name in unique.columns)
