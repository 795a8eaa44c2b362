"""A scratch "server" for SQLite: which SQLite it is, and databases as files in a private directory.

Files, not memory: a killed session's database is still there, journal modes and VACUUM behave as in production, and
the system's limit on a file's size holds. A process of its own, because SQL may call a function of SQLite's that
nothing interrupts (``instr`` on two long values), and because one process has one SQLite: production's version, if
glowplug's cache has it.

apsw's build of SQLite against the one that libsqlite3-sys bundles: foreign keys are set as the application has them;
double-quoted strings, trusted_schema and legacy_alter_table start alike. It has the math functions, which an older
bundled build lacks (a migration that calls ``sqrt`` passes here), and not ``soundex``, which the bundled one has
(it fails here). In the sandbox SQLite's defensive mode is on besides: shadow tables can't be written directly.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import itertools
import shutil
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.database.sqlite import protocol
from glowplug.database.sqlite.settings import SessionSettings
from glowplug.dialect import Dialect
from glowplug.errors import ConfigurationError, EnvironmentFailure, LostConnection, UsageError
from glowplug.project.server_version import vendor_and_number, wrong_with
from glowplug.scratch.area import Area
from glowplug.scratch.checkpoint import LARGEST, Checkpoints, Manifest, Resumed
from glowplug.scratch.interface import Server, ServerDescription
from glowplug.scratch.settings import parse_size
from glowplug.scratch.sqlite.answer import expect
from glowplug.scratch.sqlite.connection import RemoteConnection
from glowplug.scratch.sqlite.holder import Holder, HolderEnded
from glowplug.sql.sqlite import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from glowplug.finding import Finding
    from glowplug.project import Chain
    from glowplug.scratch.checkpoint import Checkpoint
    from glowplug.scratch.settings import Request

_FILES = 6
"""A database, its journal and its temporary tables, and the same of a copy: each has its part of the size limit."""

_FILE = "main.db"
_KEPT = "kept"

_GRACE = 2.0
"""Seconds beyond the timeout after which the process is ended; within them SQLite ends the statement itself."""

_LOOKING = 60.0

_RUNNING = (protocol.RunFile, protocol.ObserveFile, protocol.AskRows, protocol.RunBatch)
"""Questions that run SQL of the user's, which has its timeout."""


def identity(request: Request) -> str | None:
    """Tell the SQLite that ``open_server`` would give from others; None: it may have to be fetched first."""
    from glowplug.scratch import wheel  # noqa: PLC0415 - only where a version is asked for

    wanted = _production_version(request)
    cached = None if wanted is None else wheel.cached_apsw(wanted, request.environment)
    if wanted is not None and cached is None and request.settings.fetch:
        return _identity(None) if _begins(importlib.metadata.version("apsw"), wanted) else None
    return _identity(cached)


def _identity(apsw: Path | None) -> str:
    return f"SQLite {importlib.metadata.version('apsw')} embedded" if apsw is None else f"SQLite {apsw.name} cache"


def open_server(request: Request) -> SqliteServer:
    """Find the SQLite that fits ``request``, and start the first process with it.

    Raises:
        ConfigurationError: what glowplug.toml says of it makes no sense.
        EnvironmentFailure: the process does not start.
    """
    said = request.chain.server_version
    problem = None if said is None else wrong_with(said, Dialect.SQLITE)
    if problem is not None:
        raise ConfigurationError(problem)
    wanted = _production_version(request)
    notes: list[str] = []
    apsw = None if wanted is None else _production_like(wanted, request, notes)
    return SqliteServer(request, apsw, notes)


def _production_version(request: Request) -> str | None:
    said = request.chain.server_version
    return None if said is None else vendor_and_number(said, Dialect.SQLITE)[1]


def _production_like(wanted: str, request: Request, notes: list[str]) -> Path | None:
    """Find the apsw of that SQLite, None for the installed one; ``notes`` say why it is not production's."""
    from glowplug.scratch import wheel  # noqa: PLC0415 - only where a version is asked for

    cached = wheel.cached_apsw(wanted, request.environment)
    if cached is not None or _begins(importlib.metadata.version("apsw"), wanted) or not request.settings.fetch:
        return cached
    try:
        return wheel.install_apsw(wanted, request.environment)
    except (UsageError, EnvironmentFailure) as error:
        notes.append(f"SQLite {wanted} could not be fetched: {error.message}")
        return None


def _other_than_production(wanted: str, version: str) -> str:
    from glowplug.scratch import wheel  # noqa: PLC0415 - only where a version is asked for

    known = any(_begins(each, wanted) for each in wheel.pinned(wheel.APSW))
    advice = f"`glowplug server install sqlite-{wanted}` gets production's" if known else "none of it can be installed"
    return f"production runs SQLite {wanted}, the scratch server is {version}; {advice}"


def _begins(version: str, wanted: str) -> bool:
    parts = wanted.split(".")
    return version.split(".")[: len(parts)] == parts


