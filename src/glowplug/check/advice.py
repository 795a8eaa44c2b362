"""What to do next about errors that Diesel's users meet again and again, beside what the server itself says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Direction
from glowplug.errors import MORE_TIME

if TYPE_CHECKING:
    from glowplug.database.interface import SqlError


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """``there_before``: what production has before the first migration would help; a down has had its up's."""

    code: str
    message: re.Pattern[str]
    advice: str
    there_before: bool = False


_EXTENSION = (
    "If an extension or a schema that production has before the first migration brings it, say so in "
    'glowplug.toml: `database_setup = ["CREATE EXTENSION …"]` under `[[chain]]`.'
)
_BROUGHT_BY_EXTENSIONS = (
    ("42883", "^function .* does not exist"),
    ("42704", "^type .* does not exist"),
    ("42704", "^operator class .* does not exist"),
    ("42704", "^access method .* does not exist"),
    ("42704", "^text search (configuration|dictionary|parser|template) .* does not exist"),
)
_KNOWN = (
    _Known(
        code="25001",
        message=re.compile("cannot run inside a transaction block"),
        advice="Put the statement alone into a migration whose metadata.toml says `run_in_transaction = false`. Diesel "
        "sends a file as one batch, and even without a transaction of its own a batch of several statements is one.",
    ),
    *(
        _Known(code=code, message=re.compile(message), advice=_EXTENSION, there_before=True)
        for code, message in _BROUGHT_BY_EXTENSIONS
    ),
    _Known(
        code="3F000",
        message=re.compile('^schema ".*" does not exist'),
        advice="If production has it before the first migration, say so in glowplug.toml, with all that migrations use "
        'of it: `database_setup = ["CREATE SCHEMA …"]` under `[[chain]]`.',
        there_before=True,
    ),
    _Known(
        code="42704",
        message=re.compile('^role ".*" does not exist'),
        advice="If production has it before the first migration, say so in glowplug.toml: "
        '`database_setup = ["CREATE ROLE …"]` under `[[chain]]`.',
        there_before=True,
    ),
    _Known(
        code="P0001",
        message=re.compile("at Diesel's bookkeeping"),
        advice="Code of the project's own refuses Diesel's row. If the application sets something up before its "
        "migrations (a lock, a setting), say so in `session_setup` of glowplug.toml.",
    ),
    _Known(
        code="HY000",
        message=re.compile("errno: 150 "),
        advice="The two columns must have one type, character set and collation, and the referenced table must be "
        "there first. If the application runs SET FOREIGN_KEY_CHECKS = 0 before its migrations, say so in "
        "`session_setup` of glowplug.toml.",
    ),
)
_CREATES_EXTENSION = re.compile('^permission denied to create extension "([^"]+)"')


def advice_on(error: SqlError, direction: Direction | None = None) -> str | None:
    """Give what to do next about an error, where that is known; ``direction``: of the file that met it."""
    if error.timed_out:
        return MORE_TIME
    if error.needs_superuser and (extension := _CREATES_EXTENSION.match(error.message)):
        return (
            "Migrations run as a role that owns the scratch database and is no superuser. If production's role may "
            f'create it, say `trust_extensions = ["{extension[1]}"]` under `[scratch]` in glowplug.toml; on a server '
            "that you lend, `superuser = true`."
        )
    if error.needs_superuser:
        return (
            "Migrations run as a role that owns the scratch database and is no superuser. If production's role may do "
            "this, say `superuser = true` under `[scratch]` in glowplug.toml."
        )
    return next(
        (
            known.advice
            for known in _KNOWN
            if known.code == error.code
            and known.message.search(error.message)
            and not (known.there_before and direction is Direction.DOWN)
        ),
        None,
    )
