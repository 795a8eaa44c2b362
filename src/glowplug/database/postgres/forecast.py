"""What will have to be read after the next files, as far as can be told before they run: a guess, too.

What undoes a change changes the same catalogues and relations, but for those that it made, which are then no more; and
what does it again, changes them once more. Of views it is known which relations they are on.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue import ROUTINES, TABLES, TYPES, VIEWS
from glowplug.database.postgres.catalogue.topics import CIRCUMSTANTIAL, DEPENDING, TRIGGERING, topics
from glowplug.database.postgres.change import changed
from glowplug.database.postgres.circumstances import Circumstances
from glowplug.database.postgres.expectations import Expectations
from glowplug.database.postgres.questions import DEPENDANTS, OF_VIEWS, Wanted
from glowplug.database.postgres.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from glowplug.database.postgres.change import Change
    from glowplug.database.postgres.memory import Memory
    from glowplug.sql.postgres_locality import Locality

    Calls = list[tuple[str, str | None]]

TEXT_OF_OTHERS = frozenset((TABLES, VIEWS))
OF_DEPENDANTS = Wanted(beside=(DEPENDANTS, OF_VIEWS))

_KINDS_READ = "rpfvmcS"  # of pg_class; indexes are read with their tables
_OF_TYPES = frozenset({"pg_description", "pg_enum", "pg_range", "pg_type"})
_OF_ROUTINES = frozenset({"pg_description", "pg_proc"})


def of_relations(change: Change, version: int) -> tuple[tuple[str, ...], list[str]]:
    """Name the topics of relations that have to be read after a change, and the relations, by oid."""
    kinds = frozenset([kind for _, kind in change.relations if kind])
    oids = sorted({oid for oid, kind in change.relations if kind and kind in _KINDS_READ})
    return _topics(change.catalogues, kinds, version), oids


@functools.lru_cache(maxsize=1024)
def _topics(catalogues: frozenset[str], kinds: frozenset[str], version: int) -> tuple[str, ...]:
    return topics(catalogues, kinds, version)


def beside(change: Change, oids: Sequence[str], circumstances: Circumstances, *, note: bool) -> Calls:
    """Give the calls for what has to be read beside these relations; ``note``: the state will not be undone."""
    calls: Calls = []
    if note:
        hindered = change.bookkeeping or change.temporary or change.special or circumstances.forbidding
        stale = hindered or bool(change.catalogues & CIRCUMSTANTIAL)
    else:
        stale = (change.wrote or change.evaluated) and bool(change.catalogues & TRIGGERING)
    if stale:
        calls += [("circumstances", None), ("guards", None)]
    if oids and not note and change.catalogues & DEPENDING:
        calls.append(("depends", ",".join(oids)))
    if change.types and change.catalogues & _OF_TYPES:
        calls.append((TYPES, None))
    if change.routines and change.catalogues & _OF_ROUTINES:
        calls.append((ROUTINES, None))
    return calls


class Forecast:
    """Remembers what was seen of the files that ran."""

    def __init__(self, version: int, sections: int) -> None:
        """Nothing was seen yet, on a server of this ``server_version_num``, of which so many ``sections`` are read."""
        self._version = version
        self._sections = sections
        self._expected = Expectations()
        self._repeat: dict[Hashable, bool] = {}
        self._last: Change | None = None
        self._made: frozenset[str] = frozenset()
        self._circumstances = Circumstances()
        self._memory: Memory | None = None
        self._names: frozenset[str] | None = None

    def adopt(self, other: Forecast) -> None:
        """Expect of files what ``other`` does."""
        self._expected, self._repeat = other._expected, other._repeat

    def learn(self, kinds: frozenset[str], wanted: Wanted) -> None:
        """Remember what a file of these ``kinds`` of statements wanted read; views are known otherwise."""
        others = tuple(key for key in wanted.beside if key not in OF_DEPENDANTS.beside)
        self._expected.learn(kinds, Wanted(wanted.topics, others))

    def saw(self, change: Change | None, memory: Memory, circumstances: Circumstances) -> None:
        """See a change, before it is remembered, and the circumstances after it; None: what changed is not known."""
        self._last, self._made = change, frozenset()
        if change is not None:
            made = {oid for oid, kind in change.relations if kind and not memory.knows(oid, self._sections)}
            self._made = frozenset(made)
        if circumstances is not self._circumstances or memory is not self._memory:
            self._circumstances, self._memory, self._names = circumstances, memory, None

    def of(self, kinds: frozenset[str], text: str) -> Wanted:
        """Guess what is to be read after a file: what was after such files, and the views on what it names."""
        wanted = self._expected.of(kinds)
        if TEXT_OF_OTHERS.isdisjoint(wanted.topics) or not self._circumstances.depended_on or self._memory is None:
            return wanted
        if self._names is None:
            self._names = self._memory.names_of(self._circumstances.depended_on, self._sections)
        text = text.lower()
        return wanted | OF_DEPENDANTS if any(name in text for name in self._names) else wanted

    def of_undoing(self, there: Locality, back: Locality | None) -> Wanted:
        """Guess what is to be read after the file that undoes what was seen last; ``there`` is known of it.

        ``back`` is known of that file and of the one that then does it again: what is to be read after each of them.
        """
        if self._last is None:
            return Wanted()
        catalogues, relations = self._last.catalogues, self._last.relations
        undone = frozenset((oid, "" if oid in self._made else kind or "r") for oid, kind in relations)
        wanted = self._after(changed(there, Watch(catalogues=catalogues, relations=undone)))
        if back is None:
            return wanted
        return wanted | self._after(changed(back, Watch(catalogues=catalogues, relations=relations)))

    def repeats(self, like: Hashable) -> bool:
        """Guess whether an up will write as much the second time: the last that was ``like`` it did, or none was."""
        return self._repeat.get(like, True)

    def repeated(self, like: Hashable, *, so: bool) -> None:
        """Remember whether one did."""
        self._repeat[like] = so

    def _after(self, change: Change) -> Wanted:
        named, oids = of_relations(change, self._version)
        calls = beside(change, oids, self._circumstances, note=False)
        wanted = Wanted(named if oids else (), tuple(key for key, _ in calls))
        if TEXT_OF_OTHERS.isdisjoint(wanted.topics) or self._circumstances.depended_on.isdisjoint(oids):
            return wanted
        return wanted | OF_DEPENDANTS
