"""Whether a file holds anything that a server would run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SPACE = {
    Dialect.POSTGRES: b" \t\n\r\f\v",
    Dialect.MYSQL: b" \t\n\r\f\v",
    Dialect.SQLITE: b" \t\n\r\f",
}


def is_blank(sql: bytes, dialect: Dialect) -> bool:
    """Tell whether ``sql`` has 0 bytes, or nothing but white space and comments as ``dialect`` reads them.

    White space is ASCII's; a byte order mark counts as white space on SQLite alone, which skips it.
    A lone ``;`` is not blank. An unterminated block comment is a comment on SQLite, and an error, so not blank,
    on PostgreSQL and MySQL. MySQL's ``/*! … */`` and MariaDB's ``/*M! … */`` run, so they are not blank.
    """
    skip_comment = _SKIP_COMMENT[dialect]
    space = _SPACE[dialect]
    position = 0
    while position < len(sql):
        if sql[position] in space:
            position += 1
            continue
        after = skip_comment(sql, position)
        if after is None:
            return False
        position = after
    return True


def without_blanks(sql: bytes, dialect: Dialect) -> bytes:
    """Leave out white space and comments, as ``is_blank`` knows them, of what holds no string and no quoted name."""
    skip_comment = _SKIP_COMMENT[dialect]
    space = _SPACE[dialect]
    kept = bytearray()
    position = 0
    while position < len(sql):
        after = skip_comment(sql, position)
        if after is None:
            kept += b"" if sql[position] in space else sql[position : position + 1]
            after = position + 1
        position = after
    return bytes(kept)


def _after_line(sql: bytes, start: int, line_ends: bytes = b"\n") -> int:
    return min((end for end in (sql.find(bytes((byte,)), start) for byte in line_ends) if end >= 0), default=len(sql))


def _skip_postgres(sql: bytes, start: int) -> int | None:
    if sql.startswith(b"--", start):
        return _after_line(sql, start, b"\n\r")
    if not sql.startswith(b"/*", start):
        return None
    depth = 0
    position = start
    while position < len(sql):
        if sql.startswith(b"/*", position):
            depth += 1
            position += 2
        elif sql.startswith(b"*/", position):
            depth -= 1
            position += 2
            if depth == 0:
                return position
        else:
            position += 1
    return None


def _skip_mysql(sql: bytes, start: int) -> int | None:
    if sql[start : start + 1] == b"#":
        return _after_line(sql, start)
    if sql.startswith(b"--", start):
        following = sql[start + 2 : start + 3]
        # The server asks for white space or a control character (0 to 32, 127) after "--"; the end counts as one.
        starts_comment = following == b"" or following[0] <= ord(" ") or following == b"\x7f"
        return _after_line(sql, start) if starts_comment else None
    if not sql.startswith(b"/*", start) or sql.startswith((b"/*!", b"/*M!"), start):
        return None
    end = sql.find(b"*/", start + 2)
    return None if end < 0 else end + 2


def _skip_sqlite(sql: bytes, start: int) -> int | None:
    if sql.startswith(_BYTE_ORDER_MARK, start):
        return start + len(_BYTE_ORDER_MARK)
    # A vertical tab continues white space but can't begin it.
    if sql[start : start + 1] == b"\v" and start > 0 and sql[start - 1] in _SPACE[Dialect.SQLITE] + b"\v":
        return start + 1
    if sql.startswith(b"--", start):
        return _after_line(sql, start)
    # "/*" that ends right there is two operators to SQLite's tokenizer, which asks for one more byte.
    if not sql.startswith(b"/*", start) or start + 2 >= len(sql):
        return None
    end = sql.find(b"*/", start + 2)
    return len(sql) if end < 0 else end + 2


_SKIP_COMMENT: dict[Dialect, Callable[[bytes, int], int | None]] = {
    Dialect.POSTGRES: _skip_postgres,
    Dialect.MYSQL: _skip_mysql,
    Dialect.SQLITE: _skip_sqlite,
}
