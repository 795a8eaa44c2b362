from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.sqlite

SETTINGS = """\
[[chain]]
migrations = "migrations"
backend = "sqlite"

[[assert]]
sql = "SELECT id FROM t WHERE id > {least}"
because = "small numbers alone"
"""


@pytest.mark.parametrize(("least", "code"), [(6, 1), (7, 0)])
def test_an_assertion_that_does_not_hold_is_a_no_with_its_line(tmp_path: Path, least: int, code: int) -> None:
    directory = tmp_path / "migrations" / "2024-01-01-000000_a"
    directory.mkdir(parents=True)
    (directory / "up.sql").write_text("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (7);")
    (directory / "down.sql").write_text("DROP TABLE t;")
    (tmp_path / "glowplug.toml").write_text(SETTINGS.format(least=least))
    command = [sys.executable, "-m", "glowplug", "check", "--rows", "0", "--format", "json", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    found = [each for each in json.loads(done.stdout)["chains"][0]["findings"] if each["rule"] == "assertion-broken"]
    assert [(each["file"], each["line"], each["message"]) for each in found] == [
        (
            "glowplug.toml",
            5,
            "small numbers alone: SELECT id FROM t WHERE id > 6\nit gives rows where none may be:\n7",
        )
    ] * code


def test_an_assertion_about_no_chain_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "migrations" / "2024-01-01-000000_a"
    directory.mkdir(parents=True)
    (directory / "up.sql").write_text("CREATE TABLE t (id INTEGER PRIMARY KEY);")
    (directory / "down.sql").write_text("DROP TABLE t;")
    (tmp_path / "glowplug.toml").write_text(SETTINGS.format(least=0) + 'chain = "migrations/postgresql"\n')
    done = subprocess.run(
        [sys.executable, "-m", "glowplug", "check", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "glowplug.toml:8: there is no chain migrations/postgresql: this project has migrations" in done.stdout


def test_an_assertion_that_is_no_query_holds_never(tmp_path: Path) -> None:
    directory = tmp_path / "migrations" / "2024-01-01-000000_a"
    directory.mkdir(parents=True)
    (directory / "up.sql").write_text("CREATE TABLE t (id INTEGER PRIMARY KEY);")
    (directory / "down.sql").write_text("DROP TABLE t;")
    settings = SETTINGS.format(least=0).replace("SELECT id FROM t WHERE id > 0", "DELETE FROM t")
    (tmp_path / "glowplug.toml").write_text(settings)
    done = subprocess.run(
        [sys.executable, "-m", "glowplug", "check", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "this is no query" in done.stdout


TEST = """\
-- glowplug: given
INSERT INTO t (id, name) VALUES (1, 'Ada Lovelace'), (2, NULL);
-- glowplug: after up
SELECT name, {column} FROM t ORDER BY id;
--> Ada Lovelace | 12
--> NULL | 0
-- glowplug: after down
SELECT count(*) FROM t;
--> 2
"""


@pytest.mark.parametrize(("column", "line", "message"), [("size", None, None), ("size + 1", 4, "expected: NULL | 0")])
def test_a_migrations_own_test_runs_on_a_server(tmp_path: Path, column: str, line: int | None, message: str) -> None:
    for name, up, down in (
        ("2024-01-01-000000_a", "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);", "DROP TABLE t;"),
        (
            "2024-01-02-000000_b",
            "ALTER TABLE t ADD COLUMN size INTEGER; UPDATE t SET size = coalesce(length(name), 0);",
            "ALTER TABLE t DROP COLUMN size;",
        ),
    ):
        directory = tmp_path / "migrations" / name
        directory.mkdir(parents=True)
        (directory / "up.sql").write_text(up)
        (directory / "down.sql").write_text(down)
    (directory / "test.sql").write_text(TEST.format(column=column))
    (tmp_path / "glowplug.toml").write_text('[[chain]]\nmigrations = "migrations"\nbackend = "sqlite"\n')
    command = [sys.executable, "-m", "glowplug", "check", "--rows", "0", "--format", "json", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [each for each in json.loads(done.stdout)["chains"][0]["findings"] if each["rule"] == "test-fails"]
    assert [each["line"] for each in found] == ([] if line is None else [line])
    assert all(message in each["message"] for each in found)
    assert done.returncode == (0 if line is None else 1), done.stderr
