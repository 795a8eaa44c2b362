"""Which functions in SQL a PostgreSQL server can't use any more: it checks their text as it does when they are made.

Each is made again as it is, in a transaction that is rolled back: that resolves every name in its body, and runs
nothing. Of other languages the server checks no names before it runs them, and a view is not let go of what it is on.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from glowplug.database.broken import Asked, BrokenObject, UnaskedObject, touched
from glowplug.database.interface import SqlError
from glowplug.database.postgres.failure import explain
from glowplug.errors import LostConnection
from glowplug.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glowplug.database.postgres.access import Access
    from glowplug.database.postgres.session import Reply, Session
    from glowplug.schema import SchemaObject

_ROUTINES = frozenset({"function", "procedure"})
_IN_SQL = re.compile(r"^ LANGUAGE sql\b", re.MULTILINE)
_BODY = re.compile(r"^(?:AS \$|BEGIN ATOMIC$)", re.MULTILINE)
_OF_ANY_TYPE = re.compile(r"\bany(?:compatible)?(?:element|array|nonarray|enum|range|multirange)\b")
_BEFORE = ("BEGIN", "SET LOCAL lock_timeout = '2s'", "SET LOCAL check_function_bodies = on")

_LOCKED = "55P03"
_OF_THE_MOMENT = ("08", "40", "53", "54", "55006", _LOCKED, "57", "58", "XX")
"""Beginnings of the codes that say nothing of the body: connections, locks, resources, the server's own faults."""
_DENIED = "42501"

_OPEN = "a transaction is open that the file began, or the session is no more"
_EVENTS = "there is an event trigger, which would be told of each function that is made again to ask"
_NO_SESSION = "no session could begin to ask in"
_NO_SETUP = "a session to ask in could not be set up"
_NO_ANSWER = "the server did not answer"
_REFUSED = "the server refused to make it again"
_CALLED_FIRST = "it takes arguments of any type: the server looks at its body only when it is called"


class Checked(NamedTuple):
    """A schema, and what the server said of its functions."""

    schema: Schema
    asked: Asked


def check(
    schema: Schema,
    routines: Iterable[SchemaObject],
    access: Access,
    setup: Sequence[str],
    known: Checked | None = None,
) -> Checked:
    """Name the functions of ``schema`` that can't be used, with what the server says of each, and those not asked for.

    ``routines``: all that it has; to look for them in the whole of it takes longer at every state of a chain.
    ``setup``: what a session begins with before ``session_setup``. ``known``: what was said of another schema; it
    holds for each function that was asked for then, and names nothing in which the two differ.
    """
    functions = _in_sql(routines)
    if not functions:
        return Checked(schema, Asked())
    if any(each.kind == "event trigger" for each in schema):
        return Checked(schema, unasked(schema, _EVENTS))
    before, said = (Schema(), Asked()) if known is None else known
    again = touched(functions, before, schema) | {each.key for each in said.unasked}
    same = {each.key for each in functions} - again
    functions = [each for each in functions if each.key in again]
    new = _asked(functions, access, setup) if functions else Asked()
    broken = (*(each for each in said.broken if each.key in same), *new.broken)
    return Checked(schema, Asked(broken=broken, unasked=new.unasked))


def unasked(schema: Schema | None, why: str = _OPEN) -> Asked:
    """Say of all functions in SQL that they were not asked for; None: no schema was read, and none is known."""
    return Asked(unasked=tuple(_unasked(each, why) for each in _in_sql(schema or Schema())))


def _in_sql(items: Iterable[SchemaObject]) -> list[SchemaObject]:
    return [each for each in items if each.kind in _ROUTINES and _is_in_sql(_definition(each))]


@functools.lru_cache(maxsize=10_000)
def _is_in_sql(definition: str) -> bool:
    """Whether a definition, which is looked at in every state of a chain, is of a function in SQL."""
    return _IN_SQL.search(_head(definition)) is not None


def _asked(functions: Sequence[SchemaObject], access: Access, setup: Sequence[str]) -> Asked:
    try:
        session = access.connect()
    except LostConnection as lost:
        error = SqlError(code=None, message=lost.message)
        return Asked(unasked=tuple(_unasked(each, _NO_SESSION, error) for each in functions))
    try:
        for sql in (*setup, *access.session_setup):
            reply = session.batch(sql.encode())
            if not reply.ok:
                return Asked(unasked=tuple(_unasked(each, _NO_SETUP, _said(reply)) for each in functions))
        found = list(_checked(session, functions))
    finally:
        session.leave()
    return Asked(
        broken=tuple(each for each in found if isinstance(each, BrokenObject)),
        unasked=tuple(each for each in found if isinstance(each, UnaskedObject)),
    )


def _checked(session: Session, functions: Sequence[SchemaObject]) -> Iterator[BrokenObject | UnaskedObject]:
    yield from (_unasked(each, _CALLED_FIRST) for each in functions if _is_of_any_type(each))
    functions = [each for each in functions if not _is_of_any_type(each)]
    while functions:
        reply = session.batch(";".join((*_BEFORE, *map(_definition, functions), "ROLLBACK")).encode(), timed=True)
        if reply.ok:
            return
        at = reply.completed - len(_BEFORE)
        if reply.failure is None or reply.lost is not None or reply.timed_out or not 0 <= at < len(functions):
            yield from (_unasked(each, _NO_ANSWER, _said(reply)) for each in functions)
            return
        session.batch(b"ROLLBACK")
        error = explain(reply.failure)
        if error.code == _LOCKED:
            yield from (_unasked(each, _NO_ANSWER, error) for each in functions[at:])
            return
        if _is_of_the_body(error):
            yield BrokenObject(kind=functions[at].kind, name=functions[at].name, error=error)
        else:
            yield _unasked(functions[at], _REFUSED, error)
        functions = functions[at + 1 :]


def _is_of_the_body(error: SqlError) -> bool:
    """Whether it is said of what the function's text asks for, whatever that is, and not of who asks, and when."""
    return error.code is not None and error.code != _DENIED and not error.code.startswith(_OF_THE_MOMENT)


def _said(reply: Reply) -> SqlError:
    if reply.failure is not None and not reply.timed_out:
        return explain(reply.failure)
    message = reply.lost or "it took too long"
    return SqlError(code=None, message=message.strip(), timed_out=reply.timed_out)


def _unasked(function: SchemaObject, why: str, error: SqlError | None = None) -> UnaskedObject:
    return UnaskedObject(kind=function.kind, name=function.name, why=why, error=error)


def _is_of_any_type(function: SchemaObject) -> bool:
    return _OF_ANY_TYPE.search(_head(_definition(function))) is not None


def _head(definition: str) -> str:
    body = _BODY.search(definition)
    return definition if body is None else definition[: body.start()]


def _definition(function: SchemaObject) -> str:
    return function.properties.get("definition", "")
