"""Which tables a statement reads from one end to the other, told by what the server counts.

Nothing is asked of the session that runs it, whose ROW_COUNT() and warnings that would change. MariaDB with
``userstat`` counts the rows that each statement reads of each table, and how many of them by which index, whoever the
statement has read them through (a view, a trigger, a routine). What InnoDB does by itself is not counted: that it
read a table to build an index shows in the index, which is a new one.

Rows read by an index are those of a range or of the whole index, or were looked up one by one. Where more than one
table is read and such rows are as many as the table has, that can't be told.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from glowplug.database.mysql.ladder import altered_table
from glowplug.database.mysql.session import StatementRefused, quote_name, quote_text, text_of
from glowplug.sql import actions

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from glowplug.database.mysql.snapshot import Files, SnapshotReader
    from glowplug.database.mysql.trace_names import OldNames
    from glowplug.sql.statement import Statement

UNCOUNTED = "the server does not count what is read (userstat): which tables its statements read through is not told"

_READS_NO_ROWS = frozenset(
    {
        *("", "ALTER", "COMMIT", "DEALLOCATE", "DROP", "FLUSH", "GRANT", "LOCK", "OPTIMIZE", "PREPARE", "RELEASE"),
        *("RENAME", "REVOKE", "ROLLBACK", "SAVEPOINT", "SHOW", "START", "TRUNCATE", "UNLOCK", "USE"),
    }
)
_MAY_HOLD_A_QUERY = frozenset({"CREATE", "DO", "INSERT", "REPLACE", "SET"})
_QUERY = re.compile(r"\bSELECT\b", re.IGNORECASE)
_RUN_OTHERS = (actions.Dynamic, actions.Block)
_WRITES = (actions.Insert, actions.Update, actions.Delete)
_MOVES_CODE = re.compile(r"\b(?:TRIGGER|FUNCTION|RENAME|DROP)\b", re.IGNORECASE)
_EVERYTHING = "*"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What a server has counted so far: rows read of each table, and of those by each of its indexes."""

    tables: dict[str, int]
    indexes: dict[tuple[str, str], int]

    def since(self, before: Counted) -> Counted:
        """Give what was counted after ``before``; a table of which nothing was read is left out."""
        tables = {name: rows - before.tables.get(name, 0) for name, rows in self.tables.items()}
        indexes = {key: rows - before.indexes.get(key, 0) for key, rows in self.indexes.items()}
        return Counted(
            tables={name: rows for name, rows in tables.items() if rows > 0},
            indexes={key: rows for key, rows in indexes.items() if rows > 0},
        )


class ReadThrough(msgspec.Struct, frozen=True, kw_only=True):
    """Tables read from one end to the other, and those of which that can't be told; as they are called now."""

    tables: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()


def judge(read: Counted, rows: Mapping[str, int], *, alone: str | None) -> ReadThrough:
    """Tell which tables were read through by what was counted.

    Args:
        read: what the statement has read.
        rows: how many each table had before it.
        alone: the only table that it can have gone through by an index: no other's rows were looked up in it.
    """
    through, unclear = set(), set()
    for table, count in read.tables.items():
        if not 0 < rows.get(table, 0) <= count:
            continue
        by_index = sum(its for (name, _), its in read.indexes.items() if name == table)
        if by_index == 0 or table == alone:
            through.add(table)
        else:
            unclear.add(table)
    return ReadThrough(tables=frozenset(through), unclear=frozenset(unclear))


