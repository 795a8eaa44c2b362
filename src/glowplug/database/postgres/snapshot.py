"""Read the schema, from inside whatever the session is doing, and leave the session as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue import (
    CONSTANTS,
    OF_RELATIONS,
    ROUTINES,
    TABLES,
    TRIGGERS,
    TYPES,
    VIEWS,
    sections,
)
from glowplug.database.postgres.catalogue.topics import beyond
from glowplug.database.postgres.change import Change
from glowplug.database.postgres.circumstances import Circumstances
from glowplug.database.postgres.forecast import OF_DEPENDANTS, TEXT_OF_OTHERS, Forecast, beside, of_relations
from glowplug.database.postgres.memory import Memory
from glowplug.database.postgres.objects import known
from glowplug.database.postgres.prepared import PreparedStatements
from glowplug.database.postgres.questions import (
    DEPENDANTS,
    FREQUENT,
    OF_THE_GIVEN,
    OF_VIEWS,
    WATCHING,
    Answer,
    Questions,
    Wanted,
    Watching,
    counted,
    full,
    quick,
)
from glowplug.database.postgres.watch import LOCKED, Catalogues, catalogues, question
from glowplug.database.postgres.within import UTF8, unreadable, within
from glowplug.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.memory import Groups
    from glowplug.database.postgres.session import Session
    from glowplug.database.postgres.watch import Watch
    from glowplug.schema import Schema, SchemaObject

    Calls = list[tuple[str, str | None]]

_RELATIONS = "pg_class"
_TRUST = 128
_FIRST_TRUST = 8
_TOPICS = (*OF_RELATIONS, TYPES, ROUTINES)
# The planner has the statistics of an empty database, and its plans stay while the catalogues grow: it must not take
# what is quadratic for cheap. To sort is to copy whole columns, which a hash table in memory does without.
_SETTINGS = ("enable_nestloop = off", "join_collapse_limit = 1", "enable_sort = off", "work_mem = '64MB'")


class SnapshotReader:
    """Reads the schema through one session, and remembers it.

    What is known to have changed since the last reading is read anew and the rest is taken from memory, where a
    Change tells; every now and then all is read, and held against the memory.
    """

    def __init__(self, session: Session) -> None:
        """Read through ``session``."""
        self._session = session
        self._version = session.server_version
        self._sections = sections(self._version)
        self._numbers = {
            topic: [number for number, section in enumerate(self._sections) if section.topic == topic]
            for topic in _TOPICS
        }
        self._known = known(self._version)
        self.forecast = Forecast(self._version, len(self._sections))
        self._asked = Wanted()
        self._watching: dict[Wanted, Watching] = {}
        self._generation = 0
        self._memory: Memory | None = None
        self._uses = 0
        self._circumstances = Circumstances()
        self._statements: PreparedStatements | None = None
        self._catalogues: Catalogues | None = None

    @property
    def nestable(self) -> bool:
        """Whether files may be nested, as far as was read."""
        return not (self._circumstances.answered or self._circumstances.forbidding)

    def read(
        self, change: Change | None, answer: Answer | None = None, *, kinds: frozenset[str] | None = None
    ) -> Schema:
        """Read the state from which later changes are told; ``change`` is since the last ``read``, None: unknown.

        ``answer`` is what was read already, if anything; ``kinds`` of statements made the change, if that is known.

        Raises:
            LostConnection: the server is gone.
            EnvironmentFailure: the catalogues could not be read, or the memory did not hold.
        """
        if change == Change() and self._memory is not None:
            return self._memory.schema
        before, changed = self._memory, self._changed(change, note=True, answer=answer)
        if kinds is not None:
            self.forecast.learn(kinds, Wanted() if changed is None else self._asked)
        self._uses += 1
        if changed is None or before is None:
            self._memory = Memory(self._all(note=True))
            self.forecast.saw(None, self._memory, self._circumstances)
            return self._memory.schema
        self.forecast.saw(change, before, self._circumstances)
        before.remember(changed)
        self._verify(before)
        return before.schema

    def look(self, change: Change | None, answer: Answer | None = None) -> Schema:
        """Read a state that will be undone; ``change`` is since the last ``read``, ``answer`` was read already."""
        changed = self._changed(change, note=False, answer=answer)
        if changed is None or self._memory is None:
            return Memory(self._all(note=False)).schema
        return self._memory.with_(changed)

    def look_back(self, change: Change, answer: Answer) -> Schema | Wanted | None:
        """Give a state that is no more, from what was read of it.

        Where that does not tell all of it: what would have had to be read, or None, where nothing tells it.
        """
        changed = self._read_changed(change, note=False, answer=answer, gone=True)
        if changed is None or self._memory is None:
            return None
        return changed if isinstance(changed, Wanted) else self._memory.with_(changed)

    def adopt(self, other: SnapshotReader) -> None:
        """Remember what ``other`` does: this session's database was copied from that one's."""
        self._circumstances = other._circumstances
        self.forecast.adopt(other.forecast)
        self._memory = None if other._memory is None else Memory(other._memory.groups.copy())

    @property
    def routines(self) -> list[SchemaObject]:
        """All of the schema that was read last."""
        groups = {} if self._memory is None else self._memory.groups
        found = [groups.get((number, ""), {}) for number in self._numbers[ROUTINES]]
        return [each for objects in found for each in objects.values()]

    @property
    def circumstances(self) -> Circumstances:
        """As they were read last."""
        return self._circumstances

    def guarded(self, *, anew: bool) -> bool:
        """Whether code of the user's answers to changed rows with more than a change of those.

        ``anew``: since the last ``read`` that may have become otherwise. Errors as for ``read``.
        """
        return (self.read_circumstances() if anew else self._circumstances).guarded

    def rewritten(self, wrote: Mapping[int, int]) -> int:
        """How many of the rows that were written, by the catalogue's place, are relations'."""
        places = () if self._catalogues is None else self._catalogues.names
        return sum(count for place, count in wrote.items() if places[place] == _RELATIONS)

    def watching(self, wanted: Wanted) -> Watching | None:
        """Give the queries that a transaction is watched with, which read what is ``wanted``; None: it can't be.

        Errors as for ``read``.
        """
        prepared = self._prepared
        if self._catalogues is None or self._session.encoding != UTF8:
            return None  # what another encoding lacks would fail a message, the file's with it
        calls: Calls = [(quick(wanted.topics), "")] if wanted.topics else []
        prepared.prepare(calls + [(key, "" if key in OF_THE_GIVEN else None) for key in wanted.beside])
        if self._generation != prepared.generation:
            self._watching, self._generation = {}, prepared.generation
        if wanted not in self._watching:
            self._watching[wanted] = Watching.of(prepared, wanted, LOCKED)
        return self._watching[wanted]

    def watched(self, before: PGresult, after: PGresult) -> Watch | None:
        """Compare their answers; None where the server did not count."""
        return None if self._catalogues is None else self._catalogues.watched(before, after)

    @property
    def _prepared(self) -> PreparedStatements:
        if self._statements is None:
            reply = within(self._session, f"{CONSTANTS}; {question(self._version)}")
            if not reply.ok:
                raise unreadable(reply)
            row, answer = reply.results
            self._catalogues = catalogues(answer, counted(self._version))
            constants = [row.get_value(0, column) for column in range(row.nfields)]
            questions = Questions(self._version, constants, self._catalogues)
            standing = () if self._catalogues is None else WATCHING
            self._statements = PreparedStatements(self._session, questions, standing=standing, frequent=FREQUENT)
        return self._statements

    def _verify(self, memory: Memory) -> None:
        if self._uses % _TRUST != _FIRST_TRUST:
            return
        truth = Memory(self._all(note=True))
        if truth.schema.objects != memory.schema.objects:
            raise EnvironmentFailure(
                "the schema that glowplug remembers is not the one that the server has: its verdicts can't be trusted",
                advice="This is a defect of glowplug's: please report it.",
            )

    def _all(self, *, note: bool) -> Groups:
        noted = ("circumstances", "guards") if note else ()
        calls: Calls = [(key, None) for key in (*noted, "probe", "common")]
        *told, probed, common = self._prepared.run(calls, under=_SETTINGS)
        if note:
            self._circumstances = Circumstances.read(*told)
        groups: Groups = {}
        partly = self._known.put(groups, common)
        rare = [number for number, section in enumerate(self._sections) if section.rare]
        there = [number for column, number in enumerate(rare) if probed.get_value(0, column) == b"t"]
        more = [*sorted(partly), *there]
        if more:
            for result in self._prepared.run([(f"s{number}", None) for number in more], under=_SETTINGS):
                self._known.put(groups, result)
        return groups

    def _changed(self, change: Change | None, *, note: bool, answer: Answer | None = None) -> Groups | None:
        """Read what ``change`` names; None where more than that may have changed."""
        changed = self._read_changed(change, note=note, answer=answer, gone=False)
        return None if isinstance(changed, Wanted) else changed

    def _read_changed(
        self, change: Change | None, *, note: bool, answer: Answer | None, gone: bool
    ) -> Groups | Wanted | None:
        """The same; ``gone``: nothing can be read any more but what was, so that it may be what was to be read."""
        memory = self._memory
        self._asked = Wanted()
        if change is None or memory is None or beyond(change):
            return None
        wanted, oids = of_relations(change, self._version)
        if (wanted and not change.relations) or (change.of_rows and not TEXT_OF_OTHERS.isdisjoint(wanted)):
            return None
        calls = beside(change, oids, self._circumstances, note=note)
        self._asked = Wanted(wanted if oids else (), tuple(key for key, _ in calls))
        read_already = answer is not None and set(wanted) <= set(answer.topics)
        if oids and wanted and not read_already:
            calls.append((quick(wanted), ",".join(oids)))
        results = self._results(calls, answer, gone=gone)
        if results is None:
            return self._asked
        if self._may_hide_more(change, results, note=note):
            return None
        if quick(wanted) in results:
            answer = Answer(wanted, results[quick(wanted)])
        groups = self._beside(memory, change, results)
        if oids and answer is not None and not self._put_relations(groups, oids, answer, results, gone=gone):
            return self._asked if gone and not answer.beside.keys() >= set(self._asked.beside) else None
        if note and "guards" not in results and memory.differs(groups, self._numbers[TRIGGERS]):
            self._circumstances = self.read_circumstances()
        return groups

    def _results(self, calls: Calls, answer: Answer | None, *, gone: bool) -> dict[str, PGresult] | None:
        """Give the answers by key, those that are there already and those that have to be asked for."""
        known = {} if answer is None else {key: answer.beside[key] for key, _ in calls if key in answer.beside}
        new = [call for call in calls if call[0] not in known]
        if new and gone:
            return None
        results = self._prepared.run(new, check=False) if new else []
        return {**known, **dict(zip((key for key, _ in new), results, strict=True))}

    def _beside(self, memory: Memory, change: Change, results: Mapping[str, PGresult]) -> Groups:
        """Begin with what is no more, and with what is no part of a relation."""
        groups: Groups = {}
        for oid, kind in change.relations:
            if not kind:
                groups.update(memory.sections_of(oid, len(self._sections)))
        for topic in (TYPES, ROUTINES):
            if topic in results:
                self._empty(groups, (topic,), ("",))
                self._known.put(groups, results[topic])
        return groups

    def _put_relations(
        self,
        groups: Groups,
        oids: Sequence[str],
        answer: Answer,
        results: Mapping[str, PGresult],
        *,
        gone: bool,
    ) -> bool:
        """Put what was read of relations into groups, and read what that leaves open; False where it can't be told."""
        if answer.result is None:
            return True
        again: Calls = []
        self._empty(groups, answer.topics, oids)
        if self._known.put(groups, answer.result):
            again.append((full(answer.topics), ",".join(oids)))
        if not TEXT_OF_OTHERS.isdisjoint(answer.topics) and self._depended_on(oids, results):
            self._asked |= OF_DEPENDANTS
            if gone and DEPENDANTS not in answer.beside:
                return False
            others = self._elsewhere(oids, answer)
            if others is None:
                return False
            self._empty(groups, (TABLES, VIEWS), others)
            if others and OF_VIEWS in answer.beside:
                self._known.put(groups, answer.beside[OF_VIEWS])
            elif others:
                again.append((OF_VIEWS, ",".join(others)))
        if again and gone:
            return False
        for key, given in again:  # one after the other: both may have the same key
            (result,) = self._prepared.run([(key, given)], check=False)
            self._known.put(groups, result)
        return True

    def _depended_on(self, oids: Iterable[str], results: Mapping[str, PGresult]) -> bool:
        if "depends" in results:
            return results["depends"].get_value(0, 0) == b"t"
        return not self._circumstances.depended_on.isdisjoint(oids)

    def _may_hide_more(self, change: Change, results: Mapping[str, PGresult], *, note: bool) -> bool:
        old = new = self._circumstances
        if "guards" in results:
            new = Circumstances.read(results["circumstances"], results["guards"])
            if note:
                self._circumstances = new
        if old.answered or new.answered or ((change.wrote or change.evaluated) and (old.triggering or new.triggering)):
            return True
        return change.evaluated and (change.routines or old.hidden_code or new.hidden_code)

    def read_circumstances(self) -> Circumstances:
        """Read what code of the user's may do; errors as for ``read``."""
        circumstances, guards = self._prepared.run([("circumstances", None), ("guards", None)])
        return Circumstances.read(circumstances, guards)

    def _elsewhere(self, oids: Sequence[str], answer: Answer) -> list[str] | None:
        """Find the views on the relations, at any remove; None where more than views may depend on them."""
        row = answer.beside.get(DEPENDANTS) or self._prepared.run([(DEPENDANTS, ",".join(oids))])[0]
        if row.get_value(0, 0) == b"t":
            return None
        return sorted(set((row.get_value(0, 1) or b"")[1:-1].decode().split(",")) - {*oids, ""})

    def _empty(self, groups: Groups, chosen: Iterable[str], oids: Sequence[str]) -> None:
        groups.update({(number, oid): {} for topic in chosen for number in self._numbers[topic] for oid in oids})
