"""The schema of a MySQL or MariaDB database as values, and its state as one value."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.mysql.blueprint import Standing, read_blueprint
from glowplug.database.mysql.catalogue import read_catalogue, read_columns
from glowplug.database.mysql.generated import generated_keys, may_be_generated
from glowplug.database.mysql.objects import objects
from glowplug.database.mysql.session import (
    ALL_ROWS,
    NO_SUCH_TABLE,
    UNKNOWN_DATABASE,
    Session,
    StatementRefused,
    quote_name,
    quote_text,
    text_of,
)
from glowplug.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.mysql.blueprint import Blueprint
    from glowplug.database.mysql.catalogue import Catalogue, Record
    from glowplug.database.mysql.session import Address, Row

_READING_SECONDS = 60
_LOCK_SECONDS = 5
Files = dict[str, dict[str, str]]
"""Of each table, what tells the file of each partition from any other: one, called "", where it has no partitions."""

_REMEMBERED = 64
_COUNTED_ROWS = 1000


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
        self._known_columns: dict[str, tuple[list[Record], list[Record]]] = {}
        self._last: Catalogue | None = None
        self._blueprint: Blueprint | None = None
        self._generated: dict[tuple[str, str], frozenset[str]] = {}
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
            _, columns, checks = self.parts()
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
            checksums = self._checksums(catalogue)
            versions = self._versions()
        except StatementRefused:
            return None
        if None in checksums.values():
            return None
        return repr((catalogue.key, sorted(catalogue.counters.items(), key=str), checksums, versions))

    def standing(self) -> Standing | None:
        """Tell what ``state`` tells, table by table."""
        try:
            catalogue = self._catalogue()
            return Standing.of(catalogue, self._checksums(catalogue), self._versions())
        except StatementRefused:
            return None

    def _checksums(self, catalogue: Catalogue) -> dict[str, str | None]:
        tables = [f"{quote_name(self._schema)}.{quote_name(name)}" for name in catalogue.creates]
        rows = self._session.rows(f"CHECKSUM TABLE {', '.join(tables)} EXTENDED")[0] if tables else []
        return {name: text_of(row[1]) for name, row in zip(catalogue.creates, rows, strict=True)}

    def parts(self) -> tuple[Catalogue, list[Record], list[Record]]:
        """Read what a schema's tables are made of: the catalogue, all columns, the CHECKs that belong to a column.

        Raises:
            StatementRefused: a table is locked or broken, or all was dropped.
        """
        catalogue = self._catalogue()
        key = catalogue.key
        if key not in self._known_columns:
            if len(self._known_columns) >= _REMEMBERED:
                self._known_columns.clear()
            self._known_columns[key] = read_columns(self._session, self._schema, mariadb=self.mariadb)
        return (catalogue, *self._known_columns[key])

    def counts(self, names: Sequence[str]) -> dict[str, int]:
        """Count the rows of tables, up to a thousand each.

        Raises:
            StatementRefused: a table is locked or broken.
        """
        counting = (
            f"(SELECT COUNT(*) FROM (SELECT 1 FROM {quote_name(self._schema)}.{quote_name(name)}"
            f" LIMIT {_COUNTED_ROWS}) AS counted)"
            for name in names
        )
        row = self.ask(f"SELECT 1, {', '.join(counting)}")[0] if names else (b"1",)
        return dict(zip(names, (int(text_of(each) or 0) for each in row[1:]), strict=True))

    def engine(self, table: str, schema: str | None = None) -> str | None:
        """Give the storage engine of a table; None where there is no such."""
        found = self.ask(
            "SELECT engine FROM information_schema.tables"
            f" WHERE table_schema = {quote_text(schema or self._schema)} AND table_name = {quote_text(table)}"
        )
        return text_of(found[0][0]) if found else None

    def is_table(self, name: str) -> bool:
        """Whether there is a table of that name, and no view."""
        found = self.ask(
            "SELECT table_type FROM information_schema.tables"
            f" WHERE table_schema = {quote_text(self._schema)} AND table_name = {quote_text(name)}"
        )
        return bool(found) and text_of(found[0][0]) != "VIEW"

    def table_of_trigger(self, trigger: str) -> str | None:
        """Give the table that a trigger is on; None where there is no such."""
        found = self.ask(
            "SELECT event_object_table FROM information_schema.triggers"
            f" WHERE trigger_schema = {quote_text(self._schema)} AND trigger_name = {quote_text(trigger)}"
        )
        return text_of(found[0][0]) if found else None

    def files(self) -> Files:
        """Give what tells the file of each of InnoDB's tables, or of each of its partitions, from any other.

        Raises:
            StatementRefused: this account may not see that.
        """
        found = self.ask(
            "SELECT SUBSTRING_INDEX(name, '/', -1), CONCAT_WS('/', table_id, space)"
            f" FROM information_schema.{'innodb_sys_tables' if self.mariadb else 'innodb_tables'}"
            f" WHERE SUBSTRING_INDEX(name, '/', 1) = {quote_text(self._schema)}"
        )
        files: Files = defaultdict(dict)
        for name, identity in found:
            table, _, partition = (text_of(name) or "").partition("#")
            if table:  # what begins with # is the server's own
                files[table][partition.upper()] = text_of(identity) or ""
        encoded = [table for table in files if "@" in table]
        if encoded:
            names = ", ".join(f"CONVERT(_filename X'{each.encode().hex()}' USING utf8mb4)" for each in encoded)
            for table, name in zip(encoded, self.ask(f"SELECT {names}")[0], strict=True):
                files[text_of(name) or ""] = files.pop(table)
        return dict(files)

    def ask(self, question: str) -> list[Row]:
        """Run one statement as the administrator, and give its rows.

        Raises:
            StatementRefused: the server refuses it.
        """
        self._reopen()
        answers = self._session.rows(question)
        return answers[0] if answers else []

    def blueprint(self) -> Blueprint | None:
        """Read what makes the schema and its rows again; None where that can't be had."""
        if self._blueprint is None and (standing := self.standing()) is not None and standing.own:
            with contextlib.suppress(StatementRefused):
                self._blueprint = read_blueprint(
                    self._session,
                    self._schema,
                    self._catalogue(),
                    standing,
                    columns=lambda: self.parts()[1],
                    generated=self._generated_keys,
                    mariadb=self.mariadb,
                )
        return self._blueprint

    def _generated_keys(self, table: str, create: str) -> frozenset[str]:
        keys = may_be_generated(create)
        if not keys:
            return frozenset()
        if (table, create) not in self._generated:
            self._generated[table, create] = generated_keys(self._session, self._schema, table, keys)
        return self._generated[table, create]

    def close(self) -> None:
        """End the session; never raises."""
        self._session.close()

    def forget(self) -> None:
        """Read anew next time: something ran, or is about to."""
        self._last = None
        self._blueprint = None

    def _catalogue(self) -> Catalogue:
        self._reopen()
        if self._last is None:
            self._last = read_catalogue(self._session, self._schema, mariadb=self.mariadb)
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
        self._session.rows(f"SET sql_select_limit = {ALL_ROWS}")
        version = text_of(self._session.rows("SELECT VERSION()")[0][0][0]) or ""
        self.mariadb = bool(re.search("mariadb", version, re.IGNORECASE))
        self._session.rows("SET time_zone = '+00:00'; SET sql_mode = ''; SET sql_quote_show_create = 1")
        self._session.rows(f"SET lock_wait_timeout = {_LOCK_SECONDS}")
        if self.mariadb:
            self._session.rows(f"SET max_statement_time = {_READING_SECONDS}")
        else:
            self._session.rows(f"SET max_execution_time = {_READING_SECONDS * 1000}")
            self._session.rows("SET information_schema_stats_expiry = 0")

    def _reopen(self) -> None:
        if not self._session.alive:
            self._last = None
            self._open()
