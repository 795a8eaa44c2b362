"""A server that is started when a database is first asked for: what is known already needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.scratch import open_server
from glowplug.scratch.interface import Server, ServerDescription

if TYPE_CHECKING:
    from glowplug.finding import Finding
    from glowplug.scratch.interface import Database
    from glowplug.scratch.settings import Request


class ServerLater(Server):
    """Answers for a server as one like it was seen to be; starts it where that is not enough."""

    def __init__(self, request: Request, description: ServerDescription, findings: tuple[Finding, ...]) -> None:
        """Remember how to start it, and what was said of it."""
        self._request = request
        self._description = description
        self._findings = findings
        self._server: Server | None = None

    def describe(self) -> ServerDescription:
        """Say what was said of it."""
        return self._description

    def create(self) -> Database:
        """Make a fresh database, on a server that is started now if it was not yet.

        Raises:
            NoServer: it can't be had.
        """
        if self._server is None:
            self._server = open_server(self._request)
        return self._server.create()

    def findings(self) -> tuple[Finding, ...]:
        """Give what was seen then."""
        return self._findings

    def close(self) -> None:
        """End it where it was started."""
        if self._server is not None:
            self._server.close()
