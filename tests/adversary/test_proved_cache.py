"""What was proved, where nobody can write, where it was tampered with, while others run, and after a sudden death."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .project import checked, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Thorough = Callable[[range], list[int]]

FILES = [
    ("CREATE TABLE t (id int PRIMARY KEY, a varchar(20));", "DROP TABLE t;"),
    ("INSERT INTO t VALUES (1, 'x');", "DELETE FROM t;"),
    ("CREATE VIEW v AS SELECT a FROM t;", "SELECT 1;"),
    ("ALTER TABLE t ADD COLUMN b int;", "ALTER TABLE t DROP COLUMN b;"),
]
ROWS = ("--rows", "0")
CHECK = (sys.executable, "-m", "glowplug", "check", "--format", "json", *ROWS)
BACKENDS = [
    pytest.param("sqlite", marks=pytest.mark.sqlite),
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("mysql", marks=pytest.mark.mysql),
]


def told(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    """The answer without what is another at every run."""
    code, chain = answer
    return code, json.dumps(_still(chain), sort_keys=True)


def _still(value: Any) -> Any:  # noqa: ANN401 - what JSON holds
    if isinstance(value, dict):
        return {name: _still(item) for name, item in value.items() if name not in {"cached", "seconds"}}
    return [_still(item) for item in value] if isinstance(value, list) else value


def cached(answer: tuple[int, dict[str, Any]]) -> list[bool]:
    """Which migrations were proved earlier."""
    return [migration["cached"] for migration in answer[1]["migrations"]]


def files_of(cache: Path) -> Iterator[Path]:
    """All that was kept of the rehearsal."""
    for name in ("proved", "checkpoints"):
        yield from (path for path in (cache / name).rglob("*") if path.is_file())


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


@pytest.fixture(scope="module", params=BACKENDS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[int, str]]:
    """A project, and what is said of it where nothing was proved."""
    root = write(tmp_path_factory.mktemp("project"), request.param, FILES)
    return root, told(checked(root, *ROWS, "--no-cache"))


def test_two_at_once_then_known_then_tampered_with_all_say_the_same(
    project: tuple[Path, tuple[int, str]], cache: Path
) -> None:
    root, expected = project
    running = [start(root, cache) for _ in range(2)]
    for one in running:
        output, errors = one.communicate(timeout=120)
        assert errors == b""
        assert told((one.returncode, json.loads(output)["chains"][0])) == expected
    answer = checked(root, *ROWS, GLOWPLUG_CACHE_DIR=str(cache))
    assert (told(answer), cached(answer)) == (expected, [True] * len(FILES))
    for file in files_of(cache):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    answer = checked(root, *ROWS, GLOWPLUG_CACHE_DIR=str(cache))
    assert (told(answer), cached(answer)) == (expected, [False] * len(FILES))


def start(root: Path, cache: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "GLOWPLUG_CACHE_DIR": str(cache)}
    return subprocess.Popen(CHECK, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.sqlite
def test_a_cache_that_is_none_changes_no_answer(tmp_path: Path) -> None:
    root = write(tmp_path / "project", "sqlite", FILES)
    expected = told(checked(root, *ROWS, "--no-cache"))
    (tmp_path / "place").mkdir()
    for name in ("proved", "checkpoints"):
        (tmp_path / "place" / name).write_text("")  # root could write into any directory
    for place in ("/dev/full", "/proc", "x" * 5000, str(tmp_path / "place")):
        assert told(checked(root, *ROWS, GLOWPLUG_CACHE_DIR=place)) == expected
