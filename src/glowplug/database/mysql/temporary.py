"""The names that a server gives to a table while it is altered: others in each run, so that no message keeps them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.mysql.flat import NAME, Flat

if TYPE_CHECKING:
    from glowplug.sql.mysql import Statement

_TEMPORARY = re.compile(r"#sql[-\w@]*")
_PART = r"(?:``|[\w$]+)"
_ALTERED = re.compile(
    r"^(?:ALTER (?:ONLINE |IGNORE )*TABLE (?:IF EXISTS )?"
    rf"|CREATE (?:OR REPLACE )?(?:\w+ )?INDEX (?:IF NOT EXISTS )?{NAME} (?:USING \w+ )?ON "
    rf"|DROP INDEX (?:IF EXISTS )?{NAME} ON )"
    rf"(?:{_PART} \. )?(?P<at>{_PART})(?! \.)"
)
_READ_AT_MOST = 200_000  # characters of a statement
_UNKNOWN = "#sql"


def without_temporary_names(message: str, text: str | None, failed: Statement | None) -> str:
    """Put the name of the table that a statement of ``text`` alters in the place of its name meanwhile.

    Where no statement tells it, what all such names begin with.
    """
    if _TEMPORARY.search(message) is None:
        return message
    name = None if text is None or failed is None else _altered(text, failed)
    return _TEMPORARY.sub(lambda _: name or _UNKNOWN, message)


def _altered(text: str, statement: Statement) -> str | None:
    if statement.end - statement.start > _READ_AT_MOST:
        return None
    flat = Flat(text, statement.start, statement.end)
    found = _ALTERED.search(flat.line)
    if found is None:
        return None
    start, end = flat.span(found, "at")
    said = text[start:end].strip()
    return said[1:-1].replace("``", "`") if said.startswith("`") else said
