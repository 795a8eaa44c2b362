"""Run one of a migration's files exactly as Diesel 2.3 does on PostgreSQL."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE, SqlError
from glowplug.database.postgres.answers import Kept
from glowplug.database.postgres.failure import QUERY_CANCELED, Batch, at_bookkeeping, explain
from glowplug.database.postgres.quoting import literal
from glowplug.database.postgres.session import TransactionStatus
from glowplug.database.postgres.trace_look import MARK
from glowplug.dialect import Direction
from glowplug.sql import postgres as sql

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.session import Reply, Session
    from glowplug.project import Migration

_INSERT = f'INSERT INTO "{BOOKKEEPING_TABLE}" ("version") VALUES ($1)'.encode()
_DELETE = f'DELETE FROM "{BOOKKEEPING_TABLE}" WHERE ("{BOOKKEEPING_TABLE}"."version" = $1)'.encode()
_CONNECTION_FAILURE = "08006"

COPY_WITH_THE_CLIENT = SqlError(
    code=None,
    message="COPY from STDIN or to STDOUT: once it has run another migration, Diesel never returns from this one",
    hint="Write the rows as an INSERT.",
)
"""Seen with diesel 2.3.14: as the first migration of a process it ends, as a later one it takes a core for ever."""


class Runner:
    """Runs files in one session; ``superuser`` says whether its role is one."""

    def __init__(self, session: Session, *, superuser: bool) -> None:
        """Work in ``session``."""
        self.session = session
        self._superuser = superuser
        self.answers: list[PGresult] = []
        self.forgot = self._deleted = False
        self.completed = 0

    def run(
        self, migration: Migration, direction: Direction, *, file: Callable[[], SqlError | None] | None = None
    ) -> SqlError | None:
        """Run a file and its bookkeeping as Diesel does, message by message; None where it would report success.

        ``file`` sends the file, where that is not to be done by the method of that name.
        """
        self.forgot = False
        send = file or (lambda: self.file(migration, direction))
        if migration.run_in_transaction:
            return self._in_transaction(migration, direction, send)
        error = send()
        if error is None:
            error = self.bookkeeping(migration, direction)
            self.forgot = self._deleted
        if error is not None:
            self._roll_back()
        return error

    def run_whole(
        self,
        migration: Migration,
        direction: Direction,
        *,
        opening: tuple[bytes, ...] = (b"BEGIN",),
        closing: tuple[bytes, ...] = (b"COMMIT",),
        rows: bool = False,
        silent: bool = False,
        meanwhile: Callable[[], object] | None = None,
    ) -> SqlError | None:
        """Run a file and its bookkeeping as one message with the statements that open and close their transaction.

        For a file that is known to parse and to hold nothing about transactions or COPY: then nothing but the number
        of messages differs from ``run``. ``rows``: where all succeeded, ``answers`` has what came back from the queries
        of ``opening`` and ``closing`` and from looks, unless that was too much; ``silent``: the file itself gives no
        rows, so that none need be told apart as they come. ``forgot`` is then whether the
        bookkeeping deleted one row, ``completed`` how many statements ended well. ``meanwhile`` as for
        ``Session.batch``.
        """
        content = migration.sql(direction) or b""
        prefix = b"".join(statement + b";\n" for statement in opening)
        message = b";".join([prefix + content + b"\n", _bookkeeping(migration, direction), *closing])
        kept = rows and (silent or Kept(first=_queries(opening), last=_queries(closing), mark=MARK))
        reply = self.session.batch(message, rows=kept, timed=True, meanwhile=meanwhile)
        self.forgot, self.completed = reply.ok and reply.commands[-2:] == [b"DELETE 1", b"COMMIT"], reply.completed
        self.answers = reply.results if rows and reply.ok and not reply.cut else []
        batch = Batch(content=content, prefix=prefix, before=len(opening), completed=reply.completed)
        error = self.verdict(reply, batch)
        if error is not None:
            self._roll_back()
        return error

    def run_together(self, migrations: Sequence[Migration], direction: Direction) -> Reply:
        """Run these files and their bookkeeping as one message, each in a transaction; for such as ``run_whole`` runs.

        As many ran as there are COMMITs among the answer's commands; the first that fails is undone.
        """
        parts = []
        for migration in migrations:
            content = migration.sql(direction) or b""
            parts += [b"BEGIN;\n" + content + b"\n", _bookkeeping(migration, direction), b"COMMIT"]
        reply = self.session.batch(b";".join(parts), timed=True)
        if not reply.ok:
            self._roll_back()
        return reply

    def run_both(
        self,
        migration: Migration,
        *,
        opening: tuple[bytes, ...],
        between: tuple[bytes, ...],
        closing: tuple[bytes, ...],
        bookkeeping: bool,
        silent: bool,
        meanwhile: Callable[[], object] | None = None,
    ) -> bool:
        """Run the down and the up again as one message, with what else is to be done around them.

        For files as ``run_whole`` runs. Whether all of it succeeded, to the statements of ``closing``, which end the
        transaction, and could be kept; if so, ``answers`` has what came back from the queries around the files.
        Without ``bookkeeping`` no version is forgotten and recorded again: for files that can't be in its way.
        ``silent`` as for ``run_whole``, ``meanwhile`` as for ``Session.batch``.
        """
        forget, record = (
            [_bookkeeping(migration, direction)] * bookkeeping for direction in (Direction.DOWN, Direction.UP)
        )
        parts = [b"".join(statement + b";\n" for statement in opening) + (migration.down or b"") + b"\n"]
        parts += [*forget, *between, b"\n" + (migration.up or b"") + b"\n", *record, *closing]
        kept = silent or Kept(first=_queries(opening), last=_queries(between) + _queries(closing))
        reply = self.session.batch(b";".join(parts), rows=kept, timed=True, meanwhile=meanwhile)
        self.answers = reply.results if reply.ok and not reply.cut else []
        if not reply.ok:
            self._roll_back()
        return bool(self.answers)

    def _in_transaction(
        self, migration: Migration, direction: Direction, send: Callable[[], SqlError | None]
    ) -> SqlError | None:
        error = self.plain(b"BEGIN")
        if error is not None:
            return error
        error = send()
        # Diesel looks at the server's word after each command: an idle session has no transaction to commit.
        ended = self._idle()
        if error is None:
            error = self.bookkeeping(migration, direction)
        if error is not None:
            self._roll_back()
            return error
        if ended:
            return _ended_by_the_file(migration, direction)
        return self.verdict(self.session.batch(b"COMMIT", timed=True), None)

    def _idle(self) -> bool:
        return self.session.transaction_status is TransactionStatus.IDLE

    def _roll_back(self) -> None:
        if not self._idle():
            self.session.batch(b"ROLLBACK")

    def file(self, migration: Migration, direction: Direction) -> SqlError | None:
        """Send the file as one batch; what Diesel refuses to send is an error too."""
        content = migration.sql(direction) or b""
        error = refused(migration, direction)
        if error is not None:
            return error
        reply = self.session.batch(content, timed=True)
        if reply.copied and reply.lost is None:
            return COPY_WITH_THE_CLIENT
        return self.verdict(reply, Batch(content=content, completed=reply.completed))

    def bookkeeping(self, migration: Migration, direction: Direction) -> SqlError | None:
        """Record the version after an up, forget it after a down, in Diesel's own words."""
        statement = _INSERT if direction is Direction.UP else _DELETE
        version = migration.version.encode("utf-8", "surrogateescape")
        reply = self.session.execute(statement, [version], timed=True)
        self._deleted = reply.ok and reply.commands == [b"DELETE 1"]
        error = self.verdict(reply, None)
        return None if error is None else at_bookkeeping(error)

    def plain(self, statement: bytes) -> SqlError | None:
        """Run one statement of glowplug's own."""
        return self.verdict(self.session.batch(statement), None)

    def verdict(self, reply: Reply, batch: Batch | None) -> SqlError | None:
        """Say why a message failed, in the words of its ``batch`` if it was a file; None where it did not."""
        if reply.failure is not None:
            error = explain(reply.failure, batch=batch, superuser=self._superuser)
        elif reply.lost is not None:
            error = SqlError(code=_CONNECTION_FAILURE, message=f"the connection was lost: {reply.lost.strip()}")
        elif reply.empty:
            error = SqlError(code=None, message="nothing but comments and white space: PostgreSQL has no query to run")
        elif reply.timed_out:
            error = SqlError(code=QUERY_CANCELED, message="")
        else:
            return None
        if not reply.timed_out:
            return error
        message = f"did not end within {reply.seconds:g} s"
        return replace(error, code=QUERY_CANCELED, message=message, detail=None, hint=None, timed_out=True)


