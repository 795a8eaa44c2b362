"""The clock that a migration can't stop: what runs too long is ended by another session."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
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


class Watchdog:
    """Ends what a session does from an administrator's connection, which it opens when it has to act."""

    def __init__(self, administrator: Address, *, seconds: float) -> None:
        """Allow each round trip ``seconds``."""
        self._administrator = administrator
        self._seconds = seconds

    @contextlib.contextmanager
    def over(self, session: Session) -> Iterator[Watch]:
        """Watch what ``session`` does in this context; once it is left, nothing will be killed any more."""
        watch = Watch()
        done = threading.Event()
        guard = threading.Thread(target=self._guard, args=(session, watch, done), name="glowplug-watchdog", daemon=True)
        guard.start()
        try:
            yield watch
        finally:
            done.set()
            guard.join()

    def _guard(self, session: Session, watch: Watch, done: threading.Event) -> None:
        if done.wait(self._seconds):
            return
        watch.expired = True
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
