"""What the diesel command does that no layout can show: facts that glowplug's answers rest on."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Direction
from glowplug.project import find_project

from .command import Diesel

if TYPE_CHECKING:
    from pathlib import Path

    from .benches import PostgresBench

pytestmark = pytest.mark.diesel


def _write(migrations: Path, **files: str) -> None:
    """Write up.sql of ``name`` for each, and down.sql for each ``name_down``."""
    for name, sql in files.items():
        directory = migrations / name.removeprefix("m").removesuffix("_down")
        directory.mkdir(parents=True, exist_ok=True)
        (directory / ("down.sql" if name.endswith("_down") else "up.sql")).write_text(sql, encoding="utf-8")


@pytest.mark.sqlite
def test_reverting_one_takes_the_other_directory_of_a_version_than_run_and_revert_all(
    diesel: Path, tmp_path: Path
) -> None:
    _write(tmp_path / "migrations", m1_a="SELECT 1", m1_a_down="SELECT 1", m1_b="SELECT 1", m1_b_down="SELECT 1")
    command = Diesel(binary=diesel, migrations=tmp_path / "migrations", url="it.db")
    (ran,) = command.run().names
    (one_reverted,) = command.revert_each().names
    command.run()
    assert command.revert_all().names == (ran,)
    assert {ran, one_reverted} == {"1_a", "1_b"}
    (chain,) = find_project(tmp_path, environment={"DATABASE_URL": "it.db"}).chains
    assert [one.name for one in chain.migrations if one.runnable] == [ran]


@pytest.mark.postgres
@pytest.mark.parametrize("copy", ["COPY t FROM STDIN", "COPY t TO STDOUT", "COPY t TO STDOUT; SELECT 1"])
def test_copy_with_the_client_never_returns(copy: str, diesel: Path, tmp_path: Path, postgres: PostgresBench) -> None:
    _write(tmp_path / "migrations", m1_a="CREATE TABLE t (a INT)", m2_b=copy)
    with postgres.for_diesel() as place:
        command = Diesel(binary=diesel, migrations=tmp_path / "migrations", url=place.url, seconds=2)
        with pytest.raises(subprocess.TimeoutExpired):
            command.run()
        assert place.witness().recorded == ("1",)
    (chain,) = find_project(tmp_path, environment={"DATABASE_URL": "postgres://localhost/x"}).chains
    with postgres.for_glowplug(chain) as place:
        assert place.connection is not None
        first, second = (place.connection.run(one, Direction.UP) for one in chain.migrations)
        assert first.error is None
        assert second.error is not None
        assert "never returns" in second.error.message
        assert place.connection.recorded() == ("1",)
