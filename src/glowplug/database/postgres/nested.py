"""Run files inside one transaction that is rolled back at the end, on the migrations' own session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue.topics import TRIGGERING
from glowplug.database.postgres.local import local_changes
from glowplug.database.postgres.sequences import SequenceMemory
from glowplug.database.postgres.session import TransactionStatus
from glowplug.database.postgres.there_and_back import CONSTRAINTS_AT_ONCE, there_and_back
from glowplug.sql.postgres_locality import Locality
from glowplug.sql.postgres_nesting import nesting

IDLE = TransactionStatus.IDLE

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from glowplug.database.interface import SqlError
    from glowplug.database.postgres.connection import PostgresConnection
    from glowplug.database.postgres.questions import Answer
    from glowplug.database.postgres.watch import Watch
    from glowplug.dialect import Direction
    from glowplug.project import Migration
    from glowplug.schema import Schema
    from glowplug.sql.postgres_nesting import Nesting


class Nested:
    """A transaction in which files run one after the other; ``end`` undoes them all."""

    def __init__(self, home: PostgresConnection) -> None:
        """Work on the session of ``home``; nothing is opened yet."""
        self._home = home
        self._open = False
        self._planted = self._stamped = self._defers = self._all = False
        self._foreseen: frozenset[tuple[str, str]] = frozenset()
        self._sequences = SequenceMemory(home.session)
        self._local: Locality | None = None if home.access.superuser else Locality()
        self._count: PGresult | None = None
        self._watch: Watch | None = None
        self._answer: Answer | None = None

    def foresee(self, *wishes: Nesting | None) -> None:
        """Remember what these files, that come next, would leave behind: once one has run, it is too late."""
        if self._open or self._home.session.transaction_status is not IDLE or not self._home.nestable:
            return
        known = [wish for wish in wishes if wish is not None]
        counting = self._home.circumstances.counting
        if counting and any(wish.writes or wish.evaluates for wish in known):
            self._all = self._sequences.remember_all()
        inserts = dict.fromkeys(table for wish in known for table in wish.inserts)
        if inserts and self._sequences.remember(inserts, domains=counting):
            self._foreseen = frozenset(inserts)

    def allows(self, wish: Nesting) -> bool:
        """Whether a file with this ``wish``, which was foreseen, may run here."""
        if not self._open and (self._home.session.transaction_status is not IDLE or not self._home.nestable):
            return False
        home = self._home.circumstances
        if home.counting and (wish.writes or wish.evaluates) and not self._all:
            return False
        if wish.writes and (home.deferring or self._defers or wish.defers):
            return False  # what waits for a COMMIT can't be brought about, and then wait anew
        self._defers = self._defers or wish.defers
        if (self._planted and wish.writes) or (self._stamped and wish.asks_the_time):
            return False
        self._planted, self._stamped = self._planted or wish.plants, self._stamped or wish.stamps
        if wish.writes and (self._planted or self._home.guarded(anew=self._has_changed_code())):
            return False
        return self._foreseen.issuperset(wish.inserts)

    def run(self, migration: Migration, direction: Direction, *, writes: bool) -> SqlError | None:
        """Run a file and its bookkeeping; what a COMMIT would still check is checked at once if it ``writes``."""
        local = local_changes((migration.sql(direction) or b"").decode())
        self._local = None if self._local is None or local is None else self._local | local
        begin, self._open = not self._open, True
        # It stays: what it forbids too much of the files that follow, a copy of the database will allow.
        immediate = (CONSTRAINTS_AT_ONCE,) * (writes or local is None or local.evaluates)
        expected = None if self._local is None else self._home.forecast.of_undoing(self._local, self._local)
        watching = None if expected is None else self._home.watching(expected)
        if watching is None:
            opening, closing = (b"BEGIN",) * begin, immediate
        else:
            opening, closing = (b"BEGIN", watching.count) * begin, (*immediate, *watching.looking)
        runner = self._home.runner
        error = runner.run_whole(migration, direction, opening=opening, closing=closing, rows=watching is not None)
        self._watch = self._answer = None
        if watching is not None and runner.answers:
            self._count = runner.answers[0] if begin else self._count
            watch, self._answer = watching.answers(runner.answers)
            self._watch = None if self._count is None else self._home.watched(self._count, watch)
        return error

    def run_both(self, migration: Migration) -> tuple[Schema, Schema] | None:
        """Run a migration's down and its up again, and undo them; the schemas after each.

        None where that is not allowed, or one message can't tell; errors as of ``Session.batch``.
        """
        down, up = (nesting((content or b"").decode(errors="replace")) for content in (migration.down, migration.up))
        if self._local is None or down is None or up is None or (up.writes and down.recodes):
            return None
        self.foresee(down, up)
        try:
            if not self.allows(down) or not self.allows(up):
                return None
            return there_and_back(self._home, migration, down, up, undo=self._sequences.set_back)
        finally:
            self._sequences.restore()

    def snapshot(self) -> Schema:
        """Read the schema as the files left it so far."""
        return self._home.look(self._local, self._watch, self._answer)

    def _has_changed_code(self) -> bool:
        return self._open and (self._watch is None or not self._watch.catalogues.isdisjoint(TRIGGERING))

    def end(self) -> None:
        """Roll back, if anything was opened."""
        if self._open:
            self._open = False
            if self._home.session.transaction_status is not IDLE:
                self._home.session.batch(b"ROLLBACK")
            self._sequences.restore()
