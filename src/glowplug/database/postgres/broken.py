"""Which functions in SQL a PostgreSQL server can't use any more: it checks their text as it does when they are made.

Each is made again as it is, in a transaction that is rolled back: that resolves every name in its body, and runs
nothing. Of other languages the server checks no names before it runs them, and a view, or a function whose body is
parsed when it is made (``BEGIN ATOMIC``), is not let go of what it is on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from glowplug.database.broken import BrokenObject
from glowplug.database.postgres.failure import explain
from glowplug.errors import LostConnection
from glowplug.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.database.postgres.access import Access
    from glowplug.database.postgres.session import Session
    from glowplug.schema import SchemaObject
    from glowplug.schema.model import Key

_ROUTINES = frozenset({"function", "procedure"})
_TEXT_IN_SQL = re.compile(r"^ LANGUAGE sql\b.*^AS \$", re.MULTILINE | re.DOTALL)
_BEFORE = ("BEGIN", "SET LOCAL lock_timeout = '2s'", "SET LOCAL check_function_bodies = on")
_OF_NO_NAME = frozenset({"constraint", "index", "trigger"})
"""What no function in SQL names."""

_MISSING = frozenset({
    "42703",  # no such column
    "42704",  # no such type
    "42804",  # another type
    "42883",  # no such function
    "42P01",  # no such table
    "42P13",  # other columns than the function gives
})  # fmt: skip


class Checked(NamedTuple):
    """A schema, and which of its functions can't be used."""

    schema: Schema
    broken: tuple[BrokenObject, ...]


def check(schema: Schema, access: Access, setup: Sequence[str], known: Checked | None = None) -> Checked:
    """Name the functions of ``schema`` that can't be used, and what the server says of each.

    ``setup``: what a session begins with before ``session_setup``. ``known``: what was named of another schema; it
    holds for each function that names nothing in which the two differ. Where no session begins, or a function that is
    made would be told to an event trigger, nothing is named.
    """
    functions = [each for each in schema if each.kind in _ROUTINES and _TEXT_IN_SQL.search(_definition(each))]
    if not functions or any(each.kind == "event trigger" for each in schema):
        return Checked(schema, ())
    before, named = (Schema(), ()) if known is None else known
    untouched = _untouched(functions, before, schema)
    found = [each for each in named if each.key in untouched]
    functions = [each for each in functions if each.key not in untouched]
    return Checked(schema, (*found, *(_asked(functions, access, setup) if functions else ())))


def _untouched(functions: Sequence[SchemaObject], before: Schema, after: Schema) -> frozenset[Key]:
    """Which functions are the same in both schemas, and name no relation, type or function in which these differ."""
    changed = {
        key
        for key in before.objects.keys() | after.objects.keys()
        if (one := before.objects.get(key)) is not (other := after.objects.get(key)) and one != other
    }
    words = {_word(after.objects.get(key) or before.objects[key]) for key in changed if key[0] not in _OF_NO_NAME}
    named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE) if words else None
    return frozenset(
        each.key for each in functions if each.key not in changed and not (named and named.search(_definition(each)))
    )


def _word(item: SchemaObject) -> str:
    """By which name a function's text would name it: a column's is its table's."""
    name = item.name if item.parent is None or item.parent[0] == "schema" else item.parent[1]
    return name.partition("(")[0].rpartition(".")[2]


def _asked(functions: Sequence[SchemaObject], access: Access, setup: Sequence[str]) -> tuple[BrokenObject, ...]:
    try:
        session = access.connect()
    except LostConnection:
        return ()
    try:
        if not all(session.batch(sql.encode()).ok for sql in (*setup, *access.session_setup)):
            return ()
        return tuple(_checked(session, functions))
    finally:
        session.leave()


def _checked(session: Session, functions: Sequence[SchemaObject]) -> Iterator[BrokenObject]:
    while functions:
        reply = session.batch(";".join((*_BEFORE, *map(_definition, functions), "ROLLBACK")).encode(), timed=True)
        at = reply.completed - len(_BEFORE)
        if reply.failure is None or reply.lost is not None or at < 0:
            return
        session.batch(b"ROLLBACK")
        error = explain(reply.failure)
        if error.code in _MISSING:
            yield BrokenObject(kind=functions[at].kind, name=functions[at].name, error=error)
        functions = functions[at + 1 :]


def _definition(function: SchemaObject) -> str:
    return function.properties.get("definition", "")
