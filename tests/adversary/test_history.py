"""A pull request against a base: what it breaks in history is its own fault."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from .project import checked, errors, write

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.sqlite

HISTORY = [
    ("CREATE TABLE a (p INT);", "DROP TABLE a;"),
    (
        "ALTER TABLE a ADD q TEXT;",
        (
            "CREATE TABLE b (p INT NOT NULL); INSERT INTO b SELECT p FROM a; DROP TABLE a;"
            " CREATE TABLE a (p INT); INSERT INTO a SELECT p FROM b; DROP TABLE b;"
        ),
    ),
]


def request(root: Path, *new: tuple[str, str], history: list[tuple[str, str]]) -> Path:
    """Make a checkout whose HEAD holds ``history`` and whose work tree holds ``new`` as well."""
    write(root, "sqlite", history)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "base"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    for number, (up, down) in enumerate(new):
        directory = root / "migrations" / f"{20250101000000 + number}_n"
        directory.mkdir()
        (directory / "up.sql").write_text(up)
        (directory / "down.sql").write_text(down)
    return root


@pytest.mark.parametrize(
    ("new", "history", "expected"),
    [
        (("INSERT INTO a (p) VALUES (NULL);", "SELECT 1;"), HISTORY, [("way-down-broken", None)]),
        (("INSERT INTO a (p) VALUES (1);", "SELECT 1;"), HISTORY, []),
        (("CREATE TABLE c (p INT);", "DROP TABLE c;"), [(HISTORY[0][0], "DROP TABLE nowhere;")], []),
        (
            ("DELETE FROM __diesel_schema_migrations;", "SELECT 1;"),
            HISTORY,
            [("record-is-lost", "20250101000000"), ("rows-without-where", "20250101000000"), ("way-down-leaves", None)],
        ),
    ],
)
def test_what_is_new_answers_for_what_it_does_to_history(
    tmp_path: Path, new: tuple[str, str], history: list[tuple[str, str]], expected: list[tuple[str, str | None]]
) -> None:
    code, chain = checked(request(tmp_path, new, history=history), "--base", "HEAD")
    names = {migration["version"]: migration["new"] for migration in chain["migrations"]}
    found = [one for one in errors(chain) if one[1] is None or names[one[1]]]
    assert sorted(found, key=str) == expected
    assert code == (1 if expected else 0)
