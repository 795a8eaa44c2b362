"""Which views and triggers of a SQLite database can't be compiled any more: SQLite itself is asked, and runs nothing.

``EXPLAIN SELECT`` compiles a view, ``EXPLAIN`` of a write all triggers that it would fire. What only a session's own
functions, collations or modules are missing for is not broken: the application may bring them.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, NamedTuple

from glowplug.database.broken import Asked, BrokenObject, UnaskedObject
from glowplug.database.sqlite.failure import code_of, message_of, sql_error
from glowplug.sql.sqlite import tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import apsw

    from glowplug.database.interface import SqlError

_OBJECTS = "SELECT type, name, tbl_name, sql FROM main.sqlite_master WHERE type IN ('view', 'trigger')"
_EVENTS = frozenset({"DELETE", "INSERT", "UPDATE"})
_ORDINARY = 0  # a column that is neither hidden nor generated
_MISSING = re.compile(
    r"no such (?:column|index|table|view)\b|has no column named|ambiguous column name|is circularly defined"
    r"|\d+ columns? but \d+ values|\d+ values for \d+ columns|\d+ columns assigned \d+ values|expected \d+ columns for"
    r"|do not have the same number of result columns|sub-select returns \d+ columns|^cannot modify "
    r"|does not match any PRIMARY KEY or UNIQUE constraint|generated column"
)
"""What SQLite says where the schema has not what is named; any other refusal may be of the session's or its limits."""


_OF_THE_APPLICATION = re.compile(r"(?:\bfrom|\bjoin|,)\s*[\"`\[]?(\w+)[\"`\]]?\s*\(", re.IGNORECASE)
"""A table-valued function, which an application may bring: to SQLite that is a table as any other."""
_NO_TABLE = re.compile(r"no such table: (?:\w+\.)?(\w+)")


_UNREAD = "its text does not tell which write fires it"
_OPEN = "a write that fires it is refused; what of it can't be tried, for a transaction is open that the file began"
_NOT_HERE = "SQLite can't compile it in the session that looks, and that need not be the schema's fault"
_WITHOUT_IT = "a write that fires it is refused, and is without it as well"

_Found = BrokenObject | UnaskedObject


class _Trigger(NamedTuple):
    name: str
    table: str
    event: str
    on_view: bool


def broken(connection: apsw.Connection) -> Asked:
    """Name what can't be compiled, and what SQLite says of it; nothing is changed, and no row is read.

    A trigger that fails for another one that it would fire is not named: the other one is. What is refused for
    something else is named as not asked.
    """
    rows = list(connection.execute(_OBJECTS))
    brought = frozenset(name.casefold() for *_, sql in rows for name in _OF_THE_APPLICATION.findall(sql or ""))
    found: list[_Found] = []
    for kind, name, *_ in rows:
        if kind == "view" and (error := _view(connection, name)) is not None:
            found.append(_judged("view", name, error, brought))
    broken_views = {each.name for each in found if isinstance(each, BrokenObject)}
    on_views = {name for kind, name, *_ in rows if kind == "view"}
    triggers = []
    for kind, name, table, sql in rows:
        if kind == "trigger" and table not in broken_views:
            event = _event(sql)
            if event is None:
                found.append(UnaskedObject(kind=kind, name=name, table=table, why=_UNREAD))
            else:
                triggers.append(_Trigger(name, table, event, table in on_views))
    with _without_foreign_keys(connection), _taking_writes(connection):
        for table in dict.fromkeys(trigger.table for trigger in triggers):
            own = [each for each in triggers if each.table == table]
            found.extend(_of_table(connection, own, triggers, brought))
    return Asked(
        broken=tuple(each for each in found if isinstance(each, BrokenObject)),
        unasked=tuple(each for each in found if isinstance(each, UnaskedObject)),
    )


def _of_table(
    connection: apsw.Connection, own: Sequence[_Trigger], everywhere: Sequence[_Trigger], brought: Collection[str]
) -> Iterator[_Found]:
    """Compile the triggers of one table, each alone where they don't all go together."""
    for event in dict.fromkeys(trigger.event for trigger in own):
        error = _write(connection, own[0].table, event)
        for trigger in own if error is not None else ():
            if trigger.event == event:
                if connection.in_transaction:
                    yield _unasked(trigger, _OPEN, error)
                elif (found := _alone(connection, trigger, everywhere, brought)) is not None:
                    yield found


