"""Live servers of each backend, and a way to measure one migration on a schema."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal.data import measure
from glowplug.rehearsal.seeding import DataSettings
from glowplug.rehearsal.seeds import Seed
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.rehearsal.measured import Measurement
    from glowplug.scratch.interface import Database, Server


class Measure(Protocol):
    """The type of the fixtures: the schema before, the two files, and what more there is."""

    def __call__(
        self,
        before: str,
        up: str,
        down: str | None,
        *,
        rows: int = 20,
        seeds: tuple[str, ...] = (),
        forward_only: bool = False,
    ) -> Measurement: ...


def migration(version: str, up: str, down: str | None) -> Migration:
    return Migration(
        version=version, name=version, path=version, up=up.encode(), down=None if down is None else down.encode()
    )


def _measure(server: Server, dialect: Dialect) -> Measure:
    def measured(
        before: str,
        up: str,
        down: str | None,
        *,
        rows: int = 20,
        seeds: tuple[str, ...] = (),
        forward_only: bool = False,
    ) -> Measurement:
        with _database(server) as database:
            first = migration("1", before, "SELECT 1;")
            run = database.connection.run(first, Direction.UP)
            assert run.error is None, run.error
            then = database.connection.snapshot()
            found = measure(
                database,
                migration("2", up, down),
                dialect=dialect,
                settings=DataSettings(rows=rows),
                seeds=tuple(Seed(file=f"seeds/{index}.sql", sql=sql) for index, sql in enumerate(seeds)),
                forward_only=forward_only,
                earlier=[first],
            )
            assert database.connection.snapshot() == then
            return found

    return measured


@contextmanager
def _database(server: Server) -> Iterator[Database]:
    database = server.create()
    try:
        yield database
    finally:
        database.close()


def _request(dialect: Dialect, *, statement_timeout: float = 30, **more: object) -> Request:
    return Request(
        dialect=dialect,
        chain=ChainSettings(),
        settings=ScratchSettings(),
        environment=dict(os.environ),
        statement_timeout=statement_timeout,
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="session")
def on_sqlite() -> Iterator[Measure]:
    """SQLite with foreign_keys on."""
    with open_server(_request(Dialect.SQLITE, foreign_keys=(True, "said"))) as server:
        yield _measure(server, Dialect.SQLITE)


@pytest.fixture(scope="session")
def on_sqlite_without_foreign_keys() -> Iterator[Measure]:
    """SQLite with foreign_keys off."""
    with open_server(_request(Dialect.SQLITE, foreign_keys=(False, "derived"))) as server:
        yield _measure(server, Dialect.SQLITE)


@pytest.fixture(scope="session")
def on_postgres() -> Iterator[Measure]:
    """PostgreSQL, whichever major is nearest."""
    with open_server(_request(Dialect.POSTGRES)) as server:
        yield _measure(server, Dialect.POSTGRES)


@pytest.fixture(scope="session")
def on_impatient_postgres() -> Iterator[Measure]:
    """PostgreSQL that gives each statement a second."""
    with open_server(_request(Dialect.POSTGRES, statement_timeout=1)) as server:
        yield _measure(server, Dialect.POSTGRES)


@pytest.fixture(scope="session")
def on_mysql() -> Iterator[Measure]:
    """MariaDB or MySQL."""
    with open_server(_request(Dialect.MYSQL)) as server:
        yield _measure(server, Dialect.MYSQL)
