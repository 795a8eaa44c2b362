"""What ALTER TABLE does to partitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import AlterTableSetting, AttachPartition, DetachPartition, TableChange
from glowplug.sql.reader.mysql.options import partition_by, partitions

if TYPE_CHECKING:
    from glowplug.sql.parts import Name
    from glowplug.sql.reader.mysql.cursor import Cursor
    from glowplug.sql.reader.mysql.draft import Draft

_WITH_NAMES = frozenset({"ANALYZE", "CHECK", "OPTIMIZE", "REBUILD", "REPAIR", "TRUNCATE", "DISCARD", "IMPORT"})


def begins_one(cursor: Cursor) -> bool:
    """Whether a clause about partitions comes next (ADD, DROP and CONVERT PARTITION are told by their verbs)."""
    if cursor.word == "PARTITION":
        return cursor.ahead() == "BY"
    if cursor.word == "REMOVE":
        return cursor.ahead() == "PARTITIONING"
    return cursor.word in {*_WITH_NAMES, "COALESCE", "REORGANIZE", "EXCHANGE"} and cursor.ahead() == "PARTITION"


def clause(cursor: Cursor, draft: Draft, table: Name) -> None:
    """Take one clause about partitions."""
    first = cursor.at
    change = TableChange.PARTITIONING
    value: str | None = None
    if cursor.word == "PARTITION":
        value = partition_by(cursor)
    elif cursor.word == "CONVERT":
        _convert(cursor, draft, table)
        return
    else:
        verb = cursor.take().upper()
        cursor.expect("PARTITIONING" if verb == "REMOVE" else "PARTITION")
        at = cursor.at
        if verb == "DROP":
            change = TableChange.DROP_PARTITION
        elif verb == "TRUNCATE":
            change = TableChange.TRUNCATE_PARTITION
        _rest_of(cursor, verb)
        named = cursor.since(at)
        value = named if change is not TableChange.PARTITIONING else cursor.since(first)
    draft.actions.append(AlterTableSetting(span=cursor.span(first), table=table, change=change, value=value))


def _rest_of(cursor: Cursor, verb: str) -> None:
    if verb != "REMOVE":
        cursor.accept_any("NO_WRITE_TO_BINLOG", "LOCAL")
    if verb in _WITH_NAMES:
        if not cursor.accept("ALL"):
            cursor.several(cursor.identifier)
        while cursor.accept_any("QUICK", "FAST", "MEDIUM", "EXTENDED", "CHANGED", "USE_FRM", "TABLESPACE"):
            pass
    elif verb == "DROP":
        cursor.accept("IF", "EXISTS")
        cursor.several(cursor.identifier)
    elif verb == "COALESCE":
        cursor.number()
    elif reader := _REST.get(verb):
        reader(cursor)


def _add(cursor: Cursor) -> None:
    cursor.accept("IF", "NOT", "EXISTS")
    if cursor.accept("PARTITIONS"):
        cursor.number()
    else:
        partitions(cursor)


def _reorganize(cursor: Cursor) -> None:
    if not cursor.ended():
        cursor.several(cursor.identifier)
        cursor.expect("INTO")
        partitions(cursor)


def _exchange(cursor: Cursor) -> None:
    cursor.identifier()
    cursor.expect("WITH", "TABLE")
    cursor.name()
    if cursor.accept_any("WITH", "WITHOUT"):
        cursor.expect("VALIDATION")


_REST = {"ADD": _add, "REORGANIZE": _reorganize, "EXCHANGE": _exchange}


def _convert(cursor: Cursor, draft: Draft, table: Name) -> None:
    """Take MariaDB's CONVERT PARTITION p TO TABLE t, or CONVERT TABLE t TO PARTITION p …."""
    first = cursor.at
    cursor.expect("CONVERT")
    if cursor.accept("PARTITION"):
        cursor.identifier()
        cursor.expect("TO", "TABLE")
        other = cursor.name()
        draft.actions.append(DetachPartition(span=cursor.span(first), table=table, partition=other))
    else:
        cursor.expect("TABLE")
        other = cursor.name()
        cursor.expect("TO", "PARTITION")
        cursor.identifier()
        if cursor.accept("VALUES"):
            if not cursor.accept("LESS", "THAN"):
                cursor.expect("IN")
            if not cursor.accept("MAXVALUE"):
                cursor.group()
        draft.actions.append(AttachPartition(span=cursor.span(first), table=table, partition=other))
