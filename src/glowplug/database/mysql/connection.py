"""The migrations' session on MySQL or MariaDB: run a file as Diesel does, see the schema, read the bookkeeping."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE, CREATE_BOOKKEEPING_TABLE, Connection, Run, SqlError
from glowplug.database.mysql.broken import broken, unasked
from glowplug.database.mysql.entry import may_shut, try_entry
from glowplug.database.mysql.failure import TOO_LONG, explain
from glowplug.database.mysql.leftovers import read_leftovers
from glowplug.database.mysql.prepared import outlives_the_run
from glowplug.database.mysql.rows import MysqlRows
from glowplug.database.mysql.session import (
    ALL_ROWS,
    NO_SUCH_TABLE,
    UNKNOWN_DATABASE,
    NoDatabase,
    Refused,
    Session,
    first_column,
    quote_name,
    quote_text,
    text_of,
)
from glowplug.database.mysql.trace import Observer
from glowplug.database.trace import Trace
from glowplug.dialect import Direction
from glowplug.errors import MORE_TIME, ConfigurationError, LostConnection, MissingFeature

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.database.broken import Asked
    from glowplug.database.mysql.session import Address, Reply
    from glowplug.database.mysql.snapshot import SnapshotReader
    from glowplug.database.mysql.watchdog import Watchdog
    from glowplug.errors import Setting
    from glowplug.project import Migration
    from glowplug.schema import Schema

DIESEL_SETUP = (
    "SET time_zone = '+00:00'",
    "SET character_set_client = 'utf8mb4'",
    "SET character_set_connection = 'utf8mb4'",
    "SET character_set_results = 'utf8mb4'",
)
"""What Diesel sets on each MySQL connection, and all that it sets."""

_LIMIT = "sql_select_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How the migrations' account reaches its schema, what its session is set up with, and who watches it.

    ``readmit`` gives the account its password and its rights again, whatever a migration made of them.
    ``is_lent``: the server is there for others, too, and after this run. ``stands_in``: it is a MariaDB, and production
    runs this version of MySQL; empty: it does not.
    """

    address: Address
    session_setup: tuple[str, ...] = ()
    watchdog: Watchdog
    superuser: bool = False
    readmit: Callable[[], None] = lambda: None
    is_lent: bool = False
    stands_in: tuple[int, ...] = ()


