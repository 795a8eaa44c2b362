"""What was proved is not proved again: results kept from one run to the next, each with all that it rests on.

A result is found by a digest of the migration with all before it and of its Grounds; there is no other way to it, so
a result of another glowplug, server or setting is not found. What may have come of the machine or the moment
(``doubtful``) is never kept, and a file that failed to go up neither: it is tried anew each time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from glowplug.dialect import Direction
from glowplug.finding import Finding  # noqa: TC001 - msgspec reads the annotations when it decodes
from glowplug.project.migration import Migration
from glowplug.rehearsal.doubtful import errors_of, is_doubtful, is_refused_unasked
from glowplug.rehearsal.grounds import Grounds, Keys
from glowplug.rehearsal.outcome import ChainDown, Forgotten, Outcome, Rehearsal, RoundTrip
from glowplug.scratch.interface import ServerDescription  # noqa: TC001 - msgspec reads the annotations when it decodes
from glowplug.store.place import cache_path
from glowplug.store.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glowplug.project import Chain

DIRECTORY = "proved"
LARGEST = 8 * 2**20
ROOM = 64 * 2**20
MOST = 50_000

_NOT_KEPT = frozenset({Outcome.NOT_REACHED, Outcome.UP_FAILED})
_NAMELESS = Migration(version="", name="", path="", up=None, down=None)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All that a rehearsal showed, and what is to be said of the server that showed it."""

    rehearsal: Rehearsal
    description: ServerDescription
    findings: tuple[Finding, ...] = ()


class _End(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of an Answer beside its round trips; ``culprit`` is a migration's path."""

    chain_down: ChainDown
    recorded: tuple[str, ...]
    forgotten: tuple[str, ...] | None
    culprit: str | None
    description: ServerDescription
    findings: tuple[Finding, ...]


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """The results of one chain's migrations, as far as there are any; ``keys`` None: nothing is known, nor kept."""

    shelf: Shelf
    keys: Keys | None

    @classmethod
    def of(cls, chain: Chain, grounds: Grounds | None, environment: Mapping[str, str]) -> Proved:
        """Look where glowplug keeps what it can make again; ``grounds`` None: at nothing."""
        keys = None if grounds is None else Keys.of(chain, grounds)
        return cls(shelf=shelf_of(environment), keys=keys)

    def load(self, migration: Migration) -> RoundTrip | None:
        """Give what was proved of a migration, None where nothing was."""
        if self.keys is None:
            return None
        trip: RoundTrip | None = _decode(self.shelf.load(self.keys.proved[migration.path]), RoundTrip)
        if trip is None:
            return None
        error = trip.error
        if error is not None:
            error = replace(error, file=migration.file(error.direction))
        return replace(trip, migration=migration, error=error, cached=True)

    def load_all(self, chain: Chain) -> list[RoundTrip | None]:
        """Give what was proved of each migration of ``chain``, in its order; one that can't run needs no proof."""
        return [
            self.load(item) if item.runnable else RoundTrip(migration=item, outcome=Outcome.NOT_REACHED)
            for item in chain.migrations
        ]

    def store(self, trip: RoundTrip) -> None:
        """Keep what was proved of a migration, if it may be; ``tidy`` when all are stored."""
        if self.keys is None or trip.cached or not may_be_kept(trip):
            return
        payload = _encode(replace(trip, migration=_NAMELESS))
        if payload is not None:
            self.shelf.store(self.keys.proved[trip.migration.path], payload)

    def load_answer(self, chain: Chain, trips: Sequence[RoundTrip | None]) -> Answer | None:
        """Give all that the rehearsal of ``chain`` showed, whose ``trips`` were loaded; None where anything lacks."""
        proved = tuple(trip for trip in trips if trip is not None)
        if self.keys is None or len(proved) < len(chain.migrations):
            return None
        end: _End | None = _decode(self.shelf.load(self.keys.end), _End)
        if end is None:
            return None
        forgotten = None
        if end.forgotten is not None:
            culprit = next((item for item in chain.migrations if item.path == end.culprit), None)
            forgotten = Forgotten(versions=end.forgotten, culprit=culprit)
        rehearsal = Rehearsal(
            round_trips=proved,
            chain_down=end.chain_down,
            recorded=end.recorded,
            forgotten=forgotten,
        )
        return Answer(rehearsal=rehearsal, description=end.description, findings=end.findings)

    def store_answer(self, answer: Answer) -> None:
        """Keep what a rehearsal showed beside its round trips, if all of it may be kept and no assertion is broken."""
        rehearsal = answer.rehearsal
        if self.keys is None or not _may_all_be_kept(rehearsal):
            return
        forgotten = rehearsal.forgotten
        end = _End(
            chain_down=rehearsal.chain_down,
            recorded=rehearsal.recorded,
            forgotten=None if forgotten is None else forgotten.versions,
            culprit=None if forgotten is None or forgotten.culprit is None else forgotten.culprit.path,
            description=answer.description,
            findings=answer.findings,
        )
        payload = _encode(end)
        if payload is not None:
            self.shelf.store(self.keys.end, payload)

    def tidy(self) -> None:
        """Hold the bounds of the room that all results take."""
        if self.keys is not None:
            self.shelf.tidy()


def shelf_of(environment: Mapping[str, str]) -> Shelf:
    """Where results are kept."""
    return Shelf(directory=cache_path(environment) / DIRECTORY, largest=LARGEST, room=ROOM, most=MOST)


def may_be_kept(trip: RoundTrip) -> bool:
    """Whether a round trip would show the same whenever and wherever all it rests on is the same."""
    return trip.outcome not in _NOT_KEPT and not any(map(is_doubtful, errors_of(trip)))


def _may_all_be_kept(rehearsal: Rehearsal) -> bool:
    if rehearsal.broken or not all(may_be_kept(trip) for trip in rehearsal.round_trips if trip.migration.runnable):
        return False
    down = rehearsal.chain_down
    if down.error is None or not is_doubtful(down.error.error):
        return True
    failed = (trip.migration for trip in rehearsal.round_trips if trip.migration.version == down.failed_at)
    return any(is_refused_unasked(migration, Direction.DOWN) for migration in failed if migration.runnable)


def _encode(value: object) -> bytes | None:
    try:
        return msgspec.msgpack.encode(value, enc_hook=_plain)
    except UnicodeEncodeError:  # a name that is no UTF-8
        return None


def _plain(value: Any) -> Any:  # noqa: ANN401 - msgspec's own signature
    """Turn what msgspec does not know into what it does: a Schema's mappings that can't be changed."""
    return dict(value)


def _decode(payload: bytes | None, kind: Any) -> Any:  # noqa: ANN401 - what the caller asks for, or None
    if payload is None:
        return None
    try:
        return msgspec.msgpack.decode(payload, type=kind)
    except msgspec.MsgspecError:
        return None
