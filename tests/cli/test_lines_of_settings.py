"""What a scratch server refuses of glowplug.toml is said at the line where it stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CHAIN = '[scratch]\nfetch = false\n\n[[chain]]\nmigrations = "migrations"\nbackend = "{}"\n'
AT = 7  # the first line behind that
POSTGRES, MYSQL, SQLITE = (
    pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("postgres", "mysql", "sqlite")
)


def checked(root: Path, settings: str, verb: str = "check") -> tuple[int, dict[str, Any]]:
    migration = root / "migrations/2024-01-01-000000_a"
    migration.mkdir(parents=True)
    (migration / "up.sql").write_text("CREATE TABLE a (id INTEGER PRIMARY KEY);")
    (migration / "down.sql").write_text("DROP TABLE a;")
    (root / "glowplug.toml").write_text(settings)
    done = subprocess.run(
        [sys.executable, "-m", "glowplug", verb, "--format", "json"],
        cwd=root,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("name", ["session_setup", "database_setup"])
@pytest.mark.parametrize("backend", [POSTGRES, MYSQL, SQLITE])
def test_a_statement_that_fails_stands_at_its_line(tmp_path: Path, backend: str, name: str) -> None:
    setting = f'{name} = [\n  "SELECT 1",\n  "SELECT nonsense FROM nowhere",\n]\n'
    code, document = checked(tmp_path, CHAIN.format(backend) + setting)
    error = document["chains"][0]["error"]
    assert code == 2
    assert (error["file"], error["line"]) == ("glowplug.toml", AT + 2)
    assert error["message"].startswith(f"{name} fails: ")


@pytest.mark.parametrize(
    ("setting", "code", "beside"),
    [
        ('collation = "nowhere_XX"', 2, 'encoding = "UTF8"\n'),
        ('encoding = "EBCDIC"', 2, 'collation = "C"\n'),
        ("database_setup = ['CREATE EXTENSION nonesuch']", 3, ""),
    ],
)
@pytest.mark.postgres
def test_what_postgresql_has_not_stands_at_its_line(tmp_path: Path, setting: str, code: int, beside: str) -> None:
    found, document = checked(tmp_path, f"{CHAIN.format('postgres')}{beside}{setting}\n")
    error = document["chains"][0]["error"]
    assert found == code
    assert (error["file"], error["line"]) == ("glowplug.toml", AT + bool(beside))


@pytest.mark.parametrize("setting", ['collation = "nowhere_ci"', 'encoding = "EBCDIC"', 'encoding = "utf-8"'])
@pytest.mark.mysql
def test_what_mysql_has_not_stands_at_its_line(tmp_path: Path, setting: str) -> None:
    code, document = checked(tmp_path, f"{CHAIN.format('mysql')}\n{setting}\n")
    error = document["chains"][0]["error"]
    assert code == 2
    assert (error["file"], error["line"]) == ("glowplug.toml", AT + 1)


@pytest.mark.postgres
def test_an_extension_that_can_not_be_trusted_stands_at_its_line(tmp_path: Path) -> None:
    settings = CHAIN.format("postgres").replace("fetch = false", 'trust_extensions = [\n  "plpgsql",\n  "nosuch"\n]')
    code, document = checked(tmp_path, settings)
    error = document["chains"][0]["error"]
    assert code == 2
    assert (error["file"], error["line"]) == ("glowplug.toml", 4)


def test_an_allow_of_a_rule_that_there_is_not_stands_at_the_rule(tmp_path: Path) -> None:
    allow = '[[allow]]\nbecause = "x"\nrule = "{}"\n'
    settings = CHAIN.format("sqlite") + allow.format("colum-dropped") + allow.format("column-dropped")
    _, document = checked(tmp_path, settings, "lint")
    found = [each for each in document["chains"][0]["findings"] if each["rule"] == "allow-unneeded"]
    assert [each["line"] for each in found] == [AT + 2, AT + 3]
    assert found[0]["message"].endswith("there is no such rule; is column-dropped meant?")


@pytest.mark.parametrize("header", ["[review.severity]", '[[review.path]]\npaths = ["a"]\n[review.path.severity]'])
def test_a_severity_that_is_none_stands_at_its_line(tmp_path: Path, header: str) -> None:
    settings = f'{CHAIN.format("sqlite")}{header}\nindex-blocks-writes = "off"\nlock-timeout-missing = false\n'
    code, document = checked(tmp_path, settings, "lint")
    assert code == 2
    assert document["error"]["line"] == settings.count("\n")
    assert document["error"]["message"].endswith("severity.lock-timeout-missing: expected a string, got true or false")


@pytest.mark.sqlite
def test_a_variable_that_is_to_name_a_server_and_is_not_set_is_told(tmp_path: Path) -> None:
    named = CHAIN.replace("fetch = false", 'url_env = "THE_SCRATCH_URL"')
    line = named.splitlines().index('url_env = "THE_SCRATCH_URL"') + 1
    note = (
        f"glowplug.toml:{line}: [scratch] url_env names THE_SCRATCH_URL, which is not set here: it lends no server, "
        "another is used."
    )
    _, document = checked(tmp_path / "mysql", named.format("mysql"), "check")
    assert note in document["notes"]
    _, document = checked(tmp_path / "reviewed", named.format("mysql"), "lint")
    assert note not in document["notes"]
    _, document = checked(tmp_path / "sqlite", named.format("sqlite"), "check")
    assert note not in document["notes"]
