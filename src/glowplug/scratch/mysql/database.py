"""A scratch database on MySQL or MariaDB, and the twin on which its excursions happen.

Neither server has transactional DDL, or a database as a template. So there are two databases: the *reference*, in
which ups run and nothing else, and its *twin*. An excursion happens on the twin, which is first brought to the
reference's state: it runs the ups that it lacks, and is then held against the reference, by the servers' own CREATE
statements, row checksums, counters and recorded versions. If anything differs, it is made anew:

1. by the reference's own CREATE statements and rows, where tables, views, triggers and routines are all there is
   (55 migrations, 28 tables: 44 ms on a busy machine, with the comparison);
2. by running all ups again in a fresh schema (measured: 55 migrations in 0.13 s, with a fresh session and a drop of
   28 tables 0.25 s), and held against the reference again;
3. where that gives another state (rows with UUID() or the time in them) or would take long, by a copy of the
   reference server's files (0.3 to 0.5 s), which is that state by construction.

The twin is a second server, so that it has the schema's own name: definitions may hold it. On a server that the user
lends there are no files to copy and names must differ: there 3 is left out, and rows that no two runs agree on are
accepted as the second run made them; ups that fail the second time alone are not.

A session can hold what no copy carries: settings, variables, locks, temporary tables. Following the reference, the
twin's session runs all that the reference's did. If what ran in an excursion may have left something behind
(``sql.mysql.leaves_in_session``), the two sessions' settings are compared too, or, where it may be more than
settings, the twin is made anew. A new session is given the reference's settings, and its variables where the reference
holds nothing beyond them (``database.mysql.leftovers``); else everything is run again, in one session.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.mysql import UNTOLD, quote_text
from glowplug.errors import EnvironmentFailure
from glowplug.sql.mysql import Leaves, leaves_in_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.database.interface import Connection, Run
    from glowplug.dialect import Direction
    from glowplug.project import Chain, Migration
    from glowplug.scratch.mysql.place import Place, Ran

REPLAY_SECONDS = 1.0
"""As long may the ups have taken in all for running them again to be tried before a copy."""

WORTH_KEEPING = 0.5
"""Seconds that the ups must have taken in all: to run them again is quicker than to start a server from what was kept,
twice with the twin."""

_READ_AT_MOST = 200_000  # bytes of a file whose statements are looked at one by one

_MOMENTARY = frozenset({
    "error_count",
    "identity",
    "in_transaction",
    "insert_id",
    "last_insert_id",
    "pseudo_thread_id",
    "rand_seed1",
    "rand_seed2",
    "timestamp",
    "warning_count",
})  # fmt: skip
"""Session variables that differ between any two sessions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A run in the reference: what, when (seconds since the epoch), and what came of it."""

    migration: Migration
    direction: Direction
    began: float
    run: Run

    @property
    def leaves(self) -> Leaves:
        """The most that it may have left behind in the session."""
        return _leaves(self.migration, self.direction)


class MysqlDatabase:
    """A scratch database; implements ``scratch.interface.Database``."""

    def __init__(
        self,
        open_place: Callable[[str, Ran], Place],
        copy: Callable[[Place, Ran], Place] | None,
        *,
        from_scratch: bool = False,
        keep: Callable[[Place, str, bytes], None] | None = None,
    ) -> None:
        """Make the reference.

        Args:
            open_place: gives the place of "reference" or "twin", its account made, its schema not yet.
            copy: gives a new twin, connected, in the state of the reference; None where that can't be had.
            from_scratch: whether a twin that is made anew needs a new server: migrations may change the old one's,
                or it stands elsewhere than at the beginning when it is made.
            keep: keeps the state of the place that it is given, under a key, with a note; None where that can't be.
        """
        self._keep = keep
        self._open_place = open_place
        self._copy = copy
        self._from_scratch = from_scratch
        self._history: list[Step] = []
        self._twin: _Twin | None = None
        self._home = open_place("reference", self._record)
        self._home.furnish()

    @property
    def connection(self) -> Connection:
        """The session in which the ups run."""
        return self._home.connection

    @contextlib.contextmanager
    def excursion(self) -> Iterator[Connection]:
        """Lend a connection to a database in exactly this state; what it does leaves no trace here."""
        yield self._the_twin().lend()

    @contextlib.contextmanager
    def branch(self, *, other_world: bool = False) -> Iterator[Connection]:
        """Lend a connection to the twin, which is made anew afterwards, whatever was done to it."""
        twin = self._the_twin()
        connection = twin.lend()
        twin.spend()
        if other_world:
            twin.enter_other_world()
        yield connection

    @property
    def other_world(self) -> str | None:
        """Whether strict mode may be off or on in production."""
        return self._home.other_world

    def keep(self, chain: Chain, key: str, note: bytes) -> None:
        """Keep this state for another run, where nothing that ran left anything in the session."""
        del chain  # an account with rights on one schema sees no other
        if self._keep is None or sum(step.run.seconds for step in self._history) < WORTH_KEEPING:
            return
        left = max((step.leaves for step in self._history), default=Leaves.NOTHING)
        if left is Leaves.ANYTHING:
            return
        if left is Leaves.SETTINGS and _settings(self._home) != _telling(self._home.settings_of_another_session()):
            return
        self._keep(self._home, key, note)

    def restart_session(self) -> None:
        """End the session of ``connection``; its next call begins another."""
        self._home.connection.close()

    def close(self) -> None:
        """End its sessions and remove it; never raises."""
        if self._twin is not None:
            self._twin.close()
        self._home.close()

    def _the_twin(self) -> _Twin:
        if self._twin is None:
            self._twin = _Twin(self._home, self._history, self._open_place, self._copy, from_scratch=self._from_scratch)
        return self._twin

    def _record(self, migration: Migration, direction: Direction, run: Run) -> None:
        self._history.append(Step(migration=migration, direction=direction, began=time.time() - run.seconds, run=run))


class _Twin:
    """The other database: follows the reference, and is made anew when it can't."""

    def __init__(
        self,
        home: Place,
        history: list[Step],
        open_place: Callable[[str, Ran], Place],
        copy: Callable[[Place, Ran], Place] | None,
        *,
        from_scratch: bool,
    ) -> None:
        self._from_scratch = from_scratch
        self._home = home
        self._history = history
        self._open_place = open_place
        self._copy = copy
        self._place: Place | None = None
        self._at = 0  # so many steps of the history are in it
        self._left = Leaves.ANYTHING  # in its session, by what ran in excursions
        self._differs = False  # running the same again was seen to give another state
        self._following = False
        self._beginning: dict[str, str | None] | None = None  # what a new session of its begins with
        self._wanted: tuple[int, dict[str, str | None]] | None = None  # after so many steps, the reference's settings

    def lend(self) -> Connection:
        """Bring it to the reference's state, and give its connection."""
        if not ((self._left < Leaves.ANYTHING and self._follow() and self._equals()) or self._mend()):
            self._make()
        self._left = Leaves.NOTHING
        return self._connected().connection

    def spend(self) -> None:
        """What is done to it from now on is not followed: it has to be made anew."""
        self._left = Leaves.ANYTHING

    def enter_other_world(self) -> None:
        """Put its session under the setting that production may have."""
        self._connected().enter_other_world()

    def close(self) -> None:
        """End and remove it; never raises."""
        if self._place is not None:
            self._place.close()
            self._place = None

    def _mend(self) -> bool:
        """Make its schema anew as the reference has it; whether it then equals the reference."""
        left = max((step.leaves for step in self._history), default=Leaves.NOTHING)
        variables = self._variables(left)
        if self._place is None or variables is None or not self._place.take_after(self._home):
            return False
        self._at = len(self._history)
        self._left = Leaves.NOTHING
        if left is not Leaves.NOTHING and not self._carry_settings(self._place):
            return False
        return self._assign(variables) and self._equals()

    def _variables(self, left: Leaves) -> dict[str, str] | None:
        """What the reference's session holds beside its settings; None where that may be more than variables."""
        if left is not Leaves.ANYTHING:
            return {}
        if any(UNTOLD.search(step.migration.sql(step.direction) or b"") for step in self._history):
            return None
        return self._home.connection.leftovers()

    def _assign(self, variables: dict[str, str]) -> bool:
        connection = self._connected().connection
        return all(connection.assign(name, value) for name, value in variables.items())

    def _carry_settings(self, place: Place) -> bool:
        """Give a new session on ``place`` the settings of the reference's; whether it then has them.

        What a session begins with is read once, and the reference's once after each of its runs: it takes long.
        """
        if self._beginning is None:
            self._beginning = _settings(place)
        if self._wanted is None or self._wanted[0] != len(self._history):
            self._wanted = (len(self._history), _settings(self._home))
        wanted = self._wanted[1]
        if wanted == self._beginning:
            return True
        self._carry_session()
        return _settings(place) == wanted

    def _make(self) -> None:
        """Make it anew.

        Raises:
            EnvironmentFailure: it can't be brought near the reference's state.
        """
        quick = sum(step.run.seconds for step in self._history) <= REPLAY_SECONDS
        left = max((step.leaves for step in self._history), default=Leaves.NOTHING)
        if self._copy is None or left is Leaves.ANYTHING or (quick and not self._differs):
            if self._from_scratch:
                self.close()
                self._beginning = None
            self._connected().furnish()
            self._at = 0
            self._left = Leaves.NOTHING
            followed = self._follow()
            if (followed and self._equals()) or self._mend():
                return
            if self._copy is None and not followed:
                raise EnvironmentFailure(
                    "the migrations so far don't run a second time as they ran before, so that no down can be tried",
                    advice="A server that is lent can't be copied: let glowplug make its own, by unsetting the "
                    "variable that names this one.",
                )
            self._differs = True
        if self._copy is not None:
            self.close()
            self._beginning = None
            self._place = self._copy(self._home, self._ran)
            self._at = len(self._history)
            if left is not Leaves.NOTHING:
                self._carry_session()
                self._assign(self._variables(left) or {})

    def _follow(self) -> bool:
        """Run what the reference ran and this has not; whether all of it came out the same."""
        connection = self._connected().connection
        self._following = True
        try:
            for step in itertools.islice(self._history, self._at, None):
                # The rows of both then have the same time in them, if it was not spread over seconds.
                pinned = connection.set("timestamp", f"{step.began:.6f}")
                run = connection.run(step.migration, step.direction)
                if pinned and not connection.set("timestamp", "DEFAULT"):
                    return False
                if _code(run) != _code(step.run):
                    return False
        finally:
            self._following = False
        self._at = len(self._history)
        return True

    def _equals(self) -> bool:
        place = self._connected()
        if self._left is Leaves.SETTINGS and _settings(place) != _settings(self._home):
            return False
        mine = place.state()
        return mine is not None and mine == self._home.state()

    def _carry_session(self) -> None:
        """Give the session of a copy the settings of the reference's."""
        connection = self._connected().connection
        wanted, have = _settings(self._home), _settings(self._connected())
        for name in sorted(wanted.keys() & have.keys()):
            if (value := wanted[name]) is not None and value != have[name]:
                connection.set(name, quote_text(value)) or connection.set(name, value)

    def _connected(self) -> Place:
        if self._place is None:
            self._place = self._open_place("twin", self._ran)
        return self._place

    def _ran(self, migration: Migration, direction: Direction, run: Run) -> None:
        """Hear of a run in the twin."""
        lost = run.error is not None and run.error.timed_out
        if not self._following:
            self._left = max(self._left, Leaves.ANYTHING if lost else _leaves(migration, direction))


def _leaves(migration: Migration, direction: Direction) -> Leaves:
    content = migration.sql(direction) or b""
    if len(content) > _READ_AT_MOST:
        return Leaves.ANYTHING
    return leaves_in_session(content.decode("utf-8", "replace"))


def _settings(place: Place) -> dict[str, str | None]:
    return _telling(place.connection.settings())


def _telling(settings: dict[str, str | None] | None) -> dict[str, str | None]:
    """What tells one session from another; where a server keeps its files is no session's."""
    found = settings or {}
    place = (found.get("datadir") or "").rstrip("/").rpartition("/")[0]
    return {
        name: value
        for name, value in found.items()
        if name not in _MOMENTARY and not (place and value and value.startswith(place))
    }


def _code(run: Run) -> tuple[str | None, str] | None:
    return None if run.error is None else (run.error.code, run.error.message)
