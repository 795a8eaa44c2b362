"""A server that starts while something else is done: most of that is waiting for its processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from glowplug.database.interface import Closing
from glowplug.dialect import Dialect
from glowplug.scratch import open_server

if TYPE_CHECKING:
    from concurrent.futures import Future

    from glowplug.scratch.interface import Server
    from glowplug.scratch.settings import Request


class ServerAhead(Closing):
    """Begins to start one; ``close`` waits for that, and ends it. SQLite has no process, and is opened when asked."""

    def __init__(self, request: Request) -> None:
        """Begin."""
        self._request = request
        self._server: Server | None = None
        self._starting: Future[Server] | None = None
        if request.dialect is not Dialect.SQLITE:
            pool = ThreadPoolExecutor(1, thread_name_prefix="glowplug-server")
            self._starting = pool.submit(open_server, request)
            pool.shutdown(wait=False)

    def server(self) -> Server:
        """Give the server once it is there.

        Raises:
            NoServer: none can be had; the message says how to get one.
            ConfigurationError: the request makes no sense.
        """
        if self._starting is not None:
            starting, self._starting = self._starting, None
            self._server = starting.result()
        elif self._server is None:
            self._server = open_server(self._request)
        return self._server

    def close(self) -> None:
        """End it, also where nobody asked for it yet."""
        if self._starting is not None and self._starting.exception() is None:
            self._server = self._starting.result()
        if self._server is not None:
            self._server.close()
