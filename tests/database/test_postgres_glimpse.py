"""A glimpse of a file: what it does is seen, and undone; and what is read again of tables is what changed alone."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal.data import measure
from glowplug.rehearsal.measured import DataOutcome
from glowplug.rehearsal.seeding import DataSettings
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from glowplug.database.interface import Connection
    from glowplug.scratch.postgres.database import PostgresDatabase
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

REQUEST = Request(
    dialect=Dialect.POSTGRES,
    chain=ChainSettings(server_version="18"),
    settings=ScratchSettings(),
    environment=dict(os.environ),
)
BASE = """
CREATE TABLE parent (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE "odd.'name" (id int PRIMARY KEY, parent_id int REFERENCES parent);
CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES "odd.'name");
INSERT INTO parent (name) VALUES ('a'), ('b');
"""


def migration(up: str, down: str = "SELECT 1;", *, transaction: bool = True) -> Migration:
    return Migration(
        version="2", name="2", path="2", up=up.encode(), down=down.encode(), run_in_transaction=transaction
    )


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with open_server(REQUEST) as opened:
        yield opened


@pytest.fixture
def database(server: PostgresServer) -> Iterator[PostgresDatabase]:
    made = create_database(server.conninfo, request=REQUEST, superuser=False, private=True)
    with contextlib.closing(made):
        assert made.connection.rows.execute(BASE) is None
        yield made


def test_it_sees_what_is_observed_and_leaves_nothing(database: PostgresDatabase) -> None:
    adding = migration("ALTER TABLE parent ADD COLUMN age int; CREATE TABLE fresh (id int);")
    connection = database.connection
    before = connection.rows.tables()
    with connection.glimpse(adding, Direction.UP) as seen:
        during = connection.rows.tables()
    assert seen is not None
    assert connection.rows.tables() == before
    assert connection.recorded() == ()
    observed = connection.observe(adding, Direction.UP)
    assert [(one.line, [(lock.relation, lock.mode) for lock in one.locks]) for one in seen.statements] == [
        (one.line, [(lock.relation, lock.mode) for lock in one.locks]) for one in observed.statements
    ]
    assert connection.rows.tables() == during != before


@pytest.mark.parametrize(
    "one",
    [
        migration("INSERT INTO parent (name) VALUES ('c');"),
        migration("UPDATE parent SET name = 'c';"),
        migration("COMMIT; CREATE TABLE fresh (id int);"),
        migration("CREATE INDEX CONCURRENTLY i ON parent (name);", transaction=False),
        migration("DO $$ BEGIN PERFORM nextval('parent_id_seq'); END $$;"),
        migration("ALTER TABLE nothing ADD COLUMN age int;"),
    ],
)
def test_what_could_show_or_fails_is_not_run(database: PostgresDatabase, one: Migration) -> None:
    before = database.connection.rows.tables()
    with database.connection.glimpse(one, Direction.UP) as seen:
        assert seen is None
    assert database.connection.rows.tables() == before
    assert database.connection.rows.query("SELECT last_value FROM parent_id_seq").rows == (("2",),)


def test_tables_that_are_known_are_taken_as_they_are(database: PostgresDatabase) -> None:
    rows = database.connection.rows
    before = {table.name: table for table in rows.tables()}
    assert rows.tables_but(tuple(before.values())) == tuple(before.values())
    assert (
        rows.execute("ALTER TABLE child ADD COLUMN more int; DROP TABLE parent CASCADE; CREATE TABLE new (id int);")
        is None
    )
    known = [before[name] for name in ("public.parent", 'public."odd.\'name"')]
    found = {table.name: table for table in rows.tables_but(known)}
    fresh = {table.name: table for table in rows.tables()}
    assert found.keys() == fresh.keys()
    assert found.pop('public."odd.\'name"') is known[1]
    fresh.pop('public."odd.\'name"')
    assert found == fresh


def test_a_file_that_can_be_seen_ahead_takes_one_branch(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[bool] = []
    branch = database.branch

    def counted(*, other_world: bool = False) -> AbstractContextManager[Connection]:
        taken.append(other_world)
        return branch(other_world=other_world)

    monkeypatch.setattr(database, "branch", counted)
    dropping = migration("ALTER TABLE parent DROP COLUMN name;", "ALTER TABLE parent ADD COLUMN name text;")
    found = measure(database, dropping, dialect=Dialect.POSTGRES, settings=DataSettings(rows=5))
    assert found.data.outcome is DataOutcome.IRREVERSIBLE
    assert len(taken) == 1
