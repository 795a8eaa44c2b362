"""Rows that the server numbers, with a gap behind the first: in what numbers them anew, they get other numbers.

Rows with the numbers 1 to n, copied without these, have them again: nobody could tell that production's, of which some
were deleted long ago, have not. The first row stays 1, to which files refer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.filling.numbering import numbered
from glowplug.rehearsal.passed_on import PassedOn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.database.rows import Rows, Value
    from glowplug.schema.tables import Column, Table

_NEXT = re.compile(r"nextval\((?P<sequence>.*?::regclass)\)")


class WithGaps(PassedOn):
    """Writes rows as they are given, but for the number of the second that the server takes of a table, which is far.

    The server counts on from there, so that its own numbers stay its own. Where it does not take a row with such a
    number, as a trigger or a generated column may not, there is no gap.
    """

    def __init__(self, rows: Rows, dialect: Dialect, far: Callable[[Table, Column], int]) -> None:
        """Take what writes, and how far to go."""
        super().__init__(rows)
        self._dialect = dialect
        self._far = far
        self._begun: set[str] = set()
        self._done: set[str] = set()

    def insert(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        """Write rows; up to the gap each by itself."""
        column = next((each for each in table.columns if each.numbered), None)
        if column is None or column.name in columns:
            return super().insert(table, columns, rows)
        errors: list[SqlError | None] = []
        while table.name not in self._done and len(errors) < len(rows):
            row = rows[len(errors)]
            if table.name in self._begun:
                errors.append(self._behind_the_gap(table, column, columns, row))
                if errors[-1] is None:
                    self._done.add(table.name)
                continue
            errors += super().insert(table, columns, (row,))
            if errors[-1] is None:
                self._begun.add(table.name)
        return (*errors, *super().insert(table, columns, rows[len(errors) :]))

    def _behind_the_gap(
        self, table: Table, column: Column, columns: Sequence[str], row: Sequence[Value]
    ) -> SqlError | None:
        """Write a row far behind, else where the server is; what is said of that."""
        far = self._far(table, column)
        if self._dialect is Dialect.POSTGRES:
            sequence = _sequence(table, column)
            if self._rows.command(_moved(sequence, far)) is None:
                (error,) = self._rows.insert(table, columns, (row,))
                if error is None:
                    return None
                self._rows.command(_moved(sequence, -far))
        elif column in numbered(table):
            (error,) = self._rows.insert(table, (*columns, column.name), ((*row, str(far)),))
            if error is None:
                return None
            if self._dialect is Dialect.MYSQL:  # InnoDB counts on from a row that it did not take
                self._rows.execute(f"ALTER TABLE {table.sql} AUTO_INCREMENT = 1")  # which is the next that is free
        (error,) = self._rows.insert(table, columns, (row,))
        return error


def _moved(sequence: str, far: int) -> str:
    return f"SELECT pg_catalog.setval({sequence}, pg_catalog.nextval({sequence}) + {far})"


def _sequence(table: Table, column: Column) -> str:
    match = _NEXT.match(column.default or "")
    if match is not None:
        return match["sequence"]
    owner, name = (each.replace("'", "''") for each in (table.sql, column.name))
    return f"pg_catalog.pg_get_serial_sequence('{owner}', '{name}')"
