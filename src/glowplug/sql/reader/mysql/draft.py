"""A statement while it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from glowplug.sql.reader.mysql.cursor import Cursor
from glowplug.sql.reader.mysql.facts import Facts

if TYPE_CHECKING:
    from glowplug.sql.actions import Action
    from glowplug.sql.statement import Statement


class Draft(msgspec.Struct, kw_only=True):
    """What is known so far of a statement whose first token has the index ``first``.

    ``local`` are the names that a routine declares, in lower case: SET of one of them is no setting.
    """

    first: int
    facts: Facts = msgspec.field(default_factory=Facts)
    actions: list[Action] = msgspec.field(default_factory=list)
    body: list[Statement] = msgspec.field(default_factory=list)
    routine_body: list[Statement] = msgspec.field(default_factory=list)
    algorithm: str | None = None
    lock: str | None = None
    local: set[str] = msgspec.field(default_factory=set)


Read: TypeAlias = Callable[[Cursor, Draft], None]
"""Takes a whole statement into a Draft."""
