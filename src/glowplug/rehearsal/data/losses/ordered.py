"""Rows as they are read in an order of their own, so that nothing that is told depends on where a server put them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.rehearsal.passed_on import PassedOn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.rows import Contents, Rows, Value
    from glowplug.schema.tables import Table

    Row = tuple[Value, ...]
    Rank = tuple[int, int, str | bytes]


class Ordered(PassedOn):
    """Reads tables in the order of their keys, and of the whole rows; numbers by their size as far as they have one."""

    def __init__(self, rows: Rows) -> None:
        """Read through ``rows``."""
        super().__init__(rows)
        self._in_order: dict[tuple[str, tuple[int, ...]], tuple[Contents, Contents]] = {}

    def read(self, table: Table, *, limit: int = 10_000) -> Contents:
        """Read a table's rows; which of them, where there are more than ``limit``, stays the server's choice."""
        contents = self._rows.read(table, limit=limit)
        key = [name for unique in table.uniques if unique.primary for name in unique.columns]
        first = [contents.columns.index(name) for name in key if name in contents.columns]
        order = (*first, *(at for at in range(len(contents.columns)) if at not in first))
        known = self._in_order.get((table.name, order))
        if known is not None and known[0] is contents:
            return known[1]
        ordered = replace(contents, rows=_in_order(contents.rows, first, order))
        self._in_order[table.name, order] = contents, ordered
        return ordered


def _in_order(rows: Sequence[Row], key: Sequence[int], order: Sequence[int]) -> tuple[Row, ...]:
    """Sort rows by the values at these places; those of a ``key`` come first, and mostly tell all."""
    ranks = [[_rank(row[at]) for at in key] for row in rows]
    if not key or len(set(map(tuple, ranks))) < len(rows):
        ranks = [[_rank(row[at]) for at in order] for row in rows]
    return tuple(rows[at] for at in sorted(range(len(rows)), key=ranks.__getitem__))


def _rank(value: Value) -> Rank:
    """Give what values are compared by: NULL first, texts by their length before their letters."""
    if value is None:
        return (0, 0, "")
    return (1 if isinstance(value, str) else 2, len(value), value)
