"""SQLite's SQL: cut and read from its tokens, judged by SQLite's own grammar (syntaqlite)."""

from __future__ import annotations

from glowplug.dialect import Dialect
from glowplug.sql.reader.sqlite.split import pieces
from glowplug.sql.reader.sqlite.statements import read_statement
from glowplug.sql.statement import Script


def read(text: str) -> Script:
    """Read a file: never an exception for what it holds, and nothing of it is lost.

    ALTER TABLE that only newer versions of SQLite take, or none, is read all the same: whoever knows the version
    says what it means.
    """
    statements = tuple(read_statement(text, piece) for piece in pieces(text))
    return Script(text=text, dialect=Dialect.SQLITE, statements=statements)
