"""PostgreSQL's SQL, read by the server's own grammar (libpg_query 18)."""

from __future__ import annotations

from glowplug.dialect import Dialect
from glowplug.sql.reader.postgres.reading import statements_of
from glowplug.sql.reader.postgres.source import Source
from glowplug.sql.statement import Script


def read(text: str) -> Script:
    """Read a file: never an exception for what it holds, and nothing of it is lost."""
    return Script(text=text, dialect=Dialect.POSTGRES, statements=statements_of(Source(text)))
