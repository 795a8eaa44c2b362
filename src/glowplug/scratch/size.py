"""The limit on a scratch server's size: a watch on it, and databases whose migrations fail when it is reached."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import msgspec

from glowplug.database.interface import Connection, Run, SqlError
from glowplug.database.trace import Trace
from glowplug.errors import GlowplugError, LostConnection
from glowplug.scratch.settings import show_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from glowplug.database.broken import Asked
    from glowplug.database.rows import Rows
    from glowplug.dialect import Direction
    from glowplug.project import Chain, Migration
    from glowplug.schema import Schema
    from glowplug.scratch.interface import Database

_GRACE = 1.0
_PAUSE_PER_LOOK = 100
"""How much longer it rests than it looks: many files take long, and the migrations have better use for the time."""
_JOIN = 5.0


def tree_size(directory: Path) -> int:
    """Bytes that the files below ``directory`` take on disk; what vanishes meanwhile counts nothing."""
    total = 0
    pending = [os.fspath(directory)]
    while pending:
        with contextlib.suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


class Interrupt(Protocol):
    """Ends what the migrations' sessions do."""

    def __call__(self, *, by_force: bool) -> None:
        """End it, the sessions as well where ``by_force``."""
        ...


class SizeWatch:
    """Looks at a server's size several times a second, and ends what runs on it while ``limit`` bytes are exceeded.

    ``measure`` tells the size, of which ``base`` bytes were there before any migration and are not counted;
    ``interrupt`` ends whatever the migrations' sessions do at that moment, by force where ``by_force`` says so:
    gentleness did not help for a second.
    """

    def __init__(
        self, *, limit: int, measure: Callable[[], int], interrupt: Interrupt, interval: float = 0.1, base: int = 0
    ) -> None:
        """Watch once ``start`` is called; ``interval`` is in seconds."""
        self.limit = limit
        self._base = base
        self._measure = measure
        self._interrupt = interrupt
        self._interval = interval
        self._times = 0
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def times_reached(self) -> int:
        """How often the limit was reached so far."""
        return self._times

    @property
    def message(self) -> str:
        """What a migration that reached the limit is told."""
        return f"the scratch server grew beyond [scratch] size_limit = {show_size(self.limit)}, so this was ended"

    @property
    def hint(self) -> str:
        """What can be done about it."""
        return "Where the migration needs more room, give it more: size_limit under [scratch] in glowplug.toml."

    @property
    def error(self) -> SqlError:
        """The error of a run whose session was ended with it."""
        return SqlError(code=None, message=self.message, hint=self.hint)

    def start(self) -> None:
        """Begin to watch, unless it does already."""
        if self._thread is None:
            self._end = threading.Event()
            self._thread = threading.Thread(target=self._watch, args=(self._end,), name="glowplug-size", daemon=True)
            self._thread.start()

    @contextlib.contextmanager
    def resting(self) -> Iterator[None]:
        """Don't watch meanwhile, but for who starts it: a copy of this process made meanwhile may."""
        was_watching = self._thread is not None
        self.close()
        try:
            yield
        finally:
            if was_watching:
                self.start()

    def close(self) -> None:
        """Stop watching; never raises."""
        self._end.set()
        if self._thread is not None:
            self._thread.join(_JOIN)
        self._thread = None

    def _watch(self, end: threading.Event) -> None:
        since: float | None = None
        pause = self._interval
        while not end.wait(pause):
            now = time.monotonic()
            try:
                exceeded = self._measure() - self._base > self.limit
                pause = max(self._interval, (time.monotonic() - now) * _PAUSE_PER_LOOK)
                if not exceeded:
                    since = None
                    continue
                since = now if since is None else since
                self._times += 1
                self._interrupt(by_force=now - since > _GRACE)
            except GlowplugError:  # the server is ending: its users find that out themselves
                continue


