"""What a transaction did to the catalogues: which of them it wrote, and which relations it has locked.

The server counts the rows that a session inserts, updates and deletes, in system catalogues too; what a savepoint
undoes stays counted (executed on 14 to 18). The counts are the session's own and go back to nothing at some
transaction's end, so they tell a difference within one transaction alone. Not counted is what is overwritten in place:
statistics of a relation, and whether it has indexes. ``track_counts`` is for superusers to set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.postgres.temporary import HAS_TEMPORARY_OBJECTS
from glowplug.database.postgres.within import ARE_USUAL, PLAN_USUAL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from psycopg.pq.abc import PGresult

_PG_15 = 150000
_CATALOGUES = "%catalogues%"
_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BOOKKEEPING = "B"
_OF_ROWS = "R"

# No name in these is resolved by the session's search_path: they run in the midst of the migrations' own statements.
COUNT = f"""
SELECT ARRAY(SELECT pg_catalog.pg_stat_get_xact_tuples_inserted(o)
  OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_updated(o)
  OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_deleted(o)
  FROM pg_catalog.unnest('{_CATALOGUES}'::pg_catalog.oid[]) o)
"""
"""Counts the rows written so far, catalogue by catalogue."""

# DDL on a relation holds one of these locks to the transaction's end. What is looked up by number stands in subqueries,
# for a join may be planned as one that reads a whole catalogue; OFFSET 0 keeps the planner from making joins of them.
# An array's type depends on that of its elements, which is how it is found here.
_RELATIONS = f"""SELECT pg_catalog.string_agg(pg_catalog.concat(l.relation, c.relkind,
    CASE WHEN c.relname OPERATOR(pg_catalog.=) '{BOOKKEEPING_TABLE}'::pg_catalog.name THEN '{_BOOKKEEPING}' END,
    CASE WHEN c.reltype OPERATOR(pg_catalog.<>) 0::pg_catalog.oid AND EXISTS (SELECT FROM pg_catalog.pg_depend d
        WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
          AND d.refobjid OPERATOR(pg_catalog.=) c.reltype
          AND (d.deptype OPERATOR(pg_catalog.<>) 'i'::"char" OR EXISTS (SELECT FROM pg_catalog.pg_depend a
            WHERE a.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
              AND a.refobjid OPERATOR(pg_catalog.=) d.objid AND a.deptype OPERATOR(pg_catalog.<>) 'i'::"char"
            OFFSET 0)) OFFSET 0) THEN '{_OF_ROWS}' END,
    CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'i'::"char" OR c.relkind OPERATOR(pg_catalog.=) 'I'::"char"
      THEN ',' OPERATOR(pg_catalog.||) (SELECT x.indrelid FROM pg_catalog.pg_index x
        WHERE x.indexrelid OPERATOR(pg_catalog.=) l.relation) OPERATOR(pg_catalog.||) 'r' END), ',') AS relations
  FROM pg_catalog.pg_lock_status() l LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) l.relation
  WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
    AND l.relation OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
    AND l.mode OPERATOR(pg_catalog.=) ANY (ARRAY['ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock',
      'ExclusiveLock', 'AccessExclusiveLock']::pg_catalog.text[])"""

WATCH = f"""{COUNT}, l.relations, {HAS_TEMPORARY_OBJECTS}, pg_catalog.current_setting('track_counts')
FROM ({_RELATIONS}) l
"""
"""The same, and the relations that are locked as "16390r,16395i" (no letter where they are no more).

With an index goes its table, which is described with it and need not be locked. Behind the kind stands what else is to
be known of one: that it is a bookkeeping table, that something is described by the type of its rows.
"""

LOOK = f"""{COUNT}, l.relations, {HAS_TEMPORARY_OBJECTS}, pg_catalog.current_setting('track_counts'),
  pg_catalog.set_config('glowplug.relations', pg_catalog.concat('{{',
    pg_catalog.translate(l.relations, '{_LETTERS}', ''), '}}'), true) IS NOT NULL AND {PLAN_USUAL} AND {ARE_USUAL}
