"""PostgreSQL as a scratch server: one that the user lends, or one of glowplug's own."""

from __future__ import annotations

from glowplug.scratch.postgres.server import open_server

__all__ = ["open_server"]
