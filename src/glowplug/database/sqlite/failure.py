"""SQLite's errors as values, with the place in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.interface import SqlError
from glowplug.sql.sqlite import first_token

if TYPE_CHECKING:
    import apsw


def code_of(error: apsw.Error) -> str | None:
    """Name the extended result code (``SQLITE_CONSTRAINT_UNIQUE``), else the plain one."""
    import apsw  # noqa: PLC0415 - which apsw it is was decided by whoever made the error

    extended = getattr(error, "extendedresult", -1)
    plain = getattr(error, "result", -1)
    name = apsw.mapping_extended_result_codes.get(extended) or apsw.mapping_result_codes.get(plain)
    return name if isinstance(name, str) else None


def message_of(error: BaseException) -> str:
    """SQLite's own message; older apsw put the exception's name before it."""
    text = str(error)
    return text.removeprefix(f"{type(error).__name__}: ")


def place(text: str, start: int, offset: int) -> tuple[int, int]:
    """Give line and column, from 1 and in characters, of a byte in ``text``.

    Args:
        text: the file.
        start: the statement's start, in characters.
        offset: bytes from there, as ``sqlite3_error_offset`` gives them; -1 for the statement's first token.
    """
    if offset < 0:
        position = first_token(text, start)
    else:
        position = start + len(text[start:].encode("utf-8", "replace")[:offset].decode("utf-8", "ignore"))
    before = text[:position]
    line_start = before.rfind("\n") + 1
    return before.count("\n") + 1, position - line_start + 1 - before.startswith("\ufeff") * (line_start == 0)


def sql_error(
    error: BaseException,
    *,
    code: str | None = None,
    position: tuple[int, int] | None = None,
    hint: str | None = None,
    needs_superuser: bool = False,
    timed_out: bool = False,
) -> SqlError:
    """Make the value from what apsw raised."""
    return SqlError(
        code=code,
        message=message_of(error) or type(error).__name__,
        hint=hint,
        line=position[0] if position else None,
        column=position[1] if position else None,
        needs_superuser=needs_superuser,
        timed_out=timed_out,
    )
