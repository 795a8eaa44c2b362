"""Servers that a user would lend."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.area import Area, cache_directory
from glowplug.scratch.mysql.own import OwnServer
from glowplug.scratch.mysql.source import choose
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def lent_mysql() -> Iterator[str]:
    """The URL of a MySQL or MariaDB server as a user would lend it."""
    environment = dict(os.environ)
    request = Request(dialect=Dialect.MYSQL, chain=ChainSettings(), settings=ScratchSettings(), environment=environment)
    with Area(room=2**30) as area:
        server = OwnServer.fresh(choose(request), area, cache=cache_directory(environment), name="m")
        yield f"mysql://root:{server.address.password}@localhost?unix_socket={server.socket}"
