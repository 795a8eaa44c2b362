"""What one or more transactions may have changed in the catalogues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.postgres.watch import Watch

if TYPE_CHECKING:
    from glowplug.sql.postgres_locality import Locality


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Catalogues that were written, relations that were locked, and whether types or routines may have changed, too.

    ``catalogues`` by name; ``relations``: (oid, kind as in pg_class or "" for what is no more).
    ``wrote``: rows were changed as well; ``evaluated``: functions of the user's may have been called;
    ``special``: what may not be undone, or only be looked at in the end, may be another;
    ``bookkeeping``: a bookkeeping table is among the relations; ``of_rows``: something is described by the type of the
    rows of one of them; ``temporary``: there are temporary objects.
    """

    catalogues: frozenset[str] = frozenset()
    relations: frozenset[tuple[str, str]] = frozenset()
    types: bool = False
    routines: bool = False
    wrote: bool = False
    evaluated: bool = False
    special: bool = False
    bookkeeping: bool = False
    of_rows: bool = False
    temporary: bool = False

    def __or__(self, other: Change) -> Change:
        """This, and ``other`` after it."""
        later = {oid for oid, _ in other.relations}
        return Change(
            catalogues=self.catalogues | other.catalogues,
            relations=other.relations | {one for one in self.relations if one[0] not in later},
            types=self.types or other.types,
            routines=self.routines or other.routines,
            wrote=self.wrote or other.wrote,
            evaluated=self.evaluated or other.evaluated,
            special=self.special or other.special,
            bookkeeping=self.bookkeeping or other.bookkeeping,
            of_rows=self.of_rows or other.of_rows,
            temporary=self.temporary or other.temporary,
        )


def changed(local: Locality, watch: Watch) -> Change:
    """Put together what a file says and what it did."""
    return Change(
        catalogues=watch.catalogues,
        relations=watch.relations,
        types=local.types,
        routines=local.routines,
        wrote=local.writes,
        evaluated=local.evaluates,
        special=local.special,
        bookkeeping=watch.bookkeeping,
        of_rows=watch.of_rows,
        temporary=watch.temporary,
    )


def of_index(table: str) -> Watch:
    """What an index made or dropped outside of a transaction may have changed: anything of its table's."""
    return Watch(catalogues=frozenset({"pg_index"}), relations=frozenset({(table, "r")}))
