"""Open a connection to a PostgreSQL server, in a way that a signal can interrupt."""

from __future__ import annotations

import os
import select
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from psycopg import pq

from glowplug.errors import LostConnection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from psycopg.pq.abc import PGconn

CONNECT_SECONDS = 15.0

_SLICE = 0.1  # seconds
_CREDENTIALS = ("PGPASSWORD", "PGPASSFILE", "PGSSL")

_environment_lock = threading.Lock()


def connect(conninfo: Mapping[str, str]) -> PGconn:
    """Connect, without blocking Python's signal handlers; ``conninfo`` has libpq's keywords and values.

    Raises:
        LostConnection: the server can't be reached within CONNECT_SECONDS, or refuses.
    """
    with _without_libpq_environment():
        return _connect(conninfo)


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
