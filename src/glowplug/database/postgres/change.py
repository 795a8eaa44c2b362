"""What a transaction may have changed in the catalogues, told by the locks that it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from glowplug.sql.postgres_locality import Locality

GIVEN = "SELECT unnest($1) AS relation"
"""Relations by oid, as ``catalogue.scoped`` takes them."""

# DDL on a relation holds one of these to the transaction's end. No name is resolved by the session's search_path.
WATCH = """
SELECT l.relation FROM pg_catalog.pg_lock_status() l
WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
  AND l.relation OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
  AND l.mode OPERATOR(pg_catalog.=) ANY (ARRAY['ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock',
    'ExclusiveLock', 'AccessExclusiveLock']::pg_catalog.text[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Relations by oid, and whether types or routines may have changed, too.

    ``wrote``: rows were changed as well; ``evaluated``: functions of the user's may have been called.
    """

    relations: frozenset[str] = frozenset()
    types: bool = False
    routines: bool = False
    wrote: bool = False
    evaluated: bool = False

    def __or__(self, other: Change) -> Change:
        """Both together."""
        return Change(
            relations=self.relations | other.relations,
            types=self.types or other.types,
            routines=self.routines or other.routines,
            wrote=self.wrote or other.wrote,
            evaluated=self.evaluated or other.evaluated,
        )


def changed(local: Locality, oids: frozenset[str]) -> Change:
    """Put together what a file says and what it locked."""
    return Change(
        relations=oids,
        types=local.types,
        routines=local.routines,
        wrote=local.writes,
        evaluated=local.evaluates,
    )


def locked(result: PGresult) -> frozenset[str]:
    """Read the oids that WATCH answered."""
    return frozenset((result.get_value(row, 0) or b"0").decode() for row in range(result.ntuples))
