"""Run one of a migration's files exactly as Diesel 2.3 does on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE, SqlError
from glowplug.database.postgres.change import WATCH, locked
from glowplug.database.postgres.failure import QUERY_CANCELED, explain
from glowplug.database.postgres.session import TransactionStatus
from glowplug.dialect import Direction
from glowplug.sql import postgres as sql

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.session import Reply, Session
    from glowplug.project import Migration

_INSERT = f'INSERT INTO "{BOOKKEEPING_TABLE}" ("version") VALUES ($1)'.encode()
_DELETE = f'DELETE FROM "{BOOKKEEPING_TABLE}" WHERE ("{BOOKKEEPING_TABLE}"."version" = $1)'.encode()
_CONNECTION_FAILURE = "08006"
_ABORTED = "25P02"

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
        self._dropped: PGresult | None = None
        self._watch = False
        self.locked: frozenset[str] | None = None

    def run(self, migration: Migration, direction: Direction, *, watch: bool = False) -> SqlError | None:
        """Run a file and its bookkeeping as Diesel does; None where Diesel would report success.

        ``watch``: see what the transaction has locked, just before it is committed; afterwards it is ``locked``.
        """
        self._dropped = None
        self.locked = None
        self._watch = watch
        if migration.run_in_transaction:
            return self._in_transaction(migration, direction)
        error = self.file(migration, direction) or self.bookkeeping(migration, direction)
        if error is not None and self.session.transaction_status is not TransactionStatus.IDLE:
            self.session.batch(b"ROLLBACK")
        return error

    def _in_transaction(self, migration: Migration, direction: Direction) -> SqlError | None:
        error = self.plain(b"BEGIN")
        if error is not None:
            return error
        error = self.file(migration, direction)
        # Diesel looks at the server's word after each command: an idle session has no transaction to commit.
        ended = self._idle()
        if error is None:
            error = self.bookkeeping(migration, direction)
        if error is not None:
            if not self._idle():
                self.session.batch(b"ROLLBACK")
            return error
        if ended:
            return _ended_by_the_file(migration, direction)
        return self._commit()

    def _commit(self) -> SqlError | None:
        if not self._watch:
            return self.plain(b"COMMIT")
        reply = self.session.batch(f"{WATCH}; COMMIT".encode(), rows=True)
        if reply.ok:
            self.locked = locked(reply.results[0])
        return self._verdict(reply, None)

    def _idle(self) -> bool:
        return self.session.transaction_status is TransactionStatus.IDLE

    def file(self, migration: Migration, direction: Direction) -> SqlError | None:
        """Send the file as one batch; what Diesel refuses to send is an error too."""
        content = migration.sql(direction) or b""
        error = refused(migration, direction)
        if error is not None:
            return error
        reply = self.session.batch(content)
        return COPY_WITH_THE_CLIENT if reply.copied and reply.lost is None else self._verdict(reply, content)

    def bookkeeping(self, migration: Migration, direction: Direction) -> SqlError | None:
        """Record the version after an up, forget it after a down, in Diesel's own words."""
        statement = _INSERT if direction is Direction.UP else _DELETE
        version = migration.version.encode("utf-8", "surrogateescape")
        error = self._verdict(self.session.execute(statement, [version]), None)
        if error is None:
            return None
        if error.code == _ABORTED and self._dropped is not None:
            # The file's own failure, which libpq dropped after a COPY with the client: the cause of this one.
            return explain(self._dropped, superuser=self._superuser)
        return replace(error, message=f"{error.message} (at Diesel's bookkeeping, after the file had run)")

    def plain(self, statement: bytes) -> SqlError | None:
        """Run one statement that comes from no file."""
        return self._verdict(self.session.batch(statement), None)

    def _verdict(self, reply: Reply, content: bytes | None) -> SqlError | None:
        if reply.hidden is not None:
            self._dropped = reply.hidden
        if reply.failure is not None:
            error = explain(reply.failure, content=content, completed=reply.completed, superuser=self._superuser)
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
        message = f"did not end within {self.session.statement_timeout:g} s"
        return replace(error, code=QUERY_CANCELED, message=message, detail=None, hint=None, timed_out=True)


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
