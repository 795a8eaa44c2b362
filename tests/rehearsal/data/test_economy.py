"""How many copies of a database a migration takes: each costs time."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.errors import CannotBranch
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal.data import measure
from glowplug.rehearsal.measured import DataOutcome
from glowplug.rehearsal.seeding import DataSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.interface import Connection
    from glowplug.scratch.interface import Database

pytestmark = pytest.mark.sqlite


class Counting:
    """A database that counts its branches, or has none."""

    def __init__(self, database: Database, *, may_branch: bool = True) -> None:
        self._database = database
        self._may_branch = may_branch
        self.branches = 0
        self.other_world = database.other_world

    @contextmanager
    def branch(self, *, other_world: bool = False) -> Iterator[Connection]:
        if not self._may_branch:
            raise CannotBranch("a migration left its transaction open")
        self.branches += 1
        with self._database.branch(other_world=other_world) as connection:
            yield connection


def migration(version: str, up: str, down: str) -> Migration:
    return Migration(version=version, name=version, path=version, up=up.encode(), down=down.encode())


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    request = Request(
        dialect=Dialect.SQLITE,
        chain=ChainSettings(),
        settings=ScratchSettings(),
        environment=dict(os.environ),
        foreign_keys=(True, "said"),
    )
    with open_server(request) as server:
        made = server.create()
        before = migration("1", "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);", "SELECT 1;")
        assert made.connection.run(before, Direction.UP).error is None
        yield made
        made.close()


@pytest.mark.parametrize(
    ("up", "down", "branches"),
    [
        ("CREATE VIEW v AS SELECT 1 AS one;", "DROP VIEW v;", 1),
        ("CREATE TABLE u (id INTEGER PRIMARY KEY);", "DROP TABLE u;", 1),
        ("ALTER TABLE t ADD COLUMN x TEXT;", "ALTER TABLE t DROP COLUMN x;", 2),
        ("CREATE INDEX i ON t (name);", "DROP INDEX i;", 2),
        ("UPDATE t SET name = upper(name);", "SELECT 1;", 2),
    ],
)
def test_as_few_as_that(database: Database, up: str, down: str, branches: int) -> None:
    counting = Counting(database)
    worlds = 0 if database.other_world is None or branches == 1 else 1
    measure(counting, migration("2", up, down), dialect=Dialect.SQLITE, settings=DataSettings())  # type: ignore[arg-type]
    assert counting.branches == branches + worlds


def test_a_database_that_can_not_be_copied_is_not_measured(database: Database) -> None:
    counting = Counting(database, may_branch=False)
    found = measure(
        counting,  # type: ignore[arg-type]
        migration("2", "DROP TABLE t;", "SELECT 1;"),
        dialect=Dialect.SQLITE,
        settings=DataSettings(),
    )
    assert found.data.outcome is DataOutcome.NOT_MEASURED
    assert found.data.why == "a migration left its transaction open"
    assert found.observed is None
