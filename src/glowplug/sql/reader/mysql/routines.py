"""CREATE VIEW, TRIGGER, PROCEDURE, FUNCTION and EVENT: what has a definer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.sql.actions import Create, CreateRoutine, CreateTrigger, CreateView, ObjectKind
from glowplug.sql.reader.mysql import queries
from glowplug.sql.reader.mysql.bodies import routine_body
from glowplug.sql.reader.mysql.columns import type_name
from glowplug.sql.reader.mysql.expressions import skim
from glowplug.sql.reader.mysql.facts import Facts
from glowplug.sql.reader.mysql.words import UNITS

if TYPE_CHECKING:
    from glowplug.sql.reader.mysql.cursor import Cursor
    from glowplug.sql.reader.mysql.draft import Draft, Read


class Prefix(msgspec.Struct, frozen=True, kw_only=True):
    """What stands between CREATE and the kind of object."""

    or_replace: bool
    definer: str | None = None
    invoker: bool = False


def prefix(cursor: Cursor, *, or_replace: bool) -> Prefix:
    """Take ALGORITHM, DEFINER and SQL SECURITY, as far as they are there."""
    if cursor.word == "ALGORITHM":
        cursor.at += 1
        cursor.expect("=")
        if not cursor.accept_any("UNDEFINED", "MERGE", "TEMPTABLE"):
            cursor.fail()
    definer = None
    if cursor.accept("DEFINER"):
        cursor.expect("=")
        definer = cursor.account()
    return Prefix(or_replace=or_replace, definer=definer, invoker=_security(cursor))


def _security(cursor: Cursor) -> bool:
    if cursor.word == "SQL" and cursor.ahead() == "SECURITY":
        cursor.at += 2
        return (cursor.accept_any("DEFINER", "INVOKER") or cursor.fail()) == "INVOKER"
    return False


def view(cursor: Cursor, draft: Draft, before: Prefix) -> None:
    """Take what stands behind VIEW."""
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.name()
    columns = tuple(cursor.listed(cursor.identifier)) if cursor.word == "(" else ()
    cursor.expect("AS")
    at = cursor.at
    queries.query(cursor, draft.facts)
    text = cursor.since(at)
    if cursor.accept("WITH"):
        cursor.accept_any("CASCADED", "LOCAL")
        cursor.expect("CHECK", "OPTION")
    draft.actions.append(
        CreateView(
            span=cursor.span(draft.first),
            view=name,
            or_replace=before.or_replace,
            if_not_exists=if_not_exists,
            reads=tuple(draft.facts.reads),
            reads_columns=tuple(draft.facts.columns),
            columns=columns,
            query=text,
            definer=before.definer,
        )
    )


def trigger(cursor: Cursor, draft: Draft, before: Prefix, read: Read) -> None:
    """Take what stands behind TRIGGER, its body included."""
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.name()
    timing = cursor.accept_any("BEFORE", "AFTER") or cursor.fail()
    events = [_event(cursor)]
    while cursor.accept("OR"):
        events.append(_event(cursor))
    cursor.expect("ON")
    table = cursor.name()
    cursor.expect("FOR", "EACH", "ROW")
    if cursor.accept_any("FOLLOWS", "PRECEDES"):
        cursor.identifier()
    routine_body(cursor, draft, read)
    draft.actions.append(
        CreateTrigger(
            span=cursor.span(draft.first),
            trigger=name.name,
            table=table,
            timing=timing.lower(),
            events=tuple(events),
            or_replace=before.or_replace,
            if_not_exists=if_not_exists,
            definer=before.definer,
        )
    )


def _event(cursor: Cursor) -> str:
    return (cursor.accept_any("INSERT", "UPDATE", "DELETE") or cursor.fail()).lower()


def routine(cursor: Cursor, draft: Draft, before: Prefix, read: Read) -> None:
    """Take PROCEDURE or FUNCTION and what stands behind it, its body included; a SONAME's body is in a library."""
    kind = ObjectKind.PROCEDURE if cursor.accept("PROCEDURE") else ObjectKind.FUNCTION
    if kind is ObjectKind.FUNCTION:
        cursor.accept("AGGREGATE")
        cursor.expect("FUNCTION")
    cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.name()
    body = None
    if cursor.accept("RETURNS"):
        cursor.identifier(any_word=True)
        cursor.expect("SONAME")
        body, language, volatility, invoker = cursor.text_value(), "c", None, False
    else:
        _parameters(cursor, draft)
        if cursor.accept("RETURNS"):
            type_name(cursor)
        language, volatility, invoker = _characteristics(cursor)
        if language == "sql":
            routine_body(cursor, draft, read)
        else:
            at = cursor.at
            cursor.rest()
            body = cursor.since(at)
    draft.actions.append(
        CreateRoutine(
            span=cursor.span(draft.first),
            routine=name,
            kind=kind,
            language=language,
            volatility=volatility,
            security_definer=not invoker and language == "sql",
            or_replace=before.or_replace,
            body=body,
            definer=before.definer,
        )
    )


