"""What was proved earlier is told as a run would tell it that proves everything: all but the times is the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Thorough = Callable[[Iterable[str]], list[str]]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROJECTS = [path.name for path in sorted(EXAMPLES.iterdir()) if path.is_dir()]
TIMES = ("seconds", "cached")
NOW = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{4,6}")
"""What a trigger writes by the clock; rows of ours have no such fine times."""


def told(root: Path, cache: Path, *arguments: str) -> tuple[int, list[bool], str]:
    """The exit code, what was proved earlier, and all of the document but its times."""
    command = [sys.executable, "-m", "glowplug", "check", "--all", "--base", "none", "--format", "json", *arguments]
    environment = {**os.environ, "GLOWPLUG_CACHE_DIR": str(cache)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.stderr == ""
    document = json.loads(done.stdout)
    cached = [migration["cached"] for chain in document["chains"] for migration in chain["migrations"]]
    return done.returncode, cached, json.dumps(_still(document), sort_keys=True)


def _still(value: Any) -> Any:  # noqa: ANN401 - what JSON holds
    if isinstance(value, dict):
        return {name: _still(item) for name, item in value.items() if not name.endswith(TIMES)}
    if isinstance(value, str):
        return NOW.sub("now", value)
    return [_still(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache in which the servers are initialised already."""
    shared = Path(os.environ["GLOWPLUG_CACHE_DIR"])
    place = tmp_path / "cache"
    place.mkdir(mode=0o700)
    (shared / "data").mkdir(parents=True, exist_ok=True)
    for name in ("data", "postgres"):
        (place / name).symlink_to(shared / name)
    return place


@pytest.mark.postgres
@pytest.mark.mysql
@pytest.mark.sqlite
@pytest.mark.parametrize("name", PROJECTS)
def test_an_example_proved_earlier_is_told_as_one_proved_now(tmp_path: Path, cache: Path, name: str) -> None:
    root = tmp_path / name
    shutil.copytree(EXAMPLES / name, root)
    _assert_the_same(root, cache)


@pytest.mark.postgres
@pytest.mark.mysql
@pytest.mark.sqlite
def test_a_real_project_proved_earlier_is_told_as_one_proved_now(cache: Path, thorough: Thorough) -> None:
    for root in thorough(filter(None, os.environ.get("GLOWPLUG_REAL", "").split(":"))):
        _assert_the_same(Path(root), cache)


def _assert_the_same(root: Path, cache: Path) -> None:
    fresh = told(root, cache, "--no-cache")
    cold, warm = told(root, cache), told(root, cache)
    assert any(warm[1])
    for answer in (cold, warm):
        assert (answer[0], answer[2]) == (fresh[0], fresh[2])
