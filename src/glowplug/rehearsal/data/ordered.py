"""Rows as they are read in an order of their own, so that nothing that is told depends on where a server put them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.database.rows import Answer, Contents, Rows, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.interface import SqlError
    from glowplug.schema.tables import Table

    Rank = tuple[int, int, str | bytes]


class Ordered(Rows):
    """Reads tables in the order of their keys, and of the whole rows; numbers by their size as far as they have one."""

    def __init__(self, rows: Rows) -> None:
        """Take what reads them in the server's order."""
        self._rows = rows

    def read(self, table: Table, *, limit: int = 10_000) -> Contents:
        """Read a table's rows; which of them, where there are more than ``limit``, stays the server's choice."""
        contents = self._rows.read(table, limit=limit)
        key = [name for unique in table.uniques if unique.primary for name in unique.columns]
        first = [contents.columns.index(name) for name in key if name in contents.columns]
        order = [*first, *(at for at in range(len(contents.columns)) if at not in first)]
        return replace(contents, rows=tuple(sorted(contents.rows, key=lambda row: [_rank(row[at]) for at in order])))

    def tables(self) -> tuple[Table, ...]:
        """Read the tables."""
        return self._rows.tables()

    def tables_but(self, unchanged: Sequence[Table]) -> tuple[Table, ...]:
        """Read the tables but for some."""
        return self._rows.tables_but(unchanged)

    def insert(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        """Write rows."""
        return self._rows.insert(table, columns, rows)

    def update(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]], *, by: Sequence[str]
    ) -> tuple[SqlError | None, ...]:
        """Change rows."""
        return self._rows.update(table, columns, rows, by=by)

    def query(self, sql: str, *, limit: int = 1000) -> Answer:
        """Run one statement, and roll back what it did."""
        return self._rows.query(sql, limit=limit)

    def execute(self, sql: str) -> SqlError | None:
        """Run statements as one batch."""
        return self._rows.execute(sql)


def _rank(value: Value) -> Rank:
    """Give what values are compared by: NULL first, texts by their length before their letters."""
    if value is None:
        return (0, 0, "")
    return (1 if isinstance(value, str) else 2, len(value), value)