def _sets_foreign_keys(statement: str) -> bool:
    found = list(tokens(statement))
    return any(token.word == "PRAGMA" for token in found) and any(
        token.name.lower() == "foreign_keys" for token in found
    )


class SqliteServer(Server):
    """A private directory with a process for each database in it."""

    def __init__(self, request: Request, apsw: Path | None, notes: Sequence[str] = ()) -> None:
        """Make the private directory, and start a process in it, with the apsw that lies in ``apsw``, if any."""
        self._notes = tuple(notes)
        self._request = request
        self._apsw = apsw
        limit = parse_size(request.settings.size_limit)
        self._part = max(limit // _FILES, 64 * 1024)
        self._numbers = itertools.count(1)
        self._databases: list[SqliteDatabase] = []
        self._area = Area(room=limit)
        self.foreign_keys, self._why = request.foreign_keys or (False, "SQLite's own default")
        try:
            self._spare: SqliteDatabase | None = self._database()
            self._version = self._spare.version
        except BaseException:
            self._area.close()
            raise

    def describe(self) -> ServerDescription:
        """Say which SQLite it is, and how foreign keys are taken."""
        wanted = _production_version(self._request)
        matches = None if wanted is None else _begins(self._version, wanted)
        other = () if wanted is None or matches else (_other_than_production(wanted, self._version),)
        return ServerDescription(
            server=f"SQLite {self._version}",
            source="embedded" if self._apsw is None else "cache",
            matches_production=matches,
            superuser=self._request.settings.superuser,
            foreign_keys=self.foreign_keys,
            notes=(f"foreign_keys = {'ON' if self.foreign_keys else 'OFF'}: {self._why}", *other, *self._notes),
        )

    def create(self) -> SqliteDatabase:
        """Make a fresh database."""
        database, self._spare = self._spare or self._database(), None
        self._databases.append(database)
        self._heed(database.set_up())
        return database

    def identity(self) -> str | None:
        """Tell it from other servers."""
        return _identity(self._apsw)

    def resume(self) -> Resumed | None:
        """Give a database that another run kept, if there is one."""
        if not self._request.resume or self._spare is None:
            return None
        checkpoint = self._spare.resume()
        if checkpoint is None:
            return None
        database, self._spare = self._spare, None
        self._databases.append(database)
        self._heed(database.foreign_keys)
        return Resumed(database=database, key=checkpoint.key, note=checkpoint.manifest.note)

    def _heed(self, foreign_keys: bool) -> None:  # noqa: FBT001 - what SQLite said
        if foreign_keys != self.foreign_keys:
            self.foreign_keys, self._why = foreign_keys, "session_setup or database_setup"

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: what SQLite refuses, it says in the migration's own error."""
        return ()

    def close(self) -> None:
        """End every process, and remove every file."""
        try:
            for database in [*self._databases, *([self._spare] if self._spare else [])]:
                database.close()
        finally:
            self._area.close()

    def _database(self) -> SqliteDatabase:
        number = next(self._numbers)
        return SqliteDatabase(
            self._request, self._area, self._area.subdirectory(f"s{number}"), apsw=self._apsw, part=self._part
        )


class SqliteDatabase:
    """``scratch.interface.Database`` for SQLite: a file, and the process that has it open."""

    def __init__(self, request: Request, area: Area, directory: Path, *, apsw: Path | None, part: int) -> None:
        """Start the process; the database is made by ``set_up``."""
        self._request = request
        self._area = area
        self._directory = directory
        self._apsw = apsw
        self._part = part
        self._copies = itertools.count(1)
        self._copy: protocol.Depart | None = None
        self._foreign_keys = request.foreign_keys is not None and request.foreign_keys[0]
        self._timeout = request.statement_timeout
        self._closed = False
        self._holder: Holder | None = self._start()
        self.connection = RemoteConnection(self._ask, timeout=self._timeout, away=False, close=self.close)

    @property
    def version(self) -> str:
        """The version of SQLite that holds it."""
        return self._present().version

    @property
    def foreign_keys(self) -> bool:
        """Whether its session began by heeding foreign keys."""
        return self._foreign_keys

    def set_up(self) -> bool:
        """Make the database as production has it before the first migration; whether it heeds foreign keys.

        Raises:
            ConfigurationError: database_setup or session_setup fails.
        """
        self._foreign_keys = self._open(self._present(), fresh=True)
        return self._foreign_keys

    @property
    def other_world(self) -> str | None:
        """The other value of foreign_keys; None where session_setup sets it, which every session then heeds."""
        if any(_sets_foreign_keys(statement) for statement in self._request.chain.session_setup):
            return None
        return f"foreign_keys = {'OFF' if self._foreign_keys else 'ON'}"

    def excursion(self) -> AbstractContextManager[RemoteConnection]:
        """Lend a copy, made by SQLite's backup with what the session has set for itself."""
        return self._lend(foreign_keys=None)

    def branch(self, *, other_world: bool = False) -> AbstractContextManager[RemoteConnection]:
        """Lend a copy as ``excursion`` does; in the other world with foreign_keys as they are not set here."""
        return self._lend(foreign_keys=not self._foreign_keys if other_world else None)

    @contextlib.contextmanager
    def _lend(self, *, foreign_keys: bool | None) -> Iterator[RemoteConnection]:
        copy = self._directory / f"copy{next(self._copies)}.db"
        departure = protocol.Depart(path=str(copy), foreign_keys=foreign_keys)
        try:
            expect(self._ask(departure), protocol.Done)
        except HolderEnded as error:
            raise LostConnection("SQLite ended while the database was copied") from error
        self._copy = replace(departure, again=True)
        connection = RemoteConnection(self._ask, timeout=self._timeout, away=True, close=lambda: None)
        try:
            yield connection
        finally:
            connection.close()
            self._come_back(copy)

    def keep(self, chain: Chain, key: str, note: bytes) -> None:
        """Keep this state for another run, where the session is as one that begins."""
        del chain  # a file knows of nothing else
        directory = self._directory / _KEPT
        directory.mkdir(mode=0o700, exist_ok=True)
        self._area.give(directory)
        file = directory / _FILE
        try:
            answer = self._ask(protocol.Keep(path=str(file)))
        except HolderEnded as error:
            raise LostConnection("SQLite ended while the database was copied") from error
        if isinstance(answer, protocol.Kept) and answer.kept and file.stat().st_size <= LARGEST:
            Checkpoints.of(self._request.environment).keep(key, Manifest(names={}, note=note), directory, (_FILE,))
        shutil.rmtree(directory, ignore_errors=True)

    def resume(self) -> Checkpoint | None:
        """Open what another run kept, if there is anything, in place of a fresh database."""
        checkpoints = Checkpoints.of(self._request.environment)
        checkpoint = checkpoints.unpack(self._request.resume, self._area, self._directory)
        if checkpoint is None:
            return None
        try:
            self._foreign_keys = self._open(self._present(), fresh=False)
        except EnvironmentFailure:
            checkpoints.shelf.remove(checkpoint.key)
            self._present().end()
            (self._directory / _FILE).unlink(missing_ok=True)
            self._holder = self._start()
            return None
        return checkpoint

    def restart_session(self) -> None:
        """End the process that holds the session; the next question starts another."""
        if self._holder is not None:
            self._holder.end()
            self._holder = None

    def close(self) -> None:
        """End the process; the files go with the server's directory."""
        self._closed = True
        if self._holder is not None:
            self._holder.end()
            self._holder = None

    def _come_back(self, copy: Path) -> None:
        self._copy = None
        if self._holder is not None and not self._closed:
            with contextlib.suppress(HolderEnded):
                self._ask(protocol.Return())
        for path in (copy, *(copy.with_name(copy.name + suffix) for suffix in ("-journal", "-wal", "-shm"))):
            path.unlink(missing_ok=True)

    def _ask(self, request: protocol.Request) -> protocol.Reply:
        if self._closed:
            raise LostConnection("the scratch database was closed")
        holder = self._holder
        if holder is None:
            holder = self._revive()
        waiting = self._timeout if isinstance(request, _RUNNING) else max(self._timeout, _LOOKING)
        try:
            return holder.ask(request, waiting + _GRACE)
        except BaseException:
            holder.end()
            self._holder = None
            raise

    def _present(self) -> Holder:
        if self._holder is None:
            raise LostConnection("the process that runs SQLite has ended")
        return self._holder

    def _revive(self) -> Holder:
        """Start another process on the same files; SQLite rolls back what was not committed."""
        holder = self._start()
        try:
            self._open(holder, fresh=False)
            if self._copy is not None:
                expect(holder.ask(self._copy, _LOOKING), protocol.Done)
        except HolderEnded as error:
            raise LostConnection("SQLite does not open the scratch database any longer") from error
        self._holder = holder
        return holder

    def _start(self) -> Holder:
        sandboxed = not self._request.settings.superuser
        return Holder(self._area, self._directory, apsw=self._apsw, file_size=self._part, sandboxed=sandboxed)

    def _open(self, holder: Holder, *, fresh: bool) -> bool:
        keys = self._request.foreign_keys
        opening = protocol.Open(
            path=str(self._directory / _FILE),
            settings=SessionSettings(
                foreign_keys=keys is not None and keys[0],
                statement_timeout=self._timeout,
                sandboxed=not self._request.settings.superuser,
                size_limit=self._part,
            ),
            fresh=fresh,
            database_setup=self._request.chain.database_setup,
            session_setup=self._request.chain.session_setup,
        )
        try:
            return expect(holder.ask(opening, self._timeout + _GRACE), protocol.Opened).foreign_keys
        except HolderEnded as error:
            raise EnvironmentFailure("SQLite does not open a scratch database") from error
