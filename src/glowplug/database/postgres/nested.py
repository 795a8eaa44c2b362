"""Run files inside one transaction that is rolled back at the end, on the migrations' own session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres.sequences import SequenceMemory
from glowplug.database.postgres.session import TransactionStatus
from glowplug.sql.postgres_locality import Locality, locality

IDLE = TransactionStatus.IDLE

if TYPE_CHECKING:
    from glowplug.database.interface import SqlError
    from glowplug.database.postgres.connection import PostgresConnection
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
        self._planted = False
        self._sequences = SequenceMemory(home.session)
        self._local: Locality | None = None if home.access.superuser else Locality()

    def allows(self, wish: Nesting) -> bool:
        """Whether a file with this ``wish`` may run here; what it would leave behind is remembered."""
        if not self._open and (self._home.session.transaction_status is not IDLE or not self._home.nestable):
            return False
        if self._planted and wish.writes:
            return False
        self._planted = self._planted or wish.plants
        if wish.writes and (self._planted or self._home.guarded()):
            return False
        return not wish.inserts or self._sequences.remember(wish.inserts)

    def run(self, migration: Migration, direction: Direction, *, writes: bool) -> SqlError | None:
        """Run a file and its bookkeeping; what a COMMIT would still check is checked at once if it ``writes``."""
        local = locality((migration.sql(direction) or b"").decode())
        self._local = None if self._local is None or local is None else self._local | local
        begin, self._open = not self._open, True
        # IMMEDIATE stays: what it forbids too much of the files that follow, a copy of the database will allow.
        end = b"SET CONSTRAINTS ALL IMMEDIATE" if writes else b""
        return self._home.runner.run_whole(migration, direction, begin=begin, end=end)

    def snapshot(self) -> Schema:
        """Read the schema as the files left it so far."""
        return self._home.look(self._local)

    def end(self) -> None:
        """Roll back, if anything was opened."""
        if self._open:
            self._open = False
            if self._home.session.transaction_status is not IDLE:
                self._home.session.batch(b"ROLLBACK")
            self._sequences.restore()
