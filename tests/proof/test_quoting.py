"""A name that glowplug writes without quotes is one that each kind of server takes as it is."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import apsw
import psycopg
import pytest

from glowplug.database.mysql.session import StatementRefused
from glowplug.dialect import Dialect
from glowplug.sql.quoting import quoted

from . import mysql, postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .proof import Servers

EVERYWHERE = (
    "CREATE TABLE {0} ({0} int, b int)",
    "INSERT INTO {0} ({0}, b) SELECT {0}, b FROM {0}",
    "UPDATE {0} SET {0} = {0} WHERE {0} IS NULL",
    "ALTER TABLE {0} ADD COLUMN c int",
    "ALTER TABLE {0} RENAME TO other",
    "ALTER TABLE other RENAME TO {0}",
    "ALTER TABLE {0} RENAME COLUMN {0} TO other",
    "ALTER TABLE {0} RENAME COLUMN other TO {0}",
    "CREATE VIEW other AS SELECT {0}, b FROM {0}",
    "DROP VIEW other",
    "DROP TABLE {0}",
)


def refused(words: Iterable[str], dialect: Dialect, run: Callable[[str], object]) -> list[str]:
    """Give what stops each of the words, as glowplug writes it."""
    found = []
    for word in words:
        for text in EVERYWHERE:
            try:
                run(text.format(quoted(word, dialect)))
            except (apsw.Error, sqlite3.Error, StatementRefused, psycopg.Error) as error:
                found.append(f"{word}: {error}")
                break
    return found


def test_on_sqlite() -> None:
    words = sorted(each.lower() for each in apsw.keywords)
    assert "transaction" in words
    new, old = apsw.Connection(":memory:"), sqlite3.connect(":memory:", isolation_level=None)
    assert refused(words, Dialect.SQLITE, lambda text: list(new.execute(text))) == []
    assert refused(words, Dialect.SQLITE, lambda text: old.execute(text).fetchall()) == []


@pytest.mark.mysql
def test_on_mysql(servers: Servers) -> None:
    session = servers.get("mysql", mysql.administrator)
    with mysql.database(session):
        (rows,) = session.rows("SELECT word FROM information_schema.keywords")
        words = sorted({row[0].decode().lower() for row in rows if row[0] and row[0].decode().isidentifier()})
        assert refused(words, Dialect.MYSQL, session.rows) == []


@pytest.mark.postgres
@pytest.mark.parametrize("major", [14, 18])
def test_on_postgres(servers: Servers, major: int) -> None:
    server = servers.get(f"postgres {major}", lambda: postgres.administrator(major))
    server.execute("CREATE SCHEMA quoting; SET search_path = quoting")
    try:
        words = [str(row[0]) for row in server.execute("SELECT word FROM pg_get_keywords()").fetchall()]
        assert refused(words, Dialect.POSTGRES, lambda text: server.execute(text.encode())) == []
    finally:
        server.execute("RESET ALL; DROP SCHEMA quoting CASCADE")
