"""One connection to a SQLite database that does what Diesel's would."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from glowplug.database.interface import BOOKKEEPING_TABLE, CREATE_BOOKKEEPING_TABLE, Connection, Run, SqlError
from glowplug.database.sqlite import sandbox as cage
from glowplug.database.sqlite.broken import broken
from glowplug.database.sqlite.failure import code_of, message_of, place, sql_error
from glowplug.database.sqlite.file import text_of
from glowplug.database.sqlite.opening import open_file
from glowplug.database.sqlite.rows import SessionRows
from glowplug.database.sqlite.snapshot import build, read
from glowplug.database.sqlite.standing import copy_file, copy_in_transaction, copy_session, standing
from glowplug.database.sqlite.trace import Observer
from glowplug.database.sqlite.watchdog import Watchdog
from glowplug.dialect import Direction
from glowplug.errors import ConfigurationError, EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import apsw

    from glowplug.database.broken import Asked
    from glowplug.database.sqlite.settings import SessionSettings
    from glowplug.database.sqlite.snapshot import Catalogue
    from glowplug.database.trace import Trace
    from glowplug.project import Migration
    from glowplug.schema import Schema

_OPEN_TRANSACTION = SqlError(
    code=None,
    message="the file leaves a transaction open: Diesel reports success, and everything since BEGIN is rolled back "
    "when it ends, or the next migration fails",
    hint="End it with COMMIT, or delete metadata.toml and let Diesel make the transaction.",
)


class Session(Connection):
    """A session on one database file."""

    def __init__(self, path: str, settings: SessionSettings, gone: Callable[[], bool] | None = None) -> None:
        """Open ``path``, made if absent; ``gone`` ends a running statement once nobody waits for it any longer."""
        self.settings = settings
        self._connection = open_file(path, settings)
        self._watchdog = Watchdog(self._connection, gone)
        self._sandbox = cage.Sandbox()
        if settings.size_limit is not None:
            page_size = self._connection.pragma("page_size")
            self._connection.pragma("max_page_count", max(settings.size_limit // page_size, 8))
        if settings.sandboxed:
            cage.limit(self._connection)
            self._connection.authorizer = self._sandbox.authorize
        self._current = self._next = 0
        self._observer: Observer | None = None
        self._rows = SessionRows(
            self._connection,
            self._watchdog,
            self._sandbox,
            seconds=settings.statement_timeout,
            uncaged=self._uncaged,
            execute=self._execute,
            where=self._where,
        )

    @property
    def foreign_keys(self) -> bool:
        """Whether foreign keys are heeded."""
        return bool(self._connection.pragma("foreign_keys"))

    @property
    def rows(self) -> SessionRows:
        """What can be done with rows in this session."""
        return self._rows

    def set_up(self, statements: tuple[str, ...], where: str) -> None:
        """Run the statements of a setting called ``where``.

        Raises:
            ConfigurationError: one of them fails.
        """
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        for index, statement in enumerate(statements):
            try:
                with self._watchdog.watch(self.settings.statement_timeout):
                    self._execute(statement)
            except apsw.Error as error:
                raise ConfigurationError(
                    f"{where} fails: {message_of(error)}, in: {statement}",
                    advice=self._sandbox.hint,
                    setting=(where, index),
                ) from error

    def make_bookkeeping_table(self) -> None:
        """Make Diesel's table, as Diesel does on every look."""
        self._connection.execute(CREATE_BOOKKEEPING_TABLE)

    def run(self, migration: Migration, direction: Direction) -> Run:
        """Run one file as Diesel would, and record it."""
        started = time.monotonic()
        sql = migration.sql(direction)
        text = text_of(sql, direction)
        error = text if isinstance(text, SqlError) else self._apply(text, migration, direction)
        return Run(error=error, seconds=time.monotonic() - started)

    def observe(self, migration: Migration, direction: Direction) -> Trace:
        """Run one file as ``run`` does, and see what each statement does."""
        self._observer = observer = Observer(self._connection, self._sandbox, self._twin)
        try:
            run = self.run(migration, direction)
        finally:
            self._observer = None
        return observer.trace(run)

    def snapshot(self) -> Schema:
        """Read the schema of ``main``."""
        return build(self.catalogue())

    def catalogue(self) -> Catalogue:
        """Read what SQLite says of the schema of ``main``."""
        with self._uncaged():
            return read(self._connection)

    def broken(self) -> Asked:
        """Compile every view and trigger of ``main``; name those that can't be."""
        with self._uncaged(), self._watchdog.watch(self.settings.statement_timeout):
            return broken(self._connection)

    def recorded(self) -> tuple[str, ...]:
        """Read the recorded versions, highest first.

        Raises:
            EnvironmentFailure: what bears the table's name can't be read.
        """
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        found = self._connection.execute("SELECT 1 FROM main.sqlite_master WHERE name = ?", (BOOKKEEPING_TABLE,))
        if not list(found):
            return ()
        query = f"SELECT CAST(version AS BLOB) FROM main.{BOOKKEEPING_TABLE} ORDER BY version DESC"
        try:
            with self._watchdog.watch(self.settings.statement_timeout):
                rows = list(self._connection.execute(query))
        except apsw.Error as error:
            raise EnvironmentFailure(f"{BOOKKEEPING_TABLE} can't be read: {message_of(error)}") from error
        return tuple(version.decode("utf-8", "replace") for (version,) in rows if isinstance(version, bytes))

    def copy(self, path: str, *, foreign_keys: bool | None = None) -> Session:
        """Open a second database at ``path`` in exactly this state: rows, settings, temporary tables, pragmas.

        ``foreign_keys``: what is to be taken for that setting all the same.
        """
        other = Session(path, self.settings, self._watchdog.gone)
        with self._uncaged(), other._uncaged():
            copy_session(self._connection, other._connection)
            if foreign_keys is not None:
                other._connection.pragma("foreign_keys", int(foreign_keys))
        return other

    def keep(self, path: str, session_setup: tuple[str, ...]) -> bool:
        """Copy the database to ``path``, if a session that begins there with ``session_setup`` is as this one is.

        Raises:
            ConfigurationError: a statement of session_setup fails there.
        """
        with self._uncaged():
            copy_file(self._connection, path)
            mine = standing(self._connection)
        fresh = Session(path, self.settings, self._watchdog.gone)
        try:
            fresh.set_up(session_setup, "session_setup")
            with fresh._uncaged():
                same = mine == standing(fresh._connection) and not mine.more
        finally:
            fresh.close()
        if same and session_setup:
            with self._uncaged():
                copy_file(self._connection, path)  # without what session_setup may have done to it
        return same

    def close(self) -> None:
        """End the session; never raises."""
        self._connection.close(True)  # noqa: FBT003 - apsw's way to say: whatever happens

    def _apply(self, text: str, migration: Migration, direction: Direction) -> SqlError | None:
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        step = "file"
        try:
            with self._watchdog.watch(self.settings.statement_timeout):
                if migration.run_in_transaction:
                    self._execute("BEGIN")
                self._execute(text, self._observer)
                step = "record"
                self._record(migration, direction)
                if migration.run_in_transaction:
                    step = "commit"
                    self._execute("COMMIT")
        except (apsw.Error, MemoryError, OverflowError, UnicodeDecodeError) as error:
            return self._failed(error, text, step)
        finally:
            if self._observer is not None:
                self._observer.is_over()
        if self._connection.in_transaction:
            self._roll_back()
            return _OPEN_TRANSACTION
        return None

    def _failed(self, error: Exception, text: str, step: str) -> SqlError:
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        position, start = None, 0
        if step == "file":
            start = self._failed_at(text, error)
            position = self._where(text, error)
        hint: str | None = {
            "file": None,
            "record": f"The file ran; Diesel's row in {BOOKKEEPING_TABLE} could not be written.",
            "commit": "The file ran, then Diesel's own COMMIT failed.",
        }[step]
        refused = self._sandbox.refusal is not None
        if self.settings.size_limit is not None and isinstance(error, apsw.FullError):
            part = f"{self.settings.size_limit / 2**20:.4g} MiB"
            hint = f"Its part of the limit is {part}. Give it more: size_limit under [scratch] in glowplug.toml."
        failure = sql_error(
            error,
            code=code_of(error) if isinstance(error, apsw.Error) else None,
            position=position,
            hint=self._sandbox.hint if refused else hint,
            needs_superuser=refused,
            timed_out=self._watchdog.expired,
        )
        if step == "file" and self._observer is not None:
            self._observer.fails(start, failure)
        self._roll_back()
        return failure

    def _failed_at(self, text: str, error: Exception) -> int:
        return self._next if self._fails_to_prepare(text, error) else self._current

    def _where(self, text: str, error: Exception) -> tuple[int, int]:
        """Give line and column of what failed in the batch that ran last."""
        return place(text, self._failed_at(text, error), getattr(error, "error_offset", -1))

    def _record(self, migration: Migration, direction: Direction) -> None:
        if direction is Direction.UP:
            sql = f"INSERT INTO {BOOKKEEPING_TABLE} (version) VALUES (?)"
        else:
            sql = f"DELETE FROM {BOOKKEEPING_TABLE} WHERE version = ?"
        self._sandbox.refusal = None
        list(self._connection.execute(sql, (migration.version,)))

    def _execute(self, text: str, observer: Observer | None = None) -> None:
        """Run all statements of ``text``, as ``sqlite3_exec`` does: parameters are NULL, results are dropped.

        ``observer`` looks on. ``_current`` is where the statement that ran last begins, ``_next`` where the one after
        it does.
        """
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        self._current = self._next = 0
        self._sandbox.refusal = None
        if observer is not None:
            observer.opens(text)
        while True:
            try:
                self._run_statements(text[self._next :], (), observer)
            except apsw.BindingsError:
                statement, parameters = self._first_statement(text[self._next :])
                self._run_statements(statement, (None,) * parameters, observer)
            else:
                break
        if observer is not None:
            observer.ends()

    def _run_statements(self, text: str, parameters: tuple[None, ...], observer: Observer | None) -> None:
        def begin(_cursor: apsw.Cursor, statement: str, _bindings: object) -> bool:
            self._current, self._next = self._next, self._next + len(statement)
            if observer is not None:
                observer.begins(self._current, statement, parameters or None)
            self._sandbox.begin(statement)
            return True

        with self._cursor() as cursor:
            cursor.exec_trace = begin
            cursor.execute(text, parameters or None, can_cache=False)
            while _step(cursor):
                pass

    def _first_statement(self, text: str) -> tuple[str, int]:
        """Cut off the first statement, and count its parameters; it does not run."""
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        found: list[tuple[str, int]] = []

        def note(_cursor: apsw.Cursor, statement: str, bindings: Any) -> bool:  # noqa: ANN401 - as apsw declares it
            found.append((statement, len(bindings)))
            return False

        plenty = (None,) * self._connection.limit(apsw.SQLITE_LIMIT_VARIABLE_NUMBER)
        # apsw gives a statement that is not the last what it needs of the parameters; so make it never the last,
        # also where a comment is left open.
        for end in ("\n;SELECT 1", "\n*/;SELECT 1"):
            with self._cursor() as cursor, contextlib.suppress(apsw.ExecTraceAbort, apsw.BindingsError):
                cursor.exec_trace = note
                cursor.execute(text + end, plenty, can_cache=False)
            if found:
                break
        statement, parameters = found[0]
        return statement[: len(text)], parameters

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[apsw.Cursor]:
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close(True)  # noqa: FBT003 - apsw's way to say: whatever its last statement came to

    def _fails_to_prepare(self, text: str, error: Exception) -> bool:
        """Tell whether ``error`` is of the statement at ``_next``, which SQLite then did not even prepare."""
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        if self._next == 0 or self._watchdog.expired:
            return False
        with self._cursor() as cursor:
            cursor.exec_trace = lambda *_: False
            try:
                cursor.execute(text[self._next :], can_cache=False)
            except apsw.ExecTraceAbort:
                return False
            except (apsw.Error, MemoryError) as again:
                return message_of(again) == message_of(error)
        return False

    def _twin(self) -> apsw.Connection:
        """Open a copy of the session in memory, as it is in the midst of its transaction."""
        twin = open_file(":memory:", self.settings)
        try:
            copy_in_transaction(self._connection, twin)
        except BaseException:
            twin.close(True)  # noqa: FBT003 - apsw's way to say: whatever happens
            raise
        return twin

    def _roll_back(self) -> None:
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        with self._uncaged(), contextlib.suppress(apsw.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def _uncaged(self) -> Iterator[None]:
        """Let glowplug's own statements do what a migration may not."""
        authorizer = self._connection.authorizer
        self._connection.authorizer = None
        try:
            yield
        finally:
            self._connection.authorizer = authorizer


def _step(cursor: apsw.Cursor) -> bool:
    """Take a step, and drop the row that it comes to; False at the end. Text need not be UTF-8: nobody reads it."""
    import apsw  # noqa: PLC0415 - whichever SQLite this process opened

    try:
        return next(cursor, None) is not None
    except UnicodeDecodeError:
        with contextlib.suppress(apsw.ExecutionCompleteError):
            cursor.get_description()
            return True
        raise  # it was no row, but an argument of a function: the statement has failed
