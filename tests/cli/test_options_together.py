"""Options that contradict each other are refused, and none is dropped without a word."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    (tmp_path / "Cargo.toml").write_text('[dependencies]\ndiesel = { version = "2", features = ["sqlite"] }\n')
    migration = tmp_path / "migrations" / "2024-01-01-000000_a"
    migration.mkdir(parents=True)
    (migration / "up.sql").write_text("CREATE TABLE a (p INTEGER);")
    (migration / "down.sql").write_text("DROP TABLE a;")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "base"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *command], cwd=tmp_path, check=True)
    return tmp_path


def glowplug(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "glowplug", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("verb", ["check", "lint"])
@pytest.mark.parametrize("options", [("-v", "-q"), ("-qv",), ("--quiet", "--verbose"), ("-vv", "-q")])
def test_more_and_less_at_once(root: Path, verb: str, options: tuple[str, ...]) -> None:
    done = glowplug(root, verb, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: -v asks for more and -q for less: leave one of them out." in done.stderr
    done = glowplug(root, verb, *options, "--format", "json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["message"].startswith("-v asks for more and -q for less")


@pytest.mark.parametrize("base", ["main", "none"])
def test_two_bases(root: Path, base: str) -> None:
    done = glowplug(root, "lint", "--base", base, "--since", "HEAD")
    assert done.returncode == 2
    assert f"--base {base} and --since HEAD: a git ref that is given to --since is the base" in done.stdout
    assert glowplug(root, "lint", "--base", base, "--since", "20240101000000").returncode == 0
    assert glowplug(root, "lint", "--since", "HEAD").returncode == 0
