"""Run a file as Diesel does, and see what each statement locks, rewrites, reads and rebuilds."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import structs
from psycopg import pq

from glowplug.database.postgres.answers import Kept
from glowplug.database.postgres.batch import COPY_WITH_THE_CLIENT, refused
from glowplug.database.postgres.failure import Batch
from glowplug.database.postgres.failure import field as of_failure
from glowplug.database.postgres.session import TransactionStatus
from glowplug.database.postgres.trace_alone import Alone, run_alone
from glowplug.database.postgres.trace_look import CLOCK, FIRST, LOOK, MARK, RELATIONS, clock, looks, relations
from glowplug.database.postgres.trace_message import message, whole
from glowplug.database.postgres.trace_reading import Reading, failed
from glowplug.database.trace import Seen, Trace
from glowplug.dialect import Direction
from glowplug.sql.postgres import position
from glowplug.sql.postgres_nesting import nesting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.database.interface import SqlError
    from glowplug.database.postgres.batch import Runner
    from glowplug.database.postgres.session import Reply, Session
    from glowplug.database.postgres.trace_look import Look, Relations
    from glowplug.database.postgres.trace_message import Message
    from glowplug.project import Migration

NOT_COUNTED = "track_counts is off: the server does not tell what was read"
_AS_A_WHOLE = "it was seen as a whole"
_NOT_AT_ALL = "what it did was not seen"
_LOST = "it was ended before it could be seen"
_TOO_MUCH = "there is more than can be kept of what was seen"
_UNREAD = "what was there before the file could not be read"


def observe(
    runner: Runner,
    migration: Migration,
    direction: Direction,
    *,
    at_once: bool,
    another_session: Callable[[], Session],
) -> Trace:
    """Run a file and its bookkeeping, with the effect and the answer of ``Runner.run``.

    Args:
        runner: runs files in the migrations' session.
        migration: whose file.
        direction: which file.
        at_once: whether it may be sent as one message with its transaction (``Runner.run_whole``).
        another_session: opens a session of the same role on the same database, from which is watched what has to be
            the only statement of its message.
    """
    if refused(migration, direction) is not None:
        return Trace(statements=(), error=runner.run(migration, direction), seconds=0.0)
    content = migration.sql(direction) or b""
    as_usual = runner.session.strings_as_usual
    if at_once and as_usual:
        trace = _observe_at_once(runner, migration, direction, content.decode())
        if trace is not None:
            return trace
    plan = message(content.decode(), first=FIRST, look=LOOK, in_transaction=migration.run_in_transaction)
    if plan is None:
        return _unseen(runner, migration, direction, None)
    if not as_usual:
        plan = whole("standard_conforming_strings is off")
    before = _before(runner.session)
    if before is None:
        return _unseen(runner, migration, direction, _UNREAD)
    file = _File(runner, content, plan, before, another_session)
    started = time.perf_counter()
    error = runner.run(migration, direction, file=file.run)
    ended = time.perf_counter()
    return Trace(
        statements=tuple(file.seen(ended, error)),
        error=error,
        seconds=ended - started,
        blind=file.blind,
    )


@contextlib.contextmanager
def glimpse(runner: Runner, migration: Migration, direction: Direction, *, at_once: bool) -> Iterator[Trace | None]:
    """Run a file in a transaction that is rolled back at the end; None where that can't be, would show, or failed."""
    trace = None
    text = (migration.sql(direction) or b"").decode() if at_once and runner.session.strings_as_usual else ""
    allowed = nesting(text) if text else None
    if allowed is not None and not allowed.writes and not allowed.inserts:
        trace = _observe_at_once(runner, migration, direction, text, end=())
    try:
        yield trace
    finally:
        if trace is not None and runner.session.alive:
            runner.session.batch(b"ROLLBACK")


def _observe_at_once(
    runner: Runner, migration: Migration, direction: Direction, text: str, *, end: tuple[bytes, ...] = (b"COMMIT",)
) -> Trace | None:
    """Run it as one message; None where that can't be, or failed and was rolled back: it shall fail by itself."""
    plan = message(text, first=None, look=LOOK, in_transaction=True)
    if plan is None or plan.sql is None or plan.before:
        return None
    sql = plan.sql.encode()
    file = structs.replace(migration, up=sql) if direction is Direction.UP else structs.replace(migration, down=sql)
    opening, closing = (b"BEGIN", RELATIONS.encode()), (CLOCK.encode(), *end)
    started = time.perf_counter()
    error = runner.run_whole(file, direction, opening=opening, closing=closing, rows=True)
    seconds = time.perf_counter() - started
    if error is not None:
        ended = error.timed_out or not runner.session.alive
        return Trace(statements=(), error=error, seconds=seconds, blind=_LOST) if ended else None
    if not runner.answers:
        return Trace(statements=(), error=None, seconds=seconds, blind=_TOO_MUCH)
    found = looks(runner.answers)
    old, first = relations(runner.answers[0])
    reading = Reading(old, first)
    for look, index in zip(found, plan.looked, strict=True):
        reading.take(look, index + 1 - reading.count)
    statements = reading.seen(plan.lines, clock(runner.answers[-1]) - found[-1].time)
    blind = plan.blind if first.counting else NOT_COUNTED
    return Trace(statements=tuple(statements), error=None, seconds=seconds, blind=blind)


