"""The review's cache where nobody can write, where everybody can, and while somebody else does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from glowplug.review.cache import Cache
from glowplug.review.reviewed import Reviewed

from .project import glowplug, write

if TYPE_CHECKING:
    from pathlib import Path

BAD = [("CREATE TABLE t (a int);", "DROP TABLE t;"), ("DROP TABLE t;", "CREATE TABLE t (a int);")]
LINT = (sys.executable, "-m", "glowplug", "lint", "--all", "--format", "json")


def rules(output: str) -> list[str]:
    """The rules of what was found."""
    return [each["rule"] for each in json.loads(output)["chains"][0]["findings"]]


EXPECTED = ["table-dropped", "lock-timeout-missing"]


@pytest.mark.parametrize("place", ["/dev/null", "/dev/full", "/proc", "/proc/self/mem", "\udcff", "x" * 5000])
def test_a_cache_that_is_none_changes_no_answer(tmp_path: Path, place: str) -> None:
    write(tmp_path, "postgres", BAD)
    done = glowplug("lint", "--all", "--format", "json", where=tmp_path, GLOWPLUG_CACHE_DIR=place)
    assert (done.returncode, done.stderr) == (1, "")
    assert rules(done.stdout) == EXPECTED


def test_a_full_disk_changes_no_answer(tmp_path: Path) -> None:
    write(tmp_path, "postgres", BAD)
    cache = tmp_path / "cache"
    for _ in range(2):
        done = subprocess.run(
            ["/bin/sh", "-c", 'ulimit -f 0; "$@" | cat', "sh", *LINT],
            cwd=tmp_path,
            env={**os.environ, "GLOWPLUG_CACHE_DIR": str(cache)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        assert rules(done.stdout) == EXPECTED
    assert [path.name for path in cache.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("kind", ["emptied", "cut", "changed", "directory", "link", "fifo", "another's"])
def test_what_was_tampered_with_is_not_believed(tmp_path: Path, kind: str) -> None:
    root, other = tmp_path / "one", tmp_path / "other"
    write(root, "postgres", BAD)
    write(other, "postgres", BAD[:1])
    cache = str(tmp_path / "cache")
    for each in (root, other):
        glowplug("lint", "--all", where=each, GLOWPLUG_CACHE_DIR=cache)
    mine, its = (_entry(tmp_path / "cache", root), _entry(tmp_path / "cache", other))
    content = mine.read_bytes()
    if kind in {"directory", "link", "fifo"}:
        mine.unlink()
    match kind:
        case "emptied":
            mine.write_bytes(b"")
        case "cut":
            mine.write_bytes(content[:-1])
        case "changed":
            mine.write_bytes(content.replace(b"table-dropped", b"xable-dropped"))
        case "directory":
            mine.mkdir()
        case "link":
            mine.symlink_to("/dev/zero")
        case "fifo":
            os.mkfifo(mine)
        case _:
            mine.write_bytes(its.read_bytes())
    done = glowplug("lint", "--all", "--format", "json", where=root, GLOWPLUG_CACHE_DIR=cache)
    assert (done.returncode, done.stderr) == (1, "")
    assert rules(done.stdout) == EXPECTED


def _entry(cache: Path, root: Path) -> Path:
    """Find the entry that a run of this project touches, by running it with an empty cache beside."""
    beside = cache.parent / f"cache-of-{root.name}"
    glowplug("lint", "--all", where=root, GLOWPLUG_CACHE_DIR=str(beside))
    (name,) = (path.name for path in (beside / "review").iterdir())
    return cache / "review" / name


def test_several_at_once_all_say_the_same(tmp_path: Path) -> None:
    write(tmp_path, "postgres", BAD)
    environment = {**os.environ, "GLOWPLUG_CACHE_DIR": str(tmp_path / "cache")}
    running = [
        subprocess.Popen(LINT, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    for one in running:
        output, errors = one.communicate(timeout=120)
        assert (one.returncode, errors) == (1, "")
        assert rules(output) == EXPECTED
    assert len(list((tmp_path / "cache" / "review").iterdir())) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_no_verdict_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    many = "".join(f"CREATE TABLE t{n} (a int);\n" for n in range(60_000))
    write(tmp_path, "postgres", [(many, "SELECT 1;")])
    environment = {**os.environ, "GLOWPLUG_CACHE_DIR": str(tmp_path / "cache")}
    with subprocess.Popen(
        LINT, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        time.sleep(1.5)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert process.returncode not in {0, 1}
    assert "Traceback" not in errors
    assert output == "" or json.loads(output)["outcome"] not in {"pass", "fail"}
    assert list((tmp_path / "cache").rglob(".*")) == []


def test_a_directory_that_can_only_be_read_is_read(tmp_path: Path) -> None:
    ours = 65534 if os.geteuid() == 0 else os.geteuid()  # root could write all the same
    look = """
import os, tempfile  # nobody may be kept from reading Python's library
from pathlib import Path
from glowplug.review.cache import Cache
from glowplug.review.reviewed import Reviewed
cache = Cache(directory=Path("review"))
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)
cache.store("b" * 64, Reviewed(findings=()))
print(cache.load("a" * 64) is not None, cache.load("b" * 64) is not None)
"""
    cache = Cache(directory=tmp_path / "review")
    cache.store("a" * 64, Reviewed(findings=()))
    os.chown(tmp_path / "review" / ("a" * 64), ours, -1)
    for directory in (tmp_path / "review", tmp_path):
        directory.chmod(0o555)
    try:
        done = subprocess.run(
            [sys.executable, "-c", look], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )
    finally:
        for directory in (tmp_path, tmp_path / "review"):
            directory.chmod(0o755)
    assert (done.stdout, done.stderr) == ("True False\n", "")
    assert [path.name for path in (tmp_path / "review").iterdir()] == ["a" * 64]
