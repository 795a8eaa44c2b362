"""Places on a MariaDB of the tests' own."""

from __future__ import annotations

import itertools
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from glowplug.database.mysql.session import Session
from glowplug.dialect import Dialect
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.area import Area, cache_directory
from glowplug.scratch.mysql.own import OwnServer
from glowplug.scratch.mysql.place import Account, Place
from glowplug.scratch.mysql.source import choose
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = itertools.count()


def request_for(session_setup: tuple[str, ...] = (), timeout: float = 30, **chain: str) -> Request:
    return Request(
        dialect=Dialect.MYSQL,
        chain=ChainSettings(session_setup=session_setup, **chain),  # type: ignore[arg-type]
        settings=ScratchSettings(),
        statement_timeout=timeout,
        environment=dict(os.environ),
    )


@contextmanager
def own_server() -> Iterator[OwnServer]:
    request = request_for()
    with Area(room=2**30) as area:
        yield OwnServer.fresh(choose(request), area, cache=cache_directory(request.environment), name="m")


@contextmanager
def unwatched_server() -> Iterator[OwnServer]:
    """A server that counts no reads and shows no metadata locks, as one that is lent may be."""
    with own_server() as server:
        session = Session(server.address)
        session.rows("SET GLOBAL userstat = 0")
        if shows_locks(server):
            session.rows("UNINSTALL SONAME 'metadata_lock_info'")
        session.close()
        yield server


def shows_locks(server: OwnServer) -> bool:
    """Whether the server came with its plugin METADATA_LOCK_INFO."""
    session = Session(server.address)
    found = session.rows(
        "SELECT 1 FROM information_schema.plugins WHERE plugin_name = 'METADATA_LOCK_INFO' AND plugin_status = 'ACTIVE'"
    )
    session.close()
    return bool(found[0])


def place_on(server: OwnServer, request: Request | None = None) -> Place:
    """An account, and a place for a schema of its own; ``furnish`` makes the schema."""
    name = f"s{next(_numbers)}"
    account = Account.random(name, host="localhost")
    place = Place(request or request_for(), server.address, account, name, ran=nobody)
    place.create_account()
    return place


def nobody(*_: object) -> None:
    """Nobody hears of runs."""
