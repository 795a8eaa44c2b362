"""One server a backend and a worker, on which both sides have their databases."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

import pytest

from glowplug.dialect import Dialect
from glowplug.scratch import open_server
from glowplug.scratch.area import Area, cache_directory

from .benches import MysqlBench, PostgresBench, request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.scratch.postgres.server import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresBench]:
    wish = request(Dialect.POSTGRES, dict(os.environ))
    with open_server(wish) as server:
        yield PostgresBench(cast("PostgresServer", server), wish)


@pytest.fixture(scope="session")
def mysql() -> Iterator[MysqlBench]:
    from glowplug.scratch.mysql.own import OwnServer  # noqa: PLC0415 - there may be no MySQL at all
    from glowplug.scratch.mysql.source import choose  # noqa: PLC0415 - the same

    environment = dict(os.environ)
    wish = request(Dialect.MYSQL, environment)
    with Area(room=2**30) as area:
        cache = cache_directory(environment)
        yield MysqlBench(OwnServer.fresh(choose(wish), area, cache=cache, name="diesel"), wish)
