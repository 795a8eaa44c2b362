"""From the server's error to a SqlError that names a place in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psycopg import pq

from glowplug.database.interface import SqlError
from glowplug.sql import postgres as sql
from glowplug.sql.features import Feature

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

INSUFFICIENT_PRIVILEGE = "42501"
QUERY_CANCELED = "57014"
_EXTENSION_CODES = ("0A000", "58P01")
_CONTROL_FILE = re.compile(r"([^/\\\"]+)\.control\"")
_CODE_OF_THE_PROJECTS_OWN = ("exec_stmt_raise", "ExecWithCheckOptions")
"""Functions of the server's that report what a RAISE, or a policy, refuses."""
_GRANT = re.compile(
    "^permission denied for (?:column|domain|foreign table|materialized view|relation|schema|sequence|table|type|view)"
    " (?!pg_|information_schema)"
)
_AVAILABLE = re.compile(r'^extension "([^"]+)" is not available')
_FEATURE_NOT_SUPPORTED = "0A000"
_LACKED = (
    ("42704", re.compile(r'^(collation "[^"]+-x-icu") for encoding'), "the {}"),
    ("22023", re.compile(r'^invalid value for parameter "default_toast_compression": "(lz4)"'), "{}"),
    (
        "22023",
        re.compile(r'^The operating system could not find any locale data for the (locale) name ("[^"]+")'),
        "the {} {}",
    ),
)
"""What is refused by name where it is not there: the code, the message or detail, and what that is for a person."""


def field(result: PGresult, name: pq.DiagnosticField) -> str | None:
    """One field of an error, as text."""
    value = result.error_field(name)
    return None if value is None else value.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A file as it was sent: after ``prefix``, ``before`` statements; ``completed`` of all statements ended well."""

    content: bytes
    prefix: bytes = b""
    before: int = 0
    completed: int = 0


def explain(result: PGresult, *, batch: Batch | None = None, superuser: bool = False) -> SqlError:
    """Turn a failed result into a SqlError.

    Args:
        result: the failed result.
        batch: the file that was sent, to find the line in; None where the error is not about a file's text.
        superuser: whether the role is one already.
    """
    code = field(result, pq.DiagnosticField.SQLSTATE)
    message = field(result, pq.DiagnosticField.MESSAGE_PRIMARY) or result.get_error_message().strip()
    detail = field(result, pq.DiagnosticField.MESSAGE_DETAIL)
    error = SqlError(
        code=code,
        message=message,
        detail=detail,
        hint=field(result, pq.DiagnosticField.MESSAGE_HINT),
        missing_extension=_missing_extension(code, message, detail),
        missing_feature=_missing_feature(code, message, detail),
        needs_superuser=not superuser and code == INSUFFICIENT_PRIVILEGE and not _is_the_chains_own(result, message),
    )
    if batch is None:
        return error
    return _placed(error, batch, field(result, pq.DiagnosticField.STATEMENT_POSITION))


def at_bookkeeping(error: SqlError) -> SqlError:
    """Say that an error is the bookkeeping's: no place in the file is to blame."""
    return replace(error, message=f"{error.message} (at Diesel's bookkeeping, after the file had run)")


def _placed(error: SqlError, batch: Batch, character: str | None) -> SqlError:
    text = batch.content.decode()
    offset = None if character is None else int(character) - 1 - len(batch.prefix)
    starts = sql.statement_offsets(text)
    number = batch.completed - batch.before
    if offset is None:
        if starts is None or number > len(starts):
            return error  # a COMMIT
        offset = starts[number] if number < len(starts) else len(text) + 1
    elif starts is not None and number >= 0 and batch.completed and number < len(starts):
        # What the server had parsed again, an index's definition say, has places of its own.
        end = starts[number + 1] if number + 1 < len(starts) else len(text) + 1
        offset = offset if starts[number] <= offset < end else starts[number]
    if offset > len(text):
        return at_bookkeeping(error)
    place = sql.position(text, offset)
    return replace(error, line=place.line, column=place.column)


def _is_the_chains_own(result: PGresult, message: str) -> bool:
    """Whether a GRANT, or code of the project's own, decides on what was refused.

    A message that is translated says nothing: lc_messages is C on servers of glowplug's own.
    """
    source = field(result, pq.DiagnosticField.SOURCE_FUNCTION)
    return source in _CODE_OF_THE_PROJECTS_OWN or _GRANT.search(message) is not None


def _missing_extension(code: str | None, message: str, detail: str | None) -> str | None:
    """Name the extension whose control file the server has not; by file name, for messages may be translated."""
    if code not in _EXTENSION_CODES:
        return None
    found = _AVAILABLE.search(message) or _CONTROL_FILE.search(f"{message}\n{detail or ''}")
    return found and found.group(1)


def _missing_feature(code: str | None, message: str, detail: str | None) -> str | None:
    """Name what the server was built without, or its system lacks; by its words, which are C's on glowplug's own."""
    if code == _FEATURE_NOT_SUPPORTED:
        return next((str(feature) for feature in Feature if feature.value in message), None)
    for wanted, words, phrase in _LACKED:
        found = (words.search(message) or words.search(detail or "")) if code == wanted else None
        if found is not None:
            return phrase.format(*found.groups())
    return None