def _alone(
    connection: apsw.Connection, trigger: _Trigger, everywhere: Sequence[_Trigger], brought: Collection[str]
) -> _Found | None:
    """Compile one trigger without any other; what is refused without it as well is not its fault.

    Those for the other writes to views stay: without them nothing can be written to a view, as this one may do.
    """
    own = (trigger.table, trigger.event)
    others = [each for each in everywhere if each is not trigger and (not each.on_view or own == each[1:3])]
    with _undone(connection):
        _drop(connection, *(each.name for each in others))
        error = _write(connection, trigger.table, trigger.event)
        if error is None:
            return None
        if not trigger.on_view:
            _drop(connection, trigger.name)
            without = _write(connection, trigger.table, trigger.event)
            if without is not None:
                return _unasked(trigger, _WITHOUT_IT, without)
    return _judged("trigger", trigger.name, error, brought, table=trigger.table)


def _drop(connection: apsw.Connection, *triggers: str) -> None:
    for name in triggers:
        connection.execute(f"DROP TRIGGER main.{_quoted(name)}")


def _view(connection: apsw.Connection, name: str) -> apsw.Error | None:
    return _compile(connection, f"SELECT * FROM main.{_quoted(name)}")


def _write(connection: apsw.Connection, table: str, event: str) -> apsw.Error | None:
    target = f"main.{_quoted(table)}"
    if event == "INSERT":
        return _compile(connection, f"INSERT INTO {target} DEFAULT VALUES")
    if event == "DELETE":
        return _compile(connection, f"DELETE FROM {target}")
    import apsw  # noqa: PLC0415 - whichever SQLite this process opened

    try:
        rows = list(connection.execute(f"PRAGMA main.table_xinfo({_quoted(table)})", can_cache=False))
    except apsw.Error as error:  # of a view that can't be compiled
        return error
    columns = [_quoted(row[1]) for row in rows if row[6] == _ORDINARY]
    return _compile(connection, f"UPDATE {target} SET {', '.join(f'{each} = {each}' for each in columns)}")


def _compile(connection: apsw.Connection, sql: str) -> apsw.Error | None:
    """Compile a statement; why SQLite refuses it, None where it does not."""
    import apsw  # noqa: PLC0415 - whichever SQLite this process opened

    cursor = connection.cursor()
    try:
        cursor.execute(f"EXPLAIN {sql}", can_cache=False)  # one that is kept is not compiled again
    except apsw.Error as error:
        return error
    finally:
        cursor.close(True)  # noqa: FBT003 - apsw's way to say: whatever its last statement came to
    return None


def _is_broken(error: apsw.Error, brought: Collection[str]) -> bool:
    """Whether it is the schema that does not allow it, as far as that can be told, and not what is ``brought``."""
    absent = _NO_TABLE.search(message_of(error))
    if absent is not None and absent[1].casefold() in brought:
        return False
    return code_of(error) == "SQLITE_ERROR" and bool(_MISSING.search(message_of(error)))


def _judged(kind: str, name: str, error: apsw.Error, brought: Collection[str], *, table: str | None = None) -> _Found:
    if _is_broken(error, brought):
        return BrokenObject(kind=kind, name=name, table=table, error=_said(error))
    return UnaskedObject(kind=kind, name=name, table=table, why=_NOT_HERE, error=_said(error))


def _unasked(trigger: _Trigger, why: str, error: apsw.Error | None) -> UnaskedObject:
    said = None if error is None else _said(error)
    return UnaskedObject(kind="trigger", name=trigger.name, table=trigger.table, why=why, error=said)


def _said(error: apsw.Error) -> SqlError:
    return sql_error(error, code=code_of(error))


def _event(sql: str) -> str | None:
    """Which write fires a trigger: the first word of the three that stands bare, for no name is one of them."""
    return next((token.word for token in tokens(sql) if token.word in _EVENTS), None)


@contextlib.contextmanager
def _without_foreign_keys(connection: apsw.Connection) -> Iterator[None]:
    """Leave out of a write what foreign keys would ask for: that is no trigger's."""
    import apsw  # noqa: PLC0415 - whichever SQLite this process opened

    heeded = connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, -1)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 0)
    try:
        yield
    finally:
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, heeded)


@contextlib.contextmanager
def _taking_writes(connection: apsw.Connection) -> Iterator[None]:
    """Let a session that a file told to take none take some: none is carried out."""
    only = connection.pragma("query_only")
    connection.pragma("query_only", 0)
    try:
        yield
    finally:
        connection.pragma("query_only", only)


@contextlib.contextmanager
def _undone(connection: apsw.Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
