"""Rows of a table that takes no more of them: what users may still do to these is change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.rehearsal.seeding.makers import Making, maker
from glowplug.rehearsal.seeding.narrowing import narrowed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.rows import Contents, Rows, Value
    from glowplug.schema.tables import Column, Table

_TRIED = 4  # values of a column


def change_held(  # noqa: PLR0917 - whose rows, which of them, and what they may become
    rows: Rows, table: Table, now: Contents, columns: Sequence[str], other: Table | None, making: Making
) -> None:
    """Give each column of the rows that are there ``now`` another value, such as ``other`` takes as well.

    By the primary key; what the server refuses stays as it was.
    """
    key = next((unique.columns for unique in table.uniques if unique.primary), ())
    by = [name for name in key if name is not None]
    then = {} if other is None else {column.name: column for column in other.columns}
    for column in table.columns:
        if column.name not in columns or not by:
            continue
        at = now.columns.index(column.name)
        for row in now.rows:
            own = [row[now.columns.index(name)] for name in by]
            for value in _others(column, then.get(column.name), row[at], making):
                if rows.update(table, [column.name], [(value, *own)], by=by) == (None,):
                    break


def _others(column: Column, later: Column | None, value: Value, making: Making) -> list[Value]:
    kind, needs = narrowed(column, later)
    made = maker(kind, needs, making)
    if made is None:
        return []
    values = [made.make(number) for number in range(min(made.size or _TRIED, _TRIED))]
    return [each for each in values if each is not None and each != value]
