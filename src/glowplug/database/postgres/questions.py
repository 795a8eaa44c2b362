"""All that a SnapshotReader asks, by key."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue import OF_RELATIONS, ROUTINES, TYPES, finish, probe, scoped, sections, union
from glowplug.database.postgres.circumstances import CIRCUMSTANCES, GUARDS
from glowplug.database.postgres.watch import COUNT, WATCH
from glowplug.database.postgres.within import CLOSE, OPEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.prepared import PreparedStatements
    from glowplug.database.postgres.watch import Catalogues

_DEPENDS = """
SELECT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY ($1)
  AND d.deptype <> 'i' AND d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_policy'::regclass))
"""
"""Whether the text of something else may depend on the relations."""

_VIEWS = """
SELECT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY ($1)
    AND d.classid IN ('pg_proc'::regclass, 'pg_policy'::regclass)
    AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.oid = d.objid AND p.polrelid = d.refobjid)),
  (WITH RECURSIVE more (oid) AS (
    SELECT unnest($1)
    UNION
    SELECT v.ev_class FROM more CROSS JOIN LATERAL (SELECT w.ev_class FROM pg_depend d
      JOIN pg_rewrite w ON w.oid = d.objid WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = more.oid
      AND d.classid = 'pg_rewrite'::regclass OFFSET 0) v
  ) SELECT string_agg(oid::text, ',') FROM more)
"""
"""Whether it is more than views that depends on the relations; those together with their views.

OFFSET 0 keeps the planner, which has no statistics of these catalogues, from reading them all.
"""

WATCHING = ("count", "watch", "look")
"""Statements of a watched transaction; one plan each, for another search_path would have it planned every time."""

_ALL = "all"


def quick(topics: Iterable[str]) -> str:
    """Give the key of the query that reads topics of relations; what it does not read, it tells of."""
    return "_".join(topics)


def full(topics: Iterable[str]) -> str:
    """Give the key of the query that leaves nothing of these topics unread."""
    return "_".join((_ALL, *topics))


@functools.cache
def of_version(version: int) -> Mapping[str, str]:
    """Give the queries by key, for a server of this ``server_version_num``; not those of topics of relations."""
    numbered = list(enumerate(sections(version)))
    return {
        "circumstances": CIRCUMSTANCES,
        "guards": GUARDS,
        "depends": _DEPENDS,
        "dependants": _VIEWS,
        "count": COUNT,
        "watch": WATCH,
        "look": WATCH,
        "common": union((number, one) for number, one in numbered if one.rare is None),
        "probe": probe(one for _, one in numbered if one.rare),
        **{f"s{number}": union([(number, one)]) for number, one in numbered if one.rare},
        **{topic: union(item for item in numbered if item[1].topic == topic) for topic in (TYPES, ROUTINES)},
    }


@functools.cache
def _of_topics(version: int, key: str) -> str:
    words = key.split("_")
    chosen = [item for item in enumerate(sections(version)) if item[1].topic in words]
    return scoped(chosen, quick=words[0] != _ALL)


@dataclass(frozen=True, slots=True)
class Questions:
    """The queries for one database, each made when it is asked for."""

    version: int
    constants: Sequence[bytes | None]
    catalogues: Catalogues | None

    def __call__(self, key: str) -> str:
        """Give the query with this key."""
        known = of_version(self.version)
        query = finish(known[key] if key in known else _of_topics(self.version, key), self.constants)
        return query if self.catalogues is None else self.catalogues.finish(query)


def all_queries(version: int) -> Iterable[str]:
    """Give everything that may be asked of a server of this ``server_version_num``."""
    return (*of_version(version).values(), _of_topics(version, full(OF_RELATIONS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """What a transaction is watched with: ``count`` at its beginning, then ``watch``, or ``looking``.

    ``looking`` watches, too, and reads beforehand what is probably wanted: ``topics`` of what is locked.
    """

    count: bytes
    watch: bytes
    looking: tuple[bytes, ...]
    topics: tuple[str, ...]

    @classmethod
    def of(cls, prepared: PreparedStatements, topics: tuple[str, ...], locked: str) -> Watching:
        """Make it of statements that are prepared."""
        count, watch, look = (prepared.execute(key) for key in WATCHING)
        reading = (prepared.execute(quick(topics), locked),) if topics else ()
        looking = (OPEN, prepared.settings(), look, *reading, CLOSE)
        return cls(
            count=count.encode(),
            watch=watch.encode(),
            looking=tuple(statement.encode() for statement in looking),
            topics=topics,
        )

    def answers(self, results: Sequence[PGresult]) -> tuple[PGresult, Answer | None]:
        """Take the answers to ``looking`` from the end of a message's: to the watch, and what was read, if anything."""
        if not self.topics:
            return results[-1], None
        settings, watch, reading = results[-3:]
        return watch, Answer(self.topics, reading) if settings.ntuples else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read of topics of relations."""

    topics: tuple[str, ...]
    result: PGresult
