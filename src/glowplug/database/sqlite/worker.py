"""The process that holds a SQLite session for another: it has no rights that a migration could use.

What SQLite does inside one function call can't be interrupted, so whoever waits ends this process instead; and limits
of the operating system hold whatever SQL does. Started by ``scratch.sqlite``, it reads requests from its standard
input until that ends.
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from glowplug.database.sqlite import protocol, sandbox
from glowplug.database.sqlite.session import Session
from glowplug.errors import ConfigurationError, GlowplugError

if TYPE_CHECKING:
    from glowplug.database.rows import Rows

_MEMORY_LIMIT = 4 * 1024**3
_SPARE_SECONDS = 10


class Confinement(msgspec.Struct, frozen=True, kw_only=True):
    """What this process lets go of before it runs any SQL: root, memory and files without bounds.

    ``user`` and ``group`` are whom to become, None to stay; ``file_size`` is the most bytes of any file;
    ``heap`` whether SQLite's memory is bounded.
    """

    user: int | None
    group: int | None
    file_size: int
    heap: bool


def main(argument: str) -> None:
    """Confine this process as ``argument`` says (a Confinement in JSON), then answer until the input ends."""
    import apsw  # noqa: PLC0415 - from the path that the starter chose

    confinement = msgspec.json.decode(argument, type=Confinement)
    apsw.initialize()
    if confinement.heap:
        apsw.hard_heap_limit(sandbox.HEAP_LIMIT)
    _confine(confinement)
    _Server(apsw.sqlite_lib_version()).serve()


def _confine(confinement: Confinement) -> None:
    limits = {
        resource.RLIMIT_FSIZE: confinement.file_size,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_AS: _MEMORY_LIMIT,
        resource.RLIMIT_NPROC: 0,
    }
    if confinement.user is not None and confinement.group is not None:
        os.setgroups([])
        os.setgid(confinement.group)
        os.setuid(confinement.user)
    for which, value in limits.items():
        _, hard = resource.getrlimit(which)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS knows some by name only
            resource.setrlimit(which, (bound, bound))


class _Server:
    def __init__(self, version: str) -> None:
        self._version = version
        self._home: Session | None = None
        self._away: Session | None = None
        self._parent = os.getppid()
        self._requests: protocol.Channel[protocol.Request] = protocol.Channel(protocol.Request)
        self._seconds = 60.0
        self._session_setup: tuple[str, ...] = ()

    def serve(self) -> None:
        """Answer until the input ends."""
        source, sink = sys.stdin.buffer, sys.stdout.buffer
        sink.write(self._requests.frame(protocol.Hello(version=self._version)))
        sink.flush()
        while (request := self._requests.receive(source.read)) is not None:
            self._allow_time()
            sink.write(self._requests.frame(self._answer(request)))
            sink.flush()

    def _allow_time(self) -> None:
        """Let the system end this process, should it work on for nobody."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        bound = math.ceil(usage.ru_utime + usage.ru_stime + self._seconds) + _SPARE_SECONDS
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        if hard == resource.RLIM_INFINITY or bound < hard:
            resource.setrlimit(resource.RLIMIT_CPU, (bound, hard))

    def _answer(self, request: protocol.Request) -> protocol.Reply:
        try:
            return self._do(request)
        except GlowplugError as error:
            return protocol.Failed(
                message=error.message,
                advice=error.advice,
                configuration=isinstance(error, ConfigurationError),
                setting=error.setting,
            )

    def _do(self, request: protocol.Request) -> protocol.Reply:  # noqa: PLR0911 - a case each
        match request:
            case protocol.Open():
                return protocol.Opened(foreign_keys=self._open(request))
            case protocol.Depart():
                self._depart(request)
            case protocol.Return():
                self._session(away=True).close()
                self._away = None
            case protocol.Keep():
                kept = self._session(away=False).keep(request.path, self._session_setup)
                return protocol.Kept(kept=kept)
            case protocol.RunFile():
                run = self._session(away=request.away).run(request.migration, request.direction)
                return protocol.Ran(run=run)
            case protocol.ObserveFile():
                trace = self._session(away=request.away).observe(request.migration, request.direction)
                return protocol.Observed(trace=trace)
            case protocol.Look():
                return protocol.Seen(catalogue=self._session(away=request.away).catalogue())
            case protocol.AskBroken():
                return protocol.Broken(asked=self._session(away=request.away).broken())
            case protocol.Recall():
                return protocol.Recorded(versions=self._session(away=request.away).recorded())
            case _:
                return _with_rows(self._session(away=request.away).rows, request)
        return protocol.Done()

    def _open(self, request: protocol.Open) -> bool:
        self._seconds = request.settings.statement_timeout
        self._session_setup = request.session_setup
        self._home = Session(request.path, request.settings, self._gone)
        if request.fresh:
            self._home.set_up(request.database_setup, "database_setup")
        self._home.set_up(request.session_setup, "session_setup")
        if request.fresh:
            self._home.make_bookkeeping_table()
        return self._home.foreign_keys

    def _depart(self, request: protocol.Depart) -> None:
        home = self._session(away=False)
        if not request.again:
            self._away = home.copy(request.path, foreign_keys=request.foreign_keys)
            return
        keys = home.settings.foreign_keys if request.foreign_keys is None else request.foreign_keys
        self._away = Session(request.path, replace(home.settings, foreign_keys=keys), self._gone)

    def _session(self, *, away: bool) -> Session:
        session = self._away if away else self._home
        if session is None:
            raise GlowplugError("no database is open")
        return session

    def _gone(self) -> bool:
        return os.getppid() != self._parent


def _with_rows(rows: Rows, request: protocol.RowRequest) -> protocol.RowReply:
    match request:
        case protocol.ListTables():
            return protocol.Tables(tables=rows.tables())
        case protocol.WriteRows(by=None):
            return protocol.Wrote(errors=rows.insert(request.table, request.columns, protocol.unpack(request.rows)))
        case protocol.WriteRows():
            values, by = protocol.unpack(request.rows), request.by or ()
            return protocol.Wrote(errors=rows.update(request.table, request.columns, values, by=by))
        case protocol.ReadRows():
            found = rows.read(request.table, limit=request.limit)
            return protocol.Answered(columns=found.columns, rows=protocol.pack(found.rows), complete=found.complete)
        case protocol.AskRows():
            answer = rows.query(request.sql, limit=request.limit)
            return protocol.Answered(
                columns=answer.columns, rows=protocol.pack(answer.rows), complete=answer.complete, error=answer.error
            )
        case protocol.RunBatch():
            return protocol.Wrote(errors=(rows.execute(request.sql),))