def _characteristics(cursor: Cursor) -> tuple[str, str | None, bool]:
    """Take a routine's characteristics: its language, its volatility, and whether it runs as its invoker."""
    language, volatility, invoker = "sql", None, False
    while True:
        if cursor.accept("LANGUAGE"):
            language = cursor.identifier(any_word=True).lower()
        elif cursor.accept("DETERMINISTIC"):
            volatility = "immutable"
        elif cursor.accept("NOT", "DETERMINISTIC"):
            volatility = "volatile"
        elif cursor.word == "SQL" and cursor.ahead() == "SECURITY":
            invoker = _security(cursor)
        elif cursor.accept("COMMENT"):
            cursor.text_value()
        elif not (
            cursor.accept("NO", "SQL")
            or cursor.accept("CONTAINS", "SQL")
            or cursor.accept("READS", "SQL", "DATA")
            or cursor.accept("MODIFIES", "SQL", "DATA")
        ):
            return language, volatility, invoker


def _parameters(cursor: Cursor, draft: Draft) -> None:
    cursor.expect("(")
    if cursor.accept(")"):
        return

    def one() -> None:
        if cursor.word in {"IN", "OUT", "INOUT"}:
            cursor.at += 1
        draft.local.add(cursor.identifier().lower())
        type_name(cursor)
        if cursor.accept("DEFAULT"):
            skim(cursor, Facts())

    cursor.several(one)
    cursor.expect(")")


def event(cursor: Cursor, draft: Draft, before: Prefix, read: Read) -> None:
    """Take what stands behind EVENT, its body included."""
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.name()
    cursor.expect("ON", "SCHEDULE")
    schedule(cursor)
    completion(cursor)
    cursor.expect("DO")
    routine_body(cursor, draft, read)
    draft.actions.append(
        Create(
            span=cursor.span(draft.first),
            kind=ObjectKind.EVENT,
            name=name,
            if_not_exists=if_not_exists,
            or_replace=before.or_replace,
            details=() if before.definer is None else (("definer", before.definer),),
        )
    )


def schedule(cursor: Cursor) -> None:
    """Take an event's AT or EVERY."""
    if cursor.accept("AT"):
        skim(cursor, Facts())
        return
    cursor.expect("EVERY")
    skim(cursor, Facts())
    if cursor.word not in UNITS:
        cursor.fail()
    cursor.at += 1
    while cursor.accept_any("STARTS", "ENDS"):
        skim(cursor, Facts())


def completion(cursor: Cursor) -> None:
    """Take what may stand between an event's schedule and its body."""
    if cursor.accept("ON"):
        cursor.expect("COMPLETION")
        cursor.accept("NOT")
        cursor.expect("PRESERVE")
    switched = cursor.accept_any("ENABLE", "DISABLE")
    if switched and cursor.accept("ON") and not cursor.accept_any("SLAVE", "REPLICA"):
        cursor.fail()
    if cursor.accept("COMMENT"):
        cursor.text_value()
