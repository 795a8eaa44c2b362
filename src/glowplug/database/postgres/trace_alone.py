"""A statement that must run alone, outside of a transaction, watched from other sessions while it waits for them.

What it locks can't be asked in its own session, and it may hold a lock for a moment only. So it is made to wait: for a
*gate*, which holds SHARE UPDATE EXCLUSIVE on every table, at the first lock of a kind that matters; then for two
*writers*, by turns, of whom one always holds ROW EXCLUSIVE as any writer in production does. Code that may do anything
waits for two *readers*, who hold SHARE on whatever it does not hold yet. Each time that it waits, all that it holds and
asks for is read, and the one that it waits for lets go.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from glowplug.database.postgres.quoting import identifier
from glowplug.database.postgres.trace_look import RELATIONS, TOTALS, relations, totals
from glowplug.database.postgres.trace_message import AT_LEAST, Others
from glowplug.database.postgres.trace_reading import INDEXES, LISTED, MODES, RANKS, WRITTEN
from glowplug.database.trace import Lock, Seen
from glowplug.errors import LostConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from glowplug.database.interface import SqlError
    from glowplug.database.postgres.batch import Runner
    from glowplug.database.postgres.session import Reply, Session
    from glowplug.database.postgres.trace_look import Relation
    from glowplug.database.postgres.trace_message import Message

_PAUSE = 0.001  # seconds
_COUNTED_AT_ONCE = 150000  # from this version on, what a session reports is there for all at once
_PATIENCE = 0.7  # seconds: the older server's file of counts is at most half a second old
_ROUNDS = 4

_LOCKS = """
SELECT relation, mode, granted FROM pg_catalog.pg_lock_status() WHERE pid OPERATOR(pg_catalog.=) {pid}
  AND (locktype OPERATOR(pg_catalog.=) 'relation' OR NOT granted)
"""
_MINE = """
SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::pg_catalog."char"[])
  AND pg_catalog.has_table_privilege(c.oid, 'UPDATE') AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
"""


@dataclass(slots=True, kw_only=True)
class Alone:
    """What came of it."""

    reply: Reply
    seconds: float
    locks: dict[str, str] = field(default_factory=dict)
    rewritten: set[str] = field(default_factory=set)
    scanned: set[str] = field(default_factory=set)
    rebuilt: set[str] = field(default_factory=set)
    blind: str | None = None

    def seen(self, line: int, error: SqlError | None) -> Seen:
        """Put it into the words of a Trace; how long each lock was held nobody saw."""
        return Seen(
            line=line,
            seconds=self.seconds,
            error=error if not self.reply.ok else None,
            locks=tuple(Lock(relation=name, mode=MODES[mode]) for name, mode in sorted(self.locks.items())),
            rewritten=tuple(sorted(self.rewritten)),
            scanned=tuple(sorted(self.scanned)),
            rebuilt_indexes=tuple(sorted(self.rebuilt)),
        )


def run_alone(
    runner: Runner, content: bytes, plan: Message, old: Mapping[str, Relation], another_session: Callable[[], Session]
) -> Alone:
    """Send a file with only one statement, watched if that may lock tables."""
    session = runner.session
    if plan.others is Others.NOBODY:
        started = time.perf_counter()
        reply = session.batch(content, timed=True)
        return Alone(reply=reply, seconds=time.perf_counter() - started)
    before = _settled(session)
    with _Watchers(session.backend_pid, old, another_session, plan.others) as watchers:
        started = time.perf_counter()
        reply = session.batch(content, timed=True)
        seconds = time.perf_counter() - started
    found = Alone(reply=reply, seconds=max(0.0, seconds - watchers.waited), locks=watchers.locks)
    found.blind = watchers.failure
    if reply.ok:
        _compare(session, old, found)
        found.scanned = _scanned(session, old, before, found)
    return found


def _totals(session: Session) -> dict[str, int]:
    reply = session.batch(TOTALS.encode(), rows=True)
    return totals(reply.results[0]) if reply.ok else {}


def _settled(session: Session) -> dict[str, int]:
    """Read the counts; an older server is asked until none of an earlier statement's is still to come."""
    counts = _totals(session)
    if session.server_version >= _COUNTED_AT_ONCE:
        return counts
    for _ in range(_ROUNDS):
        time.sleep(_PATIENCE)
        before, counts = counts, _totals(session)
        if before == counts:
            break
    return counts


def _scanned(session: Session, old: Mapping[str, Relation], before: Mapping[str, int], found: Alone) -> set[str]:
    """Say which tables were scanned; an older server is asked again until its counts have arrived, if any do."""
    end = time.monotonic() + _PATIENCE
    while True:
        now = _totals(session)
        scanned = {old[oid].full_name for oid, count in now.items() if oid in old and count > before.get(oid, 0)}
        if scanned or session.server_version >= _COUNTED_AT_ONCE or time.monotonic() > end or not found.locks:
            return scanned
        time.sleep(_PATIENCE / 10)


