"""What MySQL and MariaDB do not have in common: told on a live MariaDB, which is the judge of its own half."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql.not_mysql import refused_by_mysql, version_of
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.scratch.mysql.place import Account, Place
from glowplug.sql.reader import read

from .mysql_place import nobody, own_server, request_for
from .mysql_vendors import BOTH, MARIADB_ALONE, MYSQL_ALONE, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def error_of(server: OwnServer, sql: str, *, stands_in: bool = True) -> SqlError | None:
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
    statements = read(sql, Dialect.MYSQL).statements
    return [one.what for each in statements for one in refused_by_mysql(sql, each, version_of(version))]


@pytest.mark.mysql
@pytest.mark.parametrize(("sql", "what"), MYSQL_ALONE)
def test_mariadb_lacks_it_and_it_is_named(server: OwnServer, sql: str, what: str) -> None:
    error = error_of(server, sql)
    if error is None:
        assert server.installation.version.series != TESTED
        return
    assert error.missing_feature == what
    assert error.line == 1
    assert error.hint is None


@pytest.mark.mysql
def test_where_it_stands_in_for_nothing_nothing_is_lacking(server: OwnServer) -> None:
    for sql, _ in MYSQL_ALONE[:9]:
        error = error_of(server, sql, stands_in=False)
        assert error is None or (error.missing_feature, error.hint) == (None, None)


@pytest.mark.mysql
@pytest.mark.parametrize("sql", [*MARIADB_ALONE, *BOTH])
def test_mariadb_takes_it(server: OwnServer, sql: str) -> None:
    assert error_of(server, sql) is None


@pytest.mark.parametrize("sql", MARIADB_ALONE)
def test_what_mysql_refuses_is_told_from_the_text(sql: str) -> None:
    assert told(sql) != []


@pytest.mark.parametrize("sql", [*BOTH, *(sql for sql, _ in MYSQL_ALONE)])
def test_of_what_mysql_takes_nothing_is_said(sql: str) -> None:
    assert told(sql) == []


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


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE " + "(" * 50_000,
        "CREATE TABLE x " + "a AS ( " * 20_000,
        "ALTER TABLE t " + ") TRANSACTIONAL " * 10_000,
        "SET " + "a.b, " * 30_000,
        "INSERT INTO t " + "WAIT 1 CREATE IF " * 10_000,
    ],
)
def test_no_text_takes_long(sql: str) -> None:
    import resource  # noqa: PLC0415 - the time of this process alone counts

    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    told(sql)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 10
