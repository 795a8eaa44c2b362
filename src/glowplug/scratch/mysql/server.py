"""The scratch server of a MySQL chain, whichever server it is on."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

from glowplug.database.mysql import Administrator, Refused, ServerVersion
from glowplug.database.mysql.not_mysql import version_of
from glowplug.errors import EnvironmentFailure, LostConnection, NoServer
from glowplug.scratch.area import Area, cache_directory
from glowplug.scratch.checkpoint import Checkpoints, Resumed
from glowplug.scratch.interface import Server, ServerDescription
from glowplug.scratch.lent import not_reached
from glowplug.scratch.mysql.claim import HOST, Claim, sweep
from glowplug.scratch.mysql.database import MysqlDatabase
from glowplug.scratch.mysql.identity import lent_identity, own_identity
from glowplug.scratch.mysql.kept import ResumedPlace, account_of, keeping, password_of
from glowplug.scratch.mysql.own import DATA, OwnServer
from glowplug.scratch.mysql.place import Account, Place
from glowplug.scratch.mysql.source import choose, matches, production_version, stands_in
from glowplug.scratch.mysql.url import OWN_VARIABLE, find_lent_server
from glowplug.scratch.settings import parse_size
from glowplug.scratch.size import LimitedDatabase, SizeWatch, tree_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.database.mysql import Address
    from glowplug.finding import Finding
    from glowplug.scratch.checkpoint import Opened
    from glowplug.scratch.interface import Database
    from glowplug.scratch.mysql.place import Ran
    from glowplug.scratch.mysql.source import Installation
    from glowplug.scratch.mysql.url import LentServer
    from glowplug.scratch.settings import Request

SCHEMA = "glowplug"
"""The schema's name, and the account's, on servers of glowplug's own: the same on all, for definitions hold them."""

_OWN_INTERVAL = 0.1
_LENT_INTERVAL = 0.5


