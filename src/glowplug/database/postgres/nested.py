"""Run files inside one transaction that is rolled back at the end, on the migrations' own session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.postgres.change import WATCH, changed, locked
from glowplug.database.postgres.sequences import SequenceMemory
from glowplug.database.postgres.session import TransactionStatus
from glowplug.sql.postgres_locality import Locality, locality

if TYPE_CHECKING:
    from glowplug.database.interface import SqlError
    from glowplug.database.postgres.connection import PostgresConnection
    from glowplug.dialect import Direction
    from glowplug.project import Migration
    from glowplug.schema import Schema
    from glowplug.sql.postgres_nesting import Nesting

_CIRCUMSTANCES = f"""
SELECT
  EXISTS (SELECT FROM pg_catalog.pg_event_trigger)
  OR EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgdeferrable AND NOT t.tgisinternal)
  OR EXISTS (SELECT FROM pg_catalog.pg_class c
    WHERE c.relname OPERATOR(pg_catalog.=) '{BOOKKEEPING_TABLE}'::pg_catalog.name
      AND (c.relhastriggers OR c.relhasrules OR c.relrowsecurity))
  OR pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
"""
"""Whether anything here forbids nesting. Nothing is resolved by the session's search_path."""


class Nested:
    """An open transaction in which files run one after the other; ``end`` undoes them all.

    ``possible`` says whether this database lets files be nested at all.
    """

    def __init__(self, home: PostgresConnection) -> None:
        """Open it on the session of ``home``, which must be idle."""
        self._home = home
        self.possible = False
        self._open = False
        self._planted = False
        self._sequences = SequenceMemory(home.session)
        self._local: Locality | None = None if home.access.superuser else Locality()
        if home.session.transaction_status is not TransactionStatus.IDLE:
            return
        self._open = True
        reply = home.session.batch(f"BEGIN; {_CIRCUMSTANCES}".encode(), rows=True)
        if reply.ok:
            self.possible = reply.results[0].get_value(0, 0) == b"f"

    def allows(self, wish: Nesting) -> bool:
        """Whether a file with this ``wish`` may run here; what it would leave behind is remembered."""
        if not self.possible:
            return False
        if self._planted and wish.writes:
            return False
        self._planted = self._planted or wish.plants
        if wish.writes and (self._planted or self._home.guarded()):
            return False
        return not wish.inserts or self._sequences.remember(wish.inserts)

    def run(self, migration: Migration, direction: Direction, *, writes: bool) -> SqlError | None:
        """Run a file and its bookkeeping; what a COMMIT would still check is checked at once if it ``writes``."""
        self._add(migration, direction)
        runner = self._home.runner
        error = runner.file(migration, direction) or runner.bookkeeping(migration, direction)
        if error is None and writes:
            error = runner.plain(b"SET CONSTRAINTS ALL IMMEDIATE")
        return error

    def _add(self, migration: Migration, direction: Direction) -> None:
        local = locality((migration.sql(direction) or b"").decode())
        if self._local is None or local is None:
            self._local = None
        else:
            self._local |= local

    def snapshot(self) -> Schema:
        """Read the schema as the files left it so far."""
        home = self._home
        if self._local is None:
            return home.look(None)
        reply = home.session.batch(WATCH.encode(), rows=True)
        return home.look(changed(self._local, locked(reply.results[0])) if reply.ok else None)

    def end(self) -> None:
        """Roll back, if it was opened."""
        if self._open:
            self._open = False
            self._home.session.batch(b"ROLLBACK")
            self._sequences.restore()
