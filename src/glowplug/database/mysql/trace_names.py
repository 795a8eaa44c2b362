"""Which relations were there before a file, and what each is called while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql import actions
from glowplug.sql.parts import Name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.sql.statement import Statement


class OldNames:
    """Old relations that are still there, in their order, by what they were called before the file."""

    def __init__(self, schema: str, names: Iterable[str]) -> None:
        """Begin with those of ``schema``."""
        self._schema = schema
        self.now: dict[str, str] = {name: name for name in names}

    def old(self, name: Name) -> str | None:
        """Give what a relation was called before the file; None for one that was not there."""
        if name.schema not in {None, self._schema}:
            return None
        return next((old for old, now in self.now.items() if now == name.name), None)

    def old_all(self, names: Iterable[str]) -> set[str]:
        """Give what those of ``names`` that are old were called before the file."""
        return {old for old in (self.old(Name(name)) for name in names) if old is not None}

    def follow(self, statement: Statement | None) -> set[str]:
        """Take note of what ``statement`` has renamed and dropped; give those that it emptied."""
        emptied = set()
        for action in () if statement is None else statement.actions:
            match action:
                case actions.RenameTable():
                    old = self.old(action.table)
                    if old is not None:
                        self.now[old] = action.new_name.name
                        if action.new_name.schema not in {None, self._schema}:
                            del self.now[old]
                case actions.Truncate():
                    emptied.add(self.old(action.table))
                case actions.DropTable():
                    self._forget(action.table)
                case actions.DropView():
                    self._forget(action.view)
                case actions.CreateTable() if action.or_replace or action.temporary:
                    self._forget(action.table)
        return {each for each in emptied if each is not None}

    def _forget(self, name: Name) -> None:
        old = self.old(name)
        if old is not None:
            del self.now[old]
