"""Scratch servers for MySQL chains: MariaDB or MySQL as the machine has it, or a server that the user lends."""

from __future__ import annotations

from glowplug.scratch.mysql.server import open_server

__all__ = ["open_server"]
