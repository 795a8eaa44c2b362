from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

NEEDS_DIESEL = """
import pytest

@pytest.mark.diesel
def test_it():
    pass
"""
THOROUGH = """
import pytest

@pytest.mark.full
@pytest.mark.parametrize("number", range(95))
def test_each(number):
    pass

@pytest.mark.full
def test_alone():
    pass

def test_some(thorough):
    assert len(thorough(range(200))) == 20
"""
ENVIRONMENT = """
import os

def test_it():
    for name in ("DATABASE_URL", "PGHOST", "GLOWPLUG_SCRATCH_URL", "MYSQL_HOST", "GIT_DIR", "CI", "NO_COLOR"):
        assert name not in os.environ
    assert os.environ["GLOWPLUG_CACHE_DIR"] == os.environ["EXPECTED"]
    assert os.environ["GIT_CONFIG_GLOBAL"] == os.devnull
"""


def run(directory: Path, checkout: Path, text: str, **variables: str) -> str:
    (directory / "conftest.py").write_bytes((checkout / "tests" / "conftest.py").read_bytes())
    (directory / "pyproject.toml").write_bytes((checkout / "pyproject.toml").read_bytes())
    (directory / "test_made_up.py").write_text(text, "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GLOWPLUG_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_made_up.py"]
    return subprocess.run(
        command, cwd=directory, env={**kept, **variables}, capture_output=True, text=True, check=False
    ).stdout


@pytest.mark.parametrize(
    ("required", "summary"), [("", "1 skipped"), ("postgres", "1 skipped"), ("mysql,diesel", "1 error")]
)
def test_what_is_missing_skips_and_fails_where_it_is_required(
    tmp_path: Path, checkout: Path, required: str, summary: str
) -> None:
    said = run(tmp_path, checkout, NEEDS_DIESEL, GLOWPLUG_DIESEL=os.devnull, GLOWPLUG_REQUIRE=required)
    assert summary in said.splitlines()[-1]
    assert "cargo install diesel_cli" in said


@pytest.mark.parametrize(("full", "summary"), [("", "12 passed, 85 deselected"), ("1", "1 failed, 96 passed")])
def test_without_full_a_tenth_is_run(tmp_path: Path, checkout: Path, full: str, summary: str) -> None:
    assert summary in run(tmp_path, checkout, THOROUGH, GLOWPLUG_FULL=full).splitlines()[-1]


def test_the_tenth_is_the_same_every_time(tmp_path: Path, checkout: Path) -> None:
    def chosen() -> list[str]:
        said = run(tmp_path, checkout, THOROUGH, PYTEST_ADDOPTS="-v")
        return sorted(line.split()[0] for line in said.splitlines() if "test_each[" in line)

    first = chosen()
    assert len(first) == len(range(0, 95, 10))
    assert first == chosen()


def test_a_run_sees_nothing_of_the_developers_environment(tmp_path: Path, checkout: Path) -> None:
    names = ("DATABASE_URL", "PGHOST", "GLOWPLUG_SCRATCH_URL", "MYSQL_HOST", "GIT_DIR", "CI", "NO_COLOR")
    said = run(
        tmp_path,
        checkout,
        ENVIRONMENT,
        **dict.fromkeys(names, "somewhere"),
        GLOWPLUG_TEST_CACHE_DIR="a-cache",
        EXPECTED="a-cache",
    )
    assert "1 passed" in said.splitlines()[-1]
