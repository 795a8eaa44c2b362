"""Where both sides work: on SQLite a file each, else one scratch server of glowplug's with an equal database each.

These look into the scratch room's databases, which nothing else may: the command needs their address, and a session
has to end before a third party sees what lasted.
"""
# ruff: noqa: SLF001 - for the reason above

from __future__ import annotations

import contextlib
import itertools
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlencode

from glowplug.project import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

from . import witness
from .comparison import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glowplug.database.interface import Connection
    from glowplug.dialect import Dialect
    from glowplug.project import Chain
    from glowplug.scratch.mysql.own import OwnServer
    from glowplug.scratch.postgres.server import PostgresServer
    from glowplug.scratch.sqlite.server import SqliteDatabase


def request(dialect: Dialect, environment: dict[str, str], *, foreign_keys: bool | None = None) -> Request:
    """Ask for what the command has; ``foreign_keys`` is how the SQLite that it is linked with begins."""
    keys = None if foreign_keys is None else (foreign_keys, "as the diesel command's SQLite has it")
    return Request(
        dialect=dialect,
        chain=ChainSettings(),
        settings=ScratchSettings(),
        statement_timeout=20.0,
        foreign_keys=keys,
        environment=environment,
    )


@dataclass(slots=True)
class SqliteBench:
    """Files below one directory, and a server for each chain."""

    directory: Path
    request: Request
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextlib.contextmanager
    def for_diesel(self) -> Iterator[Place]:
        path = self.directory / f"{next(self.numbers)}.db"
        yield Place(connection=None, url=str(path), witness=lambda: witness.sqlite(path))

    @contextlib.contextmanager
    def for_glowplug(self, _chain: Chain) -> Iterator[Place]:
        with open_server(self.request) as server:
            database = cast("SqliteDatabase", server.create())
            path = database._directory / "main.db"

            def reconnect() -> Connection:
                database.restart_session()
                return database.connection

            yield Place(
                connection=database.connection, url="", witness=lambda: witness.sqlite(path), reconnect=reconnect
            )


@dataclass(slots=True)
class PostgresBench:
    """Databases on one server; each has a role of its own, with the rights that migrations have."""

    server: PostgresServer
    request: Request

    @contextlib.contextmanager
    def for_diesel(self) -> Iterator[Place]:
        with self.for_glowplug(None) as place:
            assert place.connection is not None
            place.connection.close()
            yield replace(place, connection=None)

    @contextlib.contextmanager
    def for_glowplug(self, _chain: Chain | None) -> Iterator[Place]:
        from glowplug.scratch.postgres.database import create_database  # noqa: PLC0415 - SQLite's tests need no libpq

        database = create_database(self.server.conninfo, request=self.request, superuser=False, private=True)
        access = database.connection.access
        where = dict(access.conninfo)
        name = where.pop("dbname")

        def reconnect() -> Connection:
            database.restart_session()
            return database.connection

        try:
            yield Place(
                connection=database.connection,
                url=f"postgres:///{name}?{urlencode(where, quote_via=quote)}",
                witness=lambda: witness.postgres(access.conninfo),
                reconnect=reconnect,
            )
        finally:
            database.close()


@dataclass(slots=True)
class MysqlBench:
    """Schemas on one server; each has an account of its own, with the rights that migrations have."""

    server: OwnServer
    request: Request

    @contextlib.contextmanager
    def for_diesel(self) -> Iterator[Place]:
        with self.for_glowplug(None) as place:
            assert place.connection is not None
            place.connection.close()
            yield replace(place, connection=None)

    @contextlib.contextmanager
    def for_glowplug(self, _chain: Chain | None) -> Iterator[Place]:
        from glowplug.scratch.mysql.place import Account  # noqa: PLC0415 - the other backends need no MySQL
        from glowplug.scratch.mysql.place import Place as Schema  # noqa: PLC0415 - the same

        name = f"layout_{secrets.token_hex(5)}"
        account = Account.random(name, host="localhost")
        schema = Schema(self.request, self.server.address, account, name, ran=lambda *_: None)
        schema.create_account()
        schema.furnish()

        def reconnect() -> Connection:
            schema.connect()
            return schema.connection

        password, socket = quote(account.password, safe=""), quote(self.server.socket, safe="")
        try:
            yield Place(
                connection=schema.connection,
                url=f"mysql://{name}:{password}@localhost/{name}?unix_socket={socket}",
                witness=lambda: witness.mysql(self.server.socket, name, account.password),
                reconnect=reconnect,
            )
        finally:
            schema.close()
