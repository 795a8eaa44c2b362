"""A directory that changes while ``glowplug check`` runs: an answer about one state that it had, or a clear message."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from glowplug.errors import EnvironmentFailure, GlowplugError
from glowplug.project import find_project
from glowplug.project.tree import DiskTree

from .project import checked, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNT = 12
NAMES = [f"{20240101000000 + number}_m" for number in range(COUNT)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    migrations = [(f"CREATE TABLE t{number} (i INT);", f"DROP TABLE t{number};") for number in range(COUNT)]
    return write(tmp_path, "sqlite", migrations)


def replace(file: Path, text: str) -> None:
    """Replace a file in one step, as git and editors do."""
    draft = file.with_name(".draft")
    draft.write_text(text)
    draft.replace(file)


def rewrite(root: Path, text: str) -> None:
    """Replace every up.sql, from the first to the last."""
    for name in NAMES:
        replace(root / "migrations" / name / "up.sql", text)


def once_while_reading(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object], *, after: int) -> None:
    """Do ``change`` once, after so many files were read."""
    read, count = DiskTree.read, []

    def reading(tree: DiskTree, path: str) -> bytes:
        content = read(tree, path)
        count.append(path)
        if len(count) == after:
            change()
        return content

    monkeypatch.setattr(DiskTree, "read", reading)


def states(root: Path) -> list[bytes | None]:
    """Read the project; what each migration's up is."""
    (chain,) = find_project(root, environment={}).chains
    assert chain.refused is None
    assert not [finding for finding in chain.findings if finding.rule != "down-is-missing"]
    return [migration.up for migration in chain.migrations]


@pytest.mark.parametrize("after", [1, 2, 3, COUNT, 2 * COUNT - 1, 2 * COUNT])
def test_all_files_replaced_while_it_is_read(root: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    once_while_reading(monkeypatch, lambda: rewrite(root, "SELECT 2;"), after=after)
    assert set(states(root)) == {b"SELECT 2;"}


@pytest.mark.parametrize("after", [1, COUNT])
@pytest.mark.parametrize("gone", [NAMES[0], NAMES[-1], f"{NAMES[-1]}/down.sql"])
def test_one_removed_while_it_is_read(root: Path, monkeypatch: pytest.MonkeyPatch, gone: str, after: int) -> None:
    """No link "that leads nowhere", no "no up.sql": it is not there, and nothing is said of it."""
    place = root / "migrations" / gone
    remove = place.unlink if place.is_file() else lambda: shutil.rmtree(place)
    once_while_reading(monkeypatch, remove, after=after)
    assert len(states(root)) == COUNT - (gone in NAMES)


@pytest.mark.parametrize("after", [1, 2 * COUNT])
def test_a_migration_that_appears_while_it_is_read(root: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    once_while_reading(
        monkeypatch, lambda: shutil.copytree(root / "migrations" / NAMES[0], root / "migrations/3_new"), after=after
    )
    assert len(states(root)) == COUNT + 1


def test_the_directory_removed_while_it_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    once_while_reading(monkeypatch, lambda: shutil.rmtree(root / "migrations"), after=3)
    with pytest.raises(EnvironmentFailure, match="migrations can't be listed: no such file or directory"):
        find_project(root, environment={})


def test_one_that_never_rests_is_given_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, count = DiskTree.read, []

    def reading(tree: DiskTree, path: str) -> bytes:
        count.append(path)
        replace(root / "migrations" / NAMES[5] / "down.sql", f"-- {len(count)}")
        return read(tree, path)

    monkeypatch.setattr(DiskTree, "read", reading)
    with pytest.raises(EnvironmentFailure, match="migrations changes while it is read; check it when nothing writes"):
        find_project(root, environment={})


def test_a_writer_at_work_all_the_time(root: Path) -> None:
    """At every moment the first so many files are of one generation and the rest of the one before it."""
    end, consistent = threading.Event(), []

    def work() -> None:
        generation = 0
        while not end.wait(0.003):
            generation += 1
            rewrite(root, f"SELECT {generation};")

    rewrite(root, "SELECT 0;")
    writer = threading.Thread(target=work)
    writer.start()
    try:
        for _ in range(60):
            try:
                (chain,) = find_project(root, environment={}).chains
            except GlowplugError as error:
                assert "changes while it is read" in error.message  # noqa: PT017 - either of two answers is right
                continue
            generations = [int((migration.up or b"").split()[1].rstrip(b";")) for migration in chain.migrations]
            assert generations == sorted(generations, reverse=True)
            assert generations[0] - generations[-1] <= 1
            consistent.append(generations)
    finally:
        end.set()
        writer.join()
    assert consistent


DISTURBED = """
import shutil, sys
from pathlib import Path
import glowplug.scratch.sqlite as scratch
from glowplug.cli import main

change, open_server = sys.argv[1], scratch.open_server

def disturb(request):
    server = open_server(request)
    if change == "removed":
        shutil.rmtree("migrations")
    elif change == "replaced":
        for file in Path("migrations").glob("*/*.sql"):
            file.write_text("SELECT nonsense")
    return server

scratch.open_server = disturb
sys.argv = ["glowplug", "check", "--format", "json"]
main()
"""


@pytest.mark.sqlite
def test_what_changes_once_it_was_read_does_not_change_the_answer(root: Path) -> None:
    """Before the first migration runs, the directory is another one; replaced, it would fail."""
    answers = {}
    for change in ("nothing", "replaced", "removed"):
        done = subprocess.run(
            [sys.executable, "-c", DISTURBED, change],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stderr == ""
        (chain,) = json.loads(done.stdout)["chains"]
        trips = [(each["version"], each["round_trip"]["outcome"]) for each in chain["migrations"]]
        answers[change] = (done.returncode, trips, chain["chain_down"]["outcome"])
        if change == "replaced":
            assert checked(root)[0] == 1
            for number, name in enumerate(NAMES):
                replace(root / "migrations" / name / "up.sql", f"CREATE TABLE t{number} (i INT);")
                replace(root / "migrations" / name / "down.sql", f"DROP TABLE t{number};")
    assert answers["nothing"][0] == 0
    assert answers["nothing"] == answers["replaced"] == answers["removed"]
