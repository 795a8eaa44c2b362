"""Rows by questions to the process that holds the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.rows import Answer, Contents, Rows
from glowplug.database.sqlite import protocol
from glowplug.errors import LostConnection
from glowplug.scratch.sqlite.answer import as_error, expect
from glowplug.scratch.sqlite.holder import HolderEnded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.database.rows import Value
    from glowplug.schema.tables import Table


class RemoteRows(Rows):
    """``database.rows.Rows`` of a session in another process; where that process is ended, an error says so."""

    def __init__(self, ask: Callable[[protocol.Request], protocol.Reply], *, timeout: float, away: bool) -> None:
        """Ask by ``ask``; ``away`` for the copy."""
        self._ask = ask
        self._timeout = timeout
        self._away = away

    def tables(self) -> tuple[Table, ...]:
        """Read every table."""
        return expect(self._look(protocol.ListTables(away=self._away)), protocol.Tables).tables

    def insert(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        """Write rows; what SQLite says of each."""
        return self._write(
            protocol.WriteRows(table=table, columns=tuple(columns), rows=protocol.pack(rows), away=self._away)
        )

    def update(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]], *, by: Sequence[str]
    ) -> tuple[SqlError | None, ...]:
        """Change rows; what SQLite says of each."""
        return self._write(
            protocol.WriteRows(
                table=table, columns=tuple(columns), rows=protocol.pack(rows), away=self._away, by=tuple(by)
            )
        )

    def read(self, table: Table, *, limit: int = 10_000) -> Contents:
        """Read a table's rows."""
        found = expect(self._look(protocol.ReadRows(table=table, limit=limit, away=self._away)), protocol.Answered)
        return Contents(columns=found.columns, rows=protocol.unpack(found.rows), complete=found.complete)

    def query(self, sql: str, *, limit: int = 1000) -> Answer:
        """Run one statement, and roll back what it did."""
        try:
            reply = self._ask(protocol.AskRows(sql=sql, limit=limit, away=self._away))
        except HolderEnded as end:
            return Answer(error=as_error(end, self._timeout))
        found = expect(reply, protocol.Answered)
        return Answer(
            columns=found.columns, rows=protocol.unpack(found.rows), complete=found.complete, error=found.error
        )

    def execute(self, sql: str) -> SqlError | None:
        """Run a batch, committed."""
        try:
            reply = self._ask(protocol.RunBatch(sql=sql, away=self._away))
        except HolderEnded as end:
            return as_error(end, self._timeout)
        return expect(reply, protocol.Wrote).errors[0]

    def _write(self, request: protocol.WriteRows) -> tuple[SqlError | None, ...]:
        try:
            reply = self._ask(request)
        except HolderEnded as end:
            return (as_error(end, self._timeout),) * len(request.rows)
        return expect(reply, protocol.Wrote).errors

    def _look(self, request: protocol.Request) -> protocol.Reply:
        try:
            return self._ask(request)
        except HolderEnded as end:
            raise LostConnection("SQLite ended while rows were read") from end
