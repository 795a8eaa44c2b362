"""What tables hold, as far as other rows need to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glowplug.database.rows import Rows, Value
    from glowplug.rehearsal.seeding.plan import Link
    from glowplug.schema.tables import Table
    from glowplug.sql.condition import Unknown

Row = "Mapping[str, Value]"


class Known:
    """The rows of each table, from memory where all that was written is known, else from the server."""

    def __init__(self, rows: Rows, tables: Mapping[str, Table], *, stirred: bool = False) -> None:
        """Know nothing yet; ``stirred``: there may be more in the tables than was counted when they were read."""
        self._rows = rows
        self._tables = tables
        self._written: dict[str, list[Mapping[str, Value]]] = {}
        self._read: dict[str, list[dict[str, Value]]] = {}
        self._stirred = stirred or any(table.triggers for table in tables.values())

    def table(self, name: str) -> Table | None:
        """Give the table of that name, if there is one."""
        return self._tables.get(name)

    def wrote(self, name: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Note rows that the server took."""
        self._written.setdefault(name, []).extend(rows)
        self._read.pop(name, None)
        if self._stirred:
            self._read.clear()

    def written(self, name: str) -> int:
        """Count the rows of ours."""
        return len(self._written.get(name, ()))

    def read(self, name: str) -> list[dict[str, Value]]:
        """Read a table's rows from the server, unless that was done since it was written to."""
        if name not in self._read:
            contents = self._rows.read(self._tables[name])
            self._read[name] = [dict(zip(contents.columns, row, strict=True)) for row in contents.rows]
        return self._read[name]

    def tuples(self, link: Link) -> list[tuple[Value, ...]]:
        """Give what a link may refer to, each once, in a fixed order."""
        table = self._tables[link.table]
        written = self._written.get(link.table, [])
        if table.rows or self._stirred or table.partitioned or not written or table.partition_of is not None:
            rows: Sequence[Mapping[str, Value]] = self.read(link.table)
        else:
            complete = all(column in row for row in written for column in link.referenced)
            rows = written if complete else self.read(link.table)
        found: dict[tuple[Value, ...], None] = {}
        for row in rows:
            values = tuple(row.get(column) for column in link.referenced)
            if None not in values:
                found[values] = None
        return list(found)

    def existing(self, name: str) -> Sequence[Mapping[str, Value | Unknown]]:
        """Give rows that ours must not collide with: those that were there before, or came by a trigger."""
        if self._tables[name].rows or self._stirred:
            return self.read(name)
        return ()
