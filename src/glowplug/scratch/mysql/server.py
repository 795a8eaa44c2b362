"""The scratch server of a MySQL chain, whichever server it is on."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

from glowplug.database.mysql import Administrator, ServerVersion
from glowplug.errors import LostConnection, NoServer
from glowplug.scratch.area import Area, cache_directory
from glowplug.scratch.interface import Server, ServerDescription
from glowplug.scratch.mysql.claim import HOST, Claim, sweep
from glowplug.scratch.mysql.database import MysqlDatabase
from glowplug.scratch.mysql.own import OwnServer
from glowplug.scratch.mysql.place import Account, Place
from glowplug.scratch.mysql.source import choose, matches, production_version
from glowplug.scratch.mysql.url import find_lent_server
from glowplug.scratch.size import LimitedDatabase, SizeWatch, parse_size, tree_size

if TYPE_CHECKING:
    from glowplug.database.mysql import Address
    from glowplug.finding import Finding
    from glowplug.scratch.interface import Database
    from glowplug.scratch.mysql.place import Ran
    from glowplug.scratch.mysql.source import Installation
    from glowplug.scratch.mysql.url import LentServer
    from glowplug.scratch.settings import Request

SCHEMA = "glowplug"
"""The schema's name, and the account's, on servers of glowplug's own: the same on all, for definitions hold them."""

_OWN_INTERVAL = 0.1
_LENT_INTERVAL = 0.5


def open_server(request: Request) -> OwnServers | LentServers:
    """Start, or reach, the MySQL or MariaDB that fits ``request``.

    Raises:
        NoServer: none can be had; the message says how to get one.
        ConfigurationError: the request makes no sense.
    """
    limit = parse_size(request.settings.size_limit)
    lent = find_lent_server(request)
    return LentServers(request, lent, limit) if lent else OwnServers(request, choose(request), limit)


class _Servers(Server):
    """What both have in common."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._end = contextlib.ExitStack()
        self._watch: SizeWatch | None = None

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: what happened here is in the description, or in a migration's run."""
        return ()

    def close(self) -> None:
        """End it where it is glowplug's own, and remove what was made."""
        self._end.close()

    def _limited(self, database: MysqlDatabase) -> Database:
        self._end.callback(database.close)
        return database if self._watch is None else LimitedDatabase(database, self._watch)

    def _described(self, version: ServerVersion, source: str, notes: tuple[str, ...]) -> ServerDescription:
        wanted = production_version(self._request.chain.server_version)
        fits = matches(version, wanted)
        if fits is False and wanted is not None:
            have = f"{version.vendor} {version.number}"
            notes += (f"production runs {wanted.vendor} {wanted.number}, the scratch server is {have}",)
        return ServerDescription(
            server=f"{version.vendor} {version.number}",
            source=source,
            matches_production=fits,
            superuser=self._request.settings.superuser,
            notes=notes,
        )


class OwnServers(_Servers):
    """Servers of glowplug's own: one for each reference, one for its twin."""

    def __init__(self, request: Request, installation: Installation, limit: int) -> None:
        """Start the first.

        Raises:
            NoServer: it doesn't start.
        """
        super().__init__(request)
        self._installation = installation
        self._cache = cache_directory(request.environment)
        self._names = (f"m{number}" for number in itertools.count())
        self._running: dict[str, OwnServer] = {}
        self._accounts: dict[str, Account] = {}
        with contextlib.ExitStack() as stack:
            self._area = stack.enter_context(Area(room=2 * limit))
            self._spare: OwnServer | None = self._start()
            base = tree_size(self._spare.directory / "data")
            self._watch = SizeWatch(
                limit=base + limit, measure=self._size, interrupt=self._interrupt, interval=_OWN_INTERVAL
            )
            stack.callback(self._watch.close)
            self._end = stack.pop_all()

    def describe(self) -> ServerDescription:
        """Say what it is."""
        return self._described(self._installation.version, "machine", ())

    def create(self) -> Database:
        """Make a fresh database as production had it before the first migration."""
        account = Account.random(SCHEMA, host="localhost")

        def open_place(_: str, ran: Ran) -> Place:
            server, self._spare = self._spare or self._start(), None
            place = self._place(server, account, ran)
            place.create_account()
            return place

        def copy(reference: Place, ran: Ran) -> Place:
            server = self._running[reference.administrator.address.unix_socket or ""].copy(next(self._names))
            self._running[server.socket] = server
            place = self._place(server, account, ran)
            place.connect()
            return place

        return self._limited(MysqlDatabase(open_place, copy, from_scratch=self._request.settings.superuser))

    def _start(self) -> OwnServer:
        name = next(self._names)
        server = OwnServer.fresh(self._installation, self._area, cache=self._cache, name=name)
        self._running[server.socket] = server
        return server

    def _place(self, server: OwnServer, account: Account, ran: Ran) -> Place:
        def end() -> None:
            self._running.pop(server.socket, None)
            server.close()

        return Place(self._request, server.address, account, SCHEMA, ran=ran, end=end)

    def _size(self) -> int:
        return max((server.size() for server in list(self._running.values())), default=0)

    def _interrupt(self, by_force: bool) -> None:  # noqa: FBT001 - SizeWatch's callback
        for server in list(self._running.values()):
            _interrupt(server.address, SCHEMA, by_force=by_force)


class LentServers(_Servers):
    """A server that the user lends; what is made on it is removed."""

    def __init__(self, request: Request, lent: LentServer, limit: int) -> None:
        """Reach it.

        Raises:
            NoServer: it can't be reached.
        """
        super().__init__(request)
        self._lent = lent
        try:
            with Administrator(lent.address) as administrator:
                self._version = administrator.version()
        except LostConnection as error:
            raise NoServer(
                f"the server that {lent.variable} names, {lent.shown}, can't be reached: {error.message}",
                advice=f"Start it, or unset {lent.variable}.",
            ) from error
        self._swept = sweep(lent.address)
        self._claims: list[Claim] = []
        self._watch = SizeWatch(limit=limit, measure=self._size, interrupt=self._interrupt, interval=_LENT_INTERVAL)
        self._end.callback(self._watch.close)

    def describe(self) -> ServerDescription:
        """Say what it is."""
        where = f"on {self._lent.shown}, named by {self._lent.variable}"
        return self._described(self._version, "url", (where, *self._swept))

    def create(self) -> Database:
        """Make a fresh database as production had it before the first migration."""
        claim = Claim(self._lent.address)
        self._end.callback(claim.close)
        self._claims.append(claim)
        account = Account.random(claim.name, host=HOST)

        def open_place(role: str, ran: Ran) -> Place:
            is_twin = role == "twin"
            schema, end = (claim.twin, None) if is_twin else (claim.name, claim.close)
            place = Place(self._request, self._lent.address, account, schema, ran=ran, end=end)
            place.create_account()
            return place

        return self._limited(MysqlDatabase(open_place, None))

    def _size(self) -> int:
        if not self._claims:
            return 0
        with Administrator(self._lent.address) as administrator:
            return administrator.size(name for claim in self._claims for name in (claim.name, claim.twin))

    def _interrupt(self, by_force: bool) -> None:  # noqa: FBT001 - SizeWatch's callback
        for claim in list(self._claims):
            _interrupt(self._lent.address, claim.name, by_force=by_force)


def _interrupt(address: Address, user: str, *, by_force: bool) -> None:
    with Administrator(address) as administrator:
        administrator.interrupt(user, by_force=by_force)
