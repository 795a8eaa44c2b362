"""CREATE, ALTER and DROP, whatever stands behind them; GRANT and REVOKE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import (
    Alter,
    Create,
    CreateSequence,
    Drop,
    DropIndex,
    DropTrigger,
    DropView,
    Grant,
    ObjectKind,
    Other,
)
from glowplug.sql.parts import Name
from glowplug.sql.reader.mysql import routines, tables
from glowplug.sql.reader.mysql.alter import algorithm_or_lock, alter_table
from glowplug.sql.reader.mysql.constraints import create_index, wait
from glowplug.sql.reader.mysql.options import option

if TYPE_CHECKING:
    from glowplug.sql.reader.mysql.cursor import Cursor
    from glowplug.sql.reader.mysql.draft import Draft, Read

_INDEXES = frozenset({"UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR", "INDEX"})
_KINDS = {
    "DATABASE": ObjectKind.DATABASE,
    "SCHEMA": ObjectKind.DATABASE,
    "USER": ObjectKind.ROLE,
    "ROLE": ObjectKind.ROLE,
    "SEQUENCE": ObjectKind.SEQUENCE,
    "PROCEDURE": ObjectKind.PROCEDURE,
    "FUNCTION": ObjectKind.FUNCTION,
    "EVENT": ObjectKind.EVENT,
    "SERVER": ObjectKind.OTHER,
    "TABLESPACE": ObjectKind.OTHER,
    "UNDO": ObjectKind.OTHER,
    "LOGFILE": ObjectKind.OTHER,
    "PACKAGE": ObjectKind.OTHER,
    "RESOURCE": ObjectKind.OTHER,
    "INSTANCE": ObjectKind.OTHER,
}
_SECOND = ("TABLESPACE", "GROUP", "BODY")


def create(cursor: Cursor, draft: Draft, read: Read) -> None:
    """Take CREATE."""
    cursor.expect("CREATE")
    or_replace = cursor.accept("OR", "REPLACE")
    cursor.accept_any("ONLINE", "OFFLINE")
    word = cursor.word
    if word == "SPATIAL" and cursor.ahead() == "REFERENCE":
        cursor.rest()
        draft.actions.append(Other(span=cursor.span(draft.first), verb="create spatial reference system"))
    elif word in _INDEXES:
        made = create_index(cursor, draft.first, or_replace=or_replace)
        wait(cursor)
        while algorithm_or_lock(cursor, draft):
            pass
        draft.actions.append(made)
    elif word in {"TEMPORARY", "TABLE"}:
        temporary = cursor.accept("TEMPORARY")
        if temporary and cursor.word == "SEQUENCE":
            _create_other(cursor, draft, or_replace=or_replace)
            return
        cursor.expect("TABLE")
        tables.create_table(cursor, draft, or_replace=or_replace, temporary=temporary)
    elif word in {"DATABASE", "SCHEMA", "USER", "ROLE"} or (
        word in _KINDS and word not in {"PROCEDURE", "FUNCTION", "EVENT"}
    ):
        _create_other(cursor, draft, or_replace=or_replace)
    else:
        _create_defined(cursor, draft, read, or_replace=or_replace)


def _create_defined(cursor: Cursor, draft: Draft, read: Read, *, or_replace: bool) -> None:
    before = routines.prefix(cursor, or_replace=or_replace)
    if cursor.accept("VIEW"):
        routines.view(cursor, draft, before)
    elif cursor.accept("TRIGGER"):
        routines.trigger(cursor, draft, before, read)
    elif cursor.accept("EVENT"):
        routines.event(cursor, draft, before, read)
    elif cursor.word in {"PROCEDURE", "FUNCTION", "AGGREGATE"}:
        routines.routine(cursor, draft, before, read)
    elif cursor.word == "PACKAGE":
        _create_other(cursor, draft, or_replace=or_replace)
    else:
        cursor.fail()


def _create_other(cursor: Cursor, draft: Draft, *, or_replace: bool) -> None:
    word = cursor.take().upper()
    cursor.accept_any(*_SECOND)
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    kind = _KINDS[word]
    if kind is ObjectKind.ROLE:
        _create_accounts(cursor, draft, if_not_exists=if_not_exists, or_replace=or_replace)
        return
    name = cursor.name()
    if word in {"DATABASE", "SCHEMA"}:
        details = _database_options(cursor)
    else:
        details = ()
        _rest_with_bodies(cursor)
    span = cursor.span(draft.first)
    if kind is ObjectKind.SEQUENCE:
        draft.actions.append(CreateSequence(span=span, sequence=name, if_not_exists=if_not_exists))
    else:
        draft.actions.append(
            Create(span=span, kind=kind, name=name, if_not_exists=if_not_exists, or_replace=or_replace, details=details)
        )


def _rest_with_bodies(cursor: Cursor) -> None:
    cursor.rest()
    while cursor.word == ";":
        cursor.at += 1
        cursor.rest()


def _database_options(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    found = []
    while not cursor.ended():
        if cursor.word == "READ" and cursor.ahead() == "ONLY":
            cursor.at += 2
            cursor.accept("=")
            cursor.take()
        elif cursor.word == "DEFAULT" and cursor.ahead() == "ENCRYPTION":
            cursor.at += 1
        elif cursor.accept("UPGRADE"):
            cursor.expect("DATA", "DIRECTORY", "NAME")
            found.append(("upgrade", "data directory name"))
        elif (one := option(cursor)) is not None:
            found.append(one)
        else:
            cursor.fail()
    return tuple(found)


def _create_accounts(cursor: Cursor, draft: Draft, *, if_not_exists: bool, or_replace: bool) -> None:
    accounts: list[tuple[str, bool]] = []
    while True:
        account = cursor.account()
        secret = False
        if cursor.accept("IDENTIFIED"):
            secret = "BY" in (cursor.word, cursor.ahead(2), cursor.ahead(1))
            while not cursor.ended() and cursor.word not in {",", "REQUIRE", "WITH", "PASSWORD", "ACCOUNT", "DEFAULT"}:
                cursor.at += 1
        accounts.append((account, secret))
        if not cursor.accept(","):
            break
    cursor.rest()
    for account, secret in accounts:
        draft.actions.append(
            Create(
                span=cursor.span(draft.first),
                kind=ObjectKind.ROLE,
                name=Name(account),
                if_not_exists=if_not_exists,
                or_replace=or_replace,
                details=(("password", "said"),) if secret else (),
            )
        )


def alter(cursor: Cursor, draft: Draft) -> None:
    """Take ALTER."""
    cursor.expect("ALTER")
    word = cursor.word
    if word in {"ONLINE", "IGNORE", "TABLE"}:
        alter_table(cursor, draft)
        return
    before = routines.prefix(cursor, or_replace=True)
    if cursor.accept("VIEW"):
        routines.view(cursor, draft, before)
        return
    word = cursor.word
    if word not in _KINDS:
        cursor.fail()
    cursor.at += 1
    cursor.accept_any(*_SECOND)
    cursor.accept("IF", "EXISTS")
    kind = _KINDS[word]
    name = _altered(cursor, word, kind)
    at = cursor.at
    if kind is ObjectKind.DATABASE:
        if not _database_options(cursor):
            cursor.fail()
    else:
        _rest_with_bodies(cursor)
    secret = kind is ObjectKind.ROLE and "IDENTIFIED" in cursor.words[at : cursor.at]
    what = "password" if secret else " ".join(filter(None, cursor.words[at : at + 2])).lower()
    draft.actions.append(Alter(span=cursor.span(draft.first), kind=kind, name=name, what=what))


def _altered(cursor: Cursor, word: str, kind: ObjectKind) -> Name:
    """Take the name of what is altered; empty where it is the current database, or the server."""
    if kind is ObjectKind.ROLE:
        return Name(cursor.account())
    unsaid = not cursor.is_identifier() or cursor.word in {"CHARSET", "ENCRYPTION", "COMMENT"}
    if word == "INSTANCE" or (kind is ObjectKind.DATABASE and unsaid):
        return Name("")
    return cursor.name()


def drop(cursor: Cursor, draft: Draft) -> None:
    """Take DROP."""
    cursor.expect("DROP")
    temporary = cursor.accept("TEMPORARY")
    if cursor.accept_any("TABLE", "TABLES"):
        tables.drop_table(cursor, draft, temporary=temporary)
        return
    word = cursor.take().upper()
    if word == "INDEX":
        if_exists = cursor.accept("IF", "EXISTS")
        index = Name("PRIMARY") if cursor.accept("PRIMARY") else Name(cursor.identifier())
        cursor.expect("ON")
        table = cursor.name()
        wait(cursor)
        while algorithm_or_lock(cursor, draft):
            pass
        draft.actions.append(DropIndex(span=cursor.span(draft.first), index=index, table=table, if_exists=if_exists))
        return
    if word == "PREPARE":
        cursor.identifier()
        draft.actions.append(Other(span=cursor.span(draft.first), verb="drop prepare"))
        return
    if word not in {*_KINDS, "VIEW", "TRIGGER"} or word == "INSTANCE":
        cursor.at -= 1
        cursor.fail()
    cursor.accept_any(*_SECOND)
    if_exists = cursor.accept("IF", "EXISTS")
    _drop_named(cursor, draft, word, if_exists=if_exists)


def _drop_named(cursor: Cursor, draft: Draft, word: str, *, if_exists: bool) -> None:
    first = draft.first
    if _KINDS.get(word) is ObjectKind.ROLE:
        for account in cursor.several(cursor.account):
            draft.actions.append(
                Drop(span=cursor.span(first), kind=ObjectKind.ROLE, name=Name(account), if_exists=if_exists)
            )
        return
    named = tables.names(cursor)
    if word not in {"VIEW", "SEQUENCE"} and len(named) > 1:
        cursor.fail()
    if word in {"TABLESPACE", "UNDO", "LOGFILE", "RESOURCE"}:
        cursor.rest()
    cascade = cursor.accept_any("RESTRICT", "CASCADE") == "CASCADE" if word == "VIEW" else False
    for name, span in tables.spread(cursor, draft, named):
        if word == "VIEW":
            draft.actions.append(DropView(span=span, view=name, if_exists=if_exists, cascade=cascade))
        elif word == "TRIGGER":
            draft.actions.append(DropTrigger(span=span, trigger=name.name, if_exists=if_exists))
        else:
            draft.actions.append(Drop(span=span, kind=_KINDS[word], name=name, if_exists=if_exists))


def grant(cursor: Cursor, draft: Draft) -> None:
    """Take GRANT or REVOKE, of privileges or of roles (whose names are then the privileges)."""
    revoke = cursor.take().upper() == "REVOKE"
    if revoke:
        cursor.accept("IF", "EXISTS")
    privileges: list[str] = []
    while True:
        privileges.append(_privilege(cursor))
        if not cursor.accept(","):
            break
    names: tuple[Name, ...] = ()
    kind = ObjectKind.ROLE
    if cursor.accept("ON"):
        word = cursor.accept_any("TABLE", "FUNCTION", "PROCEDURE", "PACKAGE")
        kind = _KINDS.get(word, ObjectKind.TABLE)
        names = (_granted(cursor),)
        if names[0].name == "*" and kind is ObjectKind.TABLE:
            kind = ObjectKind.DATABASE
    if not names or cursor.word in {"TO", "FROM"}:
        cursor.expect("FROM" if revoke else "TO")
    grantees = _grantees(cursor)
    cursor.rest()
    draft.actions.append(
        Grant(
            span=cursor.span(draft.first),
            kind=kind,
            privileges=tuple(privileges),
            names=names,
            grantees=tuple(grantees),
            revoke=revoke,
        )
    )


def _privilege(cursor: Cursor) -> str:
    first = cursor.at
    if cursor.kind == "string" or cursor.kind_ahead() == "variable":
        return cursor.account()
    while cursor.kind in {"word", "name"} and cursor.word not in {"ON", "TO", "FROM"}:
        cursor.at += 1
    if cursor.at == first:
        cursor.fail()
    words = cursor.since(first).lower()
    if cursor.word == "(":
        cursor.listed(cursor.identifier)
    return "all" if words in {"all", "all privileges"} else " ".join(words.split())


def _granted(cursor: Cursor) -> Name:
    if cursor.accept("*"):
        if cursor.accept("."):
            cursor.expect("*")
            return Name("*", "*")
        return Name("*")
    if cursor.is_identifier() and cursor.ahead() == "." and cursor.ahead(2) == "*":
        schema = cursor.identifier()
        cursor.at += 2
        return Name("*", schema)
    if cursor.kind == "string" or cursor.kind_ahead() == "variable":  # PROXY ON an account
        return Name(cursor.account())
    return cursor.name()


def _grantees(cursor: Cursor) -> list[str]:
    found = []
    while True:
        found.append(cursor.account())
        if cursor.accept("IDENTIFIED"):
            while not cursor.ended() and cursor.word not in {",", "REQUIRE", "WITH"}:
                cursor.at += 1
            if cursor.word == "WITH" and cursor.words[cursor.at - 1] == "IDENTIFIED":
                cursor.rest()
        if not cursor.accept(","):
            return found
