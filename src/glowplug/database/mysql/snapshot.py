"""The schema of a MySQL or MariaDB database as values, and its state as one value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.mysql.catalogue import read_catalogue, read_columns
from glowplug.database.mysql.objects import objects
from glowplug.database.mysql.session import (
    NO_SUCH_TABLE,
    UNKNOWN_DATABASE,
    Session,
    StatementRefused,
    quote_name,
    text_of,
)
from glowplug.schema import Schema

if TYPE_CHECKING:
    from glowplug.database.mysql.catalogue import Catalogue
    from glowplug.database.mysql.session import Address

_READING_SECONDS = 60
_LOCK_SECONDS = 5
_REMEMBERED = 64


class SnapshotReader:
    """Reads one schema through an administrator's session of its own.

    What the reading resolves are catalogue tables and quoted names; no view of the migrations is opened for its
    rows, no routine called. A schema that was seen before is recognised by the server's own CREATE statements, and
    the same object is given again.
    """

    def __init__(self, address: Address, schema: str) -> None:
        """Connect as the administrator at ``address`` to read ``schema``.

        Raises:
            LostConnection: the server can't be reached.
        """
        self._address = address
        self._schema = schema
        self._known: dict[str, Schema] = {}
        self._last: Catalogue | None = None
        self._open()

    def read(self) -> Schema:
        """Read the whole schema, the bookkeeping table excluded; of one that was dropped, nothing is left."""
        try:
            catalogue = self._catalogue()
        except StatementRefused as refused:
            if refused.error.number == UNKNOWN_DATABASE:
                return Schema.of(())
            raise
        key = catalogue.key
        if key not in self._known:
            columns, checks = read_columns(self._session, self._schema, mariadb=self._mariadb)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = Schema.of(objects(catalogue, columns, checks))
        return self._known[key]

    def state(self) -> str | None:
        """Everything that tells two databases of equal names apart: schema, rows, counters, recorded versions.

        Rows, and what sequences gave out, are compared by the server's checksums. None where it can't be said, for a
        table is locked or broken, or all was dropped.
        """
        try:
            catalogue = self._catalogue()
            tables = [f"{quote_name(self._schema)}.{quote_name(name)}" for name in catalogue.creates]
            rows = self._session.rows(f"CHECKSUM TABLE {', '.join(tables)} EXTENDED")[0] if tables else []
            versions = self._versions()
        except StatementRefused:
            return None
        checksums = [(name, text_of(row[1])) for name, row in zip(catalogue.creates, rows, strict=True)]
        if any(value is None for _, value in checksums):
            return None
        return repr((catalogue.key, sorted(catalogue.counters.items(), key=str), checksums, versions))

    def close(self) -> None:
        """End the session; never raises."""
        self._session.close()

    def forget(self) -> None:
        """Read anew next time: something ran, or is about to."""
        self._last = None

    def _catalogue(self) -> Catalogue:
        self._reopen()
        if self._last is None:
            self._last = read_catalogue(self._session, self._schema, mariadb=self._mariadb)
        return self._last

    def _versions(self) -> list[str | None]:
        """Recorded versions; where the table is not Diesel's own any more, nothing is read from it."""
        table = f"{quote_name(self._schema)}.{quote_name(BOOKKEEPING_TABLE)}"
        try:
            create = text_of(self._session.rows(f"SHOW CREATE TABLE {table}")[0][0][1]) or ""
        except StatementRefused as refused:
            if refused.error.number == NO_SUCH_TABLE:
                return []
            raise
        if not create.startswith("CREATE TABLE"):
            return [create]
        found = self._session.rows(f"SELECT version FROM {table} ORDER BY version")[0]
        return [create, *(text_of(row[0]) for row in found)]

    def _open(self) -> None:
        self._session = Session(self._address)
        version = text_of(self._session.rows("SELECT VERSION()")[0][0][0]) or ""
        self._mariadb = bool(re.search("mariadb", version, re.IGNORECASE))
        self._session.rows("SET time_zone = '+00:00'; SET sql_mode = ''; SET sql_quote_show_create = 1")
        self._session.rows(f"SET lock_wait_timeout = {_LOCK_SECONDS}; SET sql_select_limit = DEFAULT")
        if self._mariadb:
            self._session.rows(f"SET max_statement_time = {_READING_SECONDS}")
        else:
            self._session.rows(f"SET max_execution_time = {_READING_SECONDS * 1000}")
            self._session.rows("SET information_schema_stats_expiry = 0")

    def _reopen(self) -> None:
        if not self._session.alive:
            self._last = None
            self._open()
