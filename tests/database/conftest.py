"""PostgreSQL of every major that is on the machine."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres import source
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.postgres import PostgresConnection
    from glowplug.scratch.postgres.server import PostgresServer

MAJORS = (14, 15, 16, 17, 18)


class Major:
    """A server of one major, its ``number``, and connections to databases of its own on it."""

    def __init__(self, number: int, wish: Request, server: PostgresServer, stack: contextlib.ExitStack) -> None:
        self.number = number
        self._wish = wish
        self._server = server
        self._stack = stack

    def connect(self, *, superuser: bool = False) -> PostgresConnection:
        """Make a database, which goes with the server."""
        database = create_database(self._server.conninfo, request=self._wish, superuser=superuser, private=True)
        self._stack.callback(database.close)
        return database.connection


@pytest.fixture(scope="module", params=MAJORS)
def each_major(request: pytest.FixtureRequest) -> Iterator[Major]:
    """Each of them in turn; one that is not there is skipped, with what brings it."""
    number: int = request.param
    if number not in {each.major for each in source.find_all(os.environ, [])}:
        pytest.skip(f"no PostgreSQL {number}: glowplug server install {number}")
    wish = Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version=str(number)),
        settings=ScratchSettings(),
        environment=dict(os.environ),
    )
    with contextlib.ExitStack() as stack:
        yield Major(number, wish, stack.enter_context(open_server(wish)), stack)
