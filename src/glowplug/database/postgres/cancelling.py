"""Cancel what a backend does, without waiting for a server that does not answer."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING

import psycopg
from psycopg import pq

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

_SINCE = 170000  # libpq's version
_SLICE = 0.1  # seconds


def cancel(connection: PGconn, *, seconds: float) -> None:
    """Ask the server to cancel the message under way; given up after ``seconds``.

    Whether the request arrived shows in what becomes of the message. Before libpq 17 nobody is asked: that waits where
    no signal reaches it, and for ever on a server that does not answer.
    """
    if pq.version() < _SINCE:
        return
    end = time.monotonic() + seconds
    request = connection.cancel_conn()
    try:
        request.start()
        while time.monotonic() < end:
            step = request.poll()
            if step in (pq.PollingStatus.OK, pq.PollingStatus.FAILED):
                return
            poll = select.poll()
            poll.register(request.socket, select.POLLIN if step == pq.PollingStatus.READING else select.POLLOUT)
            poll.poll(_SLICE * 1000)
    except psycopg.OperationalError:
        return
    finally:
        request.finish()
