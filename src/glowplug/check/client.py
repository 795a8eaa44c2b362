"""What of a file is for a client program, and for no server: Diesel sends the file as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glowplug.database.interface import SqlError

_COPY = re.compile(r"\bCOPY\b[^;]*\bFROM\s+STDIN\b[^;]*;[^;]*\Z", re.IGNORECASE)
_END_OF_ROWS = re.compile(r"^\\\.[ \t]*$", re.MULTILINE)
_COMMANDS = {  # by the code of a syntax error
    "42601": (re.compile(r"\s*(\\[A-Za-z?!]+)"), "psql"),
    "42000": (re.compile(r"\s*(DELIMITER|SOURCE)\b", re.IGNORECASE), "the mysql client"),
    "SQLITE_ERROR": (re.compile(r"(\.[a-z]+)\b"), "the sqlite3 shell"),
}


def of_a_client(error: SqlError, text: str) -> str | None:
    """Say that a server has met what is for a client alone, where the line of a syntax error shows it."""
    known = _COMMANDS.get(error.code or "")
    lines = text.splitlines(keepends=True)
    if known is None or error.line is None or error.line > len(lines):
        return None
    before, rest = "".join(lines[: error.line - 1]), "".join(lines[error.line - 1 :])
    if error.code == "42601" and _COPY.search(before) and _END_OF_ROWS.search(rest):
        return (
            "What follows COPY … FROM stdin, up to the line `\\.`, are rows that psql sends by itself: to a server "
            "they are no SQL, and Diesel sends it the file as it is. Write them as an INSERT (pg_dump --inserts does)."
        )
    command, client = known
    found = command.match(rest)
    if found is None:
        return None
    return f"{found[1]} is a command of {client} alone: Diesel sends the file as it is, and there it is a syntax error."