FROM ({_RELATIONS}) l
"""
"""The same, where a reading follows: sets what it needs beside ``search_path``, and says whether that is enough."""

LOCKED = "pg_catalog.current_setting('glowplug.relations')::pg_catalog.oid[]"
"""Those relations, for a statement that follows LOOK in the same transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What was written since a count, and what is locked.

    ``catalogues`` by name; ``relations``: (oid, kind as in pg_class or "" for what is no more); ``bookkeeping``: a
    bookkeeping table is among them; ``of_rows``: something is described by the type of the rows of one of them;
    ``temporary``: there are temporary objects in this session.
    """

    catalogues: frozenset[str]
    relations: frozenset[tuple[str, str]]
    bookkeeping: bool = False
    of_rows: bool = False
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class Catalogues:
    """The catalogues that are counted, by oid and name in one order."""

    oids: Sequence[str]
    names: Sequence[str]

    def finish(self, sql: str) -> str:
        """Put their oids into COUNT or WATCH."""
        return sql.replace(_CATALOGUES, f"{{{','.join(self.oids)}}}")

    def watched(self, before: PGresult, after: PGresult) -> Watch | None:
        """Compare the answers to COUNT, or WATCH, and to a later WATCH; None where the server did not count."""
        if after.get_value(0, 3) != b"on":
            return None
        old, new = before.get_value(0, 0), after.get_value(0, 0)
        pairs = () if old == new else zip(self.names, _numbers(old), _numbers(new), strict=True)
        relations = (after.get_value(0, 1) or b"").decode()
        return Watch(
            catalogues=frozenset([name for name, one, other in pairs if one != other]),
            relations=frozenset(
                (item.rstrip(_LETTERS), item.lstrip(_DIGITS)[:1]) for item in relations.split(",") if item
            ),
            bookkeeping=_BOOKKEEPING in relations,
            of_rows=_OF_ROWS in relations,
            temporary=after.get_value(0, 2) == b"t",
        )


def written(before: PGresult, after: PGresult) -> Mapping[int, int]:
    """How many rows were written in between, by the catalogue's place; of answers to COUNT, or WATCH."""
    pairs = zip(_numbers(before.get_value(0, 0)), _numbers(after.get_value(0, 0)), strict=True)
    return {place: int(new) - int(old) for place, (old, new) in enumerate(pairs) if old != new}


def is_enough(look: PGresult) -> bool:
    """Whether a reading that follows this answer to LOOK is under the settings that it asks for."""
    return look.get_value(0, 4) == b"t"


_CATALOGUE = re.compile(r"\bpg_[a-z_]+")


def question(version: int) -> str:
    """Ask, for a server of this ``server_version_num``, for what ``catalogues`` reads."""
    settable = "has_parameter_privilege('track_counts', 'SET')" if version >= _PG_15 else "false"
    return (
        f"SELECT string_agg(oid::text, ','), string_agg(relname, ','), {settable} FROM pg_class"
        " WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'"
    )


def named(queries: Iterable[str]) -> frozenset[str]:
    """Give what may be catalogues' names in queries."""
    return frozenset(name for query in queries for name in _CATALOGUE.findall(query))


def catalogues(answer: PGresult, counted: Collection[str]) -> Catalogues | None:
    """Read the answer to ``question``, of the catalogues ``counted``; None where this role could stop the counting."""
    if answer.get_value(0, 2) != b"f":
        return None
    oids, names = ((answer.get_value(0, column) or b"").decode().split(",") for column in (0, 1))
    chosen = [(oid, name) for oid, name in zip(oids, names, strict=True) if name in counted]
    return Catalogues([oid for oid, _ in chosen], [name for _, name in chosen])


def _numbers(array: bytes | None) -> list[bytes]:
    return (array or b"{}")[1:-1].split(b",")
