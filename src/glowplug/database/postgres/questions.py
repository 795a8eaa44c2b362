"""All that a SnapshotReader asks, by key."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue import (
    OF_RELATIONS,
    ROUTINES,
    TABLES,
    TYPES,
    VIEWS,
    finish,
    given,
    probe,
    sections,
    union,
)
from glowplug.database.postgres.catalogue.topics import KNOWN
from glowplug.database.postgres.circumstances import CIRCUMSTANCES, GUARDS
from glowplug.database.postgres.entry import ENTRANCES
from glowplug.database.postgres.watch import COUNT, LOOK, WATCH, is_enough, named
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
  ) SELECT set_config('glowplug.views', concat('{', string_agg(oid::text, ','), '}'), true)
    FROM more WHERE oid <> ALL ($1))
"""
"""Whether it is more than views that depends on the relations; their views, at any remove, as an array.

OFFSET 0 keeps the planner, which has no statistics of these catalogues, from reading them all.
"""

WATCHING = ("count", "watch", "look")
"""Statements of a watched transaction; one plan each, for another search_path would have it planned every time."""

FREQUENT = ("look", "circumstances", "guards", TYPES, ROUTINES)
"""Statements that take no relations, and are often executed."""

_ALL = "all"
DEPENDANTS = "dependants"
_FOUND = "pg_catalog.current_setting('glowplug.views')::pg_catalog.oid[]"


def quick(topics: Iterable[str]) -> str:
    """Give the key of the query that reads topics of relations; what it does not read, it tells of."""
    return "_".join(topics)


def full(topics: Iterable[str]) -> str:
    """Give the key of the query that leaves nothing of these topics unread."""
    return "_".join((_ALL, *topics))


OF_VIEWS = full((TABLES, VIEWS))
"""The key of the query that reads again what depends on relations: the views that DEPENDANTS found."""

OF_THE_GIVEN = ("depends", DEPENDANTS, OF_VIEWS)
"""Keys of queries that take relations, those of topics aside."""


@functools.cache
def of_version(version: int) -> Mapping[str, str]:
    """Give the queries by key, for a server of this ``server_version_num``; not those of topics of relations."""
    numbered = list(enumerate(sections(version)))
    return {
        "circumstances": CIRCUMSTANCES,
        "guards": GUARDS,
        "depends": _DEPENDS,
        DEPENDANTS: _VIEWS,
        "count": COUNT,
        "watch": WATCH,
        "look": LOOK,
        "common": union(((number, one) for number, one in numbered if one.rare is None), quick=True),
        "probe": probe(one for _, one in numbered if one.rare),
        **{f"s{number}": union([(number, one)]) for number, one in numbered},
        **{topic: union(item for item in numbered if item[1].topic == topic) for topic in (TYPES, ROUTINES)},
    }


@functools.cache
def _of_topics(version: int, key: str) -> str:
    words = key.split("_")
    chosen = [item for item in enumerate(sections(version)) if item[1].topic in words]
    return given(chosen, quick=words[0] != _ALL)


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


@functools.cache
def counted(version: int) -> frozenset[str]:
    """Name what is counted on a server of this ``server_version_num``.

    That is what any query names, and what is known to matter without being named.
    """
    return KNOWN | ENTRANCES | named((*of_version(version).values(), _of_topics(version, full(OF_RELATIONS))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """What a transaction is watched with: ``count`` at its beginning, then ``watch``, or ``looking``.

    ``looking`` watches, too, and reads beforehand what is probably wanted: ``topics`` of what is locked, and what
    stands ``beside``, by key. ``ending`` does the same at a transaction's end, of which nothing else then happens but
    the COMMIT, which sets all back as well. ``size``: how many answers that gives.
    """

    count: bytes
    watch: bytes
    looking: tuple[bytes, ...]
    ending: tuple[bytes, ...]
    topics: tuple[str, ...]
    beside: tuple[str, ...]
    size: int

    @classmethod
    def of(cls, prepared: PreparedStatements, wanted: Wanted, locked: str) -> Watching:
        """Make it of statements that are prepared."""
        count, watch, look = (prepared.execute(key) for key in WATCHING)
        keys = (quick(wanted.topics),) * bool(wanted.topics)
        reading = [prepared.execute(key, locked) for key in keys]
        given = {**dict.fromkeys(OF_THE_GIVEN, locked), OF_VIEWS: _FOUND}
        reading += [prepared.execute(key, given.get(key, "")) for key in wanted.beside]
        ending = tuple(statement.encode() for statement in (prepared.searching(), look, *reading))
        return cls(
            count=count.encode(),
            watch=watch.encode(),
            looking=(OPEN.encode(), *ending, CLOSE.encode()),
            ending=ending,
            topics=wanted.topics,
            beside=wanted.beside,
            size=len(ending) - prepared.usual,
        )

    @property
    def reads(self) -> bool:
        """Whether ``looking`` does more than ``watch``."""
        return bool(self.topics or self.beside)

    def answers(self, results: Sequence[PGresult]) -> tuple[PGresult, Answer | None]:
        """Take the answers to ``looking`` from the end of a message's: to the watch, and what was read, if anything."""
        if not self.reads:
            return results[-1], None
        watch, *reading = results[-1 - len(self.topics[:1]) - len(self.beside) :]
        if not is_enough(watch):
            return watch, None
        result = reading.pop(0) if self.topics else None
        return watch, Answer(self.topics, result, dict(zip(self.beside, reading, strict=True)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read of a state: topics of relations, and what stands beside them, by key."""

    topics: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def __or__(self, other: Wanted) -> Wanted:
        """This and ``other``, each once."""
        chosen = {*self.topics, *other.topics}
        topics = tuple(topic for topic in OF_RELATIONS if topic in chosen)
        return Wanted(topics, tuple(dict.fromkeys((*self.beside, *other.beside))))

    def __and__(self, other: Wanted) -> Wanted:
        """What both want."""
        return Wanted(
            tuple(topic for topic in self.topics if topic in other.topics),
            tuple(key for key in self.beside if key in other.beside),
        )

    def __bool__(self) -> bool:
        """Whether it is anything."""
        return bool(self.topics or self.beside)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read of topics of relations, if of any, and beside them by key."""

    topics: tuple[str, ...]
    result: PGresult | None
    beside: Mapping[str, PGresult] = field(default_factory=dict)
