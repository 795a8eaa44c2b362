"""There and back: what a down and a second up do, as if they had never run.

Three ways. *Nested*: in one transaction on the migrations' own session, rolled back at the end; milliseconds, but only
for files that are known to do the same there as in a transaction of their own (``sql.postgres_nesting``). *In place*:
for one index made or dropped CONCURRENTLY, which its way there and back leaves as it was (``in_place``). *In a copy*:
on a database made from this one as template, dropped at the end; for every other file, and whenever anything fails
otherwise: then what the excursion did is done again in the copy, and only that counts.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from glowplug.database.interface import Connection, Run, SqlError
from glowplug.database.postgres import Nested, refused
from glowplug.database.postgres.session import TransactionStatus
from glowplug.database.trace import Trace
from glowplug.dialect import Dialect, Direction
from glowplug.errors import CannotBranch
from glowplug.scratch.postgres.copy import DatabaseCopy
from glowplug.scratch.postgres.in_place import InPlace
from glowplug.sql.blank import is_blank
from glowplug.sql.postgres_nesting import nesting

if TYPE_CHECKING:
    from glowplug.database.postgres import Administrator, PostgresConnection, SessionState
    from glowplug.database.rows import Rows
    from glowplug.project import Migration
    from glowplug.schema import Schema

_OPEN_TRANSACTION = SqlError(
    code=None,
    message="can't be tried: the up before it left a transaction open, so that nothing of it, and no version, is kept "
    "when Diesel's connection ends",
    hint="End the transaction that the up.sql begins, or remove its BEGIN.",
)


class Excursion(Connection):
    """The connection that an excursion lends.

    Where an up left its transaction open there is no state to start from: every run is an error that says so.
    """

    def __init__(self, home: PostgresConnection, administrator: Administrator, *, nest: bool = True) -> None:
        """Start from the state of ``home``, which must not be used before ``close``; ``nest=False``: always copy."""
        self._home = home
        self._administrator = administrator
        self._nest = nest
        self._done: list[tuple[Migration, Direction]] = []
        self._nested: Nested | None = None
        self._ahead: list[Schema] = []
        self._in_place: InPlace | None = None
        self._copy: DatabaseCopy | None = None

    def run(self, migration: Migration, direction: Direction) -> Run:
        """Run one file as Diesel would."""
        refusal = refused(migration, direction)
        if refusal is not None:
            return Run(error=refusal, seconds=0.0)
        if self._copy is None:
            run = self._run_here(migration, direction) if self._nest else None
            if run is not None:
                self._done.append((migration, direction))
                return run
            if not self._go_to_copy():
                return Run(error=_OPEN_TRANSACTION, seconds=0.0)
        return self._connection.run(migration, direction)

    def observe(self, migration: Migration, direction: Direction) -> Trace:
        """Run one file in the copy, and see what each statement does."""
        refusal = refused(migration, direction)
        if refusal is None and not self._go_to_copy():
            refusal = _OPEN_TRANSACTION
        if refusal is not None:
            return Trace(statements=(), error=refusal, seconds=0.0)
        return self._connection.observe(migration, direction)

    @property
    def rows(self) -> Rows:
        """What can be done with rows in the copy.

        Raises:
            CannotBranch: an up left its transaction open.
        """
        if not self._go_to_copy():
            raise CannotBranch(_OPEN_TRANSACTION.message)
        return self._connection.rows

    def snapshot(self) -> Schema:
        """Read the whole schema."""
        if self._copy is None and self._ahead:
            return self._ahead[0]
        if self._copy is None and self._nested is not None:
            return self._nested.snapshot()
        return self._connection.snapshot()

    def recorded(self) -> tuple[str, ...]:
        """Give the recorded versions, the highest first."""
        recorded = self._connection.recorded()
        if self._copy is None and self._ahead and self._done[-1][1] is Direction.DOWN:
            return tuple(version for version in recorded if version != self._done[-1][0].version)
        return recorded

    @property
    def in_copy(self) -> bool:
        """Whether it had to go to a copy."""
        return self._copy is not None

    @property
    def _connection(self) -> PostgresConnection:
        return self._home if self._copy is None else self._copy.connection

    def close(self) -> None:
        """Undo everything; never raises."""
        if self._nested is not None:
            self._nested.end()
            self._nested = None
        self._leave_place()
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def _run_here(self, migration: Migration, direction: Direction) -> Run | None:
        """Run a file in this database; None where that is not allowed, or failed: nothing is known then."""
        if not self._done and is_blank(migration.sql(direction) or b"", Dialect.POSTGRES):
            return self._run_blank(migration, direction)
        if not self._done and direction is Direction.DOWN:
            self._in_place = InPlace.of(self._home, migration)
            self._ahead = self._run_both(migration)
            if self._ahead:
                return Run(error=None, seconds=0.0)
        elif self._ahead:
            self._ahead = self._ahead[1:]
            again = direction is Direction.UP and self._done == [(migration, Direction.DOWN)]
            return Run(error=None, seconds=0.0) if again else None
        if self._in_place is not None:
            return self._in_place.run(migration, direction)
        return self._run_nested(migration, direction)

    def _run_blank(self, migration: Migration, direction: Direction) -> Run | None:
        """Run a file that holds no statement, which is an error everywhere, and changes nothing."""
        if self._home.session.transaction_status is not TransactionStatus.IDLE:
            return None
        runner = self._home.runner
        error = runner.plain(b"BEGIN") or runner.file(migration, direction)
        runner.plain(b"ROLLBACK")
        return None if error is None else Run(error=error, seconds=0.0)

    def _run_both(self, migration: Migration) -> list[Schema]:
        """Run the down and the up again, as is wanted most often; the schemas after each, or none, and nothing done."""
        if not migration.run_in_transaction or refused(migration, Direction.UP) is not None:
            return []
        return list(Nested(self._home).run_both(migration) or ())

    def _run_nested(self, migration: Migration, direction: Direction) -> Run | None:
        """Run a file nested; None where that is not allowed, or failed: nothing is known then."""
        content = migration.sql(direction)
        if content is None or not migration.run_in_transaction:
            return None
        allowed = nesting(content.decode(errors="replace"))
        if allowed is None:
            return None
        if self._nested is None:
            self._nested = Nested(self._home)
            both = ((each or b"").decode(errors="replace") for each in (migration.down, migration.up))
            self._nested.foresee(*map(nesting, both))
        if not self._nested.allows(allowed):
            return None
        started = time.perf_counter()
        error = self._nested.run(migration, direction, writes=allowed.writes)
        if error is not None or self._home.moves_entry(migration, direction):
            return None
        return Run(error=None, seconds=time.perf_counter() - started)

    def _go_to_copy(self) -> bool:
        """Go on in a copy, where all is done again that was done so far; False: there is no state to start from."""
        if self._copy is None:
            state = self._leave_nested()
            if state.open_transaction:
                return False
            self._copy = DatabaseCopy(self._home, self._administrator, state)
            for done in self._done:
                self._copy.connection.run(*done)
        return True

    def _leave_nested(self) -> SessionState:
        if self._nested is not None:
            self._nested.end()
            self._nested = None
        self._leave_place()
        return self._home.state()

    def _leave_place(self) -> None:
        if self._in_place is not None:
            in_place, self._in_place = self._in_place, None
            in_place.leave()
