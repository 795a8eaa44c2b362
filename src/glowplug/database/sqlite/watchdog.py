"""A deadline for whatever a session does, kept from inside SQLite's virtual machine."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import apsw

_INSTRUCTIONS = 20_000  # a few milliseconds of work, and no measurable cost


class Watchdog:
    """Ends what takes too long, and lets Python answer signals meanwhile.

    A single function call inside SQLite is not interrupted: who wants that too holds the session in a process that
    can be ended.
    """

    def __init__(self, connection: apsw.Connection, gone: Callable[[], bool] | None = None) -> None:
        """Watch ``connection``; ``gone`` tells that nobody waits for an answer any longer."""
        self.gone = gone or (lambda: False)
        self._deadline = float("inf")
        self.expired = False
        connection.set_progress_handler(self._progress, _INSTRUCTIONS)

    @contextlib.contextmanager
    def watch(self, seconds: float) -> Iterator[None]:
        """Give what happens in this context ``seconds``; ``expired`` tells afterwards whether they ran out."""
        self._deadline = time.monotonic() + seconds
        self.expired = False
        try:
            yield
        finally:
            self._deadline = float("inf")

    def _progress(self) -> bool:
        """Tell SQLite to stop; being Python, it also lets signal handlers run, and what they raise goes through."""
        if time.monotonic() > self._deadline or self.gone():
            self.expired = True
        return self.expired
