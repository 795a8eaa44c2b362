"""PostgreSQL: the migrations' session, its snapshot, and the administrator's session."""

from __future__ import annotations

from glowplug.database.postgres.administrator import Administrator, identifier, literal
from glowplug.database.postgres.batch import refused
from glowplug.database.postgres.connection import Access, PostgresConnection
from glowplug.database.postgres.nested import Nested
from glowplug.database.postgres.state import SessionState, read_state

__all__ = [
    "Access",
    "Administrator",
    "Nested",
    "PostgresConnection",
    "SessionState",
    "identifier",
    "literal",
    "read_state",
    "refused",
]
