"""A SQLite connection as Diesel opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import apsw

    from glowplug.database.sqlite.settings import SessionSettings

_MANAGE_UPDATED_AT = """\
CREATE TRIGGER __diesel_manage_updated_at_{table}
AFTER UPDATE ON {table}
FOR EACH ROW WHEN
  old.updated_at IS NULL AND
  new.updated_at IS NULL OR
  old.updated_at == new.updated_at
BEGIN
  UPDATE {table}
  SET updated_at = CURRENT_TIMESTAMP
  WHERE ROWID = new.ROWID;
END
"""


def open_file(path: str, settings: SessionSettings) -> apsw.Connection:
    """Open ``path``, made if absent, with the function that Diesel registers."""
    import apsw  # noqa: PLC0415 - whichever SQLite this process has on its path

    connection = apsw.Connection(path)
    connection.pragma("synchronous", "off")
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, int(settings.foreign_keys))

    def manage_updated_at(*arguments: object) -> int:
        connection.execute(_MANAGE_UPDATED_AT.format(table=arguments[0]))
        return 0

    connection.create_scalar_function("diesel_manage_updated_at", manage_updated_at, 1)
    return connection
