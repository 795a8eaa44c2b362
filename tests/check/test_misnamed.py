"""A table or column of glowplug.toml that no chain has is told with its line, whatever was measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.sqlite

TOML = """\
[[chain]]
migrations = "migrations"
backend = "sqlite"

[[data.table]]
table = "usrs"
rows = [{ id = 1 }]

[[data.column]]
table = "users"
column = "emial"
pattern = "user{n}@example.org"

[[data.column]]
table = "middle"
column = "b"
values = [7]
"""
FILES = {
    "1_a": (
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT); CREATE TABLE first (b INTEGER);",
        "DROP TABLE first; DROP TABLE users;",
    ),
    "2_b": ("ALTER TABLE first RENAME TO middle;", "ALTER TABLE middle RENAME TO first;"),
    "3_c": ("DROP TABLE middle;", "CREATE TABLE middle (b INTEGER);"),
}
NO_TABLE = (
    "[[data.table]] gives rows to no table: in no state of the migrations there is one called 'usrs'; is 'users' meant?"
)
NO_COLUMN = "[[data.column]] gives values to no column: users never has one that is called 'emial'; is 'email' meant?"
TOLD = [(6, "warning", NO_TABLE), (11, "warning", NO_COLUMN)]


def project(root: Path, toml: str, directory: str = "migrations") -> Path:
    for name, (up, down) in FILES.items():
        own = root / directory / name
        own.mkdir(parents=True)
        (own / "up.sql").write_text(up)
        (own / "down.sql").write_text(down)
    (root / "glowplug.toml").write_text(toml)
    return root


def chains(root: Path, *arguments: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "glowplug", "check", "--format", "json", *arguments, str(root)],
        env={**os.environ, "GLOWPLUG_CACHE_DIR": str(root / ".cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(done.stdout)["chains"]  # type: ignore[no-any-return]


def told(found: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    return [
        (item["line"], item["severity"], item["message"])
        for chain in found
        for item in chain["findings"]
        if item["rule"] == "not-seeded" and item["file"] == "glowplug.toml" and not item["suppressed"]
    ]


def test_it_is_told_with_its_line_measured_or_not_and_again_when_all_was_proved(tmp_path: Path) -> None:
    root = project(tmp_path, TOML)
    assert told(chains(root)) == TOLD
    again = chains(root)
    assert all(item["cached"] for item in again[0]["migrations"])
    assert told(again) == TOLD
    assert told(chains(root, "--no-cache")) == TOLD
    assert told(chains(root, "--rows", "0")) == TOLD
    assert told(chains(root, "--only", "review")) == []


def test_another_migration_makes_it_right(tmp_path: Path) -> None:
    root = project(tmp_path, TOML)
    assert told(chains(root, "--rows", "0")) == TOLD
    more = root / "migrations" / "4_d"
    more.mkdir()
    (more / "up.sql").write_text("CREATE TABLE usrs (id INTEGER PRIMARY KEY);")
    (more / "down.sql").write_text("DROP TABLE usrs;")
    assert told(chains(root, "--rows", "0")) == TOLD[1:]


def test_it_is_accepted_as_any_finding(tmp_path: Path) -> None:
    root = project(tmp_path, TOML + '\n[[allow]]\nrule = "not-seeded"\nbecause = "of the release to come"\n')
    assert told(chains(root, "--rows", "0")) == []


def test_of_two_chains_it_is_said_once_and_one_that_has_the_name_is_enough(tmp_path: Path) -> None:
    two = TOML + '\n[[chain]]\nmigrations = "other"\nbackend = "sqlite"\n'
    root = project(project(tmp_path, two), two, "other")
    assert [told([chain]) for chain in chains(root, "--rows", "0")] == [TOLD, []]
    (root / "other" / "1_a" / "up.sql").write_text(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, emial TEXT); CREATE TABLE first (b INTEGER);"
        "CREATE TABLE usrs (id INTEGER PRIMARY KEY);"
    )
    assert told(chains(root, "--rows", "0")) == []


def test_what_production_has_before_the_first_migration_counts(tmp_path: Path) -> None:
    setup = 'backend = "sqlite"\ndatabase_setup = ["CREATE TABLE usrs (id INTEGER)"]'
    root = project(tmp_path, TOML.replace('backend = "sqlite"', setup))
    assert told(chains(root, "--rows", "0", "--base", "none")) == [(line + 1, *rest) for line, *rest in TOLD[1:]]
