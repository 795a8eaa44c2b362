"""A directory that can't be searched for migrations, as a person meets it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from glowplug.cli.lint import command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest


def lint(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, ["--base", "none", *arguments], standalone_mode=False)
    return done.return_value, done.output


def rules(document: str) -> list[tuple[str, Any]]:
    (chain,) = json.loads(document)["chains"]
    return [(one["rule"], one["suppressed"] and one["suppressed"]["reason"]) for one in chain["findings"]]


def test_it_is_a_warning_that_can_be_accepted_for_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refuse(place: str = ".") -> Iterator[os.DirEntry[str]]:
        if os.fspath(place) == str(tmp_path / "data"):  # root can list it in any case
            raise PermissionError(13, "Permission denied", place)
        return scandir(place)

    monkeypatch.setenv("GLOWPLUG_CACHE_DIR", str(tmp_path / ".cache"))
    monkeypatch.setattr(os, "scandir", refuse)
    (tmp_path / ".git").mkdir()
    (tmp_path / "data").mkdir()
    migration = tmp_path / "sqlite/migrations/1_m"
    migration.mkdir(parents=True)
    (migration / "up.sql").write_text("CREATE TABLE t (a integer PRIMARY KEY);")
    (migration / "down.sql").write_text("DROP TABLE t;")
    code, shown = lint(str(tmp_path))
    assert code == 0
    assert "warning[directory-not-searched] data\n" in shown
    assert "data can't be read: permission denied. Whether it holds migrations is not known" in shown
    assert "Yes: 1 warning" in shown
    assert lint(str(tmp_path), "--fail-on", "warning")[0] == 1
    assert rules(lint(str(tmp_path), "--format", "json")[1]) == [("directory-not-searched", None)]
    accepted = '[[allow]]\nrule = "directory-not-searched"\nbecause = "a server\'s data"\n'
    (tmp_path / "glowplug.toml").write_text(accepted)
    assert rules(lint(str(tmp_path), "--format", "json")[1]) == [("directory-not-searched", "a server's data")]
    code, document = lint(str(migration / "up.sql"), "--format", "json")
    assert (code, rules(document)) == (0, [])
