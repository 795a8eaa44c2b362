"""Rows as they are written so that a value tells which column it is from: no two columns of a row are alike."""

from __future__ import annotations

import itertools
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from glowplug.rehearsal.data.filling.numbering import numbered
from glowplug.rehearsal.passed_on import PassedOn
from glowplug.rehearsal.seeding.compiled import FAR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.database.rows import Rows, Value
    from glowplug.schema.tables import Column, Table

_WORD = re.compile(r"\w+")


class Stirred(PassedOn):
    """Writes rows as they are given, but for the values of free columns, which go round among the rows of a call.

    Row n of a generator has the n-th value in every column. Of columns with values alike nobody could tell whether a
    migration took the one for the other. A free column is in no key, and no CHECK, of today or ``later``, that names
    another column as well: any of its values goes with any others.
    """

    def __init__(
        self,
        rows: Rows,
        later: Iterable[Table],
        *,
        planted: Mapping[str, Sequence[Mapping[str, Value]]] = MappingProxyType({}),
        drawn: Mapping[str, Mapping[str, Sequence[Value]]] = MappingProxyType({}),
        first: Callable[[Table, Column], int] | None = None,
    ) -> None:
        """Take what writes, and the tables that the rows must suit later.

        ``planted``: values that some rows of a table have instead of their own, where the server takes them.
        ``drawn``: the only values that free columns of a table are to have, where the server takes them.
        ``first``: where the numbers begin that the server would else give.
        """
        super().__init__(rows)
        self._later = {table.name: table for table in later}
        self._planted = {name: list(values) for name, values in planted.items()}
        self._drawn = drawn
        self._first = first
        self._numbers: dict[tuple[str, str], Iterator[int]] = {}

    def insert(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        """Write rows, each free column's values moved on by as many rows as columns are before it."""
        names, stirred = self._numbered(table, columns, self._stirred(table, columns, rows))
        changed, planted = self._with_planted(table, names, stirred, own=columns)
        plain = [at for at in range(len(changed)) if at not in planted]
        errors = dict(zip(plain, self._rows.insert(table, names, [changed[at] for at in plain]), strict=True))
        for at, numbers in planted.items():
            (errors[at],) = self._rows.insert(table, (*names, *numbers), [(*changed[at], *numbers.values())])
        refused = [
            at for at, error in errors.items() if error is not None and (at in planted or changed[at] != stirred[at])
        ]
        if refused:
            errors |= zip(refused, self._rows.insert(table, names, [stirred[at] for at in refused]), strict=True)
        return tuple(errors[at] for at in range(len(changed)))

    def _stirred(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> Sequence[Sequence[Value]]:
        later = self._later.get(table.name)
        bound = _bound(table) | (_bound(later) if later is not None else frozenset())
        by_column = []
        for place, name in enumerate(columns):
            values = [row[place] for row in rows]
            turn = 0 if name in bound or not values else place % len(values)
            by_column.append(values[turn:] + values[:turn])
        return list(zip(*by_column, strict=True)) if columns else rows

    def _numbered(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[Sequence[str], Sequence[Sequence[Value]]]:
        """Write what the server would number, where its numbers are not wanted."""
        if self._first is None:
            return columns, rows
        ours = [column for column in numbered(table) if column.name not in columns]
        numbers = [self._numbers_of(self._first, table, column) for column in ours]
        return (*columns, *(column.name for column in ours)), [
            (*row, *(str(next(each)) for each in numbers)) for row in rows
        ]

    def _numbers_of(self, first: Callable[[Table, Column], int], table: Table, column: Column) -> Iterator[int]:
        place = table.name, column.name
        if place not in self._numbers:
            self._numbers[place] = itertools.count(first(table, column))
        return self._numbers[place]

    def _with_planted(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]], *, own: Sequence[str]
    ) -> tuple[Sequence[Sequence[Value]], Mapping[int, Mapping[str, Value]]]:
        """Put drawn values into free columns of all rows, planted ones into every other row at most, each once.

        Gives the rows, and by place what is planted in columns that the server would number: low numbers alone, that
        it has plenty to come. A number of the row's ``own`` stays, which others may refer to.
        """
        waiting = self._planted.get(table.name, [])
        bound = _bound(table)
        counted = {column.name for column in numbered(table)}
        numbers: dict[int, Mapping[str, Value]] = {}
        drawn = {name: values for name, values in self._drawn.get(table.name, {}).items() if name not in bound}
        changed = (
            [
                [
                    drawn[name][at % len(drawn[name])] if drawn.get(name) else value
                    for name, value in zip(columns, row, strict=True)
                ]
                for at, row in enumerate(rows)
            ]
            if drawn
            else list(rows)
        )
        for at in range(1, len(changed), 2):
            if not waiting:
                break
            planted = waiting.pop(0)
            low = {name: value for name, value in planted.items() if name not in counted or _is_low(value)}
            numbers[at] = {name: value for name, value in low.items() if name in counted.difference(columns)}
            changed[at] = [
                value if name in counted.intersection(own) else low.get(name, value)
                for name, value in zip(columns, changed[at], strict=True)
            ]
        return changed, {at: each for at, each in numbers.items() if each}


def _is_low(value: Value) -> bool:
    return isinstance(value, str) and value.isdigit() and int(value) < FAR


def _bound(table: Table) -> frozenset[str]:
    """Give the columns whose values belong to others of their row."""
    names = {column.name for column in table.columns}
    if table.exclusions or table.partitioned or any(unique.expressions or unique.predicate for unique in table.uniques):
        return frozenset(names)
    bound = {name for unique in table.uniques for name in unique.columns if name is not None}
    bound |= {name for key in table.foreign_keys for name in key.columns}
    for check in table.checks:
        mentioned = set(check.columns) | (names & set(_WORD.findall(check.expression)))
        if len(mentioned) > 1:
            bound |= mentioned
    return frozenset(bound)
