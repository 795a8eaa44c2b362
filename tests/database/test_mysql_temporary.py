"""A table that a MariaDB alters is called in an error as the statement calls it, not as the server does meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Direction
from glowplug.project import Migration

from .mysql_place import own_server, place_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.scratch.mysql.place import Place

pytestmark = pytest.mark.mysql

TABLES = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE `u.x``y` (id INTEGER PRIMARY KEY, t INTEGER);"
    "INSERT INTO `u.x``y` VALUES (1, 7); CREATE TABLE c (a INTEGER); INSERT INTO c VALUES (1), (1);"
)
KEY = "ADD CONSTRAINT k FOREIGN KEY (t) REFERENCES t (id)"


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with own_server() as server:
        here = place_on(server)
        here.furnish()
        assert run(here, "0", TABLES) is None
        yield here
        here.close()


def run(place: Place, version: str, sql: str) -> str | None:
    migration = Migration(version=version, name=version, path=version, up=sql.encode(), down=None)
    error = place.connection.run(migration, Direction.UP).error
    return None if error is None else error.message


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        (f"ALTER TABLE `u.x``y` {KEY}", "u.x`y"),
        (f"SELECT 1;\n-- then\nalter /* it */ table {{}} . `u.x``y` {KEY}", "u.x`y"),
        (f"BEGIN NOT ATOMIC ALTER TABLE `u.x``y` {KEY}; END", "#sql"),
        (f"SET @s = 'ALTER TABLE `u.x``y` {KEY}'; PREPARE p FROM @s; EXECUTE p", "#sql"),
    ],
)
def test_the_name_of_the_table_that_is_altered(place: Place, sql: str, name: str) -> None:
    said = run(place, "1", sql.format(place.schema))
    assert said is not None
    assert said.startswith("Cannot add or update a child row")
    assert f"`{place.schema}`.`{name}`, CONSTRAINT `k`" in said.replace("``", "`")


def test_a_message_without_such_a_name_is_as_it_was(place: Place) -> None:
    assert run(place, "1", "ALTER TABLE c ADD UNIQUE (a)") == "Duplicate entry '1' for key 'a' (1062)"
