"""What is said where nothing tells the new migrations from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.check.novelty import Novelty
from glowplug.errors import UsageError
from glowplug.project import find_project

if TYPE_CHECKING:
    from pathlib import Path

    from glowplug.project import Project


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
    assert Novelty.find(project(tmp_path), base=base, since=since, environment={}).note == note


@pytest.mark.parametrize(
    "since",
    [
        "20240201000000",
        "2024-02-01-000000",
        "2024-02-01-000000_plans",
        "migrations/2024-02-01-000000_plans",
        "migrations/2024-02-01-000000_plans/",
    ],
)
def test_what_a_report_prints_says_since_when(tmp_path: Path, since: str) -> None:
    found = Novelty.find(project(tmp_path, *NAMES), base="none", since=since, environment={})
    assert found.after == "20240201000000"


@pytest.mark.parametrize(
    ("since", "example"),
    [
        ("2024-01-01-000000_user", "2024-01-01-000000_users"),
        ("20240101000000_users", "2024-01-01-000000_users"),
        ("2024-02-01-000000_orders", "2024-03-01-000000_orders"),
        ("nothing", "2024-02-01-000000_plans"),
    ],
)
def test_what_names_nothing_is_told_what_would(tmp_path: Path, since: str, example: str) -> None:
    with pytest.raises(UsageError, match="neither a migration nor a git ref") as caught:
        Novelty.find(project(tmp_path, *NAMES), base="none", since=since, environment={})
    assert caught.value.advice == (
        f"Name the last migration that is not new, by its directory or its version ({example}), or a commit, branch or "
        "tag."
    )


NAMES = ("2024-01-01-000000_users", "2024-02-01-000000_plans", "2024-03-01-000000_orders")


def project(root: Path, *names: str) -> Project:
    (root / "Cargo.toml").write_text('[dependencies]\ndiesel = { version = "2", features = ["sqlite"] }\n')
    for name in names or ("2024-01-01-000000_a",):
        migration = root / "migrations" / name
        migration.mkdir(parents=True)
        (migration / "up.sql").write_text("SELECT 1;")
    return find_project(root, environment={})
