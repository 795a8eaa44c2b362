"""What is said where nothing tells the new migrations from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.check.novelty import Novelty
from glowplug.project import find_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("base", "since", "note"),
    [
        (
            None,
            None,
            (
                "There is no base to compare with, for this is no git repository: all migrations are new. --since "
                "VERSION says which migrations are new: those after that version."
            ),
        ),
        ("none", None, "There is no base to compare with: all migrations are new."),
        (None, "2024-01-01-000000", "There is no base to compare with: what comes after 20240101000000 is new."),
    ],
)
def test_where_there_is_no_base(tmp_path: Path, base: str | None, since: str | None, note: str) -> None:
    (tmp_path / "Cargo.toml").write_text('[dependencies]\ndiesel = { version = "2", features = ["sqlite"] }\n')
    migration = tmp_path / "migrations" / "2024-01-01-000000_a"
    migration.mkdir(parents=True)
    (migration / "up.sql").write_text("SELECT 1;")
    project = find_project(tmp_path, environment={})
    assert Novelty.find(project, base=base, since=since, environment={}).note == note
