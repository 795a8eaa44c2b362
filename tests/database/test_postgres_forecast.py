"""What a message there and back has to read is foretold, so that one is enough; and files are read before they run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres import Nested, PostgresConnection
from glowplug.database.postgres.batch import Runner
from glowplug.database.postgres.local import local_changes
from glowplug.database.postgres.questions import Wanted
from glowplug.database.postgres.snapshot import SnapshotReader
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

REQUEST = Request(
    dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
)
BASE = """
CREATE TABLE plain (id bigint PRIMARY KEY, n text);
CREATE TABLE viewed (id bigint PRIMARY KEY, n text);
CREATE VIEW v AS SELECT id FROM viewed;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
"""
CHANGES = {
    "a table": ("CREATE TABLE made (id int)", "DROP TABLE made"),
    "a table that is gone": ("DROP TABLE plain", "CREATE TABLE plain (id bigint PRIMARY KEY, n text)"),
    "an enum": (
        "CREATE TYPE e AS ENUM ('a'); ALTER TABLE plain ADD e e",
        "ALTER TABLE plain DROP COLUMN e; DROP TYPE e",
    ),
    "a function's body": (
        "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
    "a table that a view is on": ("ALTER TABLE viewed ADD a text", "ALTER TABLE viewed DROP COLUMN a"),
    "a view": ("CREATE VIEW w AS SELECT id FROM plain", "DROP VIEW w"),
}


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[PostgresServer]:
    with open_server(REQUEST) as server:
        yield server


@pytest.fixture(name="connection")
def _connection(server: PostgresServer) -> Iterator[PostgresConnection]:
    database = create_database(server.conninfo, request=REQUEST, superuser=False, private=True)
    connection = database.connection
    assert connection.run(migration(BASE), Direction.UP).error is None
    connection.snapshot()
    yield connection
    database.close()


@pytest.fixture(name="messages")
def _messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The versions of the migrations for which a message there and back was sent."""
    sent: list[str] = []
    run_both = Runner.run_both

    def counted(self: Runner, migration: Migration, **rest: object) -> bool:
        sent.append(migration.version)
        return run_both(self, migration, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Runner, "run_both", counted)
    return sent


def migration(up: str, down: str = "SELECT 1") -> Migration:
    version = os.urandom(8).hex()
    return Migration(version=version, name=version, path=version, up=up.encode(), down=down.encode())


def anew(connection: PostgresConnection) -> object:
    return SnapshotReader(connection.session).read(None).objects


def there_and_back(connection: PostgresConnection, one: Migration) -> None:
    """Go there and back, and see that both states are what they are."""
    before = connection.snapshot()
    assert connection.run(one, Direction.UP).error is None
    after = connection.snapshot()
    assert after.objects == anew(connection)
    both = Nested(connection).run_both(one)
    assert both is not None
    assert (both[0].objects, both[1].objects) == (before.objects, after.objects)
    assert connection.snapshot().objects == anew(connection)


@pytest.mark.parametrize("name", CHANGES)
def test_one_message_is_enough(name: str, connection: PostgresConnection, messages: list[str]) -> None:
    one = migration(*CHANGES[name])
    there_and_back(connection, one)
    assert messages == [one.version]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION f()",
        "ALTER FUNCTION f() RENAME TO g",
        "SELECT 1",
    ],
)
def test_all_routines_are_among_those_that_are_known(sql: str, connection: PostgresConnection) -> None:
    assert connection.run(migration(sql), Direction.UP).error is None
    schema = connection.snapshot()
    known = connection._reader.routines  # noqa: SLF001 - who asks what is broken is given these
    kinds = ("function", "procedure")
    assert {each.key: each for each in known if each.kind in kinds} == {
        key: each for key, each in schema.objects.items() if key[0] in kinds
    }


def test_nothing_is_read_of_a_table_that_the_down_drops(
    connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes: list[Wanted] = []
    watching = SnapshotReader.watching

    def noted(self: SnapshotReader, wanted: Wanted) -> object:
        wishes.append(wanted)
        return watching(self, wanted)

    monkeypatch.setattr(SnapshotReader, "watching", noted)
    there_and_back(connection, migration(*CHANGES["a table"]))
    assert wishes[-1] == Wanted()


def test_what_the_second_up_leaves_out_is_expected_of_the_next_such(
    connection: PostgresConnection, messages: list[str]
) -> None:
    """That a table has triggers stays written down when it has none any more, so that it is not written again."""
    code = "CREATE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    trigger = "CREATE TRIGGER {0} BEFORE INSERT ON {1} FOR EACH ROW EXECUTE FUNCTION {0}()"
    counts = []
    for name, table in (("one", "plain"), ("two", "viewed")):
        up = f"{code}; {trigger}".format(name, table)
        one = migration(up, f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}()")
        there_and_back(connection, one)
        counts.append(messages.count(one.version))
    assert counts == [2, 1]


def test_the_next_up_is_read_while_the_server_works(connection: PostgresConnection) -> None:
    one = migration("ALTER TABLE plain ADD one text", "ALTER TABLE plain DROP COLUMN one")
    two = migration("ALTER TABLE plain ADD two text", "ALTER TABLE plain DROP COLUMN two")
    connection.will_run([one, two])
    there_and_back(connection, one)
    misses = local_changes.cache_info().misses
    assert connection.run(two, Direction.UP).error is None
    assert local_changes.cache_info().misses - misses == 1  # of its down, while the up runs
    assert connection.next_after(two) is None


def test_what_a_copy_remembers_is_its_own(connection: PostgresConnection) -> None:
    other = PostgresConnection(connection.access, bookkeeping=False, copied=True)
    other.adopt(connection)
    groups = dict(other._reader._memory.groups)  # type: ignore[union-attr]  # noqa: SLF001 - nothing else tells
    there_and_back(connection, migration(*CHANGES["a table that a view is on"]))
    assert other._reader._memory.groups == groups  # type: ignore[union-attr]  # noqa: SLF001 - the same
    other.close()
