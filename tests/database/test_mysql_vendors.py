"""What MySQL and MariaDB do not have in common: told on a live MariaDB, which is the judge of its own half."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql.lacking import asked_for
from glowplug.database.mysql.not_mysql import refused_by_mysql, version_of
from glowplug.database.mysql.session import ServerError
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.scratch.mysql.place import Account, Place
from glowplug.sql.mysql import statements
from glowplug.sql.reader import read

from . import mysql_vendors_more as more
from .mysql_place import nobody, own_server, request_for
from .mysql_vendors import BOTH, MARIADB_ALONE, MYSQL_ALONE, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.database.interface import SqlError
    from glowplug.scratch.mysql.own import OwnServer

_numbers = itertools.count()

TESTED = "10.11"
"""The series that the lists were made with: a later one has come to take some of MySQL's."""


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[OwnServer]:
    with own_server() as server:
        if server.installation.version.vendor != "MariaDB":
            pytest.skip("it is a MySQL")
        yield server


def error_of(server: OwnServer, sql: str, *, stands_in: tuple[int, ...] = (8, 4)) -> SqlError | None:
    name = f"v{next(_numbers)}"
    account = Account.random(name, host="localhost")
    place = Place(request_for(), server.address, account, name, ran=nobody, stands_in=stands_in)
    try:
        place.create_account()
        place.furnish()
        for number, text in enumerate((SCHEMA, sql)):
            migration = Migration(version=str(number), name="m", path="m", up=text.encode(), down=None)
            error = place.connection.run(migration, Direction.UP).error
            assert error is None or number == 1, error
        return error
    finally:
        place.close()


def told(sql: str, version: str = "8.4") -> list[str]:
    found = read(sql, Dialect.MYSQL).statements
    return [one.what for each in found for one in refused_by_mysql(sql, each, version_of(version))]


@pytest.mark.mysql
@pytest.mark.parametrize(("sql", "what"), [*MYSQL_ALONE, *more.MYSQL_ALONE])
def test_mariadb_lacks_it_and_it_is_named(server: OwnServer, sql: str, what: str) -> None:
    error = error_of(server, sql)
    if error is None:
        assert server.installation.version.series != TESTED
        return
    assert error.missing_feature == what
    assert error.line == 1
    assert error.hint is None


@pytest.mark.mysql
@pytest.mark.parametrize("sql", more.REFUSED_BY_BOTH)
def test_what_mysql_refuses_too_is_the_migrations_error(server: OwnServer, sql: str) -> None:
    error = error_of(server, sql)
    if error is None:
        assert server.installation.version.series != TESTED
        return
    assert error.missing_feature is None


@pytest.mark.mysql
def test_where_it_stands_in_for_nothing_nothing_is_lacking(server: OwnServer) -> None:
    for sql, _ in MYSQL_ALONE[:9]:
        error = error_of(server, sql, stands_in=())
        assert error is None or (error.missing_feature, error.hint) == (None, None)


@pytest.mark.mysql
@pytest.mark.parametrize("sql", [*MARIADB_ALONE, *more.MARIADB_ALONE, *BOTH, *more.BOTH])
def test_mariadb_takes_it(server: OwnServer, sql: str) -> None:
    assert error_of(server, sql) is None


@pytest.mark.parametrize("sql", [*MARIADB_ALONE, *more.MARIADB_ALONE])
def test_what_mysql_refuses_is_told_from_the_text(sql: str) -> None:
    assert told(sql) != []


@pytest.mark.parametrize("sql", [*BOTH, *more.BOTH, *(sql for sql, _ in (*MYSQL_ALONE, *more.MYSQL_ALONE))])
def test_of_what_mysql_takes_nothing_is_said(sql: str) -> None:
    assert told(sql, "9.1") == []


@pytest.mark.parametrize(
    ("sql", "version"),
    [
        ("SET tx_isolation = 'READ-COMMITTED'", "5.7"),
        ("SET @@session.tx_read_only = 0, query_cache_type = 0", "5.7"),
        ("SELECT @@tx_isolation", "5.7"),
        ("UPDATE t SET name = PASSWORD('x')", "5.7"),
        ("SELECT ENCODE('a', 'b'), ENCRYPT('a')", "5.7"),
        ("SELECT id over FROM t", "5.7"),
        ("SELECT COUNT(*) over FROM t", "5.7"),
        ("INSERT INTO t (id, name) VALUES (1, DEFAULT(name))", "5.7"),
        ("UPDATE t SET name = DEFAULT(name)", "5.7"),
        ("CREATE TABLE x (rank INT, `row` INT, system INT)", "5.7"),
        ("SELECT rank FROM groups", "5.7"),
        ("SELECT name FROM t GROUP BY name DESC", "5.7"),
        ("SELECT SQL_CACHE id FROM t", "5.7"),
        ("CREATE TABLE x (a INT) ENGINE=MyISAM PARTITION BY HASH(a) PARTITIONS 2", "5.7"),
        ("SET sql_mode = 'NO_AUTO_CREATE_USER'", "5.7"),
        ("GRANT SELECT ON t TO a IDENTIFIED BY 'x'", "5.7"),
        ("CREATE TABLE x (date DATE, KEY date (date) INVISIBLE)", "8.0.20"),
        ("INSERT INTO u (id) VALUES (JSON_VALUE('{}', '$.a' RETURNING SIGNED))", "8.4"),
        ("REPLACE INTO t SELECT id, JSON_VALUE(meta, '$.a' RETURNING CHAR(9)), NULL, NULL FROM t", "8.4"),
        ("DELETE FROM t WHERE JSON_VALUE(meta, '$.a' RETURNING SIGNED NULL ON EMPTY) = 1", "8.4"),
        ("CREATE OR REPLACE SPATIAL REFERENCE SYSTEM 4120 NAME 'x' DEFINITION 'y'", "8.4"),
        ("SET histogram_generation_max_mem_size = 1000000", "8.4"),
    ],
)
def test_of_what_a_version_takes_nothing_is_said(sql: str, version: str) -> None:
    assert told(sql, version) == []


