"""What the bytes of up.sql and down.sql give away before any server sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect, Direction
from glowplug.finding import Place, Severity
from glowplug.project.faults import (
    BYTE_ORDER_MARK,
    DOWN_IS_EMPTY,
    DOWN_IS_MISSING,
    NOT_UTF8,
    NUL_BYTE,
    UP_IS_EMPTY,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.finding import Fault, Finding
    from glowplug.project.migration import Migration

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def remarks(migration: Migration, dialect: Dialect | None, *, down_readable: bool) -> Iterator[Finding]:
    """Tell what makes a file fail for certain, and that a down is missing.

    A down's faults are warnings: that it fails is told by the rehearsal. ``down_readable`` is False where there is a
    down.sql that could not be read.
    """
    if migration.up is not None:
        yield from _remarks_on_file(migration, migration.up, Direction.UP, dialect)
    if migration.down is not None:
        yield from _remarks_on_file(migration, migration.down, Direction.DOWN, dialect)
    elif down_readable:
        yield DOWN_IS_MISSING.found(
            f"{migration.name} has no down.sql: it can't be reverted.",
            version=migration.version,
            migration=migration.name,
            place=Place(file=migration.path),
        )


def _remarks_on_file(
    migration: Migration, sql: bytes, direction: Direction, dialect: Dialect | None
) -> Iterator[Finding]:
    file = migration.file(direction).rpartition("/")[2]
    is_up = direction is Direction.UP

    def found(
        fault: Fault, message: str, *, line: int | None, harmless: bool = False, doubtful: bool = False
    ) -> Finding:
        severity = Severity.NOTICE if harmless else Severity.WARNING if doubtful or not is_up else None
        return fault.found(
            message,
            version=migration.version,
            migration=migration.name,
            place=Place(file=migration.file(direction), line=line),
            severity=severity,
        )

    if not sql:
        fault = UP_IS_EMPTY if is_up else DOWN_IS_EMPTY
        yield found(fault, f'{file} has 0 bytes: Diesel fails with "empty migration".', line=None)
        return
    if sql.startswith(_BYTE_ORDER_MARK):
        sqlite = dialect is Dialect.SQLITE
        effect = "SQLite skips it, other backends do not" if sqlite else "Diesel sends it along, a syntax error"
        yield found(
            BYTE_ORDER_MARK, f"{file} begins with a byte order mark: {effect}. Remove it.", line=1, harmless=sqlite
        )
    position = sql.find(b"\0")
    if position >= 0:
        mysql = dialect is Dialect.MYSQL
        effect = "which MySQL accepts inside a string alone" if mysql else "which Diesel can't send"
        yield found(NUL_BYTE, f"{file} holds a NUL byte, {effect}.", line=_line(sql, position), doubtful=mysql)
    try:
        sql.decode("utf-8")
    except UnicodeDecodeError as error:
        yield found(
            NOT_UTF8,
            f"{file} is no UTF-8 (byte 0x{sql[error.start]:02x}), which Diesel refuses to read.",
            line=_line(sql, error.start),
        )


def _line(sql: bytes, position: int) -> int:
    return sql.count(b"\n", 0, position) + 1
