"""A MySQL or MariaDB server that is lent and stops answering: glowplug says so, and ends."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql import session as sessions
from glowplug.database.mysql.session import Session
from glowplug.dialect import Dialect
from glowplug.errors import LostConnection
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.area import Area, cache_directory
from glowplug.scratch.mysql import claim
from glowplug.scratch.mysql.own import OwnServer
from glowplug.scratch.mysql.source import choose
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.scratch.interface import Database

pytestmark = pytest.mark.mysql

LONG = 60
"""Seconds after which nobody will answer any more."""


def asking(environment: dict[str, str]) -> Request:
    return Request(
        dialect=Dialect.MYSQL,
        chain=ChainSettings(),
        settings=ScratchSettings(),
        statement_timeout=1,
        environment=environment,
    )


@pytest.fixture
def lent() -> Iterator[OwnServer]:
    with Area(room=2**30) as area:
        installation, cache = choose(asking(dict(os.environ))), cache_directory(os.environ)
        server = OwnServer.fresh(installation, area, cache=cache, name="m")
        assert server.address.password
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wait for a second where a run waits for minutes; what waits for ever is ended."""
    monkeypatch.setitem(Session.__init__.__kwdefaults__, "patience", 1.0)
    monkeypatch.setattr(sessions, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(claim, "_SIGN_OF_LIFE", 1.0)

    def fail(*_: object) -> None:
        pytest.fail("it waits for ever")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(LONG)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def excursion(database: Database) -> None:
    with database.excursion():
        pytest.fail("nobody answers")


@pytest.mark.parametrize(
    "ask", [lambda database: database.connection.snapshot(), excursion], ids=["a reading", "an excursion"]
)
def test_who_asks_is_told_and_so_is_who_clears_up(lent: OwnServer, ask: Callable[[Database], object]) -> None:
    environment = {
        **os.environ,
        "GLOWPLUG_SCRATCH_URL": f"mysql://root:{lent.address.password}@localhost?unix_socket={lent.socket}",
    }
    with open_server(asking(environment)) as server:
        database = server.create()
        os.kill(lent._child.pid, signal.SIGSTOP)  # noqa: SLF001 - nobody else stops a server
        try:
            with pytest.raises(LostConnection):
                ask(database)
            began = time.monotonic()
            server.close()
            assert time.monotonic() - began < LONG
        finally:
            os.kill(lent._child.pid, signal.SIGCONT)  # noqa: SLF001 - the same
