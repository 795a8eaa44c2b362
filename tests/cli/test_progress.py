"""What a terminal shows while an answer is looked for."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.sqlite
def test_only_what_needs_a_server_speaks_of_one(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text('[dependencies]\ndiesel = { version = "2", features = ["sqlite"] }\n')
    migration = tmp_path / "migrations" / "2024-01-01-000000_a"
    migration.mkdir(parents=True)
    (migration / "up.sql").write_text("CREATE TABLE a (p INTEGER);")
    (migration / "down.sql").write_text("DROP TABLE a;")
    assert "starting a scratch server" in shown(tmp_path)
    reviewed = shown(tmp_path, "--only", "review")
    assert "server" not in reviewed
    assert "reviewing" in reviewed


def shown(root: Path, *arguments: str) -> str:
    """Give what ``check`` writes to a terminal that its standard error is."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "glowplug", "check", "--no-cache", *arguments],
            cwd=root,
            env={**os.environ, "TERM": "xterm"},
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            check=False,
        )
        assert done.returncode == 0
        return os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        os.close(theirs)
