"""One statement: which reader takes it is told by its first word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import Dynamic, Other, Select
from glowplug.sql.reader.mysql import bodies, objects, queries, rows, session, tables
from glowplug.sql.reader.mysql.expressions import skim

if TYPE_CHECKING:
    from glowplug.sql.reader.mysql.cursor import Cursor
    from glowplug.sql.reader.mysql.draft import Draft, Read

_OTHER = frozenset(
    """
    BACKUP BINLOG CACHE CHANGE CHECKSUM CLONE DEALLOCATE DESC DESCRIBE EXPLAIN FLUSH GET HANDLER HELP IMPORT INSTALL
    KILL PURGE RESET RESIGNAL RESTART SHOW SHUTDOWN SIGNAL STOP UNINSTALL UNLOCK XA
    """.split()  # noqa: SIM905 - quotes would hide the words
)
_DYNAMIC = frozenset({"CALL", "EXECUTE", "PREPARE"})
_MAY_STAND_ALONE = frozenset({"HELP", "RESTART", "SHUTDOWN", "RESIGNAL"})


def read(cursor: Cursor, draft: Draft) -> None:
    """Take one statement; raises NotUnderstood, or leaves the cursor where the statement should have ended."""
    word = cursor.word
    if word in {"CREATE", "SET"} or word in bodies.COMPOUND or _is_block(cursor):
        reader = objects.create if word == "CREATE" else session.set_statement if word == "SET" else bodies.block
        reader(cursor, draft, read)
    elif plain := _READERS.get(word):
        plain(cursor, draft)
    elif word in _OTHER:
        _other(cursor, draft)
    elif word in _DYNAMIC:
        _dynamic(cursor, draft)
    else:
        cursor.fail()


def _is_block(cursor: Cursor) -> bool:
    if cursor.word == "BEGIN":
        return cursor.ahead() == "NOT"
    return cursor.is_identifier() and cursor.ahead() == ":"


def _other(cursor: Cursor, draft: Draft) -> None:
    verb = cursor.take()
    if cursor.ended() and verb.upper() not in _MAY_STAND_ALONE:
        cursor.fail()
    if cursor.kind == "word":
        verb += " " + cursor.value
    cursor.rest()
    draft.actions.append(Other(span=cursor.span(draft.first), verb=verb.lower()))


def _do(cursor: Cursor, draft: Draft) -> None:
    cursor.expect("DO")
    cursor.several(lambda: skim(cursor, draft.facts))
    draft.actions.append(
        Select(span=cursor.span(draft.first), reads=tuple(draft.facts.reads), functions=tuple(draft.facts.functions))
    )


def _dynamic(cursor: Cursor, draft: Draft) -> None:
    what = cursor.take().lower()
    if what == "call":
        what = f"call {cursor.name()}"
        if cursor.word == "(":
            cursor.group()
    elif what == "prepare":
        cursor.identifier()
        cursor.expect("FROM")
        skim(cursor, draft.facts)
    else:
        if cursor.accept("IMMEDIATE"):
            what = "execute immediate"
            skim(cursor, draft.facts)
        else:
            cursor.identifier()
        if cursor.accept("USING"):
            cursor.several(lambda: skim(cursor, draft.facts))
    draft.actions.append(Dynamic(span=cursor.span(draft.first), what=what))


def _start(cursor: Cursor, draft: Draft) -> None:
    if cursor.ahead() == "TRANSACTION":
        session.transaction(cursor, draft)
    else:
        _other(cursor, draft)


def _with(cursor: Cursor, draft: Draft) -> None:
    """Take WITH before a query, or before the UPDATE or DELETE that reads what it names."""
    first = cursor.at
    queries.common_tables(cursor, draft.facts)
    if cursor.word == "UPDATE":
        draft.facts.reads.clear()
        rows.update(cursor, draft)
    elif cursor.word == "DELETE":
        draft.facts.reads.clear()
        rows.delete(cursor, draft)
    else:
        cursor.at = first
        rows.select(cursor, draft)


_READERS: dict[str, Read | None] = {
    "ALTER": objects.alter,
    "DROP": objects.drop,
    "GRANT": objects.grant,
    "REVOKE": objects.grant,
    "RENAME": tables.rename_table,
    "TRUNCATE": tables.truncate,
    "LOCK": tables.lock,
    "OPTIMIZE": tables.maintain,
    "ANALYZE": tables.maintain,
    "CHECK": tables.maintain,
    "REPAIR": tables.maintain,
    "INSERT": rows.insert,
    "REPLACE": rows.insert,
    "UPDATE": rows.update,
    "DELETE": rows.delete,
    "LOAD": rows.load,
    "SELECT": rows.select,
    "VALUES": rows.select,
    "TABLE": rows.select,
    "(": rows.select,
    "WITH": _with,
    "DO": _do,
    "USE": session.use,
    "BEGIN": session.transaction,
    "START": _start,
    "COMMIT": session.transaction,
    "ROLLBACK": session.transaction,
    "SAVEPOINT": session.transaction,
    "RELEASE": session.transaction,
}
