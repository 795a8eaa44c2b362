"""Run files inside one transaction that is rolled back at the end, on the migrations' own session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.postgres.session import TransactionStatus

if TYPE_CHECKING:
    from glowplug.database.interface import SqlError
    from glowplug.database.postgres.connection import PostgresConnection
    from glowplug.dialect import Direction
    from glowplug.project import Migration

_CIRCUMSTANCES = f"""
SELECT
  EXISTS (SELECT FROM pg_catalog.pg_event_trigger)
  OR EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgdeferrable AND NOT t.tgisinternal)
  OR EXISTS (SELECT FROM pg_catalog.pg_class c
    WHERE c.relname OPERATOR(pg_catalog.=) '{BOOKKEEPING_TABLE}'::pg_catalog.name
      AND (c.relhastriggers OR c.relhasrules OR c.relrowsecurity))
  OR pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.<>) 0::pg_catalog.oid,
  EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal)
  OR EXISTS (SELECT FROM pg_catalog.pg_rewrite r
    WHERE r.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
      AND r.rulename OPERATOR(pg_catalog.<>) '_RETURN'::pg_catalog.name)
"""
"""Whether anything here forbids nesting; whether code of the user's answers to changed rows. Nothing is resolved
by the session's search_path."""


class Nested:
    """An open transaction in which files run one after the other; ``end`` undoes them all.

    ``possible`` says whether this database lets files be nested at all, ``guarded`` whether triggers or rules of the
    user's answer to changed rows.
    """

    def __init__(self, home: PostgresConnection) -> None:
        """Open it on the session of ``home``, which must be idle."""
        self._home = home
        self.possible = False
        self.guarded = True
        self._open = False
        if home.session.transaction_status is not TransactionStatus.IDLE:
            return
        self._open = True
        reply = home.session.batch(f"BEGIN; {_CIRCUMSTANCES}".encode(), rows=True)
        if reply.ok:
            row = reply.results[0]
            self.possible = row.get_value(0, 0) == b"f"
            self.guarded = row.get_value(0, 1) == b"t"

    def run(self, migration: Migration, direction: Direction, *, writes: bool) -> SqlError | None:
        """Run a file and its bookkeeping; what a COMMIT would still check is checked at once if it ``writes``."""
        runner = self._home.runner
        error = runner.file(migration, direction) or runner.bookkeeping(migration, direction)
        if error is None and writes:
            error = runner.plain(b"SET CONSTRAINTS ALL IMMEDIATE")
        return error

    def end(self) -> None:
        """Roll back, if it was opened."""
        if self._open:
            self._open = False
            self._home.session.batch(b"ROLLBACK")