def _unseen(runner: Runner, migration: Migration, direction: Direction, blind: str | None) -> Trace:
    started = time.perf_counter()
    error = runner.run(migration, direction)
    seconds = time.perf_counter() - started
    statements = () if blind is None else (Seen(line=1, seconds=seconds, error=error),)
    return Trace(statements=statements, error=error, seconds=seconds, blind=blind)


@dataclass(frozen=True, slots=True)
class _Before:
    relations: Relations
    look: Look


def _before(session: Session) -> _Before | None:
    """Read what there is before the file; None where the session takes no query."""
    reply = session.batch(RELATIONS.encode(), rows=True)
    return _Before(*relations(reply.results[0])) if reply.ok else None


@dataclass(slots=True)
class _File:
    """One file on its way; ``run`` sends it, for ``Runner.run`` to do the rest."""

    runner: Runner
    content: bytes
    plan: Message
    before: _Before
    another_session: Callable[[], Session]
    blind: str | None = None
    _reading: Reading | None = None
    _refused: Seen | None = None
    _alone: Alone | None = None
    _ended: float = 0.0

    def run(self) -> SqlError | None:
        """Send the file; None where all went well."""
        self.blind = self.plan.blind
        if self.plan.alone:
            return self._run_alone()
        began = time.perf_counter()
        reply, found = self._send()
        self._ended = time.perf_counter()
        error = self._error(reply, len(found))
        self._take(found)
        if error is not None:
            spent = 0.0 if not found else found[-1].time - found[0].time
            self._refused = failed(error.line, self._ended - began - spent, error)
        return error

    def _run_alone(self) -> SqlError | None:
        self._alone = run_alone(self.runner, self.content, self.plan, self.before.relations, self.another_session)
        self._ended = time.perf_counter()
        self.blind = self.blind or self._alone.blind
        return self._error(self._alone.reply, 0)

    def _send(self) -> tuple[Reply, list[Look]]:
        session = self.runner.session
        if self.plan.sql is not None:
            reply = session.batch(self.plan.sql.encode(), rows=Kept(mark=MARK), timed=True)
            return reply, looks(reply.results)
        reply = session.batch(self.content, timed=True)
        if not reply.ok or session.transaction_status is not TransactionStatus.INTRANS:
            return reply, []
        after = session.batch(LOOK.encode(), rows=True)
        return reply, [self.before.look, *looks(after.results)]

    def _take(self, found: list[Look]) -> None:
        if self.plan.sql is None:
            self.blind = f"{self.plan.blind}: {_AS_A_WHOLE if found else _NOT_AT_ALL}"
        if not found:
            return
        self._reading = Reading(self.before.relations, found[0], before=self.plan.before)
        for look, index in zip(found[1:], self.plan.looked, strict=False):
            self._reading.take(look, index + 1 - self._reading.count)
        if not found[0].counting:
            self.blind = self.blind or NOT_COUNTED

    def _error(self, reply: Reply, looked: int) -> SqlError | None:
        if reply.copied and reply.lost is None:
            return COPY_WITH_THE_CLIENT
        if self.plan.sql is None:
            return self.runner.verdict(reply, Batch(content=self.content, completed=reply.completed))
        error = self.runner.verdict(reply, None)
        if error is None or reply.failure is None:
            return error
        text = self.content.decode()
        character = of_failure(reply.failure, pq.DiagnosticField.STATEMENT_POSITION)
        if character is not None:
            offset = self.plan.offset_in_file(int(character) - 1)
        else:
            number = reply.completed - looked
            if number >= len(self.plan.starts):
                return error
            offset = self.plan.starts[number]
        place = position(text, offset)
        return replace(error, line=place.line, column=place.column)

    def seen(self, ended: float, error: SqlError | None) -> list[Seen]:
        """Give what was seen; the transaction ended at ``ended``, with ``error`` as the whole file's."""
        if self._alone is not None:
            return [self._alone.seen(self.plan.lines[0], error)]
        statements = [] if self._reading is None else self._reading.seen(self.plan.lines, ended - self._ended)
        return statements if self._refused is None else [*statements, self._refused]
