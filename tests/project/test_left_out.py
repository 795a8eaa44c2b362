"""Directories that look like chains and are not checked: they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.errors import ConfigurationError, NothingToCheck
from glowplug.project import find_project

if TYPE_CHECKING:
    from pathlib import Path

PG = {"DATABASE_URL": "postgres://h/d"}


def add(root: Path, *directories: str, name: str = "2024-01-01-000000_m") -> None:
    for directory in directories:
        migration = root / directory / name
        migration.mkdir(parents=True)
        (migration / "up.sql").write_text("SELECT 1;")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout that ends the search upward."""
    checkout = tmp_path / "checkout"
    (checkout / ".git").mkdir(parents=True)
    return checkout


def test_one_of_another_name_is_told_and_the_advice_settles_it(root: Path) -> None:
    add(root, "migrations", "migrations_pg")
    (root / "diesel_pg.toml").write_text('[migrations_directory]\ndir = "migrations_pg"')
    project = find_project(root, environment=PG)
    assert [chain.directory for chain in project.chains] == ["migrations"]
    (note,) = project.notes
    assert note.startswith("migrations_pg holds migrations as Diesel lays them, and is not checked: ")
    (root / "glowplug.toml").write_text(note.partition("\n")[2])
    project = find_project(root, environment={})
    assert [chain.directory for chain in project.chains] == ["migrations", "migrations_pg"]
    assert project.notes == ()


def test_several_are_told_in_one_note(root: Path) -> None:
    add(root, "api/migrations", "api/db_setup")
    add(root, "etl/ch_migrations", name="1696445533")
    (note,) = find_project(root, environment=PG).notes
    assert note.startswith("api/db_setup, etl/ch_migrations hold migrations as Diesel lays them, and are not checked")
    (note,) = find_project(root / "api", environment=PG).notes
    assert note.startswith("db_setup holds")


def test_where_the_backend_is_unclear_the_advice_leaves_none_out(root: Path) -> None:
    add(root, "migrations", "migrations_pg")
    with pytest.raises(ConfigurationError) as caught:
        find_project(root, environment={})
    assert caught.value.advice is not None
    assert '[[chain]]\nmigrations = "migrations_pg"\nbackend = "postgres"' in caught.value.advice


def test_where_there_is_nothing_else_it_is_told_how_to_have_it_checked(root: Path) -> None:
    add(root, "server/src/db_setup")
    with pytest.raises(NothingToCheck) as caught:
        find_project(root, environment=PG)
    assert "Migrations as Diesel lays them are in server/src/db_setup, which nothing names" in (
        caught.value.advice or ""
    )


def test_what_is_no_migration_of_diesels_is_not_told(root: Path) -> None:
    add(root, "migrations", "tests/old", "examples/todo/db", "target/debug/db", "node_modules/x/db")
    add(root, "tools/sql", name="report")  # an up.sql alone makes no migration
    add(root, "lite/changes")
    (root / "lite/Cargo.toml").write_text("[dependencies]\nrusqlite_migration = '1'\n")
    (root / "data/2024-01-01_x").mkdir(parents=True)
    assert find_project(root, environment=PG).notes == ()


def test_where_another_was_asked_for_it_is_not_told(root: Path) -> None:
    add(root, "migrations", "migrations_pg")
    assert find_project(root / "migrations", environment=PG).notes == ()
    assert find_project(root / "migrations_pg", environment=PG).notes == ()
    assert find_project(root, environment=PG | {"MIGRATION_DIRECTORY": "migrations"}).notes == ()
