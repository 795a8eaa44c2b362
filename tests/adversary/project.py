"""Projects that an adversary writes, and what ``glowplug check`` says of them, as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Migration = tuple[str, str]  # up, down


def write(root: Path, backend: str, migrations: Iterable[Migration], configuration: str = "") -> Path:
    """Write a project of one chain; versions count from 20240101000000."""
    for number, (up, down) in enumerate(migrations):
        directory = root / "migrations" / f"{20240101000000 + number}_m"
        directory.mkdir(parents=True)
        (directory / "up.sql").write_text(up)
        (directory / "down.sql").write_text(down)
    (root / "Cargo.toml").write_text(
        f'[package]\nname = "x"\n[dependencies]\ndiesel = {{ features = ["{backend}"] }}\n'
    )
    (root / "diesel.toml").write_text("")
    if configuration:
        (root / "glowplug.toml").write_text(configuration)
    return root


def glowplug(*arguments: str, where: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [sys.executable, "-m", "glowplug", *arguments],
        cwd=where,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def checked(root: Path, *arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
    """Give the exit code and the only chain of the document."""
    done = glowplug("check", "--format", "json", *arguments, where=root, **environment)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)["chains"][0]


def outcomes(chain: dict[str, Any]) -> list[str]:
    """Give each round trip's outcome."""
    return [migration["round_trip"]["outcome"] for migration in chain["migrations"]]


def errors(chain: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Give rule and version of each error."""
    return [(finding["rule"], finding["version"]) for finding in chain["findings"] if finding["severity"] == "error"]
