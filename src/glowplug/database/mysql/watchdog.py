"""The clock that a migration can't stop: what runs too long, or takes too much room, is ended by another session."""

from __future__ import annotations

import contextlib
import enum
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.mysql.session import Address, Session
from glowplug.errors import LostConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KILL_QUERY_GRACE = 2.0
"""Seconds that a killed statement has to end by itself before its connection is killed."""

KILL_CONNECTION_GRACE = 5.0
"""Seconds that a killed connection has to end before glowplug's end of it is closed."""

_LOOK = 0.1  # seconds between two looks at the room taken


class Overrun(enum.Enum):
    """Why something was ended."""

    TIME = "time"
    ROOM = "room"


@dataclass(slots=True)
class Watch:
    """What became of one watched round trip; ``overrun`` is None while nothing had to be ended."""

    overrun: Overrun | None = None


class Watchdog:
    """Ends what a session does from an administrator's connection, which it opens when it has to act."""

    def __init__(self, administrator: Address, *, seconds: float, full: Callable[[], bool] | None = None) -> None:
        """Allow each round trip ``seconds``, and end it once ``full`` says that the server took too much room."""
        self._administrator = administrator
        self._seconds = seconds
        self._full = full

    @contextlib.contextmanager
    def over(self, session: Session) -> Iterator[Watch]:
        """Watch what ``session`` does in this context; when it is left, nothing will be killed any more."""
        watch = Watch()
        done = threading.Event()
        guard = threading.Thread(target=self._guard, args=(session, watch, done), name="watchdog", daemon=True)
        guard.start()
        try:
            yield watch
        finally:
            done.set()
            guard.join()
        if watch.overrun is None and self._full is not None and self._full():
            watch.overrun = Overrun.ROOM

    def _guard(self, session: Session, watch: Watch, done: threading.Event) -> None:
        deadline = time.monotonic() + self._seconds
        while not done.wait(min(_LOOK, max(deadline - time.monotonic(), 0)) if self._full else self._seconds):
            if self._full is not None and self._full():
                watch.overrun = Overrun.ROOM
            elif time.monotonic() >= deadline:
                watch.overrun = Overrun.TIME
            if watch.overrun is not None:
                self._end(session, done)
                return

    def _end(self, session: Session, done: threading.Event) -> None:
        """Kill the statement, then the connection, then glowplug's own end of it."""
        for kill, grace in (("KILL QUERY", KILL_QUERY_GRACE), ("KILL CONNECTION", KILL_CONNECTION_GRACE)):
            with contextlib.suppress(LostConnection):
                administrator = Session(self._administrator)
                try:
                    administrator.batch(f"{kill} {session.number}".encode())
                finally:
                    administrator.close()
            if done.wait(grace):
                return
        session.hang_up()
        done.wait()
