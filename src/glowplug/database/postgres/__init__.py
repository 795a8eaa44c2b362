"""PostgreSQL: the migrations' session, its snapshot, and the administrator's session."""

from __future__ import annotations

from glowplug.database.postgres.access import Access
from glowplug.database.postgres.administrator import Administrator
from glowplug.database.postgres.batch import refused
from glowplug.database.postgres.connection import PostgresConnection
from glowplug.database.postgres.leftovers import is_as_it_began
from glowplug.database.postgres.nested import Nested
from glowplug.database.postgres.quoting import identifier, literal
from glowplug.database.postgres.state import SessionState

__all__ = [
    "Access",
    "Administrator",
    "Nested",
    "PostgresConnection",
    "SessionState",
    "identifier",
    "is_as_it_began",
    "literal",
    "refused",
]
