"""A session on a scratch database in another process, as ``database.interface.Connection``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from glowplug.database.interface import Connection, Run
from glowplug.database.sqlite import protocol
from glowplug.database.sqlite.snapshot import build
from glowplug.database.trace import Trace
from glowplug.errors import LostConnection
from glowplug.scratch.sqlite.answer import as_error, expect
from glowplug.scratch.sqlite.holder import HolderEnded
from glowplug.scratch.sqlite.rows import RemoteRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.database.broken import Asked
    from glowplug.dialect import Direction
    from glowplug.project import Migration
    from glowplug.schema import Schema


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
            return Run(error=as_error(end, self._timeout), seconds=time.monotonic() - started)
        return expect(reply, protocol.Ran).run

    def observe(self, migration: Migration, direction: Direction) -> Trace:
        """Run one file as ``run`` does, and see what each statement does."""
        started = time.monotonic()
        try:
            reply = self._request(protocol.ObserveFile(migration=migration, direction=direction, away=self._away))
        except HolderEnded as end:
            error = as_error(end, self._timeout)
            return Trace(
                statements=(), error=error, seconds=time.monotonic() - started, blind="the process that looked on ended"
            )
        return expect(reply, protocol.Observed).trace

    @property
    def rows(self) -> RemoteRows:
        """What can be done with rows in this session."""
        return RemoteRows(self._request, timeout=self._timeout, away=self._away)

    def snapshot(self) -> Schema:
        """Read the schema."""
        seen = expect(self._look(protocol.Look(away=self._away)), protocol.Seen)
        return build(seen.catalogue)

    def broken(self) -> Asked:
        """Compile every view and trigger; name those that can't be."""
        return expect(self._look(protocol.AskBroken(away=self._away)), protocol.Broken).asked

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
