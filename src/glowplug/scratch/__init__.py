"""Scratch servers and databases: made on the fly, private, always removed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from glowplug.scratch.interface import Server
    from glowplug.scratch.settings import Request


def identity(request: Request) -> str | None:
    """Tell the server that ``open_server`` would give from every other on which a migration might show something else.

    Nothing is started; None: it can't be told without.

    Raises:
        NoServer: none can be had.
        ConfigurationError: the request makes no sense.
    """
    backend = importlib.import_module(f"{__name__}.{request.dialect.value}")
    return cast("str | None", backend.identity(request))


def open_server(request: Request) -> Server:
    """Start the scratch server that fits ``request``; it ends when its context is left.

    Raises:
        NoServer: none can be had; the message says how to get one.
        ConfigurationError: the request makes no sense.
    """
    backend = importlib.import_module(f"{__name__}.{request.dialect.value}")
    return cast("Server", backend.open_server(request))
