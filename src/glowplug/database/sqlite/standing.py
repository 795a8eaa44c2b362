"""What a session has set for itself, beside what is in its database: to be carried to another, or held against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import apsw

CARRIED = (
    "foreign_keys",
    "recursive_triggers",
    "legacy_alter_table",
    "ignore_check_constraints",
    "trusted_schema",
    "reverse_unordered_selects",
    "writable_schema",
    "query_only",
)
"""What a session may have set for itself and what the next file depends on; all can be read back."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """``settings`` are those of CARRIED and whether LIKE heeds case; ``more``: temporary objects or attached files."""

    settings: tuple[object, ...]
    more: bool


def standing(connection: apsw.Connection) -> Standing:
    """Read what the session of ``connection`` has set; nothing may keep it from reading."""
    like = connection.execute("SELECT 'a' LIKE 'A'").get
    temporary = connection.execute("SELECT count(*) FROM sqlite_temp_master").get
    files = {name for _, name, _ in connection.execute("PRAGMA database_list")}
    settings = (*map(connection.pragma, CARRIED), like)
    return Standing(settings=settings, more=bool(temporary) or bool(files - {"main", "temp"}))


def copy_database(source: apsw.Connection, target: apsw.Connection, name: str) -> None:
    """Copy the database ``name`` (main, temp) into another connection's, page by page."""
    with target.backup(name, source, name) as backup:
        while not backup.done:
            backup.step(-1)


def copy_file(source: apsw.Connection, path: str) -> None:
    """Copy what is in ``main`` into the file ``path``."""
    import apsw  # noqa: PLC0415 - whichever SQLite this process opened

    target = apsw.Connection(path)
    try:
        copy_database(source, target, "main")
    finally:
        target.close()
