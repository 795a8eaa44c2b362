"""What need not be read again: what a file that does the same whenever it runs makes of the same tables."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.files.text import actions_of
from glowplug.sql.actions import SetVariable
from glowplug.sql.postgres_locality import locality
from glowplug.sql.postgres_nesting import nesting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.project import Migration
    from glowplug.schema.tables import Table
    from glowplug.scratch.interface import Database
    from glowplug.sql.statement import Script


_left: WeakKeyDictionary[Database, tuple[Migration, tuple[Table, ...]]] = WeakKeyDictionary()


def is_steady(script: Script | None, dialect: Dialect, *, rows: bool = True) -> bool:
    """Whether what a file makes of the tables depends on nothing but the tables: on no row, and on no setting.

    ``rows``: whether it may write some; how many rows a table has may depend on the moment.
    """
    if script is None or dialect is not Dialect.POSTGRES:
        return False
    known = locality(script.text) or nesting(script.text)
    if known is None or (known.writes and not rows):
        return False
    return not any(isinstance(action, SetVariable) for action, _ in actions_of(script))


class Settled:
    """The tables that a down has left on one branch, if it can leave no others on the next: on no row they depend."""

    def __init__(self) -> None:
        """Know none yet."""
        self.tables: tuple[Table, ...] | None = None


def alike(first: Sequence[Table], second: Sequence[Table]) -> bool:
    """Whether tables are the same but for the number of their rows."""
    return [replace(table, rows=0) for table in first] == [replace(table, rows=0) for table in second]


def take(previous: Migration | None, database: Database) -> tuple[Table, ...] | None:
    """Give what was left in a database, once, if ``previous`` was measured there last; None: it has to be read."""
    migration, tables = _left.pop(database, (None, None))
    return tables if migration is previous else None


def leave(migration: Migration, database: Database, tables: tuple[Table, ...]) -> None:
    """Note which tables there will be once ``migration`` has gone up for good: no others are possible."""
    _left[database] = (migration, tables)
