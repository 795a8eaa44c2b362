"""Migrations that lie as Diesel's do, and are another crate's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.errors import UsageError
from glowplug.project import Project, find_project

if TYPE_CHECKING:
    from pathlib import Path

OTHER = (
    '[package]\nname = "vec"\n[dependencies]\nrusqlite_migration = { version = "2", features = ["from-directory"] }\n'
)
DIESEL = '[package]\nname = "db"\n[dependencies]\ndiesel = { version = "2", features = ["sqlite"] }\n'


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def project(path: Path, **environment: str) -> Project:
    return find_project(path, environment={"DATABASE_URL": "sqlite://x", **environment})


def directories(path: Path, **environment: str) -> list[str]:
    return [chain.directory for chain in project(path, **environment).chains]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace: ``db`` uses Diesel, ``vec`` another tool."""
    (tmp_path / ".git").mkdir()
    write(tmp_path / "Cargo.toml", '[workspace]\nmembers = ["*"]\n[workspace.dependencies]\ndiesel = "2"\n')
    write(tmp_path / "db/Cargo.toml", DIESEL)
    write(tmp_path / "vec/Cargo.toml", OTHER)
    for crate in ("db", "vec"):
        write(tmp_path / crate / "migrations/1-a/up.sql", "SELECT 1;")
    return tmp_path


@pytest.mark.parametrize(
    "manifest",
    [
        OTHER,
        OTHER.replace("rusqlite_migration", "rusqlite-migration"),
        OTHER.replace("rusqlite_migration", "movine"),
        OTHER.replace("rusqlite_migration =", 'migrant = { package = "migrant_lib", version = "1" }\nother ='),
    ],
)
def test_they_are_left_out_and_that_is_said(root: Path, manifest: str) -> None:
    write(root / "vec/Cargo.toml", manifest)
    found = project(root)
    assert [chain.directory for chain in found.chains] == ["db/migrations"]
    (note,) = found.notes
    assert note.startswith("vec/migrations holds migrations of ")
    assert "which vec/Cargo.toml depends on, and not on diesel; it is left out." in note
    assert "[[chain]]" in note


def test_alone_they_are_nothing_to_check(root: Path) -> None:
    with pytest.raises(
        UsageError, match=r"\Amigrations holds migrations of rusqlite_migration, which Cargo\.toml"
    ) as one:
        project(root / "vec")
    assert "[[chain]]" in (one.value.advice or "")


def test_what_is_named_is_a_chain(root: Path) -> None:
    assert directories(root / "vec/migrations") == ["migrations"]
    assert directories(root / "vec", MIGRATION_DIRECTORY="migrations") == ["migrations"]
    write(root / "glowplug.toml", '[[chain]]\nmigrations = "vec/migrations"\n')
    assert directories(root) == ["vec/migrations"]


@pytest.mark.parametrize("file", ["diesel.toml", "tools/diesel.toml", "vec/diesel.toml", "vec/migrations/diesel.toml"])
def test_a_diesel_toml_makes_them_diesels(root: Path, file: str) -> None:
    where = {"diesel.toml": "vec/migrations", "tools/diesel.toml": "../vec/migrations"}.get(file)
    write(root / file, "" if where is None else f'[migrations_directory]\ndir = "{where}"\n')
    assert directories(root) == ["db/migrations", "vec/migrations"]
    assert project(root).notes == ()


@pytest.mark.parametrize(
    "manifest",
    [
        OTHER + 'diesel = "2"\n',
        OTHER + "diesel.workspace = true\n",
        OTHER + 'orm = { package = "diesel", version = "2" }\n',
        OTHER + 'diesel-async = "0.5"\n',
        OTHER + '[dev-dependencies]\ndiesel_migrations = "2"\n',
        OTHER + '[build-dependencies]\ndiesel = "2"\n',
        OTHER + "[target.'cfg(unix)'.dependencies]\ndiesel = \"2\"\n",
        '[package]\nname = "vec"\n[dependencies]\nrusqlite = "0.35"\n',
        '[package]\nname = "vec"\n[dependencies]\nsqlx = "0.8"\n',
        '[package]\nname = "vec"\n[dev-dependencies]\nrusqlite_migration = "2"\n',
    ],
)
def test_what_may_be_diesels_is_kept(root: Path, manifest: str) -> None:
    write(root / "vec/Cargo.toml", manifest)
    assert directories(root) == ["db/migrations", "vec/migrations"]


def test_what_lies_at_a_workspaces_root_may_be_run_by_any_member(root: Path) -> None:
    write(root / "migrations/1-a/up.sql", "SELECT 1;")
    write(root / "Cargo.toml", OTHER + '[workspace]\nmembers = ["*"]\n')
    assert directories(root) == ["db/migrations", "migrations"]
    write(root / "db/Cargo.toml", '[package]\nname = "db"\n')
    assert directories(root) == ["db/migrations"]
