"""Where the diesel command looks for migrations, glowplug looks too: in each of these checkouts they find the same."""

from __future__ import annotations

import contextlib
import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from glowplug.errors import UsageError
from glowplug.project import find_project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.diesel, pytest.mark.sqlite]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """Files by path ("*" at a path's end: the two files of a migration), where to stand, and the environment."""

    files: dict[str, str]
    stand: str = "."
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, root: Path) -> Path:
        for path, content in self.files.items():
            for name in ("up.sql", "down.sql") if path.endswith("*") else ("",):
                file = root / (path.removesuffix("*") + name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(content.replace("{root}", str(root)), encoding="utf-8")
        stand = root / self.stand
        stand.mkdir(parents=True, exist_ok=True)
        return stand


_CARGO = (
    '[package]\nname = "x"\nversion = "0.1.0"\n[dependencies]\ndiesel = { version = "2.3", features = ["sqlite"] }\n'
)
_ONE = {"migrations/1_one/*": "SELECT 1"}
_OTHER = {"db/changes/2_two/*": "SELECT 1"}
_DIR = '[migrations_directory]\ndir = "db/changes"\n'

CHECKOUTS = {
    "here": Checkout(files=_ONE | {"Cargo.toml": _CARGO}),
    "here-with-diesel-toml": Checkout(files=_ONE | {"diesel.toml": ""}),
    "in-a-parent": Checkout(files=_ONE | {"Cargo.toml": _CARGO, "src/bin/a.rs": ""}, stand="src/bin"),
    "nearest-wins": Checkout(
        files=_ONE | {"Cargo.toml": _CARGO, "in/migrations/3_three/*": "SELECT 1"}, stand="in/src"
    ),
    "crate-in-a-workspace": Checkout(files=_ONE | {"Cargo.toml": "[workspace]\n", "a/Cargo.toml": _CARGO}, stand="a"),
    "configured": Checkout(files=_ONE | _OTHER | {"diesel.toml": _DIR}),
    "configured-below": Checkout(files=_OTHER | {"diesel.toml": _DIR}, stand="src"),
    "configured-and-cargo-nearer": Checkout(
        files=_ONE | _OTHER | {"diesel.toml": _DIR, "a/Cargo.toml": _CARGO}, stand="a"
    ),
    "configured-nearer-than-cargo": Checkout(
        files=_ONE | {"Cargo.toml": _CARGO, "a/diesel.toml": _DIR, "a/db/changes/2_two/*": "SELECT 1"}, stand="a/src"
    ),
    "configured-absolutely": Checkout(files=_ONE | _OTHER | {"diesel.toml": _DIR.replace("db/", "{root}/db/")}),
    "configured-upward": Checkout(
        files=_OTHER | {"a/diesel.toml": _DIR.replace("db/", "../db/"), "a/Cargo.toml": _CARGO}, stand="a"
    ),
    "configured-missing": Checkout(files=_ONE | {"diesel.toml": _DIR}),
    "configured-a-file": Checkout(files=_ONE | {"diesel.toml": _DIR, "db/changes": "a file"}),
    "configuration-malformed": Checkout(files=_ONE | {"diesel.toml": "[migrations_directory\n"}),
    "configuration-of-another-type": Checkout(files=_ONE | {"diesel.toml": "[migrations_directory]\ndir = 7\n"}),
    "configuration-without-dir": Checkout(files=_ONE | {"diesel.toml": "[migrations_directory]\n"}),
    "variable": Checkout(files=_ONE | _OTHER, environment={"MIGRATION_DIRECTORY": "db/changes"}),
    "variable-from-below": Checkout(
        files=_ONE | _OTHER, stand="src", environment={"MIGRATION_DIRECTORY": "../db/changes"}
    ),
    "variable-and-configuration": Checkout(
        files=_ONE | _OTHER | {"diesel.toml": _DIR}, environment={"MIGRATION_DIRECTORY": "migrations"}
    ),
    "variable-missing": Checkout(files=_ONE, environment={"MIGRATION_DIRECTORY": "nowhere"}),
    "variable-empty": Checkout(files=_ONE | {"diesel.toml": ""}, environment={"MIGRATION_DIRECTORY": ""}),
    "dotenv": Checkout(files=_ONE | _OTHER | {".env": "MIGRATION_DIRECTORY=db/changes\n"}),
    "dotenv-in-a-parent": Checkout(files=_OTHER | {".env": 'MIGRATION_DIRECTORY="{root}/db/changes"\n'}, stand="src"),
    "dotenv-under-a-variable": Checkout(
        files=_ONE | _OTHER | {".env": "MIGRATION_DIRECTORY=nowhere\n"},
        environment={"MIGRATION_DIRECTORY": "db/changes"},
    ),
    "dotenv-exported": Checkout(files=_ONE | _OTHER | {".env": "# a\nexport MIGRATION_DIRECTORY='db/changes' # b\n"}),
    "config-file-variable": Checkout(
        files=_ONE | _OTHER | {"other.toml": _DIR, "diesel.toml": ""}, environment={"DIESEL_CONFIG_FILE": "other.toml"}
    ),
    "config-file-variable-elsewhere": Checkout(
        files=_ONE | {"etc/other.toml": _DIR, "etc/db/changes/2_two/*": "SELECT 1"},
        environment={"DIESEL_CONFIG_FILE": "etc/other.toml"},
    ),
    "config-file-variable-missing": Checkout(files=_ONE, environment={"DIESEL_CONFIG_FILE": "nowhere.toml"}),
}  # fmt: skip


def _listed(diesel: Path, stand: Path, environment: dict[str, str]) -> set[str] | None:
    done = subprocess.run(
        [diesel, "migration", "list"],
        cwd=stand,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return {line[6:] for line in done.stdout.splitlines() if line.startswith("  [")} if done.returncode == 0 else None


@pytest.mark.parametrize("name", CHECKOUTS)
def test_the_same_is_found(name: str, diesel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand = CHECKOUTS[name].write(tmp_path)
    own = CHECKOUTS[name].environment
    theirs = _listed(diesel, stand, {"DATABASE_URL": str(tmp_path / "it.db"), "PATH": os.environ["PATH"], **own})
    monkeypatch.chdir(stand)
    environment = {"DATABASE_URL": "it.db", **own}
    if theirs is None:
        with contextlib.suppress(UsageError):
            assert find_project(None, environment=environment).problems
    else:
        chains = find_project(None, environment=environment).chains
        assert theirs in [{one.name for one in chain.migrations} for chain in chains]
