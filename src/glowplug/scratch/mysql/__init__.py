"""Scratch servers for MySQL chains: MariaDB or MySQL as the machine has it, or a server that the user lends."""

from __future__ import annotations

from glowplug.scratch.mysql.server import identity, open_server

__all__ = ["identity", "open_server"]
