"""Which PostgreSQL extensions a file asks for: enough to choose a server by, not a reading of the SQL."""

from __future__ import annotations

import re

_CREATE = re.compile(rb'\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?"?([A-Za-z_][\w-]*)"?', re.IGNORECASE)


def extensions_asked(sql: bytes) -> frozenset[str]:
    """Give the names behind CREATE EXTENSION, also where it stands in a comment or a string."""
    return frozenset(name.decode() for name in _CREATE.findall(sql))
