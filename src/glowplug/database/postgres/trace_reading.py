"""From looks to what each statement did: pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glowplug.database.postgres.trace_look import last_part
from glowplug.database.trace import Lock, Seen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.database.postgres.trace_look import Held, Look, Relation

MODES = {
    "AccessShareLock": "ACCESS SHARE",
    "RowShareLock": "ROW SHARE",
    "RowExclusiveLock": "ROW EXCLUSIVE",
    "ShareUpdateExclusiveLock": "SHARE UPDATE EXCLUSIVE",
    "ShareLock": "SHARE",
    "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE",
    "ExclusiveLock": "EXCLUSIVE",
    "AccessExclusiveLock": "ACCESS EXCLUSIVE",
}
"""pg_locks' words and SQL's, from the weakest."""

RANKS = {mode: rank for rank, mode in enumerate(MODES)}
LISTED = frozenset("rpvmS")
WRITTEN = frozenset("rm")
INDEXES = frozenset("iI")
_GONE = "0"
_BLOCK = 8192


@dataclass(slots=True)
class _Hold:
    relation: str
    mode: str
    since: float
    until: float | None = None


@dataclass(slots=True)
class _Did:
    """What one statement was seen to do."""

    seconds: float
    holds: list[_Hold] = field(default_factory=list)
    rewritten: set[str] = field(default_factory=set)
    scanned: set[str] = field(default_factory=set)
    rebuilt: set[str] = field(default_factory=set)


class Reading:
    """Follows the looks through a file."""

    def __init__(self, old: Mapping[str, Relation], first: Look, *, before: int = 0) -> None:
        """Begin with the relations before the file, and the first look, which is behind ``before`` statements."""
        self._old = old
        self._files: dict[str, set[str]] = {}  # that each relation has had
        self._gone: set[str] = set()
        self._counts = dict(first.counts)
        self._open = {oid: [_Hold("", mode, first.time)] for oid, mode in strongest(first.held).items()}
        self._time = first.time
        self._done = [_Did(0.0) for _ in range(before)]

    def take(self, look: Look, statements: int) -> None:
        """Take the look that is behind the next ``statements``, more than one where they can't be told apart."""
        did = _Did((look.time - self._time) / statements)
        self._take_locks(look, did)
        self._take_files(look, did)
        self._done += (did, *(_Did(did.seconds) for _ in range(statements - 1)))
        self._time = look.time

    @property
    def count(self) -> int:
        """Of how many statements it knows."""
        return len(self._done)

    def _take_locks(self, look: Look, did: _Did) -> None:
        now = strongest(look.held)
        for oid in [oid for oid in self._open if oid not in now]:
            self._gone.discard(oid)  # if it was rolled back to a savepoint
            for hold in self._open.pop(oid):
                hold.until = look.time
        for oid, mode in now.items():
            holds = self._open.setdefault(oid, [])
            if holds and RANKS[mode] <= RANKS[holds[-1].mode]:
                continue
            relation = self._old.get(oid)
            holds.append(_Hold("" if relation is None else relation.full_name, mode, self._time))
            if relation is not None and relation.kind in LISTED:
                did.holds.append(holds[-1])

    def _take_files(self, look: Look, did: _Did) -> None:
        held = {one.oid: one for one in look.held}
        for oid, one in held.items():
            relation = self._old.get(oid)
            if relation is None:
                continue
            files = self._files.setdefault(oid, {relation.filenode, _GONE})
            moved = one.filenode not in files
            leaves = one.filenode == _GONE and oid not in self._gone
            files.add(one.filenode)
            if leaves:
                self._gone.add(oid)
            if relation.kind in WRITTEN:
                if moved:
                    did.rewritten.add(relation.full_name)
                counts = self._counts.get(oid, (relation.scans, relation.blocks))
                if not (moved and relation.kind == "m") and _is_read_whole(one, counts, rewritten=moved):
                    did.scanned.add(relation.full_name)
            elif relation.kind in INDEXES and (moved or (leaves and self._replaced(relation, files, held))):
                did.rebuilt.add(relation.full_name)
        self._counts.update((oid, (one.scans, one.blocks)) for oid, one in held.items())

    def _replaced(self, relation: Relation, files: Collection[str], held: Mapping[str, Held]) -> bool:
        """Whether an index that is gone has a successor of its name, with a file of its own.

        ALTER TYPE makes indexes anew, and gives them their old file where that still does.
        """
        return any(
            oid not in self._old and one.filenode not in files and last_part(one.name) == relation.name
            for oid, one in held.items()
        )

    def seen(self, lines: Sequence[int], seconds_after: float) -> list[Seen]:
        """Give what the statements did; what was held at the last look was held for ``seconds_after`` more."""
        end = self._time + seconds_after
        return [
            Seen(
                line=line,
                seconds=did.seconds,
                locks=tuple(
                    Lock(
                        relation=hold.relation,
                        mode=MODES[hold.mode],
                        held_seconds=(end if hold.until is None else hold.until) - hold.since,
                    )
                    for hold in sorted(did.holds, key=lambda hold: hold.relation)
                ),
                rewritten=tuple(sorted(did.rewritten)),
                scanned=tuple(sorted(did.scanned)),
                rebuilt_indexes=tuple(sorted(did.rebuilt)),
            )
            for line, did in zip(lines, self._done, strict=False)
        ]


def _is_read_whole(one: Held, counts: tuple[int, int], *, rewritten: bool) -> bool:
    """Whether a scan began and as many blocks were fetched as there are; a table without blocks is soon read.

    Where the file is another, TRUNCATE read the new one alone, for its indexes: it is empty.
    """
    scans, blocks = counts
    if one.scans <= scans:
        return False
    fetched = one.blocks - blocks
    return fetched > 0 if rewritten else fetched >= one.size / _BLOCK


def strongest(held: Iterable[Held]) -> dict[str, str]:
    """Give the strongest mode of each relation that is held, in pg_locks' words."""
    found: dict[str, str] = {}
    for one in held:
        if one.mode in RANKS and RANKS[one.mode] >= RANKS.get(found.get(one.oid, ""), 0):
            found[one.oid] = one.mode
    return found


def failed(line: int | None, seconds: float, error: SqlError) -> Seen:
    """Say of a statement that it was refused; what it had locked by then was let go."""
    return Seen(line=line, seconds=max(0.0, seconds), error=error)
