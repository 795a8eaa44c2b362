"""Rows as another has them: what a wrapper does not do in a way of its own is passed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.rows import Answer, Contents, Rows, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.interface import SqlError
    from glowplug.schema.tables import Table


class PassedOn(Rows):
    """Passes everything on as it is."""

    def __init__(self, rows: Rows) -> None:
        """Take what does it."""
        self._rows = rows

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

    def read(self, table: Table, *, limit: int = 10_000) -> Contents:
        """Read a table's rows."""
        return self._rows.read(table, limit=limit)

    def query(self, sql: str, *, limit: int = 1000) -> Answer:
        """Run one statement, and roll back what it did."""
        return self._rows.query(sql, limit=limit)

    def execute(self, sql: str) -> SqlError | None:
        """Run statements as one batch."""
        return self._rows.execute(sql)

    def command(self, sql: str) -> SqlError | None:
        """Run one statement of glowplug's own."""
        return self._rows.command(sql)
