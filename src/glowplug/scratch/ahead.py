"""A server that starts while something else is done: most of that is waiting for its processes."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from glowplug.database.interface import Closing
from glowplug.dialect import Dialect
from glowplug.scratch import open_server

if TYPE_CHECKING:
    from glowplug.scratch.interface import Server
    from glowplug.scratch.settings import Request


class ServerAhead(Closing):
    """Begins to start one; ``close`` waits for that, and ends it. SQLite has no process, and is opened when asked.

    A signal's exception may come wherever this thread is. So what is begun is known before it begins: no server is
    lost, and no thread waits for ever.
    """

    def __init__(self, request: Request) -> None:
        """Begin."""
        self._request = request
        self._server: Server | None = None
        self._starting: Future[Server] | None = None
        if request.dialect is Dialect.SQLITE:
            return
        self._starting = Future()
        pool = ThreadPoolExecutor(1, thread_name_prefix="glowplug-server")
        try:
            pool.submit(self._start, self._starting)
            pool.shutdown(wait=False)
        except BaseException:
            pool.shutdown(wait=False)
            self.close()
            raise

    def _start(self, starting: Future[Server]) -> None:
        if not starting.set_running_or_notify_cancel():
            return
        try:
            starting.set_result(open_server(self._request))
        except BaseException as failure:  # noqa: BLE001 - it is raised where the server is asked for
            starting.set_exception(failure)

    def server(self) -> Server:
        """Give the server once it is there.

        Raises:
            NoServer: none can be had; the message says how to get one.
            ConfigurationError: the request makes no sense.
        """
        if self._starting is not None:
            return self._starting.result()
        if self._server is None:
            self._server = open_server(self._request)
        return self._server

    def close(self) -> None:
        """End it, also where nobody asked for it yet."""
        starting, self._starting = self._starting, None
        if starting is not None and not starting.cancel() and starting.exception() is None:
            self._server = starting.result()
        if self._server is not None:
            self._server.close()
