"""From the server's error to a SqlError that names a place in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from psycopg import pq

from glowplug.database.interface import SqlError
from glowplug.sql import postgres as sql

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

INSUFFICIENT_PRIVILEGE = "42501"
QUERY_CANCELED = "57014"
_EXTENSION_CODES = ("0A000", "58P01")
_CONTROL_FILE = re.compile(r"([^/\\\"]+)\.control\"")
_AVAILABLE = re.compile(r'^extension "([^"]+)" is not available')


def field(result: PGresult, name: pq.DiagnosticField) -> str | None:
    """One field of an error, as text."""
    value = result.error_field(name)
    return None if value is None else value.decode("utf-8", "replace")


def explain(result: PGresult, *, content: bytes | None = None, completed: int = 0, superuser: bool = False) -> SqlError:
    """Turn a failed result into a SqlError.

    Args:
        result: the failed result.
        content: the batch that was sent, to find the line in; None where the error is not about a file's text.
        completed: how many statements of the batch ended well before: tells which one failed.
        superuser: whether the role is one already.
    """
    code = field(result, pq.DiagnosticField.SQLSTATE)
    message = field(result, pq.DiagnosticField.MESSAGE_PRIMARY) or result.get_error_message().strip()
    detail = field(result, pq.DiagnosticField.MESSAGE_DETAIL)
    place = (
        None
        if content is None
        else _place(content.decode(), field(result, pq.DiagnosticField.STATEMENT_POSITION), completed)
    )
    return SqlError(
        code=code,
        message=message,
        detail=detail,
        hint=field(result, pq.DiagnosticField.MESSAGE_HINT),
        line=None if place is None else place.line,
        column=None if place is None else place.column,
        missing_extension=_missing_extension(code, message, detail),
        needs_superuser=not superuser and code == INSUFFICIENT_PRIVILEGE,
    )


def _place(text: str, character: str | None, completed: int) -> sql.Position | None:
    if character is not None:
        return sql.position(text, int(character) - 1)
    offsets = sql.statement_offsets(text)
    if offsets is None or completed >= len(offsets):
        return None
    return sql.position(text, offsets[completed])


def _missing_extension(code: str | None, message: str, detail: str | None) -> str | None:
    """Name the extension whose control file the server has not; by file name, for messages may be translated."""
    if code not in _EXTENSION_CODES:
        return None
    found = _AVAILABLE.search(message) or _CONTROL_FILE.search(f"{message}\n{detail or ''}")
    return found and found.group(1)
