"""A migration may set another client_encoding, even one that lacks what names are made of: all is read as before."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres.snapshot import SnapshotReader
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.postgres import PostgresConnection
    from glowplug.scratch.postgres.database import PostgresDatabase
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

REQUEST = Request(
    dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
)
TABLE = (
    'CREATE TABLE "größe" (id int PRIMARY KEY, "größe" int); CREATE TABLE "таблица" (id int PRIMARY KEY, "имя" text)'
)
SETS = "SET client_encoding = 'LATIN1'"
OF_THAT_NAME = ("table", "public.таблица")


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[PostgresServer]:
    with open_server(REQUEST) as server:
        yield server


@pytest.fixture(name="database")
def _database(server: PostgresServer) -> Iterator[PostgresDatabase]:
    database = create_database(server.conninfo, request=REQUEST, superuser=False, private=True)
    with contextlib.closing(database):
        yield database


def migration(number: int, up: str, down: str = "SELECT 1") -> Migration:
    return Migration(version=str(number), name=str(number), path=str(number), up=up.encode(), down=down.encode())


def up(connection: PostgresConnection, number: int, sql: str) -> None:
    error = connection.run(migration(number, sql), Direction.UP).error
    assert error is None, error


def anew(connection: PostgresConnection) -> object:
    return SnapshotReader(connection.session).read(None).objects


def test_snapshots_after_files_that_were_watched(database: PostgresDatabase) -> None:
    connection = database.connection
    up(connection, 1, TABLE)
    first = connection.snapshot()
    up(connection, 2, f"{SETS}; CREATE TABLE u (id int PRIMARY KEY)")
    assert connection.session.encoding == "LATIN1"
    second = connection.snapshot()
    assert first.objects.items() < second.objects.items()
    assert second.objects == anew(connection)
    for number in range(3, 9):
        up(connection, number, f"ALTER TABLE u ADD c{number} int")
        assert connection.snapshot().objects == anew(connection)
    assert OF_THAT_NAME in connection.snapshot().objects
    assert connection.session.encoding == "LATIN1"
    assert len(connection.recorded()) == 8


def test_a_file_that_touches_what_the_encoding_lacks(database: PostgresDatabase) -> None:
    connection = database.connection
    up(connection, 1, TABLE)
    connection.snapshot()
    files = (
        'ALTER TABLE "таблица" ADD y int',
        f'{SETS}; ALTER TABLE "таблица" ADD x int',
        "CREATE TABLE u (id int)",
    )
    for number, sql in enumerate(files, start=2):
        up(connection, number, sql)
        assert connection.snapshot().objects == anew(connection)
    assert ("column", "public.таблица.x") in connection.snapshot().objects


@pytest.mark.parametrize("transaction", [True, False])
def test_a_file_that_is_observed(database: PostgresDatabase, *, transaction: bool) -> None:
    connection = database.connection
    up(connection, 1, TABLE)
    alter = 'ALTER TABLE "таблица" ALTER "имя" TYPE varchar(9)'
    for number, sql in enumerate((f"{SETS}; {alter}", "CREATE TABLE u (id int)"), start=2):
        one = Migration(
            version=str(number), name="x", path="x", up=sql.encode(), down=b"", run_in_transaction=transaction
        )
        trace = connection.observe(one, Direction.UP)
        assert (trace.error, trace.blind) == (None, None)
        if number == 2:
            assert trace.statements[-1].rewritten == ("public.таблица",)


def test_a_branch_has_the_same_settings_and_an_excursion_comes_back(database: PostgresDatabase) -> None:
    connection = database.connection
    up(connection, 1, TABLE)
    up(connection, 2, f"SET application_name = 'größe'; SET shop.owner = 'größe'; {SETS}")
    before, state = connection.snapshot(), connection.state()
    assert {("client_encoding", "LATIN1"), ("shop.owner", "größe")} <= set(state.settings)
    with database.branch() as branch:
        assert set(branch.state().settings) == set(state.settings)
        assert branch.snapshot().objects == before.objects
    three = migration(3, "CREATE TABLE u (id int)", "DROP TABLE u")
    assert connection.run(three, Direction.UP).error is None
    with database.excursion() as excursion:
        assert excursion.run(three, Direction.DOWN).error is None
        assert excursion.snapshot().objects == before.objects
    assert connection.state() == state
