"""A table's options and its partitioning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.reader.mysql.columns import charset_name, word_or_string

if TYPE_CHECKING:
    from glowplug.sql.reader.mysql.cursor import Cursor

_KNOWN = frozenset(
    """
    AUTOEXTEND_SIZE AUTO_INCREMENT AVG_ROW_LENGTH CHECKSUM COMMENT COMPRESSION CONNECTION DELAY_KEY_WRITE ENCRYPTED
    ENCRYPTION ENCRYPTION_KEY_ID ENGINE ENGINE_ATTRIBUTE IETF_QUOTES INSERT_METHOD KEY_BLOCK_SIZE MAX_ROWS MIN_ROWS
    PACK_KEYS PAGE_CHECKSUM PAGE_COMPRESSED PAGE_COMPRESSION_LEVEL PASSWORD ROW_FORMAT SECONDARY_ENGINE
    SECONDARY_ENGINE_ATTRIBUTE SEQUENCE STATS_AUTO_RECALC STATS_PERSISTENT STATS_SAMPLE_PAGES STORAGE TABLESPACE
    TABLE_CHECKSUM TRANSACTIONAL TYPE
    """.split()  # noqa: SIM905 - quotes would hide the words
)


def option(cursor: Cursor) -> tuple[str, str] | None:
    """Take one option, as a name in lower case and a value; None if none comes next.

    Names are as the servers' manuals have them, but ``charset`` for DEFAULT CHARACTER SET and ``engine`` for TYPE;
    the value of a word or a name is in lower case, a string's as it is.
    """
    if cursor.word == "DEFAULT" and cursor.ahead() in {"CHARACTER", "CHARSET", "CHAR", "COLLATE"}:
        cursor.at += 1
    if cursor.word in {"CHARSET", "CHARACTER"} or (cursor.word == "CHAR" and cursor.ahead() == "SET"):
        return "charset", charset_name(cursor)
    if cursor.accept("COLLATE"):
        cursor.accept("=")
        return "collate", word_or_string(cursor)
    if cursor.word in _KNOWN:
        name = cursor.take().lower()
        cursor.accept("=")
        return "engine" if name == "type" else name, _value(cursor)
    return _rare(cursor)


def _rare(cursor: Cursor) -> tuple[str, str] | None:
    if cursor.word in {"DATA", "INDEX"} and cursor.ahead() == "DIRECTORY":
        name = f"{cursor.word.lower()} directory"
        cursor.at += 2
        cursor.accept("=")
        return name, cursor.text_value()
    if cursor.accept("UNION"):
        cursor.accept("=")
        return "union", cursor.group()
    if cursor.word in {"WITH", "WITHOUT"} and cursor.ahead() == "SYSTEM":
        name = cursor.take().lower()
        cursor.expect("SYSTEM", "VERSIONING")
        return "system versioning", name
    if cursor.is_identifier() and cursor.ahead() == "=":  # an engine's own, MariaDB
        name = cursor.identifier().lower()
        cursor.expect("=")
        return name, _value(cursor)
    return None


def _value(cursor: Cursor) -> str:
    if cursor.kind == "string":
        return cursor.text_value()
    if cursor.kind in {"number", "name"}:
        return cursor.take().strip("`")
    if cursor.kind == "word":
        return cursor.take().lower()
    return cursor.fail()


def options(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    """Take all options, with commas between or none."""
    found: list[tuple[str, str]] = []
    while (one := option(cursor)) is not None:
        found.append(one)
        if cursor.word == ",":
            cursor.at += 1
            if cursor.ended():
                cursor.fail()
    return tuple(found)


def partition_by(cursor: Cursor) -> str:
    """Take ``PARTITION BY …``, and give its text without these two words."""
    cursor.expect("PARTITION", "BY")
    first = cursor.at
    _method(cursor)
    while cursor.word in {"PARTITIONS", "SUBPARTITIONS"}:
        cursor.at += 1
        cursor.number()
        if cursor.word == "SUBPARTITION":
            break
    if cursor.accept("SUBPARTITION"):
        cursor.expect("BY")
        _method(cursor)
        if cursor.accept("SUBPARTITIONS"):
            cursor.number()
    if cursor.word == "(":
        partitions(cursor)
    return cursor.since(first)


def _method(cursor: Cursor) -> None:
    cursor.accept("LINEAR")
    method = cursor.accept_any("HASH", "KEY", "RANGE", "LIST", "SYSTEM_TIME")
    if not method:
        cursor.fail()
    if method == "KEY" and cursor.accept("ALGORITHM"):
        cursor.expect("=")
        cursor.number()
    cursor.accept("COLUMNS")
    if method != "SYSTEM_TIME":
        cursor.group()
        return
    while not cursor.ended() and cursor.word not in {"PARTITIONS", "("}:
        cursor.at += 1


def partitions(cursor: Cursor) -> None:
    """Take ``(PARTITION name …, …)``."""
    cursor.listed(lambda: _partition(cursor))


def _partition(cursor: Cursor) -> None:
    cursor.expect("PARTITION")
    cursor.identifier()
    if cursor.accept("VALUES"):
        if cursor.accept("LESS"):
            cursor.expect("THAN")
        else:
            cursor.expect("IN")
        if not cursor.accept("MAXVALUE"):
            cursor.group()
    else:
        cursor.accept_any("HISTORY", "CURRENT", "DEFAULT")
    while option(cursor) is not None:
        pass
    if cursor.word == "(":
        cursor.group()
