"""Tables with parents: theirs is seen of them, and of the other tables no more is read for it."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres import Nested
from glowplug.database.postgres.snapshot import SnapshotReader
from glowplug.dialect import Direction
from glowplug.project import Migration

if TYPE_CHECKING:
    from glowplug.database.postgres import PostgresConnection
    from glowplug.schema import Schema
    from tests.database.conftest import Major

pytestmark = pytest.mark.postgres

BASE = """
CREATE TABLE alone (id int PRIMARY KEY, c text);
CREATE TABLE parent (id int, c text);
CREATE TABLE empty ();
CREATE TABLE child (d int) INHERITS (parent);
CREATE TABLE ranged (id int NOT NULL, at int NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE ranged_1 PARTITION OF ranged FOR VALUES FROM (0) TO (10);
CREATE TABLE apart (id int NOT NULL, at int NOT NULL);
"""
CHANGES = (
    ("ALTER TABLE {any} ADD {name} int", "ALTER TABLE {any} DROP {name}"),
    ("ALTER TABLE {any} ADD {name} int DEFAULT 1 NOT NULL CHECK ({name} > 0)", "ALTER TABLE {any} DROP {name}"),
    ("ALTER TABLE {any} ALTER id SET NOT NULL", "ALTER TABLE {any} ALTER id DROP NOT NULL"),
    ("ALTER TABLE {any} ADD CONSTRAINT {name} CHECK (id > 0)", "ALTER TABLE {any} DROP CONSTRAINT {name}"),
    ("ALTER TABLE {any} ADD CONSTRAINT {name} UNIQUE (id, at)", "ALTER TABLE {any} DROP CONSTRAINT {name}"),
    ("CREATE INDEX {name} ON {any} (id)", "DROP INDEX {name}"),
    ("COMMENT ON TABLE {any} IS '{name}'", "COMMENT ON TABLE {any} IS NULL"),
    ("CREATE TABLE {name} () INHERITS ({any})", "DROP TABLE {name}"),
    ("CREATE TABLE {name} () INHERITS (empty, parent)", "DROP TABLE {name}"),
    ("CREATE TABLE {name} (id int) INHERITS (child)", "DROP TABLE {name}"),
    ("CREATE TABLE {name} (LIKE {any})", "DROP TABLE {name}"),
    ("ALTER TABLE {any} INHERIT empty", "ALTER TABLE {any} NO INHERIT empty"),
    ("ALTER TABLE alone INHERIT parent", "ALTER TABLE alone NO INHERIT parent"),
    ("ALTER TABLE child NO INHERIT parent", "ALTER TABLE child INHERIT parent"),
    ("CREATE TABLE {name} PARTITION OF ranged DEFAULT", "DROP TABLE {name}"),
    ("CREATE TABLE {name} PARTITION OF ranged FOR VALUES FROM (20) TO (30)", "DROP TABLE {name}"),
    (
        (
            "CREATE TABLE {name} PARTITION OF ranged FOR VALUES FROM (30) TO (40) PARTITION BY LIST (id);"
            " CREATE TABLE {name}_1 PARTITION OF {name} DEFAULT"
        ),
        "DROP TABLE {name}_1; DROP TABLE {name}",
    ),
    (
        "ALTER TABLE ranged ATTACH PARTITION apart FOR VALUES FROM (10) TO (20)",
        "ALTER TABLE ranged DETACH PARTITION apart",
    ),
    (
        "ALTER TABLE ranged DETACH PARTITION ranged_1",
        "ALTER TABLE ranged ATTACH PARTITION ranged_1 FOR VALUES FROM (0) TO (10)",
    ),
)
TABLES = ("alone", "parent", "child", "ranged", "ranged_1", "apart", "empty")
OF_NO_PARENT = "ALTER TABLE alone ADD e int NOT NULL DEFAULT 3", "ALTER TABLE alone DROP e"
TRIES = 12


def migration(up: str, down: str = "SELECT 1") -> Migration:
    version = os.urandom(8).hex()
    return Migration(version=version, name=version, path=version, up=up.encode(), down=down.encode())


def truth(connection: PostgresConnection) -> object:
    return SnapshotReader(connection.session).read(None).objects


def of_both(connection: PostgresConnection, one: Migration) -> tuple[Schema, Schema] | None:
    """Go there and back; where one message told both schemas, see that both are what they are."""
    both = Nested(connection).run_both(one)
    assert connection.snapshot().objects == truth(connection)
    if both is not None:
        assert connection.session.batch(b"BEGIN; " + (one.down or b"")).ok
        assert both[0].objects == truth(connection), one.down
        assert connection.session.batch(one.up or b"").ok
        assert both[1].objects == truth(connection), one.up
        assert connection.session.batch(b"ROLLBACK").ok
    return both


@pytest.fixture
def connection(each_major: Major) -> PostgresConnection:
    connection = each_major.connect()
    assert connection.run(migration(BASE), Direction.UP).error is None
    connection.snapshot()
    return connection


def test_of_a_table_without_parents_no_more_is_read(connection: PostgresConnection) -> None:
    one = migration(*OF_NO_PARENT)
    assert connection.run(one, Direction.UP).error is None
    connection.snapshot()
    assert of_both(connection, one) is not None


@pytest.mark.full
@pytest.mark.parametrize("seed", range(12))
def test_random_changes(connection: PostgresConnection, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(TRIES):
        up, down = chance.choice(CHANGES)
        if not chance.randrange(4):  # one that restores something else
            _, down = chance.choice(CHANGES)
        names = {"any": chance.choice(TABLES), "name": f"n{number}"}
        one = migration(up.format(**names), down.format(**names))
        done = connection.run(one, Direction.UP).error is None
        assert connection.snapshot().objects == truth(connection), one.up
        if done:
            of_both(connection, one)