@pytest.mark.parametrize(
    ("sql", "old", "new"),
    [
        ("CREATE TRIGGER IF NOT EXISTS tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1", "8.0.28", "8.0.29"),
        ("CREATE VIEW IF NOT EXISTS v AS SELECT 1", "8.4", "9.1"),
        ("ALTER TABLE t RENAME COLUMN name TO title", "5.7", "8"),
        ("ALTER TABLE t DROP CONSTRAINT c", "8.0.18", "8.0"),
        ("SELECT id FROM t EXCEPT SELECT id FROM u", "8.0.30", "8.0.31"),
        ("CREATE TABLE x (a INT INVISIBLE, b INT)", "8.0.22", "8.0.23"),
        ("CREATE TABLE x (a CHAR(36) DEFAULT (UUID()))", "5.7", "8.0.13"),
        ("INSERT INTO t (id) WITH w AS (SELECT 1 a) SELECT a FROM w", "5.7", "8.0"),
        ("SELECT COUNT(*) OVER (ORDER BY id) FROM t", "5.7", "8.0"),
        ("SELECT id FROM t FOR UPDATE SKIP LOCKED", "5.7", "8.0.1"),
        ("SELECT REGEXP_REPLACE(name, 'a', 'b') FROM t", "5.7", "8.0.4"),
        ("SELECT JSON_VALUE(meta, '$.a') FROM t", "8.0.20", "8.0.21"),
        ("ALTER TABLE t ADD a INT, ALGORITHM=INSTANT", "5.7", "8.0.12"),
        ("CREATE TABLE x (a VECTOR(3))", "8.4", "9"),
        ("CREATE ROLE r", "5.7", "8"),
    ],
)
def test_a_version_that_has_it_is_told_from_one_that_has_not(sql: str, old: str, new: str) -> None:
    assert told(sql, old) != []
    assert told(sql, new) == []


def test_words_that_were_reserved_later() -> None:
    assert told("CREATE TABLE x (rank INT)", "5.7") == []
    assert told("CREATE TABLE x (rank INT)", "8.0") != []
    assert told("CREATE TABLE x (manual INT)", "8.0") == []
    assert told("CREATE TABLE x (manual INT)", "8.4") != []


LONG = (
    "CREATE TABLE " + "(" * 50_000,
    "CREATE TABLE x " + "a AS ( " * 20_000,
    "ALTER TABLE t " + ") TRANSACTIONAL " * 10_000,
    "SET " + "a.b, " * 30_000,
    "INSERT INTO t " + "WAIT 1 CREATE IF " * 10_000,
    "SELECT " + "CAST ( CONVERT ( GROUP_CONCAT ( a " * 10_000,
    "SELECT " + "CAST ( a AS INT ) , GROUP BY a , b (c) " * 10_000,
    "UPDATE t SET a = (SELECT b FROM " + "(t, " * 30_000,
    "CREATE TABLE x (a INT, " + "KEY k (a) KEY_BLOCK_SIZE 3 " * 8_000,
    "INSERT INTO t " + "VALUES (1) SET AS a " * 10_000,
    "DELETE " + "a " * 50_000 + "DELETE FROM t " * 5_000,
    "CREATE TABLE x (" + "a INT CHECK (a > 0) CONSTRAINT c " * 5_000,
    "CREATE INDEX i ON t (" + "a, KEY k (a), " * 10_000,
)


def seconds_of(task: Callable[[], object]) -> float:
    import resource  # noqa: PLC0415 - the time of this process alone counts

    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    task()
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime - before


@pytest.mark.parametrize("sql", LONG)
def test_no_text_takes_long(sql: str) -> None:
    assert seconds_of(lambda: told(sql)) < 10


@pytest.mark.parametrize("sql", LONG)
def test_nor_does_an_error_in_it(sql: str) -> None:
    error = ServerError(number=1064, sqlstate="42000", message="You have an error in your SQL syntax")
    closed = sql + ")" * (sql.count("(") - sql.count(")"))
    (statement,) = statements(closed)
    assert seconds_of(lambda: asked_for(error, closed, statement, 0, (8, 4))) < 10
