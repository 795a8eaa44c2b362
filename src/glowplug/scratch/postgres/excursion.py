"""There and back: what a down and a second up do, as if they had never run.

Two ways. *Nested*: in one transaction on the migrations' own session, rolled back at the end; milliseconds, but only
for files that are known to do the same there as in a transaction of their own (``sql.postgres_nesting``). *In a copy*:
on a database made from this one as template, dropped at the end; for every other file, and whenever anything fails
nested: then what the excursion did is done again in the copy, and only that counts.
"""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from glowplug.database.interface import Run, SqlError
from glowplug.database.postgres import Nested, PostgresConnection, identifier, literal
from glowplug.errors import GlowplugError
from glowplug.sql.postgres_nesting import nesting

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from glowplug.database.postgres import Administrator
    from glowplug.dialect import Direction
    from glowplug.project import Migration
    from glowplug.schema import Schema
    from glowplug.sql.postgres_nesting import Nesting


class Excursion:
    """The connection that an excursion lends; implements ``database.interface.Connection``."""

    def __init__(self, home: PostgresConnection, administrator: Administrator) -> None:
        """Start from the state of ``home``, which must not be used before ``close``."""
        self._home = home
        self._administrator = administrator
        self._done: list[tuple[Migration, Direction]] = []
        self._nested: Nested | None = None
        self._copy: DatabaseCopy | None = None

    def run(self, migration: Migration, direction: Direction) -> Run:
        """Run one file as Diesel would."""
        if self._copy is None:
            run = self._run_nested(migration, direction)
            if run is not None:
                self._done.append((migration, direction))
                return run
            self._move_to_copy()
        self._done.append((migration, direction))
        return self._connection.run(migration, direction)
