"""A diesel.toml that can't be used, as a person meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_chain_is_shown_and_no_password(tmp_path: Path, form: str) -> None:
    (tmp_path / ".git").mkdir()
    migration = tmp_path / "sqlite/migrations/1_m"
    migration.mkdir(parents=True)
    (migration / "up.sql").write_text("CREATE TABLE t (a int);")
    (migration / "down.sql").write_text("DROP TABLE t;")
    (tmp_path / "diesel.toml").write_text('[migrations_directory]\ndir = "postgres://u:s3cret@h/db"\n')
    done = subprocess.run(
        [sys.executable, "-m", "glowplug", "check", "--base", "none", "--rows", "0", "--no-cache", "--format", form],
        cwd=tmp_path,
        env={**os.environ, "GLOWPLUG_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stdout
    assert "s3cret" not in done.stdout + done.stderr
    if form == "json":
        document = json.loads(done.stdout)
        assert (document["outcome"], document["error"]["file"], document["error"]["line"]) == (
            "error",
            "diesel.toml",
            2,
        )
        (chain,) = document["chains"]
        assert chain["error"] is None
        assert chain["migrations"][0]["round_trip"]["outcome"] == "restored"
    else:
        assert "1 restores the schema" in done.stdout
        assert "stopped: diesel.toml:2: migrations_directory.dir is" in done.stdout
        assert "Can't tell" in done.stdout
