"""A clone that was made without all objects, as a person meets it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from click.testing import CliRunner

from glowplug.cli.lint import command

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def git(place: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True)


def write(root: Path, number: int, up: str) -> None:
    migration = root / f"sqlite/migrations/{number}_m"
    migration.mkdir(parents=True, exist_ok=True)
    (migration / "up.sql").write_text(up)
    (migration / "down.sql").write_text(f"DROP TABLE t{number};")


def lint(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    return done.return_value, done.output


def test_what_lacks_is_told_and_base_none_gets_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOWPLUG_CACHE_DIR", str(tmp_path / "cache"))
    whole = tmp_path / "whole"
    whole.mkdir()
    git(whole, "init", "--quiet", "--initial-branch=main")
    write(whole, 1, "CREATE TABLE t1 (a integer);")
    git(whole, "add", ".")
    git(whole, "commit", "--quiet", "--message=one")
    git(whole, "checkout", "--quiet", "-b", "work")
    write(whole, 1, "CREATE TABLE t1 (a integer PRIMARY KEY);")
    write(whole, 2, "CREATE TABLE t2 (a integer PRIMARY KEY);")
    git(whole, "add", ".")
    git(whole, "commit", "--quiet", "--message=two")
    git(whole, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--branch=work", "--filter=blob:none", f"file://{whole}", "partial")
    code, shown = lint("--base", "origin/main", str(tmp_path / "partial"))
    assert code == 3
    assert "is not in this clone, which was made without all objects" in shown
    assert "Or say --base none, which compares with nothing: then all migrations are new." in shown
    code, shown = lint("--base", "none", str(tmp_path / "partial"))
    assert code == 0, shown
