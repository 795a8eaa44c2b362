"""One session over PyMySQL: batches whose results are read and dropped, errors as values, an end from outside."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import pymysql
from pymysql.constants import CLIENT, CR, FIELD_TYPE
from pymysql.cursors import SSCursor

from glowplug.errors import LostConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONNECT_SECONDS = 15
"""For the server to take a connection, and to greet."""

PATIENCE = 120.0
"""Seconds for a statement of glowplug's own: more than any of them is given on the server."""

Row = tuple[bytes | str | None, ...]

UNKNOWN_DATABASE = 1049
NO_SUCH_TABLE = 1146

ALL_ROWS = 2**64 - 1
"""A LIMIT that cuts nothing: without one, a session's sql_select_limit cuts glowplug's own questions, too."""

ACCESS_DENIED = 1045

_WITHOUT_RIGHT = frozenset({1044, ACCESS_DENIED, 1142, 1227, 1370, 1410})
_RIGHTS = (
    "The account that the scratch server's URL names makes schemas and accounts there, and removes them: it needs "
    "CREATE USER, and all rights on `glowplug\\_%`.* WITH GRANT OPTION."
)
_ROWS_AT_ONCE = 1000
_BYTES = 63  # the number of the character set called binary
_STRINGS = frozenset(
    {
        *(FIELD_TYPE.BIT, FIELD_TYPE.BLOB, FIELD_TYPE.GEOMETRY, FIELD_TYPE.LONG_BLOB, FIELD_TYPE.MEDIUM_BLOB),
        *(FIELD_TYPE.STRING, FIELD_TYPE.TINY_BLOB, FIELD_TYPE.VARCHAR, FIELD_TYPE.VAR_STRING),
    }
)
_OF_THE_DRIVER = range(2000, 3000)
_LOST = frozenset({CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, CR.CR_SERVER_LOST_EXTENDED, 0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens, and as whom to come: a unix socket, or a host and port (TLS where the server has it)."""

    user: str
    password: str = field(repr=False)
    unix_socket: str | None = None
    host: str | None = None
    port: int = 3306
    database: str | None = None

    def to(self, database: str | None) -> Address:
        """The same account, another schema."""
        return replace(self, database=database)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerError:
    """What the server (or the driver, where the connection broke) said: errno, SQLSTATE, message."""

    number: int
    sqlstate: str | None
    message: str


@dataclass(slots=True, kw_only=True)
class Reply:
    """What came back for one batch.

    ``results`` tells of each answer before the first error whether it had rows; ``rows`` holds them where they were
    asked for, and ``columns`` what they are called, with those of bytes in ``binary``. ``changed``: rows that each
    answer without rows says it changed or copied; ``warnings``: how many there are after the last. ``lost`` says that
    the connection is no more, ``timed_out`` that the watchdog had to act.
    """

    results: list[bool] = field(default_factory=list)
    rows: list[list[Row]] = field(default_factory=list)
    columns: list[tuple[str, ...]] = field(default_factory=list)
    binary: list[frozenset[int]] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    warnings: int = 0
    error: ServerError | None = None
    lost: bool = False
    timed_out: bool = False


class _Cursor(SSCursor):
    """A cursor that reads row by row, and whose end reads nothing: a session reads to the end, or is closed."""

    def close(self) -> None:
        """Let go of the connection."""
        self.connection = None  # type: ignore[assignment]

    __del__ = close


def _binary(cursor: _Cursor) -> frozenset[int]:
    """Which columns hold bytes that are no text."""
    fields = getattr(getattr(cursor, "_result", None), "fields", ())  # the description leaves the character set out
    return frozenset(
        index for index, each in enumerate(fields) if each.charsetnr == _BYTES and each.type_code in _STRINGS
    )


class Session:
    """One connection to a MySQL or MariaDB server; not for two threads at once, ``hang_up`` aside.

    PyMySQL reads its socket in Python, so a signal's handler runs while a statement does; what it raises ends the
    connection. Text is sent and read as bytes: a migration may change the session's character sets.
    """

    def __init__(self, address: Address, *, patience: float | None = PATIENCE) -> None:
        """Connect with the flags that Diesel sets, on a session that has the server's own defaults.

        A server that is silent for ``patience`` seconds is lost; None: another thread sees to that.

        Raises:
            NoDatabase: the address's database does not exist.
            Refused: the server does not take this account's session, or any.
            LostConnection: the server can't be reached.
        """
        if address.unix_socket is not None:
            _knock(address.unix_socket)
        try:
            self._link: pymysql.connections.Connection[_Cursor] = pymysql.connections.Connection(
                user=address.user,
                password=address.password,
                unix_socket=address.unix_socket,
                host=address.host,
                port=address.port,
                database=address.database,
                charset="utf8mb4",
                autocommit=None,
                client_flag=CLIENT.MULTI_STATEMENTS | CLIENT.FOUND_ROWS,
                ssl_disabled=address.unix_socket is not None,
                connect_timeout=CONNECT_SECONDS,
                read_timeout=CONNECT_SECONDS,
                write_timeout=CONNECT_SECONDS,
                cursorclass=_Cursor,
                use_unicode=False,
                conv={},
            )
        except pymysql.err.MySQLError as error:
            said = _server_error(error)
            message = f"the scratch server can't be reached: {said.message}"
            if said.number == UNKNOWN_DATABASE:
                raise NoDatabase(message) from error
            if said.number == 0 or said.number in _OF_THE_DRIVER:
                raise LostConnection(message) from error
            raise Refused(message, said) from error
        self.wait_for(patience)
        self._link.encoding = "latin-1"  # names in results: it decodes whatever the migration makes of them
        self.number = int(cast("Callable[[], int]", self._link.thread_id)())

    @property
    def alive(self) -> bool:
        """Whether the connection was usable when last seen."""
        return bool(self._link.open)

    def wait_for(self, patience: float | None) -> None:
        """Wait so many seconds for a sign of the server from now on; None: for ever."""
        for name in ("_read_timeout", "_write_timeout"):  # what it is given to connect with holds for good
            setattr(self._link, name, patience)

    def batch(self, sql: bytes, *, rows: bool = False) -> Reply:
        """Send ``sql`` as one multi-statement query and read all that comes back, up to the first error."""
        reply = Reply()
        cursor = self._link.cursor()
        try:
            cursor.execute(cast("str", sql))  # bytes go through as they are, which the stubs don't say
            self._read(cursor, reply, rows=rows)
            while cursor.nextset():
                self._read(cursor, reply, rows=rows)
        except pymysql.err.MySQLError as error:
            reply.error = _server_error(error)
        except BaseException:
            self.close()
            raise
        if reply.error is not None and (reply.error.number in _LOST or not self.alive):
            reply.lost = True
            self.close()
        return reply

    def rows(self, sql: str) -> list[list[Row]]:
        """Run statements of glowplug's own that must work; the rows of each answer that has some.

        Raises:
            LostConnection: the connection broke.
            StatementRefused: the server refused one.
        """
        reply = self.batch(sql.encode(), rows=True)
        if reply.lost:
            raise LostConnection(f"the scratch server went away: {reply.error and reply.error.message}")
        if reply.error is not None:
            raise StatementRefused(reply.error)
        return reply.rows

    def hang_up(self) -> None:
        """Break the connection from another thread: what waits for the server gets an error at once."""
        endpoint = getattr(self._link, "_sock", None)
        if isinstance(endpoint, socket.socket):
            with contextlib.suppress(OSError):
                endpoint.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the session; never raises."""
        result = getattr(self._link, "_result", None)  # its destructor would read on from a closed connection
        if result is not None:
            result.unbuffered_active = False
        with contextlib.suppress(pymysql.err.MySQLError, OSError):
            if self._link.open:
                self._link.close()

    @staticmethod
    def _read(cursor: _Cursor, reply: Reply, *, rows: bool) -> None:
        has_rows = cursor.description is not None
        if has_rows:
            kept: list[Row] = []
            while part := cursor.fetchmany(_ROWS_AT_ONCE):
                if rows:
                    kept.extend(part)
            if rows:
                reply.rows.append(kept)
                names = (str(each[0]) for each in cursor.description)
                reply.columns.append(tuple(text_of(name.encode("latin-1")) or "" for name in names))
                reply.binary.append(_binary(cursor))
        else:
            reply.changed.append(cursor.rowcount)
        reply.warnings = cursor.warning_count
        reply.results.append(has_rows)


class NoDatabase(LostConnection):
    """The database that a session was to work in does not exist: a migration may have dropped its own."""


class Refused(LostConnection):
    """The server answers, and takes no session."""

    def __init__(self, message: str, error: ServerError, *, advice: str | None = None) -> None:
        """Keep what the server said."""
        super().__init__(message, advice=advice)
        self.error = error


class StatementRefused(LostConnection):
    """A statement of glowplug's own was refused; without it nothing can be said."""

    def __init__(self, error: ServerError) -> None:
        """Keep what the server said; the advice is about rights, where those are what is wanting."""
        super().__init__(
            f"the scratch server refuses what glowplug asks: {error.message} ({error.number})",
            advice=_RIGHTS if error.number in _WITHOUT_RIGHT else None,
        )
        self.error = error


def quote_name(name: str) -> str:
    """A name between backticks."""
    return "`" + name.replace("`", "``") + "`"


def quote_text(text: str) -> str:
    """A string literal that no ``sql_mode`` and no character set of the session reads otherwise."""
    return f"_utf8mb4 X'{text.encode('utf-8', 'surrogateescape').hex()}'"


def text_of(value: bytes | str | None) -> str | None:
    """A value as text."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def first_column(rows: Sequence[Row]) -> list[str]:
    """The first column of each row as text, NULL as empty."""
    return [text_of(row[0]) or "" for row in rows]


def _knock(path: str) -> None:
    """See whether a server listens at a socket: where none does, PyMySQL would leave its own end of it open."""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(CONNECT_SECONDS)
        try:
            door.connect(path)
        except OSError as error:
            raise LostConnection(f"the scratch server can't be reached at {path}: {error.strerror or error}") from error


def _server_error(error: pymysql.err.MySQLError) -> ServerError:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    message = str(error.args[1]) if len(error.args) > 1 else "the connection was closed"
    sqlstate = getattr(error, "sqlstate", None)
    return ServerError(number=number, sqlstate=sqlstate if isinstance(sqlstate, str) else None, message=message)
