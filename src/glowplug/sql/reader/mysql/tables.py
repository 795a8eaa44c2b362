"""CREATE TABLE, DROP TABLE, RENAME TABLE, TRUNCATE, LOCK TABLES, and the maintenance of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import (
    CreateIndex,
    CreateTable,
    DropTable,
    LockTable,
    Maintain,
    Other,
    RenameTable,
    Truncate,
)
from glowplug.sql.reader.mysql import queries
from glowplug.sql.reader.mysql.columns import column
from glowplug.sql.reader.mysql.constraints import begins_one, element, wait
from glowplug.sql.reader.mysql.options import options, partition_by

if TYPE_CHECKING:
    from glowplug.sql.parts import Column, Constraint, Name, Span
    from glowplug.sql.reader.mysql.cursor import Cursor
    from glowplug.sql.reader.mysql.draft import Draft

_MAINTENANCE_OPTIONS = (
    *("QUICK", "FAST", "MEDIUM", "EXTENDED", "CHANGED", "USE_FRM", "FORCE"),
    *("FOR", "UPGRADE", "PERSISTENT", "ALL", "WAIT", "NOWAIT"),
)


def create_table(cursor: Cursor, draft: Draft, *, or_replace: bool, temporary: bool) -> None:
    """Take what stands behind CREATE TABLE."""
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    table = cursor.name()
    like = _like(cursor)
    columns: list[Column] = []
    constraints: list[Constraint] = []
    indexes: list[CreateIndex] = []
    if like is None and cursor.word == "(" and cursor.ahead() not in {"SELECT", "WITH", "("}:
        cursor.listed(lambda: _element(cursor, table, columns, constraints, indexes))
    found = options(cursor) if like is None else ()
    partitioned = partition_by(cursor) if cursor.word == "PARTITION" else None
    cursor.accept_any("IGNORE", "REPLACE")
    from_query = cursor.accept("AS") or cursor.word in {"SELECT", "WITH", "VALUES", "("}
    if from_query:
        queries.query(cursor, draft.facts)
    if not columns and not from_query and like is None:
        cursor.fail()
    draft.actions.append(
        CreateTable(
            span=cursor.span(draft.first),
            table=table,
            columns=tuple(columns),
            constraints=tuple(constraints),
            indexes=tuple(indexes),
            if_not_exists=if_not_exists,
            or_replace=or_replace,
            temporary=temporary,
            like=like,
            partition_by=partitioned,
            from_query=from_query,
            reads=tuple(draft.facts.reads),
            options=found,
        )
    )


def _like(cursor: Cursor) -> Name | None:
    if cursor.accept("LIKE"):
        return cursor.name()
    if cursor.word == "(" and cursor.ahead() == "LIKE":
        cursor.at += 2
        like = cursor.name()
        cursor.expect(")")
        return like
    return None


def _element(
    cursor: Cursor, table: Name, columns: list[Column], constraints: list[Constraint], indexes: list[CreateIndex]
) -> None:
    if cursor.word == "PERIOD" and cursor.ahead() == "FOR":
        cursor.at += 2
        cursor.identifier()
        cursor.listed(cursor.identifier)
    elif begins_one(cursor):
        made, _ = element(cursor, table)
        if isinstance(made, CreateIndex):
            indexes.append(made)
        else:
            constraints.append(made)
    else:
        columns.append(column(cursor))


def drop_table(cursor: Cursor, draft: Draft, *, temporary: bool) -> None:
    """Take what stands behind DROP TABLE."""
    if_exists = cursor.accept("IF", "EXISTS")
    named = names(cursor)
    wait(cursor)
    cascade = cursor.accept_any("RESTRICT", "CASCADE") == "CASCADE"
    for table, span in spread(cursor, draft, named):
        draft.actions.append(
            DropTable(span=span, table=table, if_exists=if_exists, cascade=cascade, temporary=temporary)
        )


def names(cursor: Cursor) -> list[tuple[Name, Span]]:
    """Take a list of names, each with its span."""

    def one() -> tuple[Name, Span]:
        first = cursor.at
        name = cursor.name()
        return name, cursor.span(first)

    return cursor.several(one)


def spread(cursor: Cursor, draft: Draft, named: list[tuple[Name, Span]]) -> list[tuple[Name, Span]]:
    """Give each name its span: its own among several, the statement's where it is the only one."""
    return named if len(named) > 1 else [(named[0][0], cursor.span(draft.first))]


def rename_table(cursor: Cursor, draft: Draft) -> None:
    """Take RENAME TABLE; what follows another verb is ``Other``."""
    cursor.expect("RENAME")
    if cursor.accept("USER"):
        cursor.rest()
        draft.actions.append(Other(span=cursor.span(draft.first), verb="rename user"))
        return
    if not cursor.accept_any("TABLE", "TABLES"):
        cursor.fail()
    if_exists = cursor.accept("IF", "EXISTS")

    def one() -> None:
        first = cursor.at
        table = cursor.name()
        wait(cursor)
        cursor.expect("TO")
        new = cursor.name()
        draft.actions.append(RenameTable(span=cursor.span(first), table=table, new_name=new, if_exists=if_exists))

    cursor.several(one)


def truncate(cursor: Cursor, draft: Draft) -> None:
    """Take TRUNCATE."""
    cursor.expect("TRUNCATE")
    cursor.accept("TABLE")
    table = cursor.name()
    wait(cursor)
    draft.actions.append(Truncate(span=cursor.span(draft.first), table=table))


def lock(cursor: Cursor, draft: Draft) -> None:
    """Take LOCK TABLES, or what else LOCK may lock."""
    cursor.expect("LOCK")
    if not cursor.accept_any("TABLE", "TABLES"):
        cursor.expect("INSTANCE", "FOR", "BACKUP")
        draft.actions.append(Other(span=cursor.span(draft.first), verb="lock instance"))
        return

    def one() -> None:
        first = cursor.at
        table = cursor.name()
        if cursor.accept("AS") or cursor.word not in {"READ", "WRITE", "LOW_PRIORITY"}:
            cursor.identifier()
        if cursor.accept("READ"):
            mode = "READ LOCAL" if cursor.accept("LOCAL") else "READ"
        else:
            cursor.accept("LOW_PRIORITY")
            cursor.expect("WRITE")
            cursor.accept("CONCURRENT")
            mode = "WRITE"
        draft.actions.append(LockTable(span=cursor.span(first), table=table, mode=mode))

    cursor.several(one)
    wait(cursor)


def maintain(cursor: Cursor, draft: Draft) -> None:
    """Take OPTIMIZE, ANALYZE, CHECK or REPAIR TABLE; ANALYZE of a statement is ``Other``."""
    verb = cursor.take().lower()
    cursor.accept_any("NO_WRITE_TO_BINLOG", "LOCAL")
    if not cursor.accept_any("TABLE", "TABLES"):
        if verb != "analyze" and not (verb == "check" and cursor.word == "VIEW"):
            cursor.fail()
        cursor.rest()
        draft.actions.append(Other(span=cursor.span(draft.first), verb=verb))
        return
    named = names(cursor)
    if cursor.word in {*_MAINTENANCE_OPTIONS, "UPDATE", "DROP"}:
        cursor.rest()
    for table, span in spread(cursor, draft, named):
        draft.actions.append(Maintain(span=span, verb=verb, table=table))
