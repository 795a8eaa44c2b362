"""A session on a scratch database in another process, as ``database.interface.Connection``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from glowplug.database.interface import Connection, Run, SqlError
from glowplug.database.sqlite import protocol
from glowplug.database.sqlite.snapshot import build
from glowplug.errors import ConfigurationError, EnvironmentFailure, LostConnection
from glowplug.scratch.sqlite.holder import HolderEnded

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.dialect import Direction
    from glowplug.project import Migration
    from glowplug.schema import Schema

Answer = TypeVar("Answer")


class RemoteConnection(Connection):
    """A connection by questions to the process that holds the database."""

    def __init__(
        self,
        ask: Callable[[protocol.Request], protocol.Reply],
        *,
        timeout: float,
        away: bool,
        close: Callable[[], None],
    ) -> None:
        """Ask by ``ask``; ``away`` for the copy; ``close`` lets go of it."""
        self._ask = ask
        self._timeout = timeout
        self._away = away
        self._close = close
        self._closed = False

    def run(self, migration: Migration, direction: Direction) -> Run:
        """Run one file as Diesel would."""
        started = time.monotonic()
        try:
            reply = self._request(protocol.RunFile(migration=migration, direction=direction, away=self._away))
        except HolderEnded as end:
            return Run(error=_as_error(end, self._timeout), seconds=time.monotonic() - started)
        return expect(reply, protocol.Ran).run

    def snapshot(self) -> Schema:
        """Read the schema."""
        seen = expect(self._look(protocol.Look(away=self._away)), protocol.Seen)
        return build(seen.catalogue)

    def recorded(self) -> tuple[str, ...]:
        """Read the bookkeeping table."""
        return expect(self._look(protocol.Recall(away=self._away)), protocol.Recorded).versions

    def close(self) -> None:
        """Let go of the session."""
        if not self._closed:
            self._closed = True
            self._close()

    def _look(self, request: protocol.Request) -> protocol.Reply:
        try:
            return self._request(request)
        except HolderEnded as end:
            raise LostConnection("SQLite ended while the database was read") from end

    def _request(self, request: protocol.Request) -> protocol.Reply:
        if self._closed:
            raise LostConnection("the session was closed")
        return self._ask(request)


def expect(reply: protocol.Reply, kind: type[Answer]) -> Answer:
    """Take the answer that was asked for, or raise what came instead."""
    if isinstance(reply, kind):
        return reply
    if isinstance(reply, protocol.Failed):
        refusal = ConfigurationError if reply.configuration else EnvironmentFailure
        raise refusal(reply.message, advice=reply.advice)
    raise EnvironmentFailure("the process that runs SQLite gave an answer to another question")


def _as_error(end: HolderEnded, timeout: float) -> SqlError:
    if end.timed_out:
        return SqlError(
            code="SQLITE_INTERRUPT",
            message=f"not done after {timeout:g} seconds, and a single call that SQLite does not interrupt: ended",
            timed_out=True,
        )
    how = "" if end.signal_number is None else f" (signal {end.signal_number})"
    return SqlError(
        code=None,
        message=f"the file ended the process that runs SQLite{how}: it took too much memory or time, or broke SQLite",
    )
