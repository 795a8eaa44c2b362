"""Which tables and columns a chain's states have, as far as the text of its files tells."""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - msgspec reads the annotations when it decodes
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect
from glowplug.schema.simulation import Simulation
from glowplug.sql import actions
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.project import Chain
    from glowplug.schema.simulation.values import TableFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name
    from glowplug.sql.statement import Statement

_MOVED = re.compile(r"search_path|\bcreate\s+schema\b[^;]*\bcreate\b", re.IGNORECASE)
"""With these in a file, the text does not tell for certain in which schema a table comes to be."""
_MAKES_TABLES = re.compile(r"\btable\b|\bexecute\b|\bcall\b", re.IGNORECASE)
_READ = frozenset({"sql", "plpgsql", "", None})
_DIESELS = "diesel_manage_updated_at"
_CHANGES = (actions.AddColumn, actions.ModifyColumn, actions.RenameColumn, actions.RenameTable)


class ChainTables(msgspec.Struct, frozen=True, kw_only=True):
    """Every table that some state of a chain has, by the name that reports have, with the columns of all its states.

    A table's columns are None where there may be others. ``complete`` False: there may be other tables, and other
    columns of these. ``placed`` False: their schemas are not certain.
    """

    tables: Mapping[str, tuple[str, ...] | None]
    views: tuple[str, ...] = ()
    complete: bool = True
    placed: bool = True


def tables_of(chain: Chain, setup: Iterable[str] = ()) -> ChainTables:
    """Follow the ups of ``chain``, and before them the statements of ``setup``; states lie between two migrations.

    What a file does while it runs and no state shows is not told, and what only a down makes neither.
    """
    follower = _Follower(chain.dialect)
    for statement in setup:
        follower.run("", statement)
    for index, migration in enumerate(chain.migrations):
        if migration.runnable:
            text = _decoded(migration.up)
            if text is None:
                follower.complete = False
            else:
                follower.run(migration.name, text, index)
    return ChainTables(
        tables={name: tuple(columns) if certain else None for name, (columns, certain) in follower.tables.items()},
        views=tuple(follower.views),
        complete=follower.complete and chain.refused is None,
        placed=follower.placed,
    )


class _Follower:
    """A Simulation, and what was there in any state of it."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._simulation = Simulation(dialect)
        self._seen: dict[str, TableFacts] = {}
        self.tables: dict[str, tuple[dict[str, None], bool]] = {}
        self.views: dict[str, None] = {}
        self.complete = True
        self.placed = True

    def run(self, name: str, text: str, index: int = -1) -> None:
        """Follow a file, and look at the state after it."""
        self._simulation.begin(index=index, version="", migration=name, file=name, text=text)
        self.placed = self.placed and _MOVED.search(text) is None
        for statement in read(text.replace("\ufeff", " ", 1), self._dialect).statements:
            self.complete = self.complete and not self._is_strange(statement)
            self._simulation.run(statement)
            self.complete = self.complete and self._simulation.doubt is None
        for table in self._simulation.tables():
            self._note(table)
        self.views.update((self._reported(view.name), None) for view in self._simulation.views())

    def _note(self, table: TableFacts) -> None:
        name = self._reported(table.name)
        if self._seen.get(name) is not table:
            self._seen[name] = table
            columns, certain = self.tables.get(name, ({}, True))
            columns.update((column.name, None) for column in table.columns.values())
            known = table.columns_known and bool(table.columns)  # a virtual table's are its module's
            certain = certain and known and self._simulation.doubt_about(table.name) is None
            self.tables[name] = (columns, certain)

    def _is_strange(self, statement: Statement) -> bool:
        """Whether it makes code that may make tables, or changes a table that nobody made."""
        return any(_may_make_tables(action) or self._is_of_unknown_table(action) for action in statement.actions)

    def _is_of_unknown_table(self, action: Action) -> bool:
        if not isinstance(action, _CHANGES):
            return False
        return self._simulation.table(action.table) is None and self._simulation.view(action.table) is None

    def _reported(self, name: Name) -> str:
        if self._dialect is not Dialect.POSTGRES:
            return str(name)
        return ".".join(_quoted(part) for part in (name.schema or "public", name.name))


def _may_make_tables(action: Action) -> bool:
    """Whether a routine's code may: a trigger can run it where no statement says so."""
    if not isinstance(action, actions.CreateRoutine) or action.routine.name == _DIESELS:
        return False
    if action.language not in _READ or action.body is None:
        return True
    return _MAKES_TABLES.search(action.body) is not None


def _quoted(part: str) -> str:
    return '"' + part.replace('"', '""') + '"' if "." in part or '"' in part else part


def _decoded(sql: bytes | None) -> str | None:
    try:
        return None if sql is None else sql.decode("utf-8")
    except UnicodeDecodeError:
        return None
