"""A session whose sql_select_limit cuts every answer: what glowplug asks in it, and how, is not cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql import Administrator
from glowplug.database.mysql.session import Session
from glowplug.dialect import Direction
from glowplug.project import Migration

from .mysql_place import own_server, place_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.scratch.mysql.own import OwnServer
    from glowplug.scratch.mysql.place import Place

pytestmark = pytest.mark.mysql


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    with own_server() as server:
        yield server


@pytest.fixture
def place(server: OwnServer) -> Iterator[Place]:
    place = place_on(server)
    place.furnish()
    yield place
    place.close()


def migration(up: str, *, version: str = "1") -> Migration:
    return Migration(version=version, name=version, path=f"m/{version}", up=up.encode(), down=None)


@pytest.mark.parametrize("limit", [0, 1])
def test_a_file_that_limits_its_session(place: Place, limit: int) -> None:
    connection = place.connection
    plain = connection.settings()
    assert plain is not None
    up = f"SET sql_select_limit = {limit}; SET @a = 1, @b = 2; CREATE TABLE t (i TINYINT NOT NULL PRIMARY KEY)"
    assert connection.run(migration(up), Direction.UP).error is None
    assert connection.run(migration("DO 0", version="2"), Direction.UP).error is None
    assert connection.recorded() == ("2", "1")
    for _ in range(2):
        settings = connection.settings()
        assert settings is not None
        assert settings.keys() == plain.keys()
        assert settings["sql_select_limit"] == str(limit)
    assert connection.leftovers() == {"`a`": "1", "`b`": "2"}
    (table,) = connection.rows.tables()
    assert connection.set("sql_mode", "''")
    said = connection.rows.insert(table, ["i"], [["1"], ["1000"], ["2"]])
    assert [error is None for error in said] == [True, False, True]
    assert len(connection.rows.read(table).rows) == 2


def test_a_file_that_is_seen_statement_by_statement(place: Place) -> None:
    connection = place.connection
    assert connection.run(migration("SET sql_select_limit = 0"), Direction.UP).error is None
    trace = connection.observe(migration("CREATE TABLE t (i INT); DROP TABLE t", version="2"), Direction.UP)
    assert trace.error is None
    assert len(trace.statements) == 2


def test_a_server_that_limits_every_session(server: OwnServer) -> None:
    """Its sessions begin so, those of glowplug's own too."""
    root = Session(server.address)
    root.rows("SET GLOBAL sql_select_limit = 0")
    try:
        with Administrator(server.address) as administrator:
            assert administrator.version().number
        place = place_on(server)
        place.furnish()
        assert place.connection.run(migration("CREATE TABLE t (i INT)"), Direction.UP).error is None
        assert ("table", "t") in {each.key for each in place.connection.snapshot()}
        assert place.connection.recorded() == ("1",)
        place.close()
    finally:
        root.rows("SET GLOBAL sql_select_limit = DEFAULT")
        root.close()
