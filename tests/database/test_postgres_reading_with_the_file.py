"""What is read in a file's own message is what a reading of its own sees, and changes nothing of the file's verdict."""

from __future__ import annotations

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

    from glowplug.database.interface import Run
    from glowplug.database.postgres import PostgresConnection
    from glowplug.schema import Schema
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

REQUEST = Request(
    dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
)
FILES = (
    "CREATE TABLE a (id serial PRIMARY KEY, n int NOT NULL DEFAULT 3)",
    "CREATE TABLE b (id int)",
    "ALTER TABLE a ADD m text",
    "ALTER TABLE b ADD m text NOT NULL DEFAULT 'x'",
    "COMMENT ON COLUMN a.m IS 'words'",
    "CREATE INDEX a_m ON a (m)",
    "CREATE VIEW v AS SELECT id, m FROM a",
    "ALTER TABLE a ALTER n SET DEFAULT 4",
    "CREATE INDEX b_m ON b (m)",
    "ALTER TABLE b ADD CHECK (m <> '')",
    "CREATE TABLE c (id int GENERATED ALWAYS AS IDENTITY, a int REFERENCES a)",
    "DROP INDEX a_m",
    "DROP TABLE c",
)


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[PostgresServer]:
    with open_server(REQUEST) as server:
        yield server


@pytest.fixture(name="connection")
def _connection(server: PostgresServer) -> Iterator[PostgresConnection]:
    database = create_database(server.conninfo, request=REQUEST, superuser=False, private=True)
    yield database.connection
    database.close()


def run(connection: PostgresConnection, version: int, sql: str) -> Run:
    name = f"{version:03}"
    migration = Migration(version=name, name=name, path=name, up=sql.encode(), down=b"SELECT 1")
    return connection.run(migration, Direction.UP)


def anew(connection: PostgresConnection) -> Schema:
    return SnapshotReader(connection.session).read(None)


def test_after_every_file(connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.snapshot()
    with_the_file = 0
    read = SnapshotReader.read

    def counted(self: SnapshotReader, change: object, answer: object = None, **kinds: object) -> Schema:
        nonlocal with_the_file
        with_the_file += answer is not None
        return read(self, change, answer, **kinds)  # type: ignore[arg-type]

    monkeypatch.setattr(SnapshotReader, "read", counted)
    for number, sql in enumerate(FILES):
        assert run(connection, number, sql).error is None
        assert connection.snapshot().objects == anew(connection).objects, sql
    assert with_the_file >= 3


@pytest.mark.parametrize("together", [2, 3, 5])
def test_after_several_files(together: int, connection: PostgresConnection) -> None:
    connection.snapshot()
    for number, sql in enumerate(FILES):
        assert run(connection, number, sql).error is None
        if number % together == together - 1:
            assert connection.snapshot().objects == anew(connection).objects, sql


def test_a_file_that_fails_is_refused_as_by_itself(connection: PostgresConnection) -> None:
    connection.snapshot()
    for number, sql in enumerate(FILES[:4]):
        assert run(connection, number, sql).error is None
        connection.snapshot()
    before = connection.snapshot()
    error = run(connection, 9, "ALTER TABLE a\n  ADD m text").error
    assert error is not None
    assert (error.code, error.line) == ("42701", 1)
    assert connection.recorded() == ("003", "002", "001", "000")
    assert connection.snapshot().objects == before.objects == anew(connection).objects


def test_a_reading_that_can_not_be_is_no_failure_of_the_file(
    connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.snapshot()
    for number, sql in enumerate(FILES[:3]):
        assert run(connection, number, sql).error is None
        connection.snapshot()
    prepared = connection._reader._prepared  # noqa: SLF001 - what a migration could take away only by its name
    execute = prepared.execute
    monkeypatch.setattr(
        prepared, "execute", lambda key, oids="": "SELECT 1 / 0" if key == "look" else execute(key, oids)
    )
    connection._reader._watching.clear()  # noqa: SLF001 - made anew, with that
    assert run(connection, 9, FILES[3]).error is None
    monkeypatch.undo()
    connection._reader._watching.clear()  # noqa: SLF001 - the same
    assert connection.recorded()[0] == "009"
    assert connection.snapshot().objects == anew(connection).objects
