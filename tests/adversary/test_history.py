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


TABLE = ("CREATE TABLE c (p INT);", "DROP TABLE c;")
FORGETS = ("CREATE TABLE f (p INT); DELETE FROM __diesel_schema_migrations;", "DROP TABLE f;")
INVENTS = ("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000');", "SELECT 1;")


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


@pytest.mark.parametrize("new", [(), (TABLE,)], ids=["nothing new", "something new"])
@pytest.mark.parametrize(
    ("history", "told", "decides"),
    [(FORGETS, "way-down-leaves", "record-is-lost"), (INVENTS, "way-down-fails", "way-down-fails")],
    ids=["forgets what ran", "records what is not there"],
)
def test_what_history_alone_shows_is_a_notice(
    tmp_path: Path, new: tuple[tuple[str, str], ...], history: tuple[str, str], told: str, decides: str
) -> None:
    """And told again of the same in every request, it says no only where all counts."""
    root = request(tmp_path, *new, history=[*HISTORY, history])
    for _ in range(2):  # the second time of what the first has proved
        code, chain = checked(root, "--base", "HEAD", "--jobs", "1")
        assert code == 0
        (finding,) = [each for each in chain["findings"] if each["rule"] == told]
        assert finding["severity"] == "notice"
    code, chain = checked(root, "--base", "HEAD", "--all")
    assert code == 1
    assert decides in {rule for rule, _ in errors(chain)}
    assert told in {rule for rule, _ in errors(chain)}