@functools.lru_cache(maxsize=1024)
def _queries(statements: tuple[bytes, ...]) -> int:
    """Count the answers with rows to statements of glowplug's own, each with one query at most."""
    return sum(b"EXECUTE " in statement or b"SELECT " in statement for statement in statements)


def _bookkeeping(migration: Migration, direction: Direction) -> bytes:
    statement = _INSERT if direction is Direction.UP else _DELETE
    return statement.replace(b"$1", literal(migration.version).encode("utf-8", "surrogateescape"))


def refused(migration: Migration, direction: Direction) -> SqlError | None:
    """Say why Diesel would not even send this file; None if it would."""
    content = migration.sql(direction)
    if content is None:
        return SqlError(code=None, message=f"there is no {direction.file_name}")
    if not content:
        return SqlError(code=None, message=f"{direction.file_name} is empty (0 bytes): Diesel refuses it")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return SqlError(code=None, message=f"{direction.file_name} is not valid UTF-8", line=line)
    if "\0" not in text:
        return None
    place = sql.position(text, text.index("\0"))
    return SqlError(code=None, message="there is a NUL character", line=place.line, column=place.column)


def _ended_by_the_file(migration: Migration, direction: Direction) -> SqlError:
    text = (migration.sql(direction) or b"").decode()
    offset = sql.first_transaction_end(text)
    place = None if offset is None else sql.position(text, offset)
    return SqlError(
        code=None,
        message="the file ends the transaction that Diesel opened: the bookkeeping was written, yet Diesel reports "
        "a failure",
        hint="Remove COMMIT or ROLLBACK; a metadata.toml with run_in_transaction = false makes Diesel open none.",
        line=None if place is None else place.line,
        column=None if place is None else place.column,
    )
