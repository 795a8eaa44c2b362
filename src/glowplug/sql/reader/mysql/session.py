"""SET, USE and transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import Alter, ObjectKind, Other, SetVariable, Transaction, TransactionKind
from glowplug.sql.parts import Name
from glowplug.sql.reader.mysql.columns import word_or_string
from glowplug.sql.reader.mysql.expressions import expression

if TYPE_CHECKING:
    from glowplug.sql.reader.mysql.cursor import Cursor
    from glowplug.sql.reader.mysql.draft import Draft, Read

_SCOPES = {"GLOBAL": "global", "PERSIST": "global", "PERSIST_ONLY": "global", "SESSION": "session", "LOCAL": "session"}


def set_statement(cursor: Cursor, draft: Draft, read: Read) -> None:
    """Take SET in all of its forms; ``read`` takes the statement behind SET STATEMENT … FOR."""
    cursor.expect("SET")
    word, after = cursor.word, cursor.ahead()
    if word == "STATEMENT" and after not in {"=", ":="}:
        cursor.at += 1
        cursor.several(lambda: _one(cursor, draft, scope="session"))
        cursor.expect("FOR")
        read(cursor, draft)
    elif word == "PASSWORD" and after in {"=", "FOR", "TO"}:
        cursor.rest()
        draft.actions.append(
            Alter(span=cursor.span(draft.first), kind=ObjectKind.ROLE, name=Name("current_user"), what="password")
        )
    elif (word == "ROLE" and after not in {"=", ":="}) or (word == "DEFAULT" and after == "ROLE"):
        cursor.rest()
        draft.actions.append(Other(span=cursor.span(draft.first), verb="set role"))
    elif word == "RESOURCE" and after == "GROUP":
        cursor.rest()
        draft.actions.append(Other(span=cursor.span(draft.first), verb="set resource group"))
    else:
        cursor.several(lambda: _one(cursor, draft, scope=None))


def _one(cursor: Cursor, draft: Draft, *, scope: str | None) -> None:
    first = cursor.at
    if _names(cursor, draft, first):
        return
    if scope is None and cursor.word in _SCOPES and cursor.ahead() not in {"=", ":=", "."}:
        scope = _SCOPES[cursor.take().upper()]
    if cursor.accept("TRANSACTION"):
        at = cursor.at
        _transaction(cursor)
        said = cursor.since(at)
        span = cursor.span(first)
        draft.actions.append(SetVariable(span=span, name="transaction", value=said, scope=scope or "local"))
        return
    name, own = _variable(cursor)
    if not cursor.accept_any("=", ":="):
        cursor.fail()
    value = _value(cursor, draft)
    span = cursor.span(first)
    if own is None and scope is None and (name in draft.local or name.startswith(("new.", "old."))):
        draft.actions.append(Other(span=span, verb="set"))
    else:
        draft.actions.append(SetVariable(span=span, name=name, value=value, scope=own or scope or "session"))


def _names(cursor: Cursor, draft: Draft, first: int) -> bool:
    """Take NAMES or CHARACTER SET if it comes next."""
    if cursor.word == "NAMES" and cursor.ahead() not in {"=", ":="}:
        name = "names"
        cursor.at += 1
    elif cursor.word in {"CHARSET", "CHARACTER"} and cursor.ahead() not in {"=", ":="}:
        name = "character set"
        if cursor.take().upper() == "CHARACTER":
            cursor.expect("SET")
    else:
        return False
    value = None if cursor.accept("DEFAULT") else word_or_string(cursor)
    if cursor.accept("COLLATE") and not cursor.accept("DEFAULT"):
        word_or_string(cursor)
    draft.actions.append(SetVariable(span=cursor.span(first), name=name, value=value))
    return True


def _transaction(cursor: Cursor) -> None:
    while True:
        if cursor.accept("ISOLATION"):
            cursor.expect("LEVEL")
            if cursor.accept("REPEATABLE"):
                cursor.expect("READ")
            elif cursor.accept("READ"):
                if not cursor.accept_any("COMMITTED", "UNCOMMITTED"):
                    cursor.fail()
            else:
                cursor.expect("SERIALIZABLE")
        else:
            cursor.expect("READ")
            if not cursor.accept_any("ONLY", "WRITE"):
                cursor.fail()
        if not cursor.accept(","):
            return


def _variable(cursor: Cursor) -> tuple[str, str | None]:
    """Take a variable, and give its name in lower case and the scope that is said in it."""
    if cursor.kind == "variable":
        value = cursor.take().lower()
        if value == "@":
            return "@" + word_or_string(cursor), None
        if not value.startswith("@@"):
            return value, None
        scope, _, name = value[2:].partition(".")
        if name and scope.upper() in _SCOPES:
            return name, _SCOPES[scope.upper()]
        return value[2:], "session"
    name = cursor.identifier().lower()
    while cursor.accept("."):
        name += "." + cursor.identifier(any_word=True).lower()
    return name, None


def _value(cursor: Cursor, draft: Draft) -> str | None:
    if cursor.word == "DEFAULT" and cursor.ahead() != "(":
        cursor.at += 1
        return None
    if cursor.word in {"ON", "ALL", "BINARY", "ROW", "SYSTEM"} and cursor.ahead() in {"", ",", ";", "FOR"}:
        return cursor.take()
    at = cursor.at
    found = expression(cursor, draft.facts)
    if cursor.at == at + 1 and cursor.kinds[at] == "string":
        cursor.at = at
        return cursor.text_value()
    return found.text


def use(cursor: Cursor, draft: Draft) -> None:
    """Take USE: the variable is called ``use``."""
    cursor.expect("USE")
    name = cursor.identifier()
    draft.actions.append(SetVariable(span=cursor.span(draft.first), name="use", value=name))


def transaction(cursor: Cursor, draft: Draft) -> None:
    """Take BEGIN, START TRANSACTION, COMMIT, ROLLBACK, SAVEPOINT or RELEASE SAVEPOINT."""
    word = cursor.take().upper()
    if word == "BEGIN":
        kind = TransactionKind.BEGIN
        cursor.accept("WORK")
    elif word == "START":
        kind = TransactionKind.BEGIN
        cursor.expect("TRANSACTION")
        if not cursor.ended():
            cursor.several(lambda: _characteristic(cursor))
    elif word == "SAVEPOINT":
        kind = TransactionKind.SAVEPOINT
        cursor.identifier()
    elif word == "RELEASE":
        kind = TransactionKind.RELEASE
        cursor.expect("SAVEPOINT")
        cursor.identifier()
    else:
        kind = TransactionKind(word.lower())
        cursor.accept("WORK")
        if kind is TransactionKind.ROLLBACK and cursor.accept("TO"):
            kind = TransactionKind.ROLLBACK_TO
            cursor.accept("SAVEPOINT")
            cursor.identifier()
        else:
            if cursor.accept("AND"):
                cursor.accept("NO")
                cursor.expect("CHAIN")
            if cursor.accept("NO"):
                cursor.expect("RELEASE")
            else:
                cursor.accept("RELEASE")
    draft.actions.append(Transaction(span=cursor.span(draft.first), kind=kind))


def _characteristic(cursor: Cursor) -> None:
    if cursor.accept("WITH"):
        cursor.expect("CONSISTENT", "SNAPSHOT")
    else:
        cursor.expect("READ")
        if not cursor.accept_any("ONLY", "WRITE"):
            cursor.fail()
