"""Rows, as values: what is written to a table and what is read from it, the same for every backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.interface import SqlError
    from glowplug.schema.tables import Table

Value = str | bytes | None
"""A value as the server's text of it (what a cast from text understands); bytes for BYTES; None is NULL."""


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of a table: ``columns`` in the table's order, ``rows`` in the server's order, each value as text.

    The text is canonical: equal values of one type give equal text, whatever the session's settings (dates, floats,
    bytea). ``complete`` False: there were more than could be read, and none beyond is told. ``error``: why nothing
    could be read.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    complete: bool = True
    error: SqlError | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a query: its columns and rows as text, or why it failed.

    ``complete`` False: there were more rows than ``limit``.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Value, ...], ...] = ()
    error: SqlError | None = None
    complete: bool = True


class Rows(Protocol):
    """What a connection can do with rows; each call is a transaction of its own, committed.

    It speaks as the migrations' role, on the session of the migrations, whose settings it leaves as they are.
    """

    def tables(self) -> tuple[Table, ...]:
        """Read every table of the user's, the bookkeeping table and those that an extension owns left out."""
        ...

    def tables_but(self, unchanged: Sequence[Table]) -> tuple[Table, ...]:
        """Read them but for some that are as they were, which may be taken from here; quicker where they are many."""
        del unchanged
        return self.tables()

    def insert(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        """Write rows; what the server says of each.

        All at once where that works; else one by one, those that it refuses left out.
        """
        ...

    def update(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]], *, by: Sequence[str]
    ) -> tuple[SqlError | None, ...]:
        """Set ``columns`` of the rows whose ``by`` columns equal; a row holds the values of columns, then of by."""
        ...

    def read(self, table: Table, *, limit: int = 10_000) -> Contents:
        """Read a table's rows."""
        ...

    def query(self, sql: str, *, limit: int = 1000) -> Answer:
        """Run one statement, and roll back what it did."""
        ...

    def execute(self, sql: str) -> SqlError | None:
        """Run statements as one batch, as ``psql`` or another client would a file of them; committed."""
        ...

    def command(self, sql: str) -> SqlError | None:
        """Run one statement of glowplug's own that is known to set nothing of the session's; committed."""
        return self.execute(sql)