class LimitedDatabase:
    """A scratch database on a watched server; implements ``scratch.interface.Database``."""

    def __init__(self, database: Database, watch: SizeWatch) -> None:
        """Wrap ``database``."""
        self._database = database
        self._watch = watch

    @property
    def connection(self) -> Connection:
        """The database's connection."""
        return LimitedConnection(self._database.connection, self._watch)

    @contextlib.contextmanager
    def excursion(self) -> Iterator[Connection]:
        """Lend a connection to a database in exactly this state."""
        with self._database.excursion() as connection:
            yield LimitedConnection(connection, self._watch)

    @contextlib.contextmanager
    def branch(self, *, other_world: bool = False) -> Iterator[Connection]:
        """Lend a connection to a copy that is the caller's."""
        with self._database.branch(other_world=other_world) as connection:
            yield LimitedConnection(connection, self._watch)

    @property
    def other_world(self) -> str | None:
        """The setting that production may have instead."""
        return self._database.other_world

    def keep(self, chain: Chain, key: str, note: bytes) -> None:
        """Keep this state for another run."""
        self._database.keep(chain, key, note)

    def restart_session(self) -> None:
        """End the session of ``connection``; its next call begins another."""
        self._database.restart_session()

    def close(self) -> None:
        """End its sessions and remove it."""
        self._database.close()


class LimitedConnection(Connection):
    """A connection whose runs fail for the server's size where that ended them."""

    def __init__(self, connection: Connection, watch: SizeWatch) -> None:
        """Wrap ``connection``."""
        self._connection = connection
        self._watch = watch

    def run(self, migration: Migration, direction: Direction) -> Run:
        """Run one file; what the watch ended is an error that says so."""
        before = self._watch.times_reached
        try:
            run = self._connection.run(migration, direction)
        except LostConnection:
            if self._watch.times_reached == before:
                raise
            return Run(error=self._watch.error, seconds=0.0)
        if run.error is None or self._watch.times_reached == before:
            return run
        return replace(run, error=self._told(run.error))

    def ran_before(self, migrations: Sequence[Migration]) -> None:
        """Learn which ran here before."""
        self._connection.ran_before(migrations)

    def will_run(self, migrations: Sequence[Migration]) -> None:
        """Learn which will probably run."""
        self._connection.will_run(migrations)

    def run_several(self, migrations: Sequence[Migration], direction: Direction) -> list[Run]:
        """Run the first few files; what the watch ended is said of the last that ran, or of the first."""
        before = self._watch.times_reached
        try:
            runs = self._connection.run_several(migrations, direction)
        except LostConnection:
            if self._watch.times_reached == before:
                raise
            return [Run(error=self._watch.error, seconds=0.0)]
        *ran, last = runs
        if last.error is None or self._watch.times_reached == before:
            return runs
        return [*ran, replace(last, error=self._told(last.error))]

    def observe(self, migration: Migration, direction: Direction) -> Trace:
        """Run one file and see what it does; what the watch ended is an error that says so."""
        before = self._watch.times_reached
        try:
            trace = self._connection.observe(migration, direction)
        except LostConnection:
            if self._watch.times_reached == before:
                raise
            return Trace(statements=(), error=self._watch.error, seconds=0.0, blind=self._watch.message)
        if trace.error is None or self._watch.times_reached == before:
            return trace
        return msgspec.structs.replace(trace, error=self._told(trace.error))

    @contextlib.contextmanager
    def glimpse(self, migration: Migration, direction: Direction) -> Iterator[Trace | None]:
        """Run one file and undo it at the end; what the watch ended is tried again by ``observe``."""
        before = self._watch.times_reached
        with self._connection.glimpse(migration, direction) as trace:
            yield trace if self._watch.times_reached == before else None

    def _told(self, error: SqlError) -> SqlError:
        return replace(error, message=self._watch.message, detail=None, hint=self._watch.hint, timed_out=False)

    @property
    def rows(self) -> Rows:
        """What can be done with rows."""
        return self._connection.rows

    def snapshot(self) -> Schema:
        """Read the whole schema."""
        return self._connection.snapshot()

    def broken(self) -> Asked | None:
        """Name what the server can't use."""
        return self._connection.broken()

    def recorded(self) -> tuple[str, ...]:
        """Read the versions in the bookkeeping table."""
        return self._connection.recorded()

    def close(self) -> None:
        """End the session."""
        self._connection.close()
