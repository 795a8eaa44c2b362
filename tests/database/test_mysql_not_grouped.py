"""Columns that a query's groups leave open: told where a server with ONLY_FULL_GROUP_BY refuses them, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql.not_grouped import not_grouped
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.schema.simulation import Simulation
from glowplug.sql.reader import read

from .mysql_place import own_server, place_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.scratch.mysql.place import Place

TABLES = """
CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT, `c d` INT, u INT NOT NULL UNIQUE, g INT AS (a + 1));
CREATE TABLE v (id INT, n INT, m INT);
"""
TOLD = [
    ("SELECT a, b FROM t GROUP BY a", ["b"]),
    ("SELECT t.a, x, max(x) FROM (SELECT a, b AS x FROM t AS o GROUP BY o.a) t GROUP BY 1, 2", ["b"]),
    ("INSERT INTO v SELECT a, b, 1 FROM t WHERE id > 4 GROUP BY a", ["b"]),
    ("INSERT INTO v (id, n) SELECT `c d`, t.b FROM t GROUP BY `c d` ON DUPLICATE KEY UPDATE m = 1", ["b"]),
    ("CREATE TABLE z AS SELECT a, b, count(*) FROM t GROUP BY a ORDER BY a", ["b"]),
    ("CREATE OR REPLACE VIEW w AS SELECT a, `c d` FROM t GROUP BY a HAVING count(*) > 1", ["`c d`"]),
    ("DELETE FROM v WHERE n IN (SELECT b FROM t GROUP BY a)", ["b"]),
    ("UPDATE v SET n = (SELECT b FROM t GROUP BY abs(a) LIMIT 1)", ["b"]),
    ("SELECT * FROM v GROUP BY id, n", ["*"]),
]
NOT_TOLD = [
    "SELECT id, a, b FROM t GROUP BY id",
    "SELECT u, a FROM t GROUP BY b, u",
    "SELECT a, b FROM t WHERE b = 3 GROUP BY a",
    "SELECT a, `c d` FROM t WHERE `c d` = 3 GROUP BY a",
    "SELECT a, g FROM t GROUP BY a",
    "SELECT b AS x, count(*) FROM t GROUP BY x",
    "SELECT a, max(b), 1, NULL, any_value(b) FROM t GROUP BY a",
    "SELECT A, count(*) FROM t GROUP BY `a`",
    "SELECT v.id, t.a FROM v JOIN t ON t.id = v.id GROUP BY v.id",
    "SELECT a, b FROM t GROUP BY 1, 2",
    "SELECT a, b FROM t",
    "SELECT a + 1, b FROM t GROUP BY a + 1",
    "SELECT a, b FROM other GROUP BY a",
    "CREATE PROCEDURE p() SELECT a, b FROM t GROUP BY a",
]


def told(sql: str) -> list[str]:
    schema = Simulation(Dialect.MYSQL)
    for statement in read(TABLES, Dialect.MYSQL).statements:
        schema.run(statement)
    return [
        sql[each.start : each.end]
        for statement in read(sql, Dialect.MYSQL).statements
        for each in dict.fromkeys(not_grouped(sql, statement, schema))
    ]


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with own_server() as server:
        here = place_on(server)
        here.furnish()
        assert error_of(here, TABLES, mode="") is None
        yield here
        here.close()


def error_of(place: Place, sql: str, *, mode: str) -> str | None:
    up = f"SET sql_mode = '{mode}'; {sql}"
    migration = Migration(version=str(abs(hash((sql, mode)))), name="m", path="m", up=up.encode(), down=None)
    error = place.connection.run(migration, Direction.UP).error
    return None if error is None else error.message


@pytest.mark.mysql
@pytest.mark.parametrize(("sql", "columns"), TOLD)
def test_what_is_told_a_server_refuses_under_the_mode_alone(place: Place, sql: str, columns: list[str]) -> None:
    assert told(sql) == columns
    assert "isn't in GROUP BY (1055)" in (error_of(place, sql, mode="ONLY_FULL_GROUP_BY") or "")
    if not sql.startswith("CREATE TABLE"):
        assert error_of(place, sql, mode="") is None


@pytest.mark.parametrize("sql", NOT_TOLD)
def test_what_may_depend_on_the_groups_is_not_told(sql: str) -> None:
    assert told(sql) == []
