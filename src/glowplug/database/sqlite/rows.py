"""What a session does with rows."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from glowplug.database.interface import SqlError
from glowplug.database.rows import Answer, Contents, Rows
from glowplug.database.sqlite import tables, values
from glowplug.database.sqlite.failure import code_of, sql_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    import apsw

    from glowplug.database.rows import Value
    from glowplug.database.sqlite.sandbox import Sandbox
    from glowplug.database.sqlite.values import Stored
    from glowplug.database.sqlite.watchdog import Watchdog
    from glowplug.schema.tables import Table

_OPEN_TRANSACTION = SqlError(code=None, message="it leaves a transaction open, which is rolled back")


class SessionRows(Rows):
    """``database.rows.Rows`` on one connection; ``database.sqlite.values`` says how values are written down."""

    def __init__(
        self,
        connection: apsw.Connection,
        watchdog: Watchdog,
        sandbox: Sandbox,
        *,
        seconds: float,
        uncaged: Callable[[], AbstractContextManager[None]],
        execute: Callable[[str], None],
        where: Callable[[str, Exception], tuple[int, int]],
    ) -> None:
        """Work on ``connection``, each call for ``seconds`` at most.

        Args:
            connection: the session's.
            watchdog: the session's.
            sandbox: what the session refuses.
            seconds: how long a call may take.
            uncaged: lets glowplug's own statements do what a migration may not.
            execute: runs a batch, its rows dropped.
            where: gives line and column of what failed in the batch.
        """
        self._connection = connection
        self._watchdog = watchdog
        self._sandbox = sandbox
        self._seconds = seconds
        self._uncaged = uncaged
        self._execute = execute
        self._where = where

    def tables(self) -> tuple[Table, ...]:
        """Read every table of ``main``."""
        with self._uncaged():
            return tables.read(self._connection)

    def insert(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        """Write rows: in one transaction, or else each in its own."""
        if columns:
            names = ", ".join(map(tables.quoted, columns))
            sql = f"INSERT INTO {table.sql} ({names}) VALUES ({', '.join('?' * len(columns))})"
        else:
            sql = f"INSERT INTO {table.sql} DEFAULT VALUES"
        return self._write(sql, table, columns, rows)

    def update(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]], *, by: Sequence[str]
    ) -> tuple[SqlError | None, ...]:
        """Change rows: in one transaction, or else each in its own."""
        changes = ", ".join(f"{tables.quoted(name)} = ?" for name in columns)
        which = " AND ".join(f"{tables.quoted(name)} IS ?" for name in by)
        return self._write(f"UPDATE {table.sql} SET {changes} WHERE {which}", table, [*columns, *by], rows)

    def read(self, table: Table, *, limit: int = 10_000) -> Contents:
        """Read a table's rows; none where SQLite refuses (a generated column overflows)."""
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        names = tuple(column.name for column in table.columns)
        kinds = values.affinities(table, names)
        selected = ", ".join(map(tables.quoted, names))
        try:
            found = self._fetch(f"SELECT {selected} FROM {table.sql}", limit)
        except UnicodeDecodeError:
            found = self._fetch_undecodable(table, names, limit)
        except apsw.Error:
            return Contents(columns=names, rows=(), complete=False)
        rows = tuple(tuple(map(values.read, row, kinds)) for row in found[:limit])
        return Contents(columns=names, rows=rows, complete=len(found) <= limit)

    def query(self, sql: str, *, limit: int = 1000) -> Answer:
        """Run one statement in a transaction that is rolled back."""
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        begun = 0
        columns: tuple[str, ...] = ()

        def begin(cursor: apsw.Cursor, statement: str, _bindings: object) -> bool:
            nonlocal begun, columns
            begun += 1
            self._sandbox.begin(statement)
            columns = tuple(str(name) for name, *_ in cursor.get_description())
            return begun == 1

        found: list[tuple[Stored, ...]] = []
        self._sandbox.refusal = None
        cursor = self._connection.cursor()
        try:
            with self._watchdog.watch(self._seconds):
                self._connection.execute("BEGIN")
                cursor.exec_trace = begin
                for row in cursor.execute(sql, can_cache=False):
                    found.append(row)
                    if len(found) > limit:
                        break
        except apsw.ExecTraceAbort:
            return Answer(error=SqlError(code=None, message="more than one statement: a query is one"))
        except (apsw.Error, UnicodeDecodeError, MemoryError, OverflowError) as error:
            return Answer(error=self._failure(error))
        finally:
            cursor.close(True)  # noqa: FBT003 - apsw's way to say: whatever its last statement came to
            self._roll_back()
        rows = tuple(tuple(map(values.told, row)) for row in found[:limit])
        return Answer(columns=columns, rows=rows, complete=len(found) <= limit)

    def execute(self, sql: str) -> SqlError | None:
        """Run a batch as the ``sqlite3`` shell does with ``-bail``: each statement is committed by itself."""
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        try:
            with self._watchdog.watch(self._seconds):
                self._execute(sql)
        except (apsw.Error, UnicodeDecodeError, MemoryError, OverflowError) as error:
            return self._failure(error, self._where(sql, error))
        finally:
            left_open = self._connection.in_transaction
            self._roll_back()
        return _OPEN_TRANSACTION if left_open else None

    def _write(
        self, sql: str, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        truths = values.booleans(table, columns)
        bound = [
            tuple(values.written(value, boolean=truth) for value, truth in zip(row, truths, strict=True))
            for row in rows
        ]
        error = self._commit(sql, bound)
        if error is None or error.timed_out:
            return (error,) * len(bound)
        said: list[SqlError | None] = []
        for row in bound:
            error = self._commit(sql, [row])
            if error is not None and error.timed_out:  # the next would take as long
                return (*said, *(error,) * (len(bound) - len(said)))
            said.append(error)
        return tuple(said)

    def _commit(self, sql: str, bound: Sequence[tuple[Stored, ...]]) -> SqlError | None:
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        self._sandbox.refusal = None
        try:
            with self._watchdog.watch(self._seconds):
                self._connection.execute("BEGIN")
                for _ in self._connection.executemany(sql, bound):
                    pass
                self._connection.execute("COMMIT")
        except (apsw.Error, UnicodeError, MemoryError, OverflowError) as error:
            return self._failure(error)
        finally:
            self._roll_back()
        return None

    def _fetch(self, sql: str, limit: int) -> list[tuple[Stored, ...]]:
        with self._uncaged(), self._watchdog.watch(self._seconds):
            return list(self._connection.execute(f"{sql} LIMIT {limit + 1}"))

    def _fetch_undecodable(self, table: Table, names: Sequence[str], limit: int) -> list[tuple[Stored, ...]]:
        """Read rows in some of which a text is no UTF-8."""
        parts = (
            f"typeof({name}), CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END"
            for name in map(tables.quoted, names)
        )
        found = self._fetch(f"SELECT {', '.join(parts)} FROM {table.sql}", limit)
        return [tuple(_decoded(*pair) for pair in zip(row[::2], row[1::2], strict=True)) for row in found]

    def _failure(self, error: Exception, position: tuple[int, int] | None = None) -> SqlError:
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        refused = self._sandbox.refusal is not None
        return sql_error(
            error,
            code=code_of(error) if isinstance(error, apsw.Error) else None,
            position=position,
            hint=self._sandbox.hint,
            needs_superuser=refused,
            timed_out=self._watchdog.expired,
        )

    def _roll_back(self) -> None:
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        if self._connection.in_transaction:
            with self._uncaged(), contextlib.suppress(apsw.Error):
                self._connection.execute("ROLLBACK")


def _decoded(kind: Stored, value: Stored) -> Stored:
    if kind != "text" or not isinstance(value, bytes):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return values.Undecodable(value)
