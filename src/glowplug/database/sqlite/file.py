"""A migration's file, as Diesel hands it to SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.interface import SqlError
from glowplug.database.sqlite.failure import place

if TYPE_CHECKING:
    from glowplug.dialect import Direction


def text_of(sql: bytes | None, direction: Direction) -> str | SqlError:
    """Read a file as Diesel does, or give the error that it has before any database is asked."""
    if sql is None:
        return SqlError(code=None, message=f"there is no {direction.file_name}")
    if not sql:
        return SqlError(code=None, message=f"{direction.file_name} is empty: Diesel refuses a migration of 0 bytes")
    try:
        text = sql.decode("utf-8")
    except UnicodeDecodeError as error:
        line = sql.count(b"\n", 0, error.start) + 1
        return SqlError(code=None, message=f"{direction.file_name} is not valid UTF-8: {error.reason}", line=line)
    nul = text.find("\0")
    if nul >= 0:
        line, column = place(text, nul, 0)
        return SqlError(code=None, message="a NUL byte, which no SQL may hold", line=line, column=column)
    return text
