"""One server a backend and a worker, on which both sides have their databases."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, cast

import pytest

from glowplug.dialect import Dialect
from glowplug.scratch import open_server
from glowplug.scratch.area import Area, cache_directory

from .benches import MysqlBench, PostgresBench, SqliteBench, request
from .command import Diesel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glowplug.scratch.postgres.server import PostgresServer


@pytest.fixture(scope="session")
def foreign_keys(diesel: Path, tmp_path_factory: pytest.TempPathFactory) -> bool:
    """Whether the SQLite that the command is linked with begins with foreign keys on."""
    root = tmp_path_factory.mktemp("foreign-keys")
    migration = root / "migrations" / "1_one"
    migration.mkdir(parents=True)
    (migration / "up.sql").write_text("CREATE TABLE said AS SELECT * FROM pragma_foreign_keys", encoding="utf-8")
    assert Diesel(binary=diesel, migrations=migration.parent, url="it.db").run().code == 0
    with closing(sqlite3.connect(root / "it.db")) as connection:
        ((said,),) = connection.execute("SELECT * FROM said")
    return bool(said)


@pytest.fixture
def sqlite(foreign_keys: bool, tmp_path: Path) -> SqliteBench:
    return SqliteBench(tmp_path, request(Dialect.SQLITE, dict(os.environ), foreign_keys=foreign_keys))


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
