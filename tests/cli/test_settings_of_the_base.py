"""What is said of a glowplug.toml that differs from the base's, or of the base's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

TABLE = '[[chain]]\nmigrations = "migrations"\nbackend = "sqlite"\n'


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a chain on SQLite."""
    git(tmp_path, "init")
    migration = tmp_path / "migrations/2024-01-01-000000_a"
    migration.mkdir(parents=True)
    (migration / "up.sql").write_text("CREATE TABLE a (id INTEGER PRIMARY KEY);")
    (migration / "down.sql").write_text("DROP TABLE a;")
    (tmp_path / "glowplug.toml").write_text(TABLE)
    commit(tmp_path)
    return tmp_path


def commit(root: Path) -> None:
    git(root, "add", ".")
    git(root, "commit", "-m", "history")


def checked(root: Path, verb: str = "lint") -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "glowplug", verb, "--base", "HEAD", "--format", "json"],
        cwd=root,
        env={**os.environ, "GLOWPLUG_CACHE_DIR": str(root / ".git/cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def of_rule(document: dict[str, Any], rule: str) -> list[dict[str, Any]]:
    found = [finding for chain in document["chains"] for finding in chain["findings"]]
    return [finding for finding in found if finding["rule"] == rule]


def test_what_follows_from_several_changes_is_said_once(root: Path) -> None:
    (root / "glowplug.toml").write_text(
        '[rollback]\nstrategy = "forward-only"\n[[allow]]\nrule = "x"\nbecause = "y"\n[scratch]\nsuperuser = true\n'
        f'size_limit = "1 GiB"\n{TABLE}server_version = "3.40"\n'
    )
    _, document = checked(root)
    (soft,), (hard,) = of_rule(document, "settings-changed"), of_rule(document, "cage-changed")
    assert soft["message"].startswith("server_version of migrations, [[allow]] and [rollback] differ from HEAD@")
    assert soft["message"].count("the change counts once it is merged") == 1
    assert soft["line"] == 12
    assert [(each["line"], each["message"]) for each in soft["related"]] == [
        (3, "[[allow]] differs"),
        (1, "[rollback] differs"),
    ]
    assert hard["message"].startswith("[scratch] superuser and [scratch] size_limit differ from HEAD@")
    assert [(each["line"], each["message"]) for each in hard["related"]] == [(8, "[scratch] size_limit differs")]


@pytest.mark.parametrize(
    ("here", "way", "matches"),
    [
        ('server_version = "3.0"\n', 'goes by "3.0", which is said here', False),
        ("", "goes as if none were said", None),
    ],
)
def test_a_version_of_the_base_that_no_server_had_is_told_and_can_be_mended(
    root: Path, here: str, way: str, matches: bool | None
) -> None:
    (root / "glowplug.toml").write_text(f'{TABLE}server_version = "4.1"\n')
    commit(root)
    code, document = checked(root)
    assert code == 2
    assert "there is no SQLite 4.1" in document["error"]["message"]
    (root / "glowplug.toml").write_text(TABLE + here)
    code, document = checked(root, "check")
    assert code == 0
    (found,) = of_rule(document, "settings-unusable")
    assert (found["severity"], found["file"]) == ("warning", "glowplug.toml")
    assert found["message"].startswith("glowplug.toml at HEAD@")
    assert 'server_version = "4.1": there is no SQLite 4.1' in found["message"]
    assert way in found["message"]
    assert document["chains"][0]["scratch"]["matches_production"] is matches
    assert of_rule(document, "settings-changed") == []


def test_a_version_that_no_server_had_hides_no_directory_that_is_left_out(root: Path) -> None:
    decoy = TABLE.replace('migrations"', 'decoy"')
    (root / "glowplug.toml").write_text(f'{TABLE}server_version = "4.1"\n{decoy}')
    shutil.copytree(root / "migrations", root / "decoy")
    commit(root)
    (root / "glowplug.toml").write_text(TABLE)
    code, document = checked(root)
    assert code == 1
    assert [each["message"].partition(" ")[0] for each in of_rule(document, "directory-left-out")] == ["decoy"]


def test_a_directory_that_is_gone_hides_no_other_that_is_left_out(root: Path) -> None:
    for name in ("old", "decoy"):
        shutil.copytree(root / "migrations", root / name)
    (root / "glowplug.toml").write_text(TABLE + TABLE.replace('migrations"', 'old"'))
    commit(root)
    shutil.rmtree(root / "old")
    (root / "glowplug.toml").write_text(TABLE.replace('migrations"', 'decoy"'))
    code, document = checked(root)
    assert code == 1
    assert [each["message"].partition(" ")[0] for each in of_rule(document, "directory-left-out")] == ["migrations"]


def test_a_size_of_the_base_that_no_server_fits_in_is_told_and_can_be_mended(root: Path) -> None:
    scratch = '[scratch]\nsize_limit = "{}"\n'
    (root / "glowplug.toml").write_text(TABLE + scratch.format("2 MiB"))
    commit(root)
    assert checked(root)[0] == 2
    (root / "glowplug.toml").write_text(TABLE + scratch.format("1 GiB"))
    code, document = checked(root, "check")
    assert code == 1
    (found,) = of_rule(document, "settings-unusable")
    assert "size_limit = '2 MiB' is less than an empty server" in found["message"]
    assert "this check goes by the default" in found["message"]
    assert [each["message"].partition(" differs")[0] for each in of_rule(document, "cage-changed")] == [
        "[scratch] size_limit"
    ]
