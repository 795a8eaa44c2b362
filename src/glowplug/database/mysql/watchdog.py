"""The clock that a migration can't stop: what runs too long is ended by another session."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glowplug.database.mysql.session import Address, Session
from glowplug.errors import LostConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

KILL_QUERY_GRACE = 2.0
"""Seconds that a killed statement has to end by itself before its connection is killed."""

KILL_CONNECTION_GRACE = 5.0
"""Seconds that a killed connection has to end before glowplug's end of it is closed."""


@dataclass(slots=True)
class Watch:
    """What became of one watched round trip."""

    expired: bool = False


@dataclass(slots=True, kw_only=True)
class _Watched:
    """A round trip that is under way: it may last ``until`` then (of time.monotonic); ``ending``: who ends it."""

    session: Session
    watch: Watch
    until: float
    done: threading.Event = field(default_factory=threading.Event)
    ending: threading.Thread | None = None


class Watchdog:
    """Ends what a session does from an administrator's connection, which it opens when it has to act.

    One thread keeps watch over all that is under way, for round trips are many and short: it sleeps for as long as none
    of them can be late, and ends when there are none.
    """

    def __init__(self, administrator: Address, *, seconds: float) -> None:
        """Allow each round trip ``seconds``."""
        self._administrator = administrator
        self._seconds = seconds
        self._lock = threading.Lock()
        self._watched: dict[int, _Watched] = {}  # in the order in which they will be late
        self._guard: threading.Thread | None = None

    @contextlib.contextmanager
    def over(self, session: Session) -> Iterator[Watch]:
        """Watch what ``session`` does in this context; once it is left, nothing will be killed any more."""
        watched = _Watched(session=session, watch=Watch(), until=time.monotonic() + self._seconds)
        with self._lock:
            self._watched[id(watched)] = watched
            if self._guard is None:
                self._guard = threading.Thread(target=self._keep_watch, name="glowplug-watchdog", daemon=True)
                self._guard.start()
        try:
            yield watched.watch
        finally:
            watched.done.set()
            with self._lock:
                self._watched.pop(id(watched), None)
            if watched.ending is not None:
                watched.ending.join()

    def _keep_watch(self) -> None:
        while True:
            with self._lock:
                first = next(iter(self._watched.values()), None)
                if first is None:
                    self._guard = None
                    return
                left = first.until - time.monotonic()
                if left <= 0:
                    del self._watched[id(first)]
                    first.watch.expired = True
                    first.ending = threading.Thread(
                        target=self._end, args=(first,), name="glowplug-watchdog-ends", daemon=True
                    )
                    first.ending.start()
            time.sleep(max(left, 0.0))

    def _end(self, watched: _Watched) -> None:
        for kill, grace in (("KILL QUERY", KILL_QUERY_GRACE), ("KILL CONNECTION", KILL_CONNECTION_GRACE)):
            with contextlib.suppress(LostConnection):
                administrator = Session(self._administrator, patience=KILL_CONNECTION_GRACE)
                try:
                    administrator.batch(f"{kill} {watched.session.number}".encode())
                finally:
                    administrator.close()
            if watched.done.wait(grace):
                return
        watched.session.hang_up()
