"""What is proposed in the place of a drop runs on each kind of server, forth and back, and keeps the rows."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import psycopg
import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

from . import mysql, postgres

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.finding import SafeForm

    from .proof import Servers

POSTGRES = Dialect.POSTGRES
TABLE = "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL)"
TABLES = ("DROP TABLE t", "ALTER TABLE t RENAME TO o; DROP TABLE o")


def safe_form(dialect: Dialect, rule: str, up: str, before: str = TABLE) -> SafeForm:
    """What a rule proposes for ``up``."""
    files = (("1", before), ("2", up))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=dialect, migrations=migrations, settings=ChainSettings())
    (one,) = (each.safe_form for each in review(chain, Terms.of(chain), new={"2"}).findings if each.rule == rule)
    assert one is not None
    return one


def forth_and_back(run: Callable[[str], object], safe: SafeForm) -> None:
    """Run the steps on a table with a row, and back."""
    assert safe.steps
    run(f"{TABLE}; INSERT INTO t VALUES (1, 2)")
    for step in safe.steps:
        run(step.up)
    for step in reversed(safe.steps):
        run(step.down)


@pytest.mark.parametrize("up", TABLES)
def test_a_table_is_set_aside_on_sqlite(up: str) -> None:
    connection = sqlite3.connect(":memory:")
    forth_and_back(connection.executescript, safe_form(Dialect.SQLITE, "table-dropped", up))
    assert connection.execute("SELECT * FROM t").fetchall() == [(1, 2)]


@pytest.mark.mysql
@pytest.mark.parametrize("up", TABLES)
def test_a_table_is_set_aside_on_mysql(servers: Servers, up: str) -> None:
    session = servers.get("mysql", mysql.administrator)
    with mysql.database(session):
        forth_and_back(session.rows, safe_form(Dialect.MYSQL, "table-dropped", up))
        assert session.rows("SELECT * FROM t") == session.rows("SELECT 1, 2")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("rule", "up"), [*(("table-dropped", up) for up in TABLES), ("column-dropped", "ALTER TABLE t DROP COLUMN a")]
)
def test_a_table_or_column_is_set_aside_on_postgres(servers: Servers, rule: str, up: str) -> None:
    server = servers.get("postgres 18", lambda: postgres.administrator(18))
    server.execute("CREATE SCHEMA dropped; SET search_path = dropped")
    try:
        forth_and_back(server.execute, safe_form(POSTGRES, rule, up))
        assert server.execute("SELECT * FROM t").fetchall() == [(1, 2)]
    finally:
        server.execute("RESET ALL; DROP SCHEMA dropped CASCADE")


@pytest.mark.postgres
@pytest.mark.parametrize("column", ["int PRIMARY KEY", "int GENERATED ALWAYS AS IDENTITY"])
def test_a_column_that_stays_not_null_is_not_released(servers: Servers, column: str) -> None:
    before = f"CREATE TABLE t (a {column}, b int)"
    safe = safe_form(POSTGRES, "column-dropped", "ALTER TABLE t DROP COLUMN a", before)
    assert not safe.steps
    server = servers.get("postgres 18", lambda: postgres.administrator(18))
    server.execute(f"CREATE SCHEMA dropped; SET search_path = dropped; {before}")
    try:
        with pytest.raises(psycopg.Error):
            server.execute("ALTER TABLE t ALTER COLUMN a DROP NOT NULL")
    finally:
        server.execute("RESET ALL; DROP SCHEMA dropped CASCADE")
