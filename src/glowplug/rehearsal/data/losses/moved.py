"""Whether values that are no longer where they were can be had: in new columns, whole or split, or computed back."""

from __future__ import annotations

import re
from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING

from glowplug.rehearsal.data.losses.compare import same
from glowplug.rehearsal.data.losses.paired import Paired, is_numbered, key_of, type_of
from glowplug.rehearsal.data.losses.rewritten import follows, is_less
from glowplug.rehearsal.measured import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glowplug.database.rows import Value
    from glowplug.rehearsal.data.losses.compare import Reading
    from glowplug.rehearsal.data.losses.rewritten import Series

_TELLING = 3  # characters: a shorter text is in many others by chance
_WORD = re.compile(r"\w")


class Moved(Paired):
    """Looks in a later state for what was in an earlier one."""

    def there(self, table: str, column: str, rows: Sequence[int]) -> frozenset[int]:
        """Give those of the rows whose value of this column can still be found, or computed from what is there.

        Not a value that stands where it was, if others have become the same and nothing tells which it had been.
        """
        reading = self._earlier[table]
        values = reading.values(column)
        mixed = self._mixed(reading, column)
        direct = (
            frozenset() if self._is_numbered_anew(reading, column) else self._in_place(reading, column, rows) - mixed
        )
        rest = [row for row in rows if row not in direct and values[row] is not None]
        sure = [row for row in rest if row not in mixed]
        if self._is_kept(reading, column, rest, here=len(sure) == len(rest)):
            return direct | frozenset(rest)
        if len(sure) < len(rest) and self._is_kept(reading, column, sure, here=True):
            return direct | frozenset(sure)
        return direct | self._computed(reading, column, sure)

    def _is_numbered_anew(self, reading: Reading, column: str) -> bool:
        """Whether the server gave most rows another number: the few that are the same are so by chance."""
        place = self._place(reading, column)
        if place is None or not is_numbered(*place):
            return False
        partner = self._partner(reading)
        return len(self._in_place(reading, column, list(partner))) * 2 < len(partner)

    def cause(self, table: str, column: str, rows: Sequence[int]) -> Cause | None:
        """Say why these rows' values are not there, where that is not plain to see in what became of them."""
        reading = self._earlier[table]
        place = self._place(reading, column)
        if place is None or not rows:
            return None
        if self._in_place(reading, column, rows).issuperset(rows):
            return Cause.ALIKE
        partner = self._partner(reading)
        there = [row for row in rows if row in partner]
        olds = self._of(reading, column, there)
        news = self._of(place[0], place[1], [partner[row] for row in there])
        untold = (
            len(there) == len(rows)
            and len(set(olds.values)) > 1
            and len(set(zip(olds.values, news.values, strict=True))) == len(set(news.values))
            and None not in (*olds.values, *news.values)
            and not self._mixed(reading, column).intersection(rows)
            and not is_less(olds, news)
        )
        return Cause.UNTOLD if untold else None

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

    def _computed(self, reading: Reading, column: str, rows: Sequence[int]) -> frozenset[int]:
        """Give the rows whose value follows from what stands in its place now, or from what is new in the row.

        Numbers that the server gave run alike by themselves.
        """
        now = self._later.get(self._names.tables.get(reading.table.name, ""))
        partner = self._partner(reading)
        if now is None or not rows or not set(rows) <= partner.keys() or is_numbered(reading, column):
            return frozenset()
        place = self._place(reading, column)
        own = None if place is None else place[1]
        new = [
            name for name in self._new_or_changed(reading, now, partner) if name != own and not is_numbered(now, name)
        ]
        for name in new if own is None else [own, *new]:
            found = self._follows(reading, column, rows, name, here=name == own)
            if found:
                return found
        return frozenset()

    def _follows(self, reading: Reading, column: str, rows: Sequence[int], name: str, *, here: bool) -> frozenset[int]:
        """Give the rows whose value follows from one column of now; ``here``: it is the column itself."""
        now = self._later[self._names.tables[reading.table.name]]
        partner = self._partner(reading)
        new = self._of(now, name, [partner[row] for row in rows])
        key = key_of(reading)

        def beside(*, kept: bool) -> Iterator[Series]:
            for each in reading.data_columns:
                if each == column or (kept and each in key):
                    continue
                series = self._of(reading, each, rows)
                # A key counts, as much else does: only what is the key itself is taken for made of it.
                if each in key and series.values != new.values:
                    continue
                if not kept or len(self._in_place(reading, each, rows)) == len(rows):
                    yield series

        found = follows(
            (self._of(reading, column, rows), new),
            columns=(self._of(reading, column, partner), self._of(now, name, partner.values())),
            others=lambda: beside(kept=False),
            kept=lambda: beside(kept=True),
            named=here or _alike(column, name),
            here=here,
        )
        return frozenset(rows[at] for at in found)

    def _is_kept(self, reading: Reading, column: str, rows: Sequence[int], *, here: bool) -> bool:
        """Whether all rows have their value elsewhere; ``here``: or within what stands in its place.

        A single value may be elsewhere by chance, so that then all of the column's have to be there.
        """
        values = reading.values(column)
        if rows and len({values[row] for row in rows}) == 1:
            every = [row for row, value in enumerate(values) if value is not None]
            if self._beside(reading, column, every, here=False) or self._elsewhere(reading, column, every):
                return True
        return bool(rows) and (
            self._beside(reading, column, rows, here=here)
            or self._elsewhere(reading, column, rows)
            or self._in_rows(reading, column, rows)
        )

    def _beside(self, reading: Reading, column: str, rows: Sequence[int], *, here: bool) -> bool:
        """Whether each row has its value in other columns that are new or changed: one has it, or all together."""
        now = self._later.get(self._names.tables.get(reading.table.name, ""))
        if now is None:
            return False
        partner = self._partner(reading)
        if not set(rows) <= partner.keys():
            return False
        own = reading.values(column)
        there = [partner[row] for row in rows]
        values = [own[row] for row in rows]
        differ = len(set(values)) > 1
        kind = type_of(reading, column)
        place = "" if here else self._names.columns.get((reading.table.name, column), "")
        names = [name for name in self._new_or_changed(reading, now, partner) if name != place]
        has_twin = differ and self._has_twin(reading, column, rows)
        for name in names if differ else ():
            if has_twin and not _alike(column, name):
                continue
            theirs, types = now.values(name), (kind, type_of(now, name))
            if all(same(value, theirs[at], types) for value, at in zip(values, there, strict=True)):
                return True
        parts = [now.values(name) for name in names]
        return bool(parts) and all(
            _covered(value, [theirs[at] for theirs in parts]) for value, at in zip(values, there, strict=True)
        )

    def _has_twin(self, reading: Reading, column: str, rows: Sequence[int]) -> bool:
        """Whether another column has the same values: then only a name can tell whose they are."""
        own = reading.values(column)
        some = itemgetter(*rows)
        others = (reading.values(other) for other in reading.data_columns if other != column)
        return any(other[rows[0]] == own[rows[0]] and some(other) == some(own) for other in others)

    def _elsewhere(self, reading: Reading, column: str, rows: Sequence[int]) -> bool:
        """Whether another table, new or changed, holds each value beside another one of its row's."""
        own = reading.values(column)
        values = [own[row] for row in rows]
        wanted = set(values)
        has_twin = self._has_twin(reading, column, rows)
        for holder in self._other_tables(reading.table.name):
            for name in sorted(holder.reading.data_columns, key=lambda each: each != column):  # it is soon found there
                theirs = holder.of(name)
                if not wanted <= theirs.distinct(name) or (has_twin and not _alike(column, name)):
                    continue
                holding = _Holding(theirs, name)
                around = holding.around(values[0])
                for other in self._other_values(reading, column, rows):
                    beside = set(zip(values, other, strict=True)) if other[0] in around else set()
                    if len(beside) > 1 and any(holding.beside(second, beside) for second in theirs.data_columns):
                        return True
        return False

    def _in_rows(self, reading: Reading, column: str, rows: Sequence[int]) -> bool:
        """Whether another table has rows that name each of these by its key, and hold all of its value together."""
        key = next((unique.columns for unique in reading.table.uniques if unique.primary), ())
        if len(key) != 1 or key[0] is None or not reading.has(key[0]):
            return False
        keys, values = reading.values(key[0]), reading.values(column)
        telling = [row for row in rows if _WORD.search(str(values[row]))]
        wanted = {keys[row] for row in telling}
        for holder in self._other_tables(reading.table.name) if len(telling) > 1 else ():
            for name in holder.reading.data_columns:
                if not wanted <= holder.reading.distinct(name):
                    continue
                parts: defaultdict[Value, list[Value]] = defaultdict(list)
                for theirs, other in ((holder.of(each), each) for each in holder.reading.data_columns if each != name):
                    for there, value in zip(theirs.values(name), theirs.values(other), strict=True):
                        parts[there].append(value)
                if all(_covered(values[row], parts[keys[row]]) for row in telling):
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


class _Holding:
    """The rows of a table by what they have in one column."""

    def __init__(self, reading: Reading, column: str) -> None:
        self._reading = reading
        self._column = column
        self._rows: defaultdict[Value, list[int]] = defaultdict(list)
        for at, value in enumerate(reading.values(column)):
            self._rows[value].append(at)

    def around(self, value: Value) -> frozenset[Value]:
        """Give all that stands in rows with this value."""
        return frozenset(held for at in self._rows.get(value, ()) for held in self._reading.contents.rows[at])

    def beside(self, other: str, pairs: Iterable[tuple[Value, Value]]) -> bool:
        """Whether each pair stands in a row: its first value here, its second in the other column."""
        if other == self._column:
            return False
        theirs = self._reading.values(other)
        return all(any(theirs[at] == second for at in self._rows.get(first, ())) for first, second in pairs)


def _alike(one: str, other: str) -> bool:
    return one.casefold() in other.casefold() or other.casefold() in one.casefold()


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
