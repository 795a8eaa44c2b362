"""SQLite as a scratch server: a file in a private directory, held by a process of its own."""

from __future__ import annotations

from glowplug.scratch.sqlite.server import identity, open_server

__all__ = ["identity", "open_server"]
