"""What a file leaves broken: what was usable before it, and is no longer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect

if TYPE_CHECKING:
    from glowplug.database.broken import BrokenObject
    from glowplug.database.interface import Connection
    from glowplug.schema import Schema

_ROUTINES = frozenset({"function", "procedure"})
_BREAKABLE = {
    Dialect.POSTGRES: _ROUTINES,
    Dialect.MYSQL: frozenset({"view", "trigger"}),
    Dialect.SQLITE: frozenset({"view", "trigger"}),
}
"""What a server keeps though that which it is on is gone; on PostgreSQL no view is let alone so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A schema, and what is broken in it; None: the server was not asked yet."""

    schema: Schema
    broken: tuple[BrokenObject, ...] | None = None


def broken_in(connection: Connection, schema: Schema, dialect: Dialect) -> tuple[BrokenObject, ...]:
    """Ask for what is broken in a state that has ``schema``; where nothing in it can be, the server is not asked.

    Raises:
        LostConnection: the server is gone.
    """
    kinds = _BREAKABLE[dialect]
    return connection.broken() if any(kind in kinds for kind, _ in schema.objects) else ()


def left_broken(before: State, after: State) -> tuple[BrokenObject, ...]:
    """Give what is broken after a file and was not before it.

    A function counts only if it was there before, and the same: what its names mean is up to the session that calls
    it, and the one that made it may have known them.
    """
    known = {each.key for each in before.broken or ()}
    return tuple(
        each
        for each in after.broken or ()
        if each.key not in known
        and (each.kind not in _ROUTINES or before.schema.objects.get(each.key) == after.schema.objects.get(each.key))
    )
