"""What is proposed for a copy that swaps columns puts each value into its own, on each kind of server."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

from . import mysql, postgres

if TYPE_CHECKING:
    from glowplug.finding import Finding

    from .proof import Servers

BEFORE = "CREATE TABLE users (id int PRIMARY KEY, email varchar(60), nickname varchar(60))"
ROW = "INSERT INTO users VALUES (1, 'e', 'n')"
CREATE = "CREATE TABLE new_users (id int PRIMARY KEY, nickname varchar(60), email varchar(60), {0} varchar(60))"
COPIES = {
    "all of it": "INSERT INTO new_users SELECT *, 'x' FROM users",
    "with its name": "INSERT INTO new_users SELECT users.*, 'x' FROM users WHERE id > 0",
    "by name": "INSERT INTO new_users SELECT id, users.email, nickname, 'x' FROM users ORDER BY id",
    "joined": "INSERT INTO new_users SELECT u.id, u.email, u.nickname, 'x' FROM users u JOIN users2 v ON v.id = u.id",
}


def found(dialect: Dialect, copy: str, more: str = "since") -> list[Finding]:
    """What the rule says."""
    up = f"{CREATE.format(more)}; {copy}"
    files = (("1", f"{BEFORE}; CREATE TABLE users2 (id int PRIMARY KEY)"), ("2", up))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=dialect, migrations=migrations, settings=ChainSettings())
    return [each for each in review(chain, Terms.of(chain), new={"2"}).findings if each.rule == "rebuild-swaps-columns"]


def script(dialect: Dialect, copy: str, more: str) -> str:
    """The whole migration on a table with a row, with what is proposed in the place of the copy."""
    (one,) = found(dialect, copy, more)
    assert one.safe_form is not None
    assert one.safe_form.replacement is not None
    users2 = "CREATE TABLE users2 (id int PRIMARY KEY); INSERT INTO users2 VALUES (1)"
    return f"{BEFORE}; {ROW}; {users2}; {CREATE.format(more)}; {one.safe_form.replacement}"


ASK = "SELECT id, email, nickname FROM new_users"
NAMES = {Dialect.SQLITE: '"desc"', Dialect.MYSQL: "`desc`", Dialect.POSTGRES: '"desc"'}
EVERY_COPY = pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)


@EVERY_COPY
def test_on_sqlite(copy: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(script(Dialect.SQLITE, copy, NAMES[Dialect.SQLITE]))
    assert connection.execute(ASK).fetchall() == [(1, "e", "n")]


@pytest.mark.mysql
@EVERY_COPY
def test_on_mysql(servers: Servers, copy: str) -> None:
    session = servers.get("mysql", mysql.administrator)
    with mysql.database(session, script(Dialect.MYSQL, copy, NAMES[Dialect.MYSQL])):
        assert session.rows(ASK) == [[(b"1", b"e", b"n")]]


@pytest.mark.postgres
@EVERY_COPY
def test_on_postgres(servers: Servers, copy: str) -> None:
    server = servers.get("postgres 18", lambda: postgres.administrator(18))
    server.execute("CREATE SCHEMA swapped; SET search_path = swapped")
    try:
        server.execute(script(Dialect.POSTGRES, copy, NAMES[Dialect.POSTGRES]).encode())
        assert server.execute(ASK).fetchall() == [(1, "e", "n")]
    finally:
        server.execute("RESET ALL; DROP SCHEMA swapped CASCADE")


NOT_GIVEN = {
    "named on both sides": "INSERT INTO new_users (id, email, nickname) SELECT id, nickname, email FROM users",
    "with an alias": "INSERT INTO new_users AS o SELECT *, 'x' FROM users",
    "in parentheses": "INSERT INTO new_users (SELECT *, 'x' FROM users)",
}


@pytest.mark.parametrize("copy", NOT_GIVEN.values(), ids=NOT_GIVEN)
def test_where_no_list_can_be_put_in_it_is_told_in_words(copy: str) -> None:
    (one,) = found(Dialect.MYSQL if "(SELECT" in copy else Dialect.POSTGRES, copy)
    assert one.safe_form is not None
    assert one.safe_form.replacement is None
    assert one.safe_form.note


SILENT = {
    "a query": "INSERT INTO new_users SELECT * FROM (SELECT id, nickname, email, 'x' FROM users) u",
    "one with a name": (
        "WITH users AS (SELECT id, nickname AS email, email AS nickname FROM users) "
        "INSERT INTO new_users SELECT *, 'x' FROM users"
    ),
    "two": "INSERT INTO new_users SELECT id, email, nickname, '' FROM users UNION SELECT id, '', '', '' FROM users2",
    "itself": "INSERT INTO new_users SELECT a.id, a.email, b.nickname, '' FROM users a JOIN users b ON a.id = b.id",
    "a function": "INSERT INTO new_users SELECT id, lower(email), upper(nickname), '' FROM users",
    "a string that says FROM users": "INSERT INTO new_users SELECT 1, 'a FROM users', 'b', 'c'",
    "values": "INSERT INTO new_users VALUES (1, 'a', 'b', 'c')",
}


@pytest.mark.parametrize("copy", SILENT.values(), ids=SILENT)
@pytest.mark.parametrize("dialect", [Dialect.SQLITE, Dialect.POSTGRES])
def test_it_is_silent_where_the_columns_are_not_known_to_be_the_tables_own(dialect: Dialect, copy: str) -> None:
    assert found(dialect, copy) == []
