"""What a file leaves broken: what was usable before it, and is no longer; and of what that could not be asked."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.database.broken import Asked, touched
from glowplug.dialect import Dialect

if TYPE_CHECKING:
    from glowplug.database.broken import BrokenObject, UnaskedObject
    from glowplug.database.interface import Connection
    from glowplug.schema import Schema
    from glowplug.schema.model import Key

_ROUTINES = frozenset({"function", "procedure"})
_BREAKABLE = {
    Dialect.MYSQL: frozenset({"view", "trigger"}),
    Dialect.SQLITE: frozenset({"view", "trigger"}),
}
"""What a server keeps though that which it is on is gone; on PostgreSQL a connection knows of the routines itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A schema, and what is broken in it, as far as the server said; None: it was not asked yet."""

    schema: Schema
    broken: Asked | None = None


def broken_in(connection: Connection, schema: Schema, dialect: Dialect) -> Asked:
    """Ask for what is broken in a state that has ``schema``; where nothing in it can be, the server is not asked.

    Raises:
        LostConnection: the server is gone.
    """
    breakable = _BREAKABLE.get(dialect)
    if breakable is not None and breakable.isdisjoint(map(itemgetter(0), schema.objects)):
        return Asked()
    return connection.broken() or Asked()


def left_broken(before: State, after: State) -> tuple[BrokenObject, ...]:
    """Give what is broken after a file and was not before it.

    A function counts only if it was there before, and the same: what its names mean is up to the session that calls
    it, and the one that made it may have known them.
    """
    known = {each.key for each in _asked(before).broken}
    return tuple(each for each in _asked(after).broken if each.key not in known and _counts(each, before, after))


def left_unasked(before: State, after: State) -> tuple[UnaskedObject, ...]:
    """Give what the server did not tell of after a file, where the file changed it, or anything that it names.

    What is broken, or was before, is not given again, nor a function that was not there before, or was another.
    """
    known = {each.key for state in (before, after) for each in _asked(state).broken}
    left = {_place(each): each for each in _asked(after).unasked if each.key not in known}
    left = {key: each for key, each in left.items() if _counts(each, before, after)}
    there = after.schema.objects
    changed = touched([there[key] for key in left if key in there], before.schema, after.schema) if left else ()
    return tuple(
        replace(each, new=before.schema.objects.get(key) != there.get(key))
        for key, each in left.items()
        if key in changed or key not in there
    )


def _asked(state: State) -> Asked:
    return Asked() if state.broken is None else state.broken


def _counts(each: BrokenObject | UnaskedObject, before: State, after: State) -> bool:
    return each.kind not in _ROUTINES or before.schema.objects.get(each.key) == after.schema.objects.get(each.key)


def _place(each: UnaskedObject) -> Key:
    """By which key a schema has it: a trigger stands with its table there."""
    return each.key if each.table is None else (each.kind, f"{each.table}.{each.name}")
