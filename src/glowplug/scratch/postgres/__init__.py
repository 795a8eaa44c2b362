"""PostgreSQL as a scratch server: one that the user lends, or one of glowplug's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.scratch.postgres.source import choose
from glowplug.scratch.postgres.url import find_named_server

if TYPE_CHECKING:
    from glowplug.scratch.postgres.server import PostgresServer
    from glowplug.scratch.settings import Request

__all__ = ["identity", "open_server"]


def identity(request: Request) -> str | None:
    """Tell the server that ``open_server`` would give from others, without starting it; None: it has to be reached."""
    return None if find_named_server(request) else choose(request).identity


def open_server(request: Request) -> PostgresServer:
    """Start, or reach, the PostgreSQL that fits ``request``; errors as for ``server.open_server``."""
    from glowplug.scratch.postgres import server  # noqa: PLC0415 - it brings the driver, which takes 0.1 s

    return server.open_server(request)
