"""A diesel.toml whose directory is not there, beside chains that were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.finding import Severity
from glowplug.project import find_project

if TYPE_CHECKING:
    from pathlib import Path

    from glowplug.project import Project

PG = {"DATABASE_URL": "postgres://h/d"}


def project_with(root: Path, said: str, *chains: str, file: str = "diesel.toml") -> Project:
    (root / ".git").mkdir()
    for chain in chains:
        migration = root / chain / "1_a"
        migration.mkdir(parents=True)
        (migration / "up.sql").write_text("SELECT 1;")
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(f"[migrations_directory]\ndir = '{said}'\n")
    return find_project(root, environment=PG)


@pytest.mark.parametrize(
    ("said", "chains", "correction"),
    [
        ("/src/project/migrations", ["migrations"], 'dir = "migrations"'),
        (r"C:\code\project\migrations", ["migrations"], 'dir = "migrations"'),
        ("/src/project/db/migrations", ["db/migrations", "migrations"], 'dir = "db/migrations"'),
        ("migrations", ["crates/core/migrations"], 'dir = "crates/core/migrations"'),
        ("./migrations/", ["a/migrations", "b/migrations"], 'dir = "a/migrations" or dir = "b/migrations"'),
    ],
)
def test_it_is_paired_with_the_chain_that_its_name_leads_to(
    tmp_path: Path, said: str, chains: list[str], correction: str
) -> None:
    project = project_with(tmp_path, said, *chains)
    assert project.problems == ()
    (finding,) = project.findings
    assert (finding.rule, finding.severity) == ("directory-elsewhere", Severity.WARNING)
    assert finding.place is not None
    assert (finding.place.file, finding.place.line) == ("diesel.toml", 2)
    assert f"write {correction}. " in finding.message
    assert [chain.directory for chain in project.chains] == chains


def test_it_is_paired_from_a_member_of_its_own(tmp_path: Path) -> None:
    project = project_with(tmp_path, "/back/migrations", "back/migrations", "migrations", file="back/diesel.toml")
    assert project.problems == ()
    (finding,) = project.findings
    assert "; back/migrations, whose path ends alike, is checked in its place" in finding.message
    assert 'write dir = "migrations"' in finding.message


@pytest.mark.parametrize(
    ("said", "chain"),
    [
        ("/src/project/postgres/migrations", "sqlite/migrations"),
        ("db/postgres/migrations", "sqlite/migrations"),
        ("db/changes", "migrations"),
        ("../migrations", "crates/core/migrations"),
        ("/src/project/old", "migrations"),
    ],
)
def test_where_nothing_pairs_it_stays_an_error(tmp_path: Path, said: str, chain: str) -> None:
    project = project_with(tmp_path, said, chain)
    assert [str(problem.file) for problem in project.problems] == ["diesel.toml"]
    assert project.findings == ()


def test_a_chain_that_is_not_below_it_is_not_meant(tmp_path: Path) -> None:
    project = project_with(tmp_path, "migrations", "migrations", file="crates/core/diesel.toml")
    assert [str(problem.file) for problem in project.problems] == ["crates/core/diesel.toml"]


def test_what_is_there_and_no_directory_is_another_matter(tmp_path: Path) -> None:
    (tmp_path / "changes").write_text("")
    project = project_with(tmp_path, "changes", "crates/core/changes/migrations", "crates/core/migrations")
    assert [str(problem.file) for problem in project.problems] == ["diesel.toml"]
