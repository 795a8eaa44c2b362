"""What a rehearsal need not find out again, where it may begin, and which state it keeps for the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from glowplug.schema.model import Schema, SchemaObject

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from glowplug.project import Chain
    from glowplug.rehearsal.outcome import RoundTrip
    from glowplug.rehearsal.proved import Proved
    from glowplug.scratch.interface import Database, Server


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A database in which the first ``at`` migrations have run, and the schema before the first."""

    database: Database
    at: int
    baseline: Schema


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What was proved of each migration of a chain, None where nothing was; one that can't run has nothing to prove.

    ``keep_at``: so many migrations have run in the state that is to be kept; None: none is.
    """

    proved: Proved
    trips: tuple[RoundTrip | None, ...]
    keep_at: int | None = None

    @classmethod
    def of(cls, chain: Chain, proved: Proved, new: Collection[str]) -> Known:
        """Load what was proved; ``new`` are the names of the migrations that are new.

        Of a chain of which nothing is known the state before what is new is kept, for that is what will change; else
        the state before the first that is not proved.
        """
        if proved.keys is None:
            return cls(proved=proved, trips=(None,) * len(chain.migrations))
        trips = tuple(proved.load_all(chain))
        count = len(trips)
        unproved = next((index for index, trip in enumerate(trips) if trip is None), count)
        first_new = next((index for index, item in enumerate(chain.migrations) if item.name in new), count)
        if any(trip is not None and trip.cached for trip in trips):
            return cls(proved=proved, trips=trips, keep_at=unproved or None)
        return cls(proved=proved, trips=trips, keep_at=first_new or count)

    @property
    def is_anything(self) -> bool:
        """Whether anything was proved."""
        return any(trip is not None and trip.cached for trip in self.trips)

    def resume(self, chain: Chain) -> tuple[str, ...]:
        """Give the keys of the states from which what is not proved can be reached, the nearest first."""
        if self.proved.keys is None:
            return ()
        unproved = next((index for index, trip in enumerate(self.trips) if trip is None), len(self.trips))
        return tuple(self.proved.keys.after[item.path] for item in reversed(chain.migrations[:unproved]))

    def begin(self, chain: Chain, server: Server) -> Begun | None:
        """Take the state that ``server`` was started with; None: there is none.

        Raises:
            EnvironmentFailure: the server failed.
        """
        resumed = server.resume()
        if resumed is None or self.proved.keys is None:
            return None
        baseline = _schema_of(resumed.note)
        places = [index for index, item in enumerate(chain.migrations) if self._after(item.path) == resumed.key]
        if baseline is None or not places:
            resumed.database.close()
            return None
        at = places[0] + 1
        resumed.database.connection.ran_before([each for each in chain.migrations[:at] if each.runnable])
        return Begun(database=resumed.database, at=at, baseline=baseline)

    def keep(self, at: int, chain: Chain, database: Database, baseline: Schema) -> None:
        """Keep the state of ``database``, in which the first ``at`` migrations have run, if that is the one.

        Raises:
            EnvironmentFailure: the server failed.
        """
        if at == self.keep_at and at > 0:
            key = self._after(chain.migrations[at - 1].path)
            note = _note_of(baseline)
            if key is not None and note is not None:
                database.keep(chain, key, note)

    def store(self, trips: Iterable[RoundTrip]) -> None:
        """Keep what was proved now."""
        for trip in trips:
            self.proved.store(trip)
        self.proved.tidy()

    def _after(self, path: str) -> str | None:
        return None if self.proved.keys is None else self.proved.keys.after[path]


def _note_of(baseline: Schema) -> bytes | None:
    try:
        return msgspec.msgpack.encode(list(baseline), enc_hook=_plain)
    except UnicodeEncodeError:  # a name that is no UTF-8
        return None


def _schema_of(note: bytes) -> Schema | None:
    try:
        return Schema.of(msgspec.msgpack.decode(note, type=list[SchemaObject]))
    except msgspec.MsgspecError:
        return None


def _plain(value: Any) -> Any:  # noqa: ANN401 - msgspec's own signature
    return dict(value)
