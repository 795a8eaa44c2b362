"""What the rehearsal needs of a scratch server, whatever its backend and wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from glowplug.database.interface import Closing

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from glowplug.database.interface import Connection
    from glowplug.finding import Finding
    from glowplug.project import Chain
    from glowplug.scratch.checkpoint import Resumed


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerDescription:
    """What a report says of a scratch server.

    ``server`` reads "PostgreSQL 16.15", "MariaDB 10.11.19", "SQLite 3.46.1"; ``source`` is url, machine, cache
    or embedded; ``matches_production`` is None where glowplug.toml names no version; ``foreign_keys`` is SQLite's
    setting, None elsewhere; ``notes`` are sentences for the reader (why foreign_keys is on, which stand-in, …).
    """

    server: str
    source: str
    matches_production: bool | None
    superuser: bool = False
    stand_ins: tuple[str, ...] = ()
    foreign_keys: bool | None = None
    notes: tuple[str, ...] = ()


class Database(Protocol):
    """A scratch database whose state comes from the ups that ran in it, and from nothing else."""

    @property
    def connection(self) -> Connection:
        """The migrations' session."""
        ...

    def excursion(self) -> AbstractContextManager[Connection]:
        """Lend a connection to a database in exactly this state; what it does there leaves no trace here.

        Made for: down, look, up again, look. The state is the database with its rows, database settings and the
        session's settings. Entering and leaving cost milliseconds. ``connection`` must not be used meanwhile.
        """
        ...

    def branch(self, *, other_world: bool = False) -> AbstractContextManager[Connection]:
        """Lend a connection to a copy of this database in exactly this state, gone with all that was done to it.

        Made for rows: everything in it is committed as in a database of its own, unlike an ``excursion``, which
        may be one open transaction. ``other_world``: under the setting that ``other_world`` names.
        ``connection`` must not be used meanwhile; several, one after the other, are as good as the first.
        """
        ...

    @property
    def other_world(self) -> str | None:
        """The setting that production may have instead of the one taken here, which may change what becomes of rows.

        ``foreign_keys = OFF`` on SQLite, ``strict mode off`` on MySQL where nothing says; None: there is none.
        """
        ...

    def restart_session(self) -> None:
        """End the session of ``connection``, as a process does that ends; its next call begins another.

        Made for the way down: ``diesel migration revert`` knows nothing of what the ups left in their session
        (settings, temporary tables, an open transaction). There are no excursions afterwards.
        """
        ...

    def keep(self, chain: Chain, key: str, note: bytes) -> None:
        """Keep this state, which migrations of ``chain`` have made, for another run under ``key``, with a note.

        Only where the session is as one that begins, for the other run's begins there. One state of a run is kept: the
        last that was asked for. What can't be kept is not: a server that is lent, a database that is large, a cache
        that can't be written.

        Raises:
            EnvironmentFailure: the server failed.
        """
        ...

    def close(self) -> None:
        """End its sessions and remove it; never raises."""
        ...


class Server(Closing, Protocol):
    """A running scratch server; its end removes whatever was made."""

    def describe(self) -> ServerDescription:
        """Say what it is; stand-ins and notes are complete after the migrations ran."""
        ...

    def create(self) -> Database:
        """Make a fresh database as production had it before the first migration.

        ``database_setup`` has run, the migrations' role owns all that no extension owns, ``session_setup`` has run
        on ``connection``, and Diesel's bookkeeping table is there.
        """
        ...

    def findings(self) -> tuple[Finding, ...]:
        """What was seen on the way and belongs in the report (size limit reached, a stand-in, …)."""
        ...

    def identity(self) -> str | None:
        """Tell it from every server on which a migration might show something else; None: it can't be told."""
        return None

    def resume(self) -> Resumed | None:
        """Give a database in the first state of the request's ``resume`` that there is, once; None: there is none."""
        return None

    def dividing(self, chain: Chain) -> DividingServer | None:
        """Give what makes databases on which stretches of ``chain`` can be rehearsed at once.

        None where one could see, or be in the way of, what happens on another: then they go one by one.
        """
        del chain
        return None

    def twins(self, chain: Chain) -> DividingServer | None:
        """Give what makes databases in the state that the one of ``resume`` has now, for the same.

        None also where none was resumed, or its session holds what another would not have.
        """
        del chain
        return None


class DividingServer(Protocol):
    """Makes databases that processes work on at once, one each.

    The processes are copies of this one, made within ``divided``; in each, ``account`` tells at the end what it knows
    of the server, and this process settles it.
    """

    def apart(self) -> Callable[[], Database]:
        """Give what makes a database as ``Server.create`` does, once, in a process of its own."""
        ...

    def divided(self) -> AbstractContextManager[None]:
        """Do nothing on the server meanwhile from this process, and run no thread that a copy of it would lack."""
        ...

    def account(self) -> Account:
        """Tell what this process knows of the server that others have to know."""
        ...

    def settle(self, account: Account) -> None:
        """Know what another process has told."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a process knows of a server that another has.

    ``times_limited``: how often the size of all databases together has ended what ran in them. ``kept``: the state that
    is kept for another run, as the server knows it.
    """

    times_limited: int = 0
    kept: object = None
