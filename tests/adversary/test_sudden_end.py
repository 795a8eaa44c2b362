"""Runs that are ended while rows are written, states are kept and stretches run: nothing is left, nothing is wrong."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .project import checked, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Thorough = Callable[[Iterable[int]], list[int]]

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")

FILES = [
    ("CREATE TABLE t (id int PRIMARY KEY, a varchar(20));", "DROP TABLE t;"),
    ("INSERT INTO t VALUES (1000001, 'x');", "DELETE FROM t WHERE id = 1000001;"),
    *((f"ALTER TABLE t ADD COLUMN b{n} int;", f"ALTER TABLE t DROP COLUMN b{n};") for n in range(6)),
]
CHECK = (sys.executable, "-m", "glowplug", "check", "--format", "json", "--jobs", "2")
PATIENCE = 30  # seconds
BACKENDS = [
    pytest.param("sqlite", marks=pytest.mark.sqlite),
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("mysql", marks=pytest.mark.mysql),
]


class Project:
    """A project, its cache, what is said of it where all goes well, and how long that takes."""

    def __init__(self, root: Path, cache: Path) -> None:
        self.root, self.cache = root, cache
        (cache).mkdir(mode=0o700)
        shared = Path(os.environ["GLOWPLUG_CACHE_DIR"])
        (shared / "data").mkdir(parents=True, exist_ok=True)
        for name in ("data", "postgres"):
            (cache / name).symlink_to(shared / name)
        self.expected = self.told("--no-cache")
        started = time.monotonic()
        self.told("--no-cache")
        self.seconds = time.monotonic() - started

    def told(self, *arguments: str) -> tuple[int, str]:
        code, chain = checked(self.root, *arguments, GLOWPLUG_CACHE_DIR=str(self.cache))
        return code, json.dumps(_still(chain), sort_keys=True)

    def end(self, number: signal.Signals, after: float) -> tuple[int, list[Path]]:
        """Begin a check, send it a signal; its exit code, and where its servers lived."""
        environment = {**os.environ, "GLOWPLUG_CACHE_DIR": str(self.cache)}
        command = [*CHECK] if number is signal.SIGKILL else [*CHECK, "--no-cache"]
        with subprocess.Popen(
            command, cwd=self.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as run:
            time.sleep(after)
            areas = _areas(run.pid)
            run.send_signal(number)
            _, errors = run.communicate(timeout=PATIENCE)
        assert b"Traceback" not in errors
        return run.returncode, areas


def _areas(process: int) -> list[Path]:
    found = []
    for descriptor in Path(f"/proc/{process}/fd").glob("*"):
        try:
            target = descriptor.readlink()
        except OSError:
            continue
        if target.parent.name.startswith("glowplug-run-"):
            found.append(target.parent)
    return found


def _live_in(areas: list[Path]) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = (process / "cwd").readlink()
        except OSError:
            continue
        if any(where.is_relative_to(area) for area in areas):
            return True
    return False


def _still(value: Any) -> Any:  # noqa: ANN401 - what JSON holds
    if isinstance(value, dict):
        return {name: _still(item) for name, item in value.items() if not name.endswith(("cached", "seconds"))}
    return [_still(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module", params=BACKENDS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with rows of its own."""
    place = tmp_path_factory.mktemp("project")
    root = write(place / "root", request.param, FILES)
    (root / "seeds").mkdir()
    (root / "seeds" / "a.sql").write_text("INSERT INTO t (id, a) VALUES (777, 'seed');")
    return Project(root, place / "cache")


def test_a_kill_leaves_no_server_and_no_wrong_answer(project: Project, thorough: Thorough) -> None:
    for attempt in thorough(range(34)):  # of each backend: a hundred
        after = random.Random(attempt).random() * project.seconds
        _, areas = project.end(signal.SIGKILL, after)
        end = time.monotonic() + PATIENCE
        while _live_in(areas):
            assert time.monotonic() < end
            time.sleep(0.05)
        assert project.told("--jobs", "2") == project.expected
        end = time.monotonic() + PATIENCE
        while any(area.exists() for area in areas):  # another test's run may be the one that is removing it
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_all_and_removes_all(
    project: Project, thorough: Thorough, number: signal.Signals, code: int
) -> None:
    for attempt in thorough(range(10)):
        after = (0.4 + random.Random(attempt).random() * 0.5) * project.seconds
        ended, areas = project.end(number, after)
        # It may have been ready, or past its last handler: Python takes them away as it ends.
        assert ended in {code, project.expected[0], -number}
        assert [area for area in areas if area.exists()] == []
        assert not _live_in(areas)
