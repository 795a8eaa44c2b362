"""What ``rows-without-where`` says of SQLite's lock: nobody else writes anywhere, and others read on."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE TABLE other (id INTEGER PRIMARY KEY)"
UP = "UPDATE t SET a = 'x'"


def said(dialect: Dialect) -> str:
    """What the rule says."""
    files = (("1", BEFORE), ("2", UP))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=dialect, migrations=migrations, settings=ChainSettings())
    found = review(chain, Terms.of(chain), new={"2"}).findings
    (message,) = (each.message for each in found if each.rule == "rows-without-where")
    return message


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_nobody_else_can_write_to_the_database(tmp_path: Path, journal: str) -> None:
    assert "nobody else can write to the database until the migration has ended" in said(Dialect.SQLITE)
    file = tmp_path / "d.sqlite"
    with (
        contextlib.closing(sqlite3.connect(file, isolation_level=None)) as one,
        contextlib.closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as other,
    ):
        one.executescript(f"PRAGMA journal_mode = {journal}; {BEFORE}; INSERT INTO t (a) VALUES ('a')")
        one.execute("BEGIN")
        other.execute("INSERT INTO other VALUES (1)")
        one.execute(UP)
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("INSERT INTO other VALUES (2)")
        assert other.execute("SELECT a FROM t").fetchall() == [("a",)]
        one.execute("COMMIT")
        other.execute("INSERT INTO other VALUES (2)")


@pytest.mark.parametrize("dialect", [Dialect.POSTGRES, Dialect.MYSQL])
def test_elsewhere_it_is_the_rows(dialect: Dialect) -> None:
    assert "each stays locked until the migration has ended" in said(dialect)
