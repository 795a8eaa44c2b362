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


_VERSIONS = slice(18, 20)  # of the file's format, in its header


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """``settings`` are those of CARRIED and whether LIKE heeds case; ``more``: temporary objects or attached files."""

    settings: tuple[object, ...]
    more: bool


def standing(connection: apsw.Connection) -> Standing:
    """Read what the session of ``connection`` has set; nothing may keep it from reading."""
    like = connection.execute("SELECT 'a' LIKE 'A'").get
    files = {name for _, name, _ in connection.execute("PRAGMA database_list")}
    settings = (*map(connection.pragma, CARRIED), like)
    return Standing(settings=settings, more=has_temporary(connection) or bool(files - {"main", "temp"}))


def copy_database(source: apsw.Connection, target: apsw.Connection, name: str) -> None:
    """Copy the database ``name`` (main, temp) into another connection's, page by page."""
    with target.backup(name, source, name) as backup:
        while not backup.done:
            backup.step(-1)


def copy_session(source: apsw.Connection, target: apsw.Connection) -> None:
    """Copy the databases of ``source``, its temporary tables and its settings."""
    _copy_temp_store(source, target)
    copy_database(source, target, "main")
    if has_temporary(source):
        copy_database(source, target, "temp")
    _copy_settings(source, target)


def _copy_temp_store(source: apsw.Connection, target: apsw.Connection) -> None:
    """Set it as long as there is nothing temporary, which would be gone."""
    value = source.pragma("temp_store")
    if target.pragma("temp_store") != value:
        target.pragma("temp_store", value)


def _copy_settings(source: apsw.Connection, target: apsw.Connection) -> None:
    for name in CARRIED:
        value = source.pragma(name)
        if target.pragma(name) != value:
            target.pragma(name, value)
    if source.execute("SELECT 'a' LIKE 'A'").get == 0:  # no pragma tells
        target.pragma("case_sensitive_like", 1)


def copy_in_transaction(source: apsw.Connection, target: apsw.Connection) -> None:
    """Copy as ``copy_session`` does what ``source`` sees in the midst of its transaction; ``target`` then is in memory.

    A backup alone would have to wait for the end of that transaction.
    """
    import apsw  # noqa: PLC0415 - whichever SQLite this process opened

    _copy_temp_store(source, target)
    take_image(target, source.serialize("main"))
    if has_temporary(source):
        between = apsw.Connection(":memory:")  # nothing can be put into temp but by a backup
        try:
            take_image(between, source.serialize("temp"))
            with target.backup("temp", between, "main") as backup:
                backup.step(-1)
        finally:
            between.close()
    _copy_settings(source, target)


def has_temporary(connection: apsw.Connection) -> bool:
    """Tell whether there is a temporary object; where nobody has opened their database, it stays as it is.

    Once it is open, PRAGMA temp_store fails in a transaction, as it would not for Diesel.
    """
    return has_opened_temp(connection) and bool(list(connection.execute("SELECT 1 FROM sqlite_temp_master LIMIT 1")))


def has_opened_temp(connection: apsw.Connection) -> bool:
    """Tell whether the database of temporary objects was opened, by a file or by whoever looked into it."""
    return any(name == "temp" for _, name, _ in connection.execute("PRAGMA database_list"))


def take_image(target: apsw.Connection, image: bytes) -> None:
    """Make a serialized database the ``main`` of ``target``, which is in memory."""
    if image[_VERSIONS] == b"\2\2":  # that it has a WAL, which nothing in memory has
        image = image[: _VERSIONS.start] + b"\1\1" + image[_VERSIONS.stop :]
    target.deserialize("main", image)


def copy_file(source: apsw.Connection, path: str) -> None:
    """Copy what is in ``main`` into the file ``path``."""
    import apsw  # noqa: PLC0415 - whichever SQLite this process opened

    target = apsw.Connection(path)
    try:
        copy_database(source, target, "main")
    finally:
        target.close()
