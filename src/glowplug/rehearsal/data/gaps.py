"""Rows that the server numbers, with a gap behind the first: in what numbers them anew, they get other numbers.

Rows with the numbers 1 to n, copied without these, have them again: nobody could tell that production's, of which some
were deleted long ago, have not. The first row stays 1, to which files refer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.numbering import numbered
from glowplug.rehearsal.passed_on import PassedOn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.database.rows import Rows, Value
    from glowplug.schema.tables import Column, Table

_NEXT = re.compile(r"nextval\((?P<sequence>.*?::regclass)\)")


class WithGaps(PassedOn):
    """Writes rows as they are given, but for the number of the second that the server takes of a table, which is far.

    The server counts on from there, so that its own numbers stay its own.
    """

    def __init__(self, rows: Rows, dialect: Dialect, far: Callable[[Table, Column], int]) -> None:
        """Take what writes, and how far to go."""
        super().__init__(rows)
        self._dialect = dialect
        self._far = far
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
            errors += super().insert(table, columns, (rows[len(errors)],))
            if errors[-1] is None:
                self._done.add(table.name)
                errors += self._behind_the_gap(table, column, columns, rows[len(errors) :])
        return (*errors, *super().insert(table, columns, rows[len(errors) :]))

    def _behind_the_gap(
        self, table: Table, column: Column, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        """Let the server go on far behind; give what it said of the rows that were written for that."""
        far = self._far(table, column)
        if self._dialect is Dialect.POSTGRES:
            sequence = _sequence(table, column)
            self._rows.execute(f"SELECT pg_catalog.setval({sequence}, pg_catalog.nextval({sequence}) + {far})")
            return ()
        if not rows or column not in numbered(table):
            return ()
        said = self._rows.insert(table, (*columns, column.name), ((*rows[0], str(far)),))
        return said if said == (None,) else self._rows.insert(table, columns, rows[:1])


def _sequence(table: Table, column: Column) -> str:
    match = _NEXT.match(column.default or "")
    if match is not None:
        return match["sequence"]
    owner, name = (each.replace("'", "''") for each in (table.sql, column.name))
    return f"pg_catalog.pg_get_serial_sequence('{owner}', '{name}')"
