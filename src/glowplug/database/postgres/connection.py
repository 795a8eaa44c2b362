"""The migrations' session on PostgreSQL: run a file as Diesel does, see the schema, read the bookkeeping table."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from glowplug.database.interface import CREATE_BOOKKEEPING_TABLE, Connection, Run
from glowplug.database.postgres.batch import Runner, refused
from glowplug.database.postgres.bookkeeping import Bookkeeping, moves_bookkeeping
from glowplug.database.postgres.broken import Checked, check, unasked
from glowplug.database.postgres.change import Change, changed, of_index
from glowplug.database.postgres.code import UsersCode
from glowplug.database.postgres.entry import Entrance, may_shut_out
from glowplug.database.postgres.local import local_changes, statement_kinds
from glowplug.database.postgres.lone_table import lone_tables
from glowplug.database.postgres.rows import PostgresRows
from glowplug.database.postgres.session import Session, TransactionStatus
from glowplug.database.postgres.several import all_forgotten, ran, together
from glowplug.database.postgres.snapshot import SnapshotReader
from glowplug.database.postgres.state import own_settings, read_state
from glowplug.database.postgres.there_and_back import FirstUp
from glowplug.database.postgres.trace import glimpse, observe
from glowplug.database.postgres.watch import Watch, written
from glowplug.database.postgres.watched import run_watched
from glowplug.dialect import Direction
from glowplug.errors import ConfigurationError, EnvironmentFailure, LostConnection
from glowplug.sql.postgres_concurrent import lone_index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from psycopg.pq.abc import PGresult

    from glowplug.database.broken import Asked
    from glowplug.database.postgres.access import Access
    from glowplug.database.postgres.circumstances import Circumstances
    from glowplug.database.postgres.forecast import Forecast
    from glowplug.database.postgres.questions import Answer, Wanted, Watching
    from glowplug.database.postgres.state import SessionState
    from glowplug.database.rows import Contents
    from glowplug.database.trace import Trace
    from glowplug.project import Migration
    from glowplug.schema import Schema
    from glowplug.sql.postgres_concurrent import LoneIndex
    from glowplug.sql.postgres_locality import Locality

DIESEL_SETUP = ("SET TIME ZONE 'UTC'", "SET CLIENT_ENCODING TO 'UTF8'")
"""What Diesel sets on each PostgreSQL connection, and all that it sets."""

_WATCHED_UNSEEN = 2
"""After as many files nobody looks at what each did: to read all once is cheaper than to watch every one."""


class PostgresConnection(Connection):
    """One session of the migrations' role.

    When a migration ends its own connection, that is its Run's error, and the next call makes a new session with
    the same setup: what the lost one had set is gone, as it would be for Diesel.
    """

    def __init__(
        self, access: Access, *, bookkeeping: bool = True, copied: bool = False, resumed: bool = False
    ) -> None:
        """Connect, set the session up, and create the bookkeeping table as Diesel does, unless told not to.

        ``copied``: its database is a copy of another, and ``adopt`` will tell what is known of that.
        ``resumed``: migrations have run there that this connection has not seen.

        Raises:
            LostConnection: the server can't be reached.
            ConfigurationError: a statement of session_setup fails.
        """
        self.access = access
        self._own_settings: set[str] = set()
        self._change: Change | None = None
        self._unseen = 0
        self._answer: Answer | None = None
        self._kinds: frozenset[str] | None = None
        self._wrote: Mapping[int, int] | None = None
        self._last: Migration | None = None
        self._schema: Schema | None = None
        self._checked: Checked | None = None
        self._first_up: FirstUp | None = None
        self._coming: Mapping[str, Migration] = {}
        self._rows_read: dict[str, tuple[bytes, Contents]] = {}
        self.bookkeeping = Bookkeeping(moved=resumed)
        self._entrance = Entrance(access, DIESEL_SETUP)
        self._code = UsersCode()
        self._open(copied=copied)
        if bookkeeping:
            self.require(CREATE_BOOKKEEPING_TABLE)

    def run(self, migration: Migration, direction: Direction) -> Run:
        """Run one file as Diesel would."""
        self._reopen()
        lone = self._lone_index(migration, direction)
        if lone is not None:
            tables = [None] if self._change is None else lone_tables(self.session, lone)
            return self.run_lone(migration, direction, lone, tables[0])
        local = self._locality(migration, direction)
        self._begin(migration, direction, local)
        text = (migration.sql(direction) or b"").decode(errors="replace")
        kinds = None if local is None else statement_kinds(text)
        watching = None if kinds is None or self._change is None else self.watching(self.forecast.of(kinds, text))
        started = time.perf_counter()
        if local is None:
            error = self.runner.run(migration, direction)
        elif watching is not None:
            error = run_watched(self.runner, migration, direction, watching, local)
        else:
            error = self.runner.run_whole(migration, direction)
        seconds = time.perf_counter() - started
        plain = local is not None and (not local.writes or self._code.is_tame)
        if direction is Direction.DOWN and plain and self.runner.forgot:
            self._forgot(migration)
        watch = self._take_answers(local, watching if error is None else None, kinds)
        if error is None and not (plain and watch is None) and may_shut_out(local, watch):
            error = self._entrance.shut_by(self.session)
        return Run(error=error, seconds=seconds)

    def run_lone(self, migration: Migration, direction: Direction, lone: LoneIndex, table: str | None) -> Run:
        """Run a file of one index as ``run`` does; ``table`` is its table's oid, None where that is not known."""
        self._begin(migration, direction, lone.local)
        started = time.perf_counter()
        run = Run(error=self.runner.run(migration, direction), seconds=time.perf_counter() - started)
        if direction is Direction.DOWN and self.runner.forgot:
            self._forgot(migration)
        self._remember(lone.local, None if run.error is not None or table is None else of_index(table))
        return run

    def _begin(self, migration: Migration, direction: Direction, local: Locality | None) -> None:
        """A file runs: what was read before it is told by what it changes, or not at all."""
        self._unseen, self._answer, self._kinds, self._wrote = self._unseen + 1, None, None, None
        self._last = migration if direction is Direction.UP else None
        self._change = None if self._unseen > _WATCHED_UNSEEN else self._change
        content = migration.sql(direction) or b""
        self._own_settings |= own_settings(content)
        self.bookkeeping.runs(content)
        self._code.runs(local, content.decode(errors="replace"))

    def ran_before(self, migrations: Sequence[Migration]) -> None:
        """Learn which files ran here before: none of them may have moved the bookkeeping."""
        self.bookkeeping.moved = any(moves_bookkeeping(migration.up or b"") for migration in migrations)

    def will_run(self, migrations: Sequence[Migration]) -> None:
        """Learn which ups probably run, in this order."""
        self._coming = dict(zip((one.version for one in migrations), migrations[1:], strict=False))

    def next_after(self, migration: Migration) -> Migration | None:
        """Give the one that probably comes next."""
        return self._coming.get(migration.version)

    def run_several(self, migrations: Sequence[Migration], direction: Direction) -> list[Run]:
        """Run the first, or the first few as one message, where they can't tell the difference."""
        self._reopen()
        files = [] if self.bookkeeping.moved else together(migrations, direction, self._is_plain)
        count = self._run_together(files, direction) if len(files) > 1 else 0
        return [Run(error=None, seconds=0.0)] * count if count else [self.run(migrations[0], direction)]

    def _run_together(self, migrations: Sequence[Migration], direction: Direction) -> int:
        """Run these files as one message; how many of the first ran."""
        self.bookkeeping.runs(b"")
        self._unseen, self._answer, self._kinds, self._wrote = self._unseen + len(migrations), None, None, None
        self._last = self._change = None
        for each in migrations:
            self._code.runs(self._locality(each, direction), (each.sql(direction) or b"").decode())
        reply = self.runner.run_together(migrations, direction)
        if reply.lost is not None:
            return ran(migrations, direction, self.recorded())
        if direction is Direction.DOWN and all_forgotten(migrations, reply):
            self._forgot(*migrations)
        return reply.commands.count(b"COMMIT")

    def _forgot(self, *migrations: Migration) -> None:
        """Believe the server that it deleted these versions, where nothing of the user's answers to that."""
        if not self.circumstances.forbidding or self._code.leaves_bookkeeping:
            self.bookkeeping.forgot({migration.version for migration in migrations})

    def observe(self, migration: Migration, direction: Direction) -> Trace:
        """Run one file as ``run`` does, and see what each statement does."""
        self._reopen()
        local = self._locality(migration, direction)
        self._begin(migration, direction, local)
        self._last = self._change = None
        unlimited = partial(Session, self.access.conninfo)
        trace = observe(self.runner, migration, direction, at_once=local is not None, another_session=unlimited)
        shut_out = self._entrance.shut_by(self.session) if local is None and trace.error is None else None
        return trace if shut_out is None else structs.replace(trace, error=shut_out)

    def glimpse(self, migration: Migration, direction: Direction) -> AbstractContextManager[Trace | None]:
        """Run one file that writes no rows in a transaction that is rolled back at the end."""
        self._reopen()
        return glimpse(self.runner, migration, direction, at_once=self._locality(migration, direction) is not None)

    def _take_answers(
        self, local: Locality | None, watching: Watching | None, kinds: frozenset[str] | None
    ) -> Watch | None:
        answers = self.runner.answers if watching is not None else []
        if watching is None or not answers:
            self._remember(local, None)
            return None
        after, answer = watching.answers(answers)
        watch = self._reader.watched(answers[0], after)
        self._remember(local, watch)
        if self._unseen == 1:  # else it tells of the last file's relations alone
            self._answer, self._kinds, self._wrote = answer, kinds, written(answers[0], after)
        return watch

    def snapshot(self) -> Schema:
        """Read the whole schema, as it is inside whatever transaction is open."""
        self._reopen()
        schema = self._reader.read(self._change, self._answer, kinds=self._kinds)
        if self._unseen:
            self._first_up = None
            if self._wrote is not None and self._last is not None and self._schema is not None:
                like = (self._kinds, self._reader.rewritten(self._wrote))
                self._first_up = FirstUp(self._last, self._schema, schema, self._wrote, like)
        self._schema = schema
        self._unseen, self._answer, self._kinds, self._wrote = 0, None, None, None
        idle = self.session.transaction_status is TransactionStatus.IDLE
        self._change = Change() if idle else None
        return schema

    def broken(self) -> Asked:
        """Check the functions in SQL that were read last, in a session that no file has set anything in."""
        if self._schema is None or self.session.transaction_status is not TransactionStatus.IDLE:
            return unasked(self._schema)
        self._checked = check(self._schema, self._reader.routines, self.access, DIESEL_SETUP, self._checked)
        return self._checked.asked

    def watching(self, wanted: Wanted) -> Watching | None:
        """Give the queries that a transaction is watched with, and that read what is ``wanted``; None: none."""
        return self._reader.watching(wanted)

    @property
    def forecast(self) -> Forecast:
        """What is expected of the files that come next."""
        return self._reader.forecast

    def watched(self, before: PGresult, after: PGresult) -> Watch | None:
        """Compare their answers; None where the server did not count."""
        return self._reader.watched(before, after)

    def first_up(self, migration: Migration) -> FirstUp | None:
        """Give what is known of its up, where that ran last, by itself between two snapshots, and was watched."""
        known = self._first_up
        return known if known is not None and known.migration is migration and self._change == Change() else None

    def look_back(self, change: Change, answer: Answer) -> Schema | Wanted | None:
        """Give the schema of a transaction that is no more, from what was read in it.

        Where that does not tell all: what would have had to be read; None: nothing tells it.
        """
        return self._reader.look_back(change, answer) if self._change == Change() else None

    def look(self, local: Locality | None, watch: Watch | None, answer: Answer | None) -> Schema:
        """Read the schema inside a transaction that will be rolled back.

        ``local`` is what is known of its files, ``watch`` what it did, ``answer`` what was read there already.
        """
        if local is None or watch is None or self._change != Change():
            return self._reader.look(None)
        return self._reader.look(changed(local, watch), answer)

    @property
    def nestable(self) -> bool:
        """Whether this database lets files be nested, as far as is known: what is not known is read."""
        if self._change != Change():
            self.snapshot()
        return self._reader.nestable

    def moves_entry(self, migration: Migration, direction: Direction) -> bool:
        """Whether a file that ran in the open transaction changes who gets in, which nobody can try before its end."""
        local = local_changes((migration.sql(direction) or b"").decode(errors="replace"))
        return local is None and self._entrance.is_moved_in(self.session)

    def adopt(self, home: PostgresConnection) -> None:
        """Know what ``home`` knows: this database was copied from that one just now."""
        self._own_settings |= home._own_settings
        self.bookkeeping.moved |= home.bookkeeping.moved
        self._entrance.adopt(home._entrance)
        if home._change is not None:
            self._reader.adopt(home._reader)
            self._change = home._change

    @property
    def circumstances(self) -> Circumstances:
        """What was read last of what code of the user's may do, and of what a transaction leaves behind."""
        return self._reader.circumstances

    def guarded(self, *, anew: bool) -> bool:
        """Whether code of the user's answers to changed rows with more than a change of those.

        Asked in a ``nestable`` state, or in a transaction from there, ``anew`` if that may have changed.
        """
        return self._reader.guarded(anew=anew)

    def _locality(self, migration: Migration, direction: Direction) -> Locality | None:
        """What is known of a file beforehand; None where its locks do not tell what it changed."""
        if not migration.run_in_transaction or self.access.superuser or refused(migration, direction) is not None:
            return None
        if self.session.transaction_status is not TransactionStatus.IDLE:
            return None
        return local_changes((migration.sql(direction) or b"").decode())

    def _is_plain(self, migration: Migration, direction: Direction) -> bool:
        """Whether a file changes what it says, and no row, by which code of the user's could do more."""
        return self._code.lets_be(self._locality(migration, direction), self._reader.read_circumstances)

    def _lone_index(self, migration: Migration, direction: Direction) -> LoneIndex | None:
        """What is known of a file outside of a transaction whose change a single name tells, and nothing else."""
        idle = self.session.transaction_status is TransactionStatus.IDLE
        if migration.run_in_transaction or self.access.superuser or refused(migration, direction) is not None:
            return None
        lone, seen = lone_index((migration.sql(direction) or b"").decode()), self._change is not None
        return lone if lone and idle and (seen or self._code.is_tame or not lone.local.evaluates) else None

    def _remember(self, local: Locality | None, watch: Watch | None) -> None:
        if self._change is None or local is None or watch is None:
            self._change = None
        else:
            self._change |= changed(local, watch)

    def recorded(self) -> tuple[str, ...]:
        """Read the recorded versions, the highest first by the database's collation, as Diesel reverts them."""
        self._reopen()
        return self.bookkeeping.read(self.session)

    @property
    def rows(self) -> PostgresRows:
        """What can be done with rows in this session."""
        return PostgresRows(
            session=self._alive, wrote=self.forget, read_before=self._rows_read, superuser=self.access.superuser
        )

    def _alive(self) -> Session:
        self._reopen()
        return self.session

    def forget(self) -> None:
        """Know nothing any more: a trigger may have done anything to the schema, and somebody to the bookkeeping."""
        self._change = self._answer = self._kinds = None
        self.bookkeeping.forget()
        self._code.forget()

    def state(self) -> SessionState:
        """Read what the session has set; errors as for ``snapshot``."""
        self._reopen()
        return read_state(self.session, self._own_settings)

    def require(self, statement: str) -> None:
        """Run a statement of glowplug's own that has to work.

        Raises:
            EnvironmentFailure: it does not.
        """
        error = self.runner.plain(statement.encode())
        if error is not None:
            raise EnvironmentFailure(f"{statement[:60]}…: {error.message}")

    def close(self) -> None:
        """End the session, so that its database can be dropped at once; never raises."""
        self.session.leave()

    def _open(self, *, copied: bool = False) -> None:
        access = self.access
        try:
            self.session = access.connect()
        except LostConnection:
            access.admit_again()  # a password may be another, which no one but a superuser sees
            self.session = access.connect()
        self.runner = Runner(self.session, superuser=access.superuser)
        self._reader = SnapshotReader(self.session)
        self._change = None
        try:
            for statement in DIESEL_SETUP:
                self.require(statement)
            for index, statement in enumerate(access.session_setup):
                self._set_up(statement, index)
            self._entrance.see(None if copied else self.session)
        except BaseException:
            self.session.close()
            raise

    def _set_up(self, statement: str, index: int) -> None:
        if (error := self.runner.plain(statement.encode())) is not None:
            message, advice = f"session_setup fails: {error.message}", f"The statement is: {statement}"
            raise ConfigurationError(message, advice=advice, setting=("session_setup", index))

    def _reopen(self) -> None:
        """Make a new session where a migration ended the last one; Diesel too would find its table or create it."""
        if not self.session.alive:
            self.session.close()
            self._open()
            self.runner.plain(CREATE_BOOKKEEPING_TABLE.encode())
