"""Which table or index a b-tree is, by its root page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import apsw

_OBJECTS = "SELECT type, name, tbl_name, rootpage FROM main.sqlite_master WHERE type IN ('table', 'index')"


class Roots(msgspec.Struct, frozen=True, kw_only=True):
    """The root pages of ``tables``, and of ``indexes`` (with the table of each); ``virtual``: a table has none."""

    tables: dict[str, int]
    indexes: dict[str, tuple[int, str]]
    virtual: bool = False

    @classmethod
    def read(cls, connection: apsw.Connection) -> Roots:
        """Read those of ``main``."""
        tables: dict[str, int] = {}
        indexes: dict[str, tuple[int, str]] = {}
        virtual = False
        for kind, name, table, root in connection.execute(_OBJECTS):
            if not root:
                virtual = True
            elif kind == "table":
                tables[name] = root
            else:
                indexes[name] = root, table
        return cls(tables=tables, indexes=indexes, virtual=virtual)

    def table(self, root: int) -> str | None:
        """Name the table whose own b-tree it is."""
        return next((name for name, its in self.tables.items() if its == root), None)

    def index(self, root: int) -> str | None:
        """Name the index that it is."""
        return next((name for name, (its, _) in self.indexes.items() if its == root), None)

    def owner(self, root: int) -> str | None:
        """Name the table whose rows it holds, in whatever order."""
        return self.table(root) or next((table for its, table in self.indexes.values() if its == root), None)