class MysqlConnection(Connection):
    """One session of the migrations' account.

    The schema is read by ``reader``, an administrator's session: temporary tables, ``sql_mode`` and whatever else a
    migration may set in its own session never change what glowplug sees. The bookkeeping table is read by the
    migrations' own account: a migration may have put a view there that runs a function with its reader's rights.

    When a migration ends its own connection, that is its Run's error, and the next call makes a new session with
    the same setup: what the lost one had set is gone, as it would be for Diesel.
    """

    def __init__(
        self,
        access: Access,
        reader: SnapshotReader,
        *,
        ran: Callable[[Migration, Direction, Run], None] = lambda *_: None,
    ) -> None:
        """Connect, set the session up, and create the bookkeeping table as Diesel does; ``ran`` hears of every run.

        Raises:
            LostConnection: the server can't be reached.
            ConfigurationError: a statement of session_setup fails.
            MissingFeature: it does for what production's MySQL has, and this server lacks.
        """
        self.access = access
        self.reader = reader
        self._ran = ran
        self._rows = MysqlRows(self._ask, reader, access.address.database or "", superuser=access.superuser)
        self._open()
        error = self._send(CREATE_BOOKKEEPING_TABLE.encode())
        if error is not None:
            self.session.close()
            message = f"Diesel's own table can't be created: {error.message}"
            raise LostConnection(message, advice=MORE_TIME) if error.timed_out else LostConnection(message)

    def run(self, migration: Migration, direction: Direction) -> Run:
        """Run one file as Diesel would."""
        self._reopen()
        self.reader.forget()
        started = time.perf_counter()
        error = self._run(migration, direction)
        seconds = time.perf_counter() - started
        run = Run(error=error or self._shut_out(migration, direction), seconds=seconds)
        self._ran(migration, direction, run)
        return run

    def observe(self, migration: Migration, direction: Direction) -> Trace:
        """Run one file as ``run`` does, statement by statement, each as cheaply as the server lets."""
        self._reopen()
        observer = Observer(
            self.session,
            self.reader,
            self.access.address.database or "",
            superuser=self.access.superuser,
            stands_in=self.access.stands_in,
        )
        self.reader.forget()
        started = time.perf_counter()
        error = self._run(migration, direction, observer)
        seconds = time.perf_counter() - started
        observer.is_over()
        run = Run(error=error or self._shut_out(migration, direction), seconds=seconds)
        self._ran(migration, direction, run)
        return Trace(
            statements=tuple(observer.seen),
            error=run.error,
            seconds=max(run.seconds - observer.looking, 0.0),
            blind=observer.blind,
        )

    @property
    def rows(self) -> MysqlRows:
        """What can be done with rows in this session."""
        return self._rows

    def snapshot(self) -> Schema:
        """Read the whole schema, the bookkeeping table excluded."""
        return self.reader.read()

    def broken(self) -> Asked:
        """Ask which views and triggers can't be used, in a session of the account's own that nothing was set in.

        Raises:
            StatementRefused: the catalogue can't be read.
        """
        catalogue, _, _ = self.reader.parts()
        try:
            session = Session(self.access.address)
        except Refused as refused:
            return unasked(catalogue, explain(refused.error))
        with contextlib.closing(session):
            return broken(session, self.access.address.database or "", catalogue)

    def recorded(self) -> tuple[str, ...]:
        """Read the recorded versions, the highest first by the database's collation, as Diesel reverts them."""
        schema = self.access.address.database or ""
        question = (
            f"SELECT version FROM {quote_name(schema)}.{quote_name(BOOKKEEPING_TABLE)} ORDER BY version DESC"
            f" LIMIT {ALL_ROWS}"
        )
        try:
            reply = self._ask(question.encode(), rows=True)
        except NoDatabase:
            return ()
        if reply.error is None:
            return tuple(first_column(reply.rows[0]))
        if reply.error.number in {NO_SUCH_TABLE, UNKNOWN_DATABASE}:
            return ()
        if reply.timed_out:
            raise LostConnection(f"the recorded versions can't be read: {TOO_LONG.message}", advice=MORE_TIME)
        raise LostConnection(f"the recorded versions can't be read: {reply.error.message}")

    def settings(self) -> dict[str, str | None] | None:
        """Read the session's variables; None where the session won't tell (a migration may have made it so)."""
        reply = self._round_trip(b"SHOW SESSION VARIABLES", rows=True) if self.session.alive else None
        if reply is None or reply.error is not None:
            return None
        found = {text_of(row[0]) or "": text_of(row[1]) for row in reply.rows[0]}
        return found if len(found) < int(found.get(_LIMIT) or 0) else self._settings_beyond_the_limit()

    def _settings_beyond_the_limit(self) -> dict[str, str | None] | None:
        """Read the session's variables where it shows only so many rows, and put that limit back."""
        reply = self._round_trip(f"SELECT @@SESSION.{_LIMIT} LIMIT 1".encode(), rows=True)
        if reply.error is None:
            limit = first_column(reply.rows[0])[0]
            questions = f"SET SESSION {_LIMIT} = {ALL_ROWS}; SHOW SESSION VARIABLES; SET SESSION {_LIMIT} = {limit}"
            reply = self._round_trip(questions.encode(), rows=True)
        if reply.error is not None:
            return None
        return {text_of(row[0]) or "": text_of(row[1]) for row in reply.rows[0]} | {_LIMIT: limit}

    def set(self, variable: str, value: str) -> bool:
        """Set a session variable to an SQL expression; whether the server took it."""
        return self._send(f"SET SESSION {variable} = {value}".encode()) is None

    def leftovers(self) -> dict[str, str] | None:
        """Read what the session holds beside its settings: variables as SQL; None where it may be more than those."""
        return read_leftovers(self._round_trip) if self.session.alive else {}

    def assign(self, variable: str, value: str) -> bool:
        """Set a variable of the session's own to an SQL expression; whether the server took it."""
        return self._send(f"SET @{variable} = {value}".encode()) is None

    def settle(self, variable: str, value: str) -> None:
        """Set a session variable to an SQL expression, in this session and in any that follows it here.

        Raises:
            ConfigurationError: the server refuses it.
        """
        statement = f"SET SESSION {variable} = {value}"
        self._set_up(statement, None)
        self.access = replace(self.access, session_setup=(*self.access.session_setup, statement))

    def close(self) -> None:
        """End the session; never raises."""
        self.session.close()

    def _run(self, migration: Migration, direction: Direction, observer: Observer | None = None) -> SqlError | None:
        transaction = migration.run_in_transaction
        error = self._send(b"BEGIN") if transaction else None
        if error is None:
            error = self._file(migration.sql(direction), direction, observer)
        if error is None:
            error = self._send(_bookkeeping(migration.version, direction))
        if error is None and transaction:
            error = self._send(b"COMMIT")
        if error is not None and transaction:
            self._roll_back()
        return error

    def _shut_out(self, migration: Migration, direction: Direction) -> SqlError | None:
        """Look whether the file that just ended keeps Diesel's next session from beginning, and let it in again."""
        if not may_shut(migration.sql(direction) or b""):
            return None
        error = try_entry(self.access.address)
        if error is not None:
            self.access.readmit()
            if try_entry(self.access.address) is not None:
                raise LostConnection(f"the scratch server takes no more sessions: {error.message}")
        return error

    def _file(self, content: bytes | None, direction: Direction, observer: Observer | None) -> SqlError | None:
        if content is None:
            return SqlError(code=None, message=f"there is no {direction.file_name}")
        if not content:
            return SqlError(code=None, message=f"{direction.file_name} is empty: Diesel refuses 0 bytes")
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            return SqlError(code=None, message=f"{direction.file_name} is not valid UTF-8", line=line)
        refused = outlives_the_run(text) if self.access.is_lent else None
        return refused or self._send(content, text, observer)

    def _send(self, sql: bytes, text: str | None = None, observer: Observer | None = None) -> SqlError | None:
        """One batch under the watchdog; ``text`` is the file's own, to find an error's line in, and to be observed."""
        with self.access.watchdog.over(self.session) as watch:
            reply = self.session.batch(sql) if observer is None or text is None else observer.run(text)
        if watch.expired:
            if observer is not None:
                observer.end(TOO_LONG)
            return TOO_LONG
        if reply.error is None:
            return None
        return explain(
            reply.error,
            text=text,
            reply=reply,
            superuser=self.access.superuser,
            stands_in=self.access.stands_in,
        )

    def _round_trip(self, sql: bytes, *, rows: bool = False) -> Reply:
        with self.access.watchdog.over(self.session):
            return self.session.batch(sql, rows=rows)

    def _ask(self, sql: bytes, *, rows: bool = False) -> Reply:
        """One round trip about rows, in a new session where the last one was ended."""
        self._reopen()
        with self.access.watchdog.over(self.session) as watch:
            reply = self.session.batch(sql, rows=rows)
        reply.timed_out = watch.expired
        return reply

    def _roll_back(self) -> None:
        if self.session.alive and self._round_trip(b"ROLLBACK").error is not None:
            self.session.close()

    def _open(self) -> None:
        try:
            self.session = Session(self.access.address, patience=None)
        except Refused:
            self.access.readmit()  # what shut it may be no file's own text
            self.session = Session(self.access.address, patience=None)
        try:
            for statement in DIESEL_SETUP:
                self.session.rows(statement)
            for index, statement in enumerate(self.access.session_setup):
                self._set_up(statement, ("session_setup", index))
        except BaseException:
            self.session.close()
            raise

    def _set_up(self, statement: str, setting: Setting | None) -> None:
        error = self._send(statement.encode())
        if error is not None and error.missing_feature is not None:
            raise MissingFeature(
                f"session_setup asks for {error.missing_feature}, which the scratch server lacks: {error.message}",
                setting=setting,
            )
        if error is not None:
            advice = f"It is: {statement}" + (f"\n{MORE_TIME}" if error.timed_out else "")
            raise ConfigurationError(f"session_setup fails: {error.message}", advice=advice, setting=setting)

    def _reopen(self) -> None:
        """Make a new session where a migration ended the last one; Diesel too would find its table or create it."""
        if not self.session.alive:
            self._open()
            self._send(CREATE_BOOKKEEPING_TABLE.encode())


def _bookkeeping(version: str, direction: Direction) -> bytes:
    table = quote_name(BOOKKEEPING_TABLE)
    if direction is Direction.UP:
        return f"INSERT INTO {table} (`version`) VALUES ({quote_text(version)})".encode()
    return f"DELETE FROM {table} WHERE ({table}.`version` = {quote_text(version)})".encode()
