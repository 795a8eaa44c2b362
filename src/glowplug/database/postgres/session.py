"""One libpq session: round trips that a signal can interrupt and a watchdog can end."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
from psycopg import pq

from glowplug.database.postgres.answers import PARTS, Answers, Kept, in_parts
from glowplug.database.postgres.cancelling import cancel
from glowplug.database.postgres.connecting import connect
from glowplug.errors import LostConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from psycopg.pq.abc import PGresult

TransactionStatus = pq.TransactionStatus

OWN_SECONDS = 300.0
"""What a message of glowplug's own may take: its readings are not what a limit of the migrations' is about."""

CANCEL_GRACE = 2.0
"""Seconds that a cancelled message has to end by itself before its backend is terminated."""

TERMINATE_GRACE = 5.0
"""Seconds that a terminated backend has to hang up before the session is given up."""

_FAREWELL = 0.2  # seconds
_FAREWELL_BYTES = 4096
_SLICE = 0.1  # seconds of one wait: so late can a signal be answered that came just before it
_TEXT_OID = 25
_ROWS_AT_ONCE = 1000
_DONE = int(pq.ExecStatus.COMMAND_OK)
_COPIES = frozenset({pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH})


@dataclass(slots=True, kw_only=True)
class Reply:
    """What came back for one message.

    ``completed`` counts the statements that ended well before the first failure, ``commands`` are their tags.
    ``failure`` is the error that ``PQexec`` would have shown. ``copied``: there was a COPY with the client,
    where libpq stops reading.
    ``results`` are those with rows, kept only if asked for; ``cut``: of one of them only the first rows are there.
    ``timed_out``: the watchdog had to act, after ``seconds``. ``lost``: why the connection is no more.
    """

    completed: int = 0
    commands: list[bytes | None] = field(default_factory=list)
    empty: bool = False
    failure: PGresult | None = None
    copied: bool = False
    results: list[PGresult] = field(default_factory=list)
    cut: bool = False
    timed_out: bool = False
    seconds: float | None = None
    lost: str | None = None

    @property
    def ok(self) -> bool:
        """Whether ``PQexec`` would have reported success."""
        return self.failure is None and self.lost is None and not self.empty and not self.timed_out


class Session:
    """One connection to a PostgreSQL server; not for two threads at once."""

    def __init__(
        self,
        conninfo: Mapping[str, str],
        *,
        statement_timeout: float | None = None,
        terminate: Callable[[int], None] | None = None,
    ) -> None:
        """Connect.

        Args:
            conninfo: libpq's keywords and values.
            statement_timeout: seconds that one message of the migrations' may take, one of glowplug's own
                OWN_SECONDS; None: as long as it likes, any of them.
            terminate: ends the backend with a given process id from another connection; without it a message
                that ignores its cancellation costs the session.

        Raises:
            LostConnection: the server can't be reached, or refuses.
        """
        self.statement_timeout = statement_timeout
        self.cancels = True  # what takes too long, before the session is given up
        self._terminate = terminate
        self._deadline: float | None = None
        self._connection = connect(conninfo)
        self._connection.nonblocking = 1  # to send waits for the server, too
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

    def batch(
        self,
        sql: bytes,
        *,
        rows: bool | Kept = False,
        timed: bool = False,
        meanwhile: Callable[[], object] | None = None,
    ) -> Reply:
        """Send ``sql`` as one simple-protocol message, as ``PQexec`` does, and read all that comes back.

        Args:
            sql: the message.
            rows: whether the answers with rows are kept, or which of them.
            timed: ``statement_timeout`` holds, as for what is the migrations'.
            meanwhile: is called while the server works; what it raises is raised, and ends the session.

        Raises:
            LostConnection: libpq could not take an answer, so that nobody knows what became of the message.
        """
        return self._round_trip(lambda: self._connection.send_query(sql), rows=rows, timed=timed, meanwhile=meanwhile)

    def execute(
        self, sql: bytes, parameters: Sequence[bytes] = (), *, rows: bool | Kept = True, timed: bool = False
    ) -> Reply:
        """Run one statement with text parameters through the extended protocol; the rest as for ``batch``."""
        types = [_TEXT_OID] * len(parameters)
        return self._round_trip(
            lambda: self._connection.send_query_params(sql, parameters, types), rows=rows, timed=timed
        )

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
        self,
        send: Callable[[], None],
        *,
        rows: bool | Kept,
        timed: bool,
        meanwhile: Callable[[], object] | None = None,
    ) -> Reply:
        reply = Reply()
        if not self.alive:
            reply.lost = "the connection was closed"
            return reply
        if self.statement_timeout is not None:
            reply.seconds = self.statement_timeout if timed else OWN_SECONDS
        answers = Answers(rows) if isinstance(rows, Kept) else None
        try:
            send()
            if rows is not True:
                in_parts(self._connection, _ROWS_AT_ONCE if answers is None else answers.kept.at_once)
            if meanwhile is not None:
                self._connection.flush()
                meanwhile()
            self._read(reply, reply.results.append if rows is True else None, answers)
        except psycopg.OperationalError as error:
            reply.lost = str(error)
        except BaseException:
            # Of a signal, mostly. The answer still under way must not be taken for the next one's.
            self.close()
            raise
        if answers is not None:
            reply.results = answers.results()
            reply.cut = answers.cut
        if reply.lost is None and not self._connection_holds():
            reply.lost = self._connection.get_error_message()
        return reply

    def _connection_holds(self) -> bool:
        return self.alive

    def _read(self, reply: Reply, keep: Callable[[PGresult], None] | None, answers: Answers | None) -> None:
        self._deadline = None if reply.seconds is None else time.monotonic() + reply.seconds
        sending = self._is_sending()
        if answers is not None:
            keep = answers.end
        is_busy, get_result = self._connection.is_busy, self._connection.get_result
        while True:
            if is_busy():
                ready = self._poll.poll(_milliseconds(self._deadline))
                if not ready and _passed(self._deadline):
                    self._deadline = self._press(reply)
                    continue
                self._consume()
                sending = sending and self._is_sending()
                continue
            result = get_result()
            if result is None:
                return
            status = result.status
            if status == _DONE:  # most are
                reply.completed += 1
                reply.commands.append(result.command_status)
            elif status in PARTS:
                if answers is not None and answers.part(result) and answers.kept.no_more:
                    cancel(self._connection, seconds=CANCEL_GRACE)
            else:
                self._take(reply, result, status, keep)

    def _is_sending(self) -> bool:
        """Send what the server takes now, and whether there is more; then it is waited for that, too."""
        more = self._connection.flush() == 1
        self._poll.modify(self._connection.socket, select.POLLIN | select.POLLOUT if more else select.POLLIN)
        return more

    def _consume(self) -> None:
        """Read what arrived; a broken connection still holds the server's last words, which ``get_result`` gives."""
        try:
            self._connection.consume_input()
        except psycopg.OperationalError:
            if self.alive:
                raise

    def _take(self, reply: Reply, result: PGresult, status: int, keep: Callable[[PGresult], None] | None) -> None:
        if status in _COPIES:
            reply.copied = True
            self._end_copy(status, reply)
        elif status == pq.ExecStatus.EMPTY_QUERY:
            reply.empty = True
        elif status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE):
            self._must_be_the_servers(result)
            if not reply.copied:
                reply.failure = reply.failure or result
        else:
            reply.completed += 1
            reply.commands.append(result.command_status)
            if keep is not None and status == pq.ExecStatus.TUPLES_OK:
                keep(result)

    def _must_be_the_servers(self, failure: PGresult) -> None:
        """Tell a failure of libpq's own, while the server goes on, from what the server refuses."""
        if self.alive and failure.error_field(pq.DiagnosticField.SQLSTATE) is None:
            raise LostConnection(
                f"an answer of PostgreSQL's could not be taken: {failure.get_error_message().strip()}",
                advice="Whether the server did what it was told is not known.",
            )

    def _end_copy(self, status: int, reply: Reply) -> None:
        """Leave a COPY as libpq does when the next command comes: refuse to send, throw away what is sent."""
        if status == pq.ExecStatus.COPY_IN:
            self._connection.put_copy_end(b"COPY terminated by new PQexec")
            return
        while True:
            size, _data = self._connection.get_copy_data(1)
            if size < 0:
                return
            if size == 0:
                self._poll.poll(_milliseconds(self._deadline))
                self._connection.consume_input()
            if _passed(self._deadline):
                self._deadline = self._press(reply)

    def _press(self, reply: Reply) -> float:
        """The time is over: cancel; if that was done already, terminate; if that too, give up. Next deadline."""
        if not reply.timed_out and self.cancels:
            reply.timed_out = True
            end = time.monotonic() + CANCEL_GRACE
            cancel(self._connection, seconds=CANCEL_GRACE)
            return end
        if self._terminate is None:
            self.close()
            ignored = "ignored its cancellation" if reply.timed_out else f"did not end within {reply.seconds:g} s"
            raise psycopg.OperationalError(f"the statement {ignored}")
        terminate, self._terminate = self._terminate, None
        terminate(self.backend_pid)
        return time.monotonic() + TERMINATE_GRACE


def _milliseconds(deadline: float | None) -> float:
    left = _SLICE if deadline is None else min(_SLICE, max(0.0, deadline - time.monotonic()))
    return left * 1000


def _passed(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline
