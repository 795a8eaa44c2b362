"""Errors of the machine or the moment that were met while rows were tried, whatever became of them afterwards."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from glowplug.database.interface import Connection
from glowplug.rehearsal.doubtful import is_doubtful
from glowplug.rehearsal.passed_on import PassedOn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.database.broken import Asked
    from glowplug.database.interface import Run, SqlError
    from glowplug.database.rows import Answer, Contents, Rows, Value
    from glowplug.database.trace import Trace
    from glowplug.dialect import Direction
    from glowplug.project import Migration
    from glowplug.schema import Schema
    from glowplug.schema.tables import Table

_OF_A_VALUE = "XX000"


class Met:
    """Hears what servers say on connections that are listened to; ``errors``: the doubtful ones, each once."""

    def __init__(self) -> None:
        """Begin with none."""
        self._errors: dict[SqlError, None] = {}

    @property
    def errors(self) -> tuple[SqlError, ...]:
        """Give them in the order in which they came."""
        return tuple(self._errors)

    def listen(self, connection: Connection) -> Connection:
        """Give a connection that is the same, and heard."""
        return _Heard(connection, self)

    def of_file(self, error: SqlError | None) -> None:
        """Hear what came of a file."""
        if error is not None and is_doubtful(error):
            self._errors[error] = None

    def of_rows(self, error: SqlError | None) -> None:
        """Hear what came of rows; without a code it is what a client says of a statement, each time anew.

        So is an internal error, by which PostGIS and others refuse a value.
        """
        if error is not None and (error.timed_out or error.code not in {None, _OF_A_VALUE}):
            self.of_file(error)


class _Heard(Connection):
    """A connection that tells what it is told."""

    def __init__(self, connection: Connection, met: Met) -> None:
        self._connection = connection
        self._met = met

    def run(self, migration: Migration, direction: Direction) -> Run:
        run = self._connection.run(migration, direction)
        self._met.of_file(run.error)
        return run

    def run_several(self, migrations: Sequence[Migration], direction: Direction) -> list[Run]:
        runs = self._connection.run_several(migrations, direction)
        for run in runs:
            self._met.of_file(run.error)
        return runs

    def snapshot(self) -> Schema:
        return self._connection.snapshot()

    def broken(self) -> Asked | None:
        return self._connection.broken()

    def recorded(self) -> tuple[str, ...]:
        return self._connection.recorded()

    def observe(self, migration: Migration, direction: Direction) -> Trace:
        trace = self._connection.observe(migration, direction)
        self._met.of_file(trace.error)
        return trace

    @contextlib.contextmanager
    def glimpse(self, migration: Migration, direction: Direction) -> Iterator[Trace | None]:
        with self._connection.glimpse(migration, direction) as trace:
            if trace is not None:
                self._met.of_file(trace.error)
            yield trace

    @property
    def rows(self) -> Rows:
        return _HeardRows(self._connection.rows, self._met)

    def close(self) -> None:
        self._connection.close()


class _HeardRows(PassedOn):
    """Rows of a connection that tells what it is told."""

    def __init__(self, rows: Rows, met: Met) -> None:
        super().__init__(rows)
        self._met = met

    def insert(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        errors = super().insert(table, columns, rows)
        for error in errors:
            self._met.of_rows(error)
        return errors

    def update(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]], *, by: Sequence[str]
    ) -> tuple[SqlError | None, ...]:
        errors = super().update(table, columns, rows, by=by)
        for error in errors:
            self._met.of_rows(error)
        return errors

    def read(self, table: Table, *, limit: int = 10_000) -> Contents:
        contents = super().read(table, limit=limit)
        self._met.of_rows(contents.error)
        return contents

    def query(self, sql: str, *, limit: int = 1000) -> Answer:
        answer = super().query(sql, limit=limit)
        self._met.of_rows(answer.error)
        return answer

    def execute(self, sql: str) -> SqlError | None:
        error = super().execute(sql)
        self._met.of_rows(error)
        return error

    def command(self, sql: str) -> SqlError | None:
        error = super().command(sql)
        self._met.of_rows(error)
        return error