def identity(request: Request) -> str | None:
    """Tell the server that ``open_server`` would give from others, without starting it; None: it has to be reached."""
    return None if find_lent_server(request) else own_identity(choose(request))


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

    def _stands_in(self, version: ServerVersion) -> tuple[int, ...]:
        wanted = production_version(self._request.chain.server_version)
        return version_of(wanted.number) if wanted is not None and stands_in(version, wanted) else ()

    def _described(self, version: ServerVersion, source: str, notes: tuple[str, ...]) -> ServerDescription:
        wanted = production_version(self._request.chain.server_version)
        fits = matches(version, wanted)
        if fits is False and wanted is not None:
            have = f"{version.vendor} {version.number}"
            said = f"production runs {wanted.vendor} {wanted.number}, the scratch server is {have}"
            if stands_in(version, wanted):
                said += ", which stands in for it: they are two servers, and what one takes the other may refuse"
            notes += (f"{said}; name one of production's in {OWN_VARIABLE} (any container will do)",)
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
        self._checkpoints = Checkpoints.of(request.environment)
        self._opened: Opened | None = None
        self._cache = cache_directory(request.environment)
        self._names = (f"m{number}" for number in itertools.count())
        self._running: dict[str, OwnServer] = {}
        self._accounts: dict[str, Account] = {}
        with contextlib.ExitStack() as stack:
            self._area = stack.enter_context(Area(room=2 * limit))
            self._spare: OwnServer | None = self._resumed(request.resume, stack) or self._start()
            base = tree_size(self._spare.directory / DATA)
            self._watch = SizeWatch(
                limit=limit, base=base, measure=self._size, interrupt=self._interrupt, interval=_OWN_INTERVAL
            )
            self._watch.start()
            stack.callback(self._watch.close)
            self._end = stack.pop_all()

    def describe(self) -> ServerDescription:
        """Say what it is."""
        return self._described(self._installation.version, "machine", ())

    def identity(self) -> str | None:
        """Tell it from other servers."""
        return own_identity(self._installation)

    def create(self) -> Database:
        """Make a fresh database as production had it before the first migration."""
        account = Account.random(SCHEMA, host="localhost")
        if self._opened is not None:  # nobody wants to resume
            self._forget_checkpoint()

        def open_place(_: str, ran: Ran) -> Place:
            server, self._spare = self._spare or self._start(), None
            place = self._place(server, account, ran)
            place.create_account()
            return place

        return self._database(open_place, account, from_scratch=self._request.settings.superuser)

    def resume(self) -> Resumed | None:
        """Give a database on a server that was started with a checkpoint, once."""
        opened = self._opened
        if opened is None:
            return None
        checkpoint = opened.checkpoint
        try:
            if self._spare is not None:
                _ = self._spare.address
        except NoServer:
            self._checkpoints.shelf.remove(checkpoint.key)
            self._forget_checkpoint()
            return None
        self._opened = None
        account = account_of(checkpoint)

        def open_place(_: str, ran: Ran) -> Place:
            server, self._spare = self._spare, None
            if server is None:
                server = self._unpack(opened)
                if server is None:
                    raise EnvironmentFailure("a kept state of the database can't be unpacked a second time")
            return self._place(server, account, ran, kind=ResumedPlace)

        database = self._database(open_place, account, from_scratch=True)
        return Resumed(database=database, key=checkpoint.key, note=checkpoint.manifest.note)

    def _database(self, open_place: Callable[[str, Ran], Place], account: Account, *, from_scratch: bool) -> Database:
        def find(place: Place) -> OwnServer:
            return self._running[place.administrator.address.unix_socket or ""]

        def copy(reference: Place, ran: Ran) -> Place:
            server = find(reference).copy(next(self._names))
            self._running[server.socket] = server
            place = self._place(server, account, ran)
            place.connect()
            return place

        keep = None if self._request.settings.superuser else keeping(self._checkpoints, find, account)
        return self._limited(MysqlDatabase(open_place, copy, from_scratch=from_scratch, keep=keep))

    def _start(self) -> OwnServer:
        name = next(self._names)
        server = OwnServer.fresh(self._installation, self._area, cache=self._cache, name=name)
        self._running[server.socket] = server
        return server

    def _resumed(self, keys: Sequence[str], end: contextlib.ExitStack) -> OwnServer | None:
        """Start a server with what another run kept under the first of ``keys`` that there is.

        It is held open till ``end``: a twin begins with it too, whoever clears the cache meanwhile.
        """
        for key in keys:
            with contextlib.ExitStack() as holding:
                opened = holding.enter_context(self._checkpoints.opened(key))
                if opened is None:
                    continue
                server = self._unpack(opened)
                if server is not None:
                    self._opened = opened
                    end.enter_context(holding.pop_all())
                    return server
            self._checkpoints.shelf.remove(key)
        return None

    def _unpack(self, opened: Opened) -> OwnServer | None:
        directory = self._area.subdirectory(next(self._names))
        if not opened.unpack(self._area, directory):
            directory.rmdir()
            return None
        server = OwnServer(self._installation, self._area, directory, password_of(opened.checkpoint))
        self._running[server.socket] = server
        return server

    def _forget_checkpoint(self) -> None:
        self._opened = None
        if self._spare is not None:
            self._running.pop(self._spare.socket, None)
            self._spare.close()
            self._spare = None

    def _place(self, server: OwnServer, account: Account, ran: Ran, *, kind: type[Place] = Place) -> Place:
        def end() -> None:
            self._running.pop(server.socket, None)
            server.close()

        lacking = self._stands_in(self._installation.version)
        return kind(self._request, server.address, account, SCHEMA, ran=ran, end=end, stands_in=lacking)

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
                self._identity = lent_identity(administrator)
        except LostConnection as error:
            raise not_reached(lent.variable, lent.shown, error.message, answers=isinstance(error, Refused)) from error
        self._swept = sweep(lent.address)
        self._claims: list[Claim] = []
        self._watch = SizeWatch(limit=limit, measure=self._size, interrupt=self._interrupt, interval=_LENT_INTERVAL)
        self._watch.start()
        self._end.callback(self._watch.close)

    def describe(self) -> ServerDescription:
        """Say what it is."""
        where = f"on {self._lent.shown}, named by {self._lent.variable}"
        return self._described(self._version, "url", (where, *self._swept))

    def identity(self) -> str | None:
        """Tell it from other servers."""
        return self._identity

    def create(self) -> Database:
        """Make a fresh database as production had it before the first migration."""
        claim = Claim(self._lent.address)
        self._end.callback(claim.close)
        self._claims.append(claim)
        account = Account.random(claim.name, host=HOST)

        def open_place(role: str, ran: Ran) -> Place:
            is_twin = role == "twin"
            schema, end = (claim.twin, None) if is_twin else (claim.name, claim.close)
            place = Place(
                self._request,
                self._lent.address,
                account,
                schema,
                ran=ran,
                end=end,
                is_lent=True,
                stands_in=self._stands_in(self._version),
            )
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
