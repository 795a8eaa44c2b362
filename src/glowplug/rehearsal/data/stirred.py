"""Rows as they are written so that a value tells which column it is from: no two columns of a row are alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.rows import Answer, Contents, Rows, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.schema.tables import Table

_WORD = re.compile(r"\w+")


class Stirred(Rows):
    """Writes rows as they are given, but for the values of free columns, which go round among the rows of a call.

    Row n of a generator has the n-th value in every column. Of columns with values alike nobody could tell whether a
    migration took the one for the other. A free column is in no key, and no CHECK, of today or ``later``, that names
    another column as well: any of its values goes with any others.
    """

    def __init__(self, rows: Rows, later: Iterable[Table]) -> None:
        """Take what writes, and the tables that the rows must suit later."""
        self._rows = rows
        self._later = {table.name: table for table in later}

    def insert(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        """Write rows, each free column's values moved on by as many rows as columns are before it."""
        later = self._later.get(table.name)
        bound = _bound(table) | (_bound(later) if later is not None else frozenset())
        by_column = []
        for place, name in enumerate(columns):
            values = [row[place] for row in rows]
            turn = 0 if name in bound or not values else place % len(values)
            by_column.append(values[turn:] + values[:turn])
        return self._rows.insert(table, columns, list(zip(*by_column, strict=True)) if columns else rows)

    def tables(self) -> tuple[Table, ...]:
        """Read the tables."""
        return self._rows.tables()

    def update(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]], *, by: Sequence[str]
    ) -> tuple[SqlError | None, ...]:
        """Change rows, as they are given."""
        return self._rows.update(table, columns, rows, by=by)

    def read(self, table: Table, *, limit: int = 10_000) -> Contents:
        """Read a table's rows."""
        return self._rows.read(table, limit=limit)

    def query(self, sql: str, *, limit: int = 1000) -> Answer:
        """Run one statement, and roll back what it did."""
        return self._rows.query(sql, limit=limit)

    def execute(self, sql: str) -> SqlError | None:
        """Run statements as one batch."""
        return self._rows.execute(sql)


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