def _compare(session: Session, old: Mapping[str, Relation], found: Alone) -> None:
    reply = session.batch(RELATIONS.encode(), rows=True)
    if not reply.ok:
        found.blind = found.blind or "what it left behind could not be read"
        return
    now, _ = relations(reply.results[0])
    by_name = {relation.full_name: relation for oid, relation in now.items() if oid not in old}
    for oid, relation in old.items():
        later = now.get(oid) or (by_name.get(relation.full_name) if relation.kind in INDEXES else None)
        if later is None or later.filenode == relation.filenode:
            continue
        if relation.kind in WRITTEN:
            found.rewritten.add(relation.full_name)
        elif relation.kind in INDEXES:
            found.rebuilt.add(relation.full_name)


class _Watchers:
    """The other sessions, at work while the block runs."""

    def __init__(
        self, pid: int, old: Mapping[str, Relation], another_session: Callable[[], Session], others: Others
    ) -> None:
        """Watch the backend ``pid``, before the relations ``old``."""
        self.locks: dict[str, str] = {}
        self.waited = 0.0
        self.failure: str | None = None
        self._old = old
        self._query = _LOCKS.format(pid=pid).encode()
        self._open = another_session
        self._others = others
        self._mode = "SHARE" if others is Others.READERS else "ROW EXCLUSIVE"
        self._gate: Session | None = None
        self._turns: list[Session] = []
        self._tables: dict[str, str] = {}
        self._busy: set[str] = set()
        self._ended = threading.Event()
        self._stack = contextlib.ExitStack()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        try:
            self._look = self._session()
            self._tables = self._lockable()
            held = True
            if self._others is not Others.READERS:
                self._gate = self._session()
                held = self._hold(self._gate, "SHARE UPDATE EXCLUSIVE")
            if self._others is not Others.GATE:
                self._turns = [self._session(), self._session()]
                held = self._hold(self._turns[0], self._mode) and held
            if not held:
                self.failure = AT_LEAST
        except LostConnection as lost:
            self.failure = f"no other session could watch it: {lost}"
            self._stack.close()
            return self
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self._stack.close()

    def _session(self) -> Session:
        session = self._open()
        self._stack.callback(session.close)
        return session

    def _lockable(self) -> dict[str, str]:
        reply = self._look.batch(_MINE.encode(), rows=True)
        answer = reply.results[0] if reply.ok else None
        mine = [(answer.get_value(row, 0) or b"").decode() for row in range(answer.ntuples)] if answer else []
        found = ((oid, self._old[oid]) for oid in mine if oid in self._old)
        return {oid: f"ONLY {identifier(one.schema)}.{identifier(one.name)}" for oid, one in found}

    def _hold(self, session: Session, mode: str, besides: Collection[str] = ()) -> bool:
        """Lock every table besides some; where that would have to wait, nothing is held."""
        tables = ", ".join(name for oid, name in self._tables.items() if oid not in besides)
        lock = f"LOCK TABLE {tables} IN {mode} MODE NOWAIT" if tables else ""
        if session.batch(f"BEGIN; {lock}".encode()).ok:
            return True
        session.batch(b"ROLLBACK")
        return False

    def _watch(self) -> None:
        try:
            while not self._ended.wait(_PAUSE):
                started = time.perf_counter()
                if self._is_waiting():
                    self._let_go()
                    self.waited += time.perf_counter() - started + _PAUSE
        finally:
            self._stack.close()

    def _is_waiting(self) -> bool:
        """Remember what it holds and asks for."""
        reply = self._look.batch(self._query, rows=True)
        if not reply.ok:
            self.failure = "the session that watched it was lost"
            self._ended.set()
            return False
        answer = reply.results[0]
        waiting = False
        self._busy.clear()
        for row in range(answer.ntuples):
            oid, mode, granted = ((answer.get_value(row, column) or b"").decode() for column in range(3))
            waiting = waiting or granted == "f"
            self._busy.add(oid)
            relation = self._old.get(oid)
            if relation is not None and relation.kind in LISTED and mode in RANKS:
                name = relation.full_name
                self.locks[name] = max(mode, self.locks.get(name, mode), key=RANKS.__getitem__)
        return waiting

    def _let_go(self) -> None:
        if self._gate is not None:
            self._gate.batch(b"ROLLBACK")
            self._gate = None
        elif self._turns:
            leaving, following = self._turns
            self._hold(following, self._mode, self._busy if self._others is Others.READERS else ())
            leaving.batch(b"ROLLBACK")
            self._turns = [following, leaving]
