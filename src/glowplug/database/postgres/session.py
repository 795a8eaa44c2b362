"""One libpq session: round trips that a signal can interrupt and a watchdog can end."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
from psycopg import pq

from glowplug.errors import LostConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from psycopg.pq.abc import PGconn, PGresult

TransactionStatus = pq.TransactionStatus

CONNECT_SECONDS = 15.0

CANCEL_GRACE = 2.0
"""Seconds that a cancelled message has to end by itself before its backend is terminated."""

TERMINATE_GRACE = 5.0
"""Seconds that a terminated backend has to hang up before the session is given up."""

_FAREWELL = 0.2  # seconds
_FAREWELL_BYTES = 4096
_SLICE = 0.1  # seconds of one wait: so late can a signal be answered that came just before it
_TEXT_OID = 25
_ROWS_AT_ONCE = 1000
_CHUNKS_SINCE = 170000  # libpq's version
_CREDENTIALS = ("PGPASSWORD", "PGPASSFILE", "PGSSL")
_COPIES = frozenset({pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH})
_PARTS = frozenset({pq.ExecStatus.SINGLE_TUPLE, pq.ExecStatus.TUPLES_CHUNK})

_environment_lock = threading.Lock()


@dataclass(slots=True, kw_only=True)
class Reply:
    """What came back for one message.

    ``completed`` counts the statements that ended well before the first failure, ``commands`` are their tags.
    ``failure`` is the error that ``PQexec`` would have shown. ``copied``: there was a COPY with the client,
    where libpq stops reading.
    ``results`` are those with rows, kept only if asked for. ``timed_out``: the watchdog had to act.
    ``lost``: why the connection is no more.
    """

    completed: int = 0
    commands: list[bytes | None] = field(default_factory=list)
    empty: bool = False
    failure: PGresult | None = None
    copied: bool = False
    results: list[PGresult] = field(default_factory=list)
    timed_out: bool = False
    lost: str | None = None

    @property
    def ok(self) -> bool:
        """Whether ``PQexec`` would have reported success."""
        return self.failure is None and self.lost is None and not self.empty and not self.timed_out


@contextmanager
def _without_libpq_environment() -> Iterator[None]:
    """Hide ``PG*`` variables from libpq, credentials aside: PGOPTIONS, PGTZ, … would change what migrations do."""
    with _environment_lock:
        hidden = {
            name: value
            for name, value in os.environ.items()
            if name.startswith("PG") and not name.startswith(_CREDENTIALS)
        }
        for name in hidden:
            del os.environ[name]
        try:
            yield
        finally:
            os.environ.update(hidden)


class Session:
    """One connection to a PostgreSQL server; not for two threads at once."""

    def __init__(
        self,
        conninfo: Mapping[str, str],
        *,
        statement_timeout: float | None = None,
        terminate: Callable[[int], None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        """Connect.

        Args:
            conninfo: libpq's keywords and values.
            statement_timeout: seconds that one message may take; None: as long as it likes.
            terminate: ends the backend with a given process id from another connection; without it a message
                that ignores its cancellation costs the session.
            stop: once it is set, a message is ended, with the session, by a CancelledError.

        Raises:
            LostConnection: the server can't be reached, or refuses.
        """
        self.statement_timeout = statement_timeout
        self._terminate = terminate
        self._stop = stop
        with _without_libpq_environment():
            self._connection = _connect(conninfo)
        self._poll = select.poll()
        self._poll.register(self._connection.socket, select.POLLIN)
        self.backend_pid = self._connection.backend_pid
        self.server_version = self._connection.server_version

    @property
    def transaction_status(self) -> pq.TransactionStatus:
        """The transaction's state as the server reported it last."""
        return pq.TransactionStatus(self._connection.transaction_status)

    @property
    def encoding(self) -> str:
        """The client's encoding, by the server's name for it: what is sent and received is taken for text in it."""
        return (self._connection.parameter_status(b"client_encoding") or b"").decode()

    @property
    def strings_as_usual(self) -> bool:
        """Whether the server reads strings as SQL's standard has it, a backslash being a character like others."""
        return self._connection.parameter_status(b"standard_conforming_strings") == b"on"

    @property
    def alive(self) -> bool:
        """Whether the connection was usable when last seen."""
        return self._connection.status == pq.ConnStatus.OK

    def batch(self, sql: bytes, *, rows: bool = False, meanwhile: Callable[[], object] | None = None) -> Reply:
        """Send ``sql`` as one simple-protocol message, as ``PQexec`` does, and read all that comes back.

        ``meanwhile`` is called while the server works; what it raises is raised, and ends the session.
        """
        return self._round_trip(lambda: self._connection.send_query(sql), rows=rows, meanwhile=meanwhile)

    def execute(self, sql: bytes, parameters: Sequence[bytes] = ()) -> Reply:
        """Run one statement with text parameters through the extended protocol."""
        types = [_TEXT_OID] * len(parameters)
        return self._round_trip(lambda: self._connection.send_query_params(sql, parameters, types), rows=True)

    def close(self) -> None:
        """End the session; never raises."""
        self._connection.finish()

    def leave(self) -> None:
        """End the session, and wait a moment until its backend is gone, for DROP DATABASE to find none; never raises.

        The server asks again after 100 ms only where it finds one. A backend's socket is closed at its very end.
        """
        if not self.alive:
            self.close()
            return
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            stack.callback(self.close)
            line = stack.enter_context(socket.socket(fileno=os.dup(self._connection.socket)))
            self.close()
            line.settimeout(_FAREWELL)
            while line.recv(_FAREWELL_BYTES):
                pass

    def _round_trip(
        self, send: Callable[[], None], *, rows: bool, meanwhile: Callable[[], object] | None = None
    ) -> Reply:
        reply = Reply()
        if not self.alive:
            reply.lost = "the connection was closed"
            return reply
        try:
            self._stop_if_told()
            send()
            if not rows:
                self._read_in_parts()
            if meanwhile is not None:
                meanwhile()
            self._read(reply, rows=rows)
        except psycopg.OperationalError as error:
            reply.lost = str(error)
        except BaseException:
            # Of a signal, mostly. The answer still under way must not be taken for the next one's.
            self.close()
            raise
        if reply.lost is None and not self._connection_holds():
            reply.lost = self._connection.get_error_message()
        return reply

    def _connection_holds(self) -> bool:
        return self.alive

    def _read_in_parts(self) -> None:
        """Have rows that nobody wants delivered in parts, so that a large SELECT fills no memory."""
        if pq.version() >= _CHUNKS_SINCE:
            self._connection.set_chunked_rows_mode(_ROWS_AT_ONCE)
        else:
            self._connection.set_single_row_mode()

    def _read(self, reply: Reply, *, rows: bool) -> None:
        deadline = None if self.statement_timeout is None else time.monotonic() + self.statement_timeout
        while True:
            if self._connection.is_busy():
                ready = self._poll.poll(_milliseconds(deadline))
                self._stop_if_told()
                if not ready and _passed(deadline):
                    deadline = self._press(reply)
                    continue
                self._consume()
                continue
            result = self._connection.get_result()
            if result is None:
                return
            self._take(reply, result, rows=rows)

    def _stop_if_told(self) -> None:
        if self._stop is not None and self._stop.is_set():
            raise CancelledError

    def _consume(self) -> None:
        """Read what arrived; a broken connection still holds the server's last words, which ``get_result`` gives."""
        try:
            self._connection.consume_input()
        except psycopg.OperationalError:
            if self.alive:
                raise

    def _take(self, reply: Reply, result: PGresult, *, rows: bool) -> None:
        status = result.status
        if status in _PARTS:
            return
        if status in _COPIES:
            reply.copied = True
            self._end_copy(status)
        elif status == pq.ExecStatus.EMPTY_QUERY:
            reply.empty = True
        elif status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE):
            if not reply.copied:
                reply.failure = reply.failure or result
        else:
            reply.completed += 1
            reply.commands.append(result.command_status)
            if rows and status == pq.ExecStatus.TUPLES_OK:
                reply.results.append(result)

    def _end_copy(self, status: int) -> None:
        """Leave a COPY as libpq does when the next command comes: refuse to send, throw away what is sent."""
        if status == pq.ExecStatus.COPY_IN:
            self._connection.put_copy_end(b"COPY terminated by new PQexec")
            return
        while True:
            size, _data = self._connection.get_copy_data(1)
            if size < 0:
                return
            if size == 0:
                self._poll.poll(_SLICE * 1000)
                self._connection.consume_input()

    def _press(self, reply: Reply) -> float:
        """The time is over: cancel; if that was done already, terminate; if that too, give up. Next deadline."""
        if not reply.timed_out:
            reply.timed_out = True
            self._connection.get_cancel().cancel()
            return time.monotonic() + CANCEL_GRACE
        if self._terminate is None:
            self.close()
            raise psycopg.OperationalError("the statement ignored its cancellation")
        terminate, self._terminate = self._terminate, None
        terminate(self.backend_pid)
        return time.monotonic() + TERMINATE_GRACE


def _milliseconds(deadline: float | None) -> float:
    left = _SLICE if deadline is None else min(_SLICE, max(0.0, deadline - time.monotonic()))
    return left * 1000


def _passed(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline


def _connect(conninfo: Mapping[str, str]) -> PGconn:
    """Connect without blocking Python's signal handlers."""
    text = " ".join(f"{name}='{_escape(value)}'" for name, value in conninfo.items())
    connection = pq.PGconn.connect_start(text.encode())
    end = time.monotonic() + CONNECT_SECONDS
    step: int = pq.PollingStatus.WRITING
    while connection.status != pq.ConnStatus.BAD and step not in (pq.PollingStatus.OK, pq.PollingStatus.FAILED):
        poll = select.poll()
        poll.register(connection.socket, select.POLLIN if step == pq.PollingStatus.READING else select.POLLOUT)
        if poll.poll(_SLICE * 1000):
            step = connection.connect_poll()
        elif time.monotonic() > end:
            break
    if connection.status != pq.ConnStatus.OK:
        message = connection.get_error_message()
        connection.finish()
        raise LostConnection(
            f"PostgreSQL at {conninfo.get('host', 'the default host')} can't be reached: {message}",
            advice="Is the server running, and may this role connect?",
        )
    return connection


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
