"""PostgreSQL: the migrations' session, its snapshot, and the administrator's session."""

from __future__ import annotations

from glowplug.database.postgres.administrator import Administrator, identifier, literal
from glowplug.database.postgres.connection import Access, PostgresConnection

__all__ = ["Access", "Administrator", "PostgresConnection", "identifier", "literal"]
