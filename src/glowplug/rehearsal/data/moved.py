"""Whether values that are no longer where they were are elsewhere: in new columns, whole or split, or new tables."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING

from glowplug.rehearsal.data.compare import match, same
from glowplug.rehearsal.data.missing import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glowplug.database.rows import Value
    from glowplug.rehearsal.data.compare import Reading
    from glowplug.rehearsal.data.missing import State
    from glowplug.rehearsal.data.names import Names

_TELLING = 3  # characters: a shorter text is in many others by chance
_WORD = re.compile(r"\w")


class Moved:
    """Looks in a later state for what was in an earlier one."""

    def __init__(self, earlier: State, later: State, names: Names) -> None:
        """Take two states, and what the tables and columns of the earlier one are called in the later."""
        self._earlier, self._later, self._names = earlier, later, names
        self._partners: dict[str, Mapping[int, int]] = {}

    def there(self, table: str, column: str, rows: Sequence[int]) -> frozenset[int]:
        """Give those of the rows whose value of this column can still be found."""
        reading = self._earlier[table]
        values = reading.values(column)
        telling = [row for row in rows if values[row] is not None]
        direct = self._in_place(reading, column, telling)
        rest = [row for row in telling if row not in direct]
        if rest and (
            self._beside(reading, column, rest)
            or self._elsewhere(reading, column, rest)
            or self._in_rows(reading, column, rest)
        ):
            direct |= frozenset(rest)
        return direct

    def rows_there(self, table: str, rows: Sequence[int]) -> bool:
        """Whether whole rows are still in their table, or went to others."""
        return self.rows_in_place(table, rows) or bool(self.columns_elsewhere(table, rows))

    def rows_in_place(self, table: str, rows: Sequence[int]) -> bool:
        """Whether all these rows are still in their table, whatever it is called."""
        reading = self._earlier[table]
        return self._partner(reading).keys() >= set(rows)

    def columns_elsewhere(self, table: str, rows: Sequence[int]) -> frozenset[str]:
        """Give the columns whose values, of whole rows that are gone, can be found in other tables."""
        reading = self._earlier[table]
        found = set()
        for column in reading.data_columns:
            values = reading.values(column)
            telling = [row for row in rows if values[row] is not None]
            if telling and self._elsewhere(reading, column, telling):
                found.add(column)
        return frozenset(found)

    def _partner(self, reading: Reading) -> Mapping[int, int]:
        """Give which row of the later state each of a table's rows is."""
        name = reading.table.name
        if name not in self._partners:
            now = self._later.get(self._names.tables.get(name, ""))
            pairs = () if now is None else match(reading, now, columns_of(reading, self._names)).kept
            self._partners[name] = dict(pairs)
        return self._partners[name]

    def _in_place(self, reading: Reading, column: str, rows: Sequence[int]) -> frozenset[int]:
        """Give the rows whose value stands unchanged in the column, under its name of then."""
        now = self._later.get(self._names.tables.get(reading.table.name, ""))
        new = self._names.columns.get((reading.table.name, column))
        if now is None or new is None or not now.has(new):
            return frozenset()
        partner = self._partner(reading)
        before, after = reading.column(column), now.column(new)
        types = (before.type if before else None, after.type if after else None)
        values, afterwards = reading.values(column), now.values(new)
        return frozenset(row for row in rows if row in partner and same(values[row], afterwards[partner[row]], types))

    def _beside(self, reading: Reading, column: str, rows: Sequence[int]) -> bool:
        """Whether each row has its value in other columns that are new or changed: one has it, or all together."""
        now = self._later.get(self._names.tables.get(reading.table.name, ""))
        if now is None:
            return False
        partner = self._partner(reading)
        if not set(rows) <= partner.keys():
            return False
        values = [reading.values(column)[row] for row in rows]
        before = reading.column(column)
        candidates: list[list[Value]] = []
        for name in self._new_or_changed(reading, now, partner):
            column_now = now.column(name)
            types = (before.type if before else None, column_now.type if column_now else None)
            theirs = [now.values(name)[partner[row]] for row in rows]
            telling = len(set(values)) > 1 and self._may_hold(reading, column, rows, name)
            if telling and all(same(one, two, types) for one, two in zip(values, theirs, strict=True)):
                return True
            candidates.append(theirs)
        return bool(candidates) and all(
            _covered(value, [theirs[index] for theirs in candidates]) for index, value in enumerate(values)
        )

    def _may_hold(self, reading: Reading, column: str, rows: Sequence[int], name: str) -> bool:
        """Whether equal values are this column's: if another column has the same ones, its name has to tell."""
        own = reading.values(column)
        values = [own[row] for row in rows]
        others = (reading.values(other) for other in reading.data_columns if other != column)
        if not any([other[row] for row in rows] == values for other in others):
            return True
        return column.casefold() in name.casefold() or name.casefold() in column.casefold()

    def _new_or_changed(self, reading: Reading, now: Reading, partner: Mapping[int, int]) -> Iterator[str]:
        olds = {new: old for old, new in columns_of(reading, self._names).items()}
        for name in now.data_columns:
            if name not in olds:
                yield name
                continue
            before, after = reading.values(olds[name]), now.values(name)
            if any(before[one] != after[two] for one, two in partner.items()):
                yield name

    def _elsewhere(self, reading: Reading, column: str, rows: Sequence[int]) -> bool:
        """Whether another table, new or changed, holds each value beside another one of its row's."""
        own = reading.values(column)
        values = [own[row] for row in rows]
        wanted = set(values)
        beside = [set(zip(values, other, strict=True)) for other in self._other_values(reading, column, rows)]
        for theirs in self._other_tables(reading.table.name):
            named = {name: theirs.values(name) for name in theirs.data_columns}
            columns = list(named.values())
            holding = [
                first
                for name, first in named.items()
                if wanted.issubset(first) and self._may_hold(reading, column, rows, name)
            ]
            for first, second in product(holding, columns):
                there = set(zip(first, second, strict=True))
                if first is not second and any(len(pairs) > 1 and pairs <= there for pairs in beside):
                    return True
        return False

    def _in_rows(self, reading: Reading, column: str, rows: Sequence[int]) -> bool:
        """Whether another table has rows that name each of these by its key, and hold all of its value together."""
        key = next((unique.columns for unique in reading.table.uniques if unique.primary), ())
        if len(key) != 1 or key[0] is None or not reading.has(key[0]):
            return False
        keys, values = reading.values(key[0]), reading.values(column)
        for theirs in self._other_tables(reading.table.name):
            for name in theirs.data_columns:
                naming = theirs.values(name)
                if not {keys[row] for row in rows if _WORD.search(str(values[row]))} <= set(naming):
                    continue
                parts: defaultdict[Value, list[Value]] = defaultdict(list)
                for at, value in enumerate(naming):
                    parts[value] += [theirs.values(other)[at] for other in theirs.data_columns if other != name]
                telling = [row for row in rows if _WORD.search(str(values[row]))]
                if len(telling) > 1 and all(_covered(values[row], parts[keys[row]]) for row in telling):
                    return True
        return False

    def _other_values(self, reading: Reading, column: str, rows: Sequence[int]) -> Iterator[list[Value]]:
        for name in reading.data_columns:
            if name != column:
                own = reading.values(name)
                yield [own[row] for row in rows]
        now = self._later.get(self._names.tables.get(reading.table.name, ""))
        if now is None:
            return
        partner = self._partner(reading)
        if set(rows) <= partner.keys():
            for name in self._new_or_changed(reading, now, partner):
                own = now.values(name)
                yield [own[partner[row]] for row in rows]

    def _other_tables(self, own: str) -> Iterator[Reading]:
        olds = {new: old for old, new in self._names.tables.items()}
        for name, now in self._later.items():
            old = olds.get(name)
            if old == own:
                continue
            if old is None or old not in self._earlier or now.contents != self._earlier[old].contents:
                yield now


def _covered(value: Value, parts: Sequence[Value]) -> bool:
    """Whether a text is in one of the others, or is made of nothing but some of them and what stands between words."""
    if not isinstance(value, str):
        return False
    texts = sorted((part for part in parts if isinstance(part, str) and part), key=len, reverse=True)
    if len(value) >= _TELLING and any(value in text for text in texts):
        return True
    if len(texts) == 1:
        return False
    rest = value
    for text in texts:
        rest = rest.replace(text, " ", 1)
    return bool(texts) and _WORD.search(rest) is None and rest != value
