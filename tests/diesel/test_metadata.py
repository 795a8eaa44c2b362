"""Every metadata.toml that the generator knows: what the diesel command makes of it, told by a pragma's effect."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from glowplug.project import find_project

from . import sql_sqlite
from .command import Diesel
from .files import METADATA

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.diesel, pytest.mark.sqlite]


def _heeded(database: Path) -> bool:
    """Tell whether the probe's pragma had an effect."""
    with closing(sqlite3.connect(database)) as connection:
        (before,), (after,) = connection.execute("SELECT * FROM probe ORDER BY rowid")
    return bool(before != after)


def test_run_in_transaction_is_what_diesel_takes_it_for(diesel: Path, tmp_path: Path) -> None:
    wrong = []
    for number, (_, content) in enumerate(METADATA):
        root = tmp_path / str(number)
        migration = root / "migrations" / "1_one"
        migration.mkdir(parents=True)
        (migration / "up.sql").write_text(sql_sqlite.PROBE.replace("{n}", ""), encoding="utf-8")
        metadata = migration / "metadata.toml"
        metadata.mkdir() if content is None else metadata.write_bytes(content)
        assert Diesel(binary=diesel, migrations=migration.parent, url="it.db").run().code == 0
        heeded = _heeded(root / "it.db")
        (chain,) = find_project(root, environment={"DATABASE_URL": "it.db"}).chains
        if chain.migrations[0].run_in_transaction is heeded:
            wrong.append((content, "Diesel: " + ("no transaction" if heeded else "transaction")))
    assert wrong == []


def test_the_probe_tells_the_two_modes_apart(diesel: Path, tmp_path: Path) -> None:
    seen: list[bool] = []
    for content in ("run_in_transaction = true", "run_in_transaction = false"):
        root = tmp_path / str(len(seen))
        migration = root / "migrations" / "1_one"
        migration.mkdir(parents=True)
        (migration / "up.sql").write_text(sql_sqlite.PROBE.replace("{n}", ""), encoding="utf-8")
        (migration / "metadata.toml").write_text(content, encoding="utf-8")
        Diesel(binary=diesel, migrations=migration.parent, url="it.db").run()
        seen.append(_heeded(root / "it.db"))
    assert seen == [False, True]
