"""From the server's error to a SqlError that names a place in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.interface import SqlError
from glowplug.database.mysql.lacking import asked_for, may_be_lacking, named_in
from glowplug.database.mysql.temporary import without_temporary_names
from glowplug.sql import mysql as sql

if TYPE_CHECKING:
    from glowplug.database.mysql.session import Reply, ServerError

_DENIED = frozenset({
    1044,  # access denied to a schema
    1045,  # access denied (FILE: INTO OUTFILE, LOAD DATA)
    1142,  # command denied on a table
    1143,  # command denied on a column
    1227,  # SUPER or another global privilege is needed
    1370,  # command denied on a routine
    1410,  # not allowed to create a user with GRANT
    1419,  # SUPER is needed while binary logging is enabled
    1698,  # access denied, by authentication
})  # fmt: skip

_SYNTAX = 1064

NOT_TRIED = "A MariaDB says so, which stands in for production's MySQL: whether that says the same was not tried."


TOO_LONG = SqlError(code=None, message="it ran longer than the statement timeout allows", timed_out=True)
"""What is said of a round trip that the watchdog ended, whatever the server says of it."""


def explain(
    error: ServerError,
    *,
    text: str | None = None,
    reply: Reply | None = None,
    superuser: bool = False,
    stands_in: tuple[int, ...] = (),
) -> SqlError:
    """Turn the server's error into a SqlError.

    Args:
        error: what the server said.
        text: the batch that was sent, to find the line in; None where the error is not about a file's text.
        reply: what came back before the error: its results tell which statement failed.
        superuser: whether the account has all privileges already.
        stands_in: the version of the MySQL in whose stead a MariaDB says so; empty: it speaks for itself.
    """
    line = column = None
    missing = named_in(error) if stands_in else None
    failed = None
    if text is not None and reply is not None and error.number != 0:
        failed = sql.failed_statement(sql.statements(text), reply.results)
        if failed is not None:
            said = sql.place_of_error(text, failed, error.message) if error.number == _SYNTAX else None
            place = said or sql.position(text, failed.head)
            line, column = place.line, place.column
            if stands_in:
                missing = asked_for(error, text, failed, None if said is None else _offset(text, said), stands_in)
    message = without_temporary_names(error.message, text, failed)
    return SqlError(
        code=error.sqlstate,
        message=f"{_short(message)} ({error.number})" if error.number else message,
        hint=NOT_TRIED if stands_in and missing is None and may_be_lacking(error) else None,
        line=line,
        column=column,
        missing_feature=missing,
        needs_superuser=not superuser and error.number in _DENIED,
    )


def _offset(text: str, place: sql.Position) -> int:
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: place.line - 1]) + place.column - 1


def _short(message: str) -> str:
    """A syntax error quotes 80 characters of the file, line ends and all: keep it on one line."""
    return re.sub(r"\s+", " ", message)
