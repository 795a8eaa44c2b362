"""The three examples: the diesel command and glowplug do the same with each, and ``glowplug check`` says it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from glowplug.project import find_project

from .benches import SqliteBench
from .comparison import differences, of_diesel, of_glowplug
from .names import version_of

if TYPE_CHECKING:
    from pathlib import Path

    from .benches import MysqlBench, PostgresBench
    from .comparison import Behaviour, Bench

pytestmark = pytest.mark.diesel

# Where the command's SQLite leaves foreign keys off: ledgerbook's own has them on.
_AS_THE_COMMAND = '[[chain]]\nmigrations = "migrations"\nsession_setup = ["PRAGMA foreign_keys = OFF"]\n'


def _checked(project: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", "from glowplug.cli import main; main()", "check", "--all", "--format", "json"],
        cwd=project,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr.decode()
    (chain,) = json.loads(done.stdout)["chains"]
    assert isinstance(chain, dict)
    return chain


def _expected(diesel: Behaviour) -> dict[str, object]:
    """Count by what is recorded: the command prints no line for the version of all zeros."""
    assert diesel.after_up is not None
    assert diesel.after_down is not None
    recorded = diesel.after_up.recorded
    failed = [version_of(name) for name in diesel.ups[-1:] if diesel.up_failed]
    return {
        "migrations": [(version_of(name), name) for name in diesel.listed],
        "up_failed": failed,
        "not_reached": [one for one in map(version_of, diesel.listed) if one not in (*recorded, *failed)],
        "chain_down": "failed" if diesel.down_failed else "complete",
        "failed_at": version_of(diesel.downs[-1]) if diesel.down_failed else None,
        "reverted": len(recorded) - len(diesel.after_down.recorded),
    }


def _told(chain: dict[str, Any]) -> dict[str, object]:
    outcomes = [(one["version"], one["round_trip"]["outcome"]) for one in chain["migrations"]]
    return {
        "migrations": [(one["version"], one["name"]) for one in chain["migrations"]],
        "up_failed": [version for version, outcome in outcomes if outcome == "up_failed"],
        "not_reached": [version for version, outcome in outcomes if outcome == "not_reached"],
        "chain_down": chain["chain_down"]["outcome"],
        "failed_at": chain["chain_down"]["failed_at"],
        "reverted": chain["chain_down"]["reverted"],
    }


def _compare(name: str, checkout: Path, diesel: Path, directory: Path, bench: Bench) -> None:
    project = directory / name
    shutil.copytree(checkout / "examples" / name, project)
    if isinstance(bench, SqliteBench) and bench.request.foreign_keys and not bench.request.foreign_keys[0]:
        (project / "glowplug.toml").write_text(_AS_THE_COMMAND, encoding="utf-8")
    (chain,) = find_project(project, environment={}).chains
    apart = directory / "diesel"  # away from the project's own diesel.toml, which has src/schema.rs written
    shutil.copytree(project / "migrations", apart / "migrations")
    with bench.for_diesel() as place:
        theirs = of_diesel(diesel, apart / "migrations", place, each=False)
    assert differences(theirs, of_glowplug(chain, bench, each=False)) == []
    assert _told(_checked(project)) == _expected(theirs)


@pytest.mark.sqlite
def test_ledgerbook(checkout: Path, diesel: Path, tmp_path: Path, sqlite: SqliteBench) -> None:
    _compare("ledgerbook", checkout, diesel, tmp_path, sqlite)


@pytest.mark.postgres
def test_bookshop(checkout: Path, diesel: Path, tmp_path: Path, postgres: PostgresBench) -> None:
    _compare("bookshop", checkout, diesel, tmp_path, postgres)


@pytest.mark.mysql
def test_inventory(checkout: Path, diesel: Path, tmp_path: Path, mysql: MysqlBench) -> None:
    _compare("inventory", checkout, diesel, tmp_path, mysql)
