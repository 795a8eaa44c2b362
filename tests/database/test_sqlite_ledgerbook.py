"""The example really loses what its README says that it loses."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from glowplug.database.sqlite.session import Session
from glowplug.database.sqlite.settings import SessionSettings
from glowplug.dialect import Direction
from glowplug.project import Migration

pytestmark = pytest.mark.sqlite

MIGRATIONS = Path(__file__).parents[2] / "examples" / "ledgerbook" / "migrations"
REBUILD = "2026-02-20-143000_equity_accounts"


@pytest.mark.parametrize(("foreign_keys", "left"), [(True, 0), (False, 2)])
def test_the_rebuild_cascades_where_foreign_keys_are_heeded(tmp_path: Path, *, foreign_keys: bool, left: int) -> None:
    file = tmp_path / "ledger.db"
    rows = {}
    with Session(str(file), SessionSettings(foreign_keys=foreign_keys)) as session:
        session.make_bookkeeping_table()
        for directory in sorted(MIGRATIONS.iterdir()):
            version = directory.name.partition("_")[0].replace("-", "")
            migration = Migration(
                version=version,
                name=directory.name,
                path=directory.name,
                up=(directory / "up.sql").read_bytes(),
                down=(directory / "down.sql").read_bytes(),
            )
            if directory.name >= "2026-02-20":
                rows[directory.name] = count(file)
            assert session.run(migration, Direction.UP).error is None
        rows["the end"] = count(file)
    assert rows[REBUILD] == 2
    assert rows["the end"] == left


def count(file: Path) -> int:
    connection = sqlite3.connect(file)
    try:
        return int(connection.execute("SELECT count(*) FROM postings").fetchone()[0])
    finally:
        connection.close()
