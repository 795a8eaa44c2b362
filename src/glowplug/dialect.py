"""The backends that Diesel speaks to, at the bottom because every room names them."""

from __future__ import annotations

import enum


class Dialect(enum.StrEnum):
    """A backend, by the name that glowplug.toml and the JSON use."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    SQLITE = "sqlite"


class Direction(enum.StrEnum):
    """Which of a migration's two files: ``up.sql`` or ``down.sql``."""

    UP = "up"
    DOWN = "down"

    @property
    def file_name(self) -> str:
        """``up.sql`` or ``down.sql``."""
        return f"{self.value}.sql"