class Reads:
    """Looks at what statements read, from the administrator's session; ``doubts`` are what could not be told."""

    def __init__(self, reader: SnapshotReader, schema: str, names: OldNames, tables: Container[str]) -> None:
        """Look at those of ``names`` that are ``tables``."""
        self.doubts: dict[str, None] = {}
        self._reader = reader
        self._schema = schema
        self._names = names
        self._tables = tables
        self._counts: bool | None = None  # whether the server does, once that was asked
        self._triggered: frozenset[str] | None = None
        self._counting: tuple[dict[str, int], Counted] | None = None
        self._indexes: dict[str, frozenset[str]] = {}

    def begin(self, line: int, word: str, source: str, statement: Statement | None, files: Files) -> None:
        """Look before a statement that begins with ``word``, ``files`` being where tables are."""
        table = None if statement is None else altered_table(statement)
        own = {} if table is None or self._names.old(table) is None else files.get(table.name, {})
        self._indexes = self._indexes_of(identity.split("/")[0] for identity in own.values())
        self._counting = None
        if _MOVES_CODE.search(source):
            self._triggered = None
        tables = [now for old, now in self._names.now.items() if old in self._tables]
        if not tables or not self._may_read(word, source, statement):
            return
        if self._counts is None:
            self._counts = self._reader.mariadb and self._number("@@GLOBAL.userstat") == 1
        if not self._counts:
            self.doubts[UNCOUNTED] = None
            return
        try:
            self._counting = self._rows(tables), self._count()
        except StatementRefused as refused:  # a table is locked
            self.doubts[f"what line {line} reads was not counted: {refused.error.message}"] = None

    def end(self, line: int, statement: Statement | None) -> set[str]:
        """Give the old tables that the statement has read through, apart from those that it has written anew."""
        whole = () if statement is None else statement.actions
        for verb in sorted({each.verb for each in whole if isinstance(each, actions.Maintain)} - {"optimize"}):
            self.doubts[f"what {verb.upper()} TABLE in line {line} reads is not counted"] = None
        table = None if statement is None else altered_table(statement)
        if table is not None and self._has_built_an_index():
            return self._names.old_all([table.name])
        if self._counting is None:
            return set()
        rows, before = self._counting
        read = self._count().since(before)
        told = judge(read, rows, alone=self._alone(read, statement))
        unclear = ", ".join(sorted(self._names.old_all(told.unclear)))
        if unclear:
            self.doubts[f"line {line} reads {unclear} by an index: whether all of it can't be told"] = None
        return self._names.old_all(told.tables)

    def _may_read(self, word: str, source: str, statement: Statement | None) -> bool:
        """Whether it may read rows as a query does, which the server counts."""
        if word in _READS_NO_ROWS or (word == "BEGIN" and (statement is None or not statement.body)):
            return False
        if word not in _MAY_HOLD_A_QUERY or _QUERY.search(source):
            return True
        return word in {"INSERT", "REPLACE"} and self._runs_others(statement)

    def _alone(self, read: Counted, statement: Statement | None) -> str | None:
        """Give the table that was read if it is but one, and nothing else than one query can have read it."""
        if len(read.tables) != 1 or not read.indexes or self._runs_others(statement):
            return None
        (table,) = read.tables
        filled = any(
            isinstance(each, actions.Insert) and each.table.name == table  # by its keys, where they are there already
            for each in (() if statement is None else statement.actions)
        )
        return None if filled else table

    def _runs_others(self, statement: Statement | None) -> bool:
        """Whether it runs statements that are not its own: a routine's, or those of a trigger of what it writes to."""
        whole = () if statement is None else statement.actions
        if not whole or any(isinstance(each, _RUN_OTHERS) for each in whole):
            return True
        if self._triggered is None:
            schema = quote_text(self._schema)
            self._triggered = frozenset(
                text_of(row[0]) or ""
                for row in self._reader.ask(
                    f"SELECT event_object_table FROM information_schema.triggers WHERE trigger_schema = {schema}"
                    f" UNION SELECT '{_EVERYTHING}' FROM information_schema.routines"
                    f" WHERE routine_schema = {schema} AND routine_type = 'FUNCTION'"
                )
            )
        written = (each for each in whole if isinstance(each, _WRITES))
        tables = {name.name for each in written for name in (each.table, *each.reads)}
        return _EVERYTHING in self._triggered or not tables.isdisjoint(self._triggered)

    def _has_built_an_index(self) -> bool:
        """Tell whether the table, its rows where they were, has got an index: for that InnoDB has read all of it."""
        now = self._indexes_of(self._indexes)
        return any(now[number] - its for number, its in self._indexes.items() if number in now)

    def _indexes_of(self, numbers: Iterable[str]) -> dict[str, frozenset[str]]:
        """Give the indexes of tables, by the tables' numbers."""
        wanted = ", ".join(sorted(numbers))
        if not wanted:
            return {}
        catalogue = "innodb_sys_indexes" if self._reader.mariadb else "innodb_indexes"
        found: dict[str, set[str]] = defaultdict(set)
        for number, index in self._reader.ask(
            f"SELECT table_id, index_id FROM information_schema.{catalogue} WHERE table_id IN ({wanted})"
        ):
            found[text_of(number) or ""].add(text_of(index) or "")
        return {number: frozenset(its) for number, its in found.items()}

    def _number(self, expression: str) -> int:
        return int(text_of(self._reader.ask(f"SELECT {expression}")[0][0]) or 0)

    def _rows(self, tables: Sequence[str]) -> dict[str, int]:
        """Count the rows of tables as the session sees them, uncommitted ones too, without waiting for a lock."""
        counts = ", ".join(f"(SELECT COUNT(*) FROM {quote_name(self._schema)}.{quote_name(each)})" for each in tables)
        row = self._reader.ask(
            f"SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED;SET STATEMENT lock_wait_timeout = 0 FOR SELECT {counts}"
        )[0]
        return {name: int(text_of(each) or 0) for name, each in zip(tables, row, strict=True)}

    def _count(self) -> Counted:
        schema = quote_text(self._schema)
        found = self._reader.ask(
            "SELECT table_name, NULL, rows_read FROM information_schema.table_statistics"
            f" WHERE table_schema = {schema} UNION ALL"
            " SELECT table_name, index_name, rows_read FROM information_schema.index_statistics"
            f" WHERE table_schema = {schema}"
        )
        rows = [(text_of(table) or "", text_of(index), int(text_of(read) or 0)) for table, index, read in found]
        return Counted(
            tables={table: read for table, index, read in rows if index is None},
            indexes={(table, index): read for table, index, read in rows if index is not None},
        )
