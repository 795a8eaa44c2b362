"""The layout reader against a real diesel CLI, on SQLite: names, order, what is refused, and metadata.toml."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from glowplug.project import find_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glowplug.project import Chain

pytestmark = [pytest.mark.diesel, pytest.mark.sqlite]


def run(diesel: Path, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": "test.db"}
    return subprocess.run(
        [diesel, "migration", *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def chain_of(root: Path) -> Chain:
    (chain,) = find_project(root, environment={"DATABASE_URL": "test.db"}).chains
    return chain


def add(root: Path, name: str, up: bytes = b"SELECT 1;", metadata: bytes | None = None) -> Path:
    directory = root / "migrations" / name
    directory.mkdir(parents=True)
    (directory / "up.sql").write_bytes(up)
    if metadata is not None:
        (directory / "metadata.toml").write_bytes(metadata)
    return directory


def test_list_and_run_agree_on_odd_names_and_duplicates(diesel: Path, tmp_path: Path) -> None:
    names = [
        "10_a",
        "9_b",
        "2024_01_01_c",
        "2024_02_02_d",
        "_e",
        "é-1_f",
        "G",
        "--h",
        "1-0_i",
        "x y",
        ".hidden",
        "9-_j",
    ]
    for name in names:
        add(tmp_path, name)
    (tmp_path / "migrations" / "note.sql").touch()
    chain = chain_of(tmp_path)
    listed = run(diesel, tmp_path, "list")
    assert sorted(re.findall(r"^  \[.\] (.*)$", listed.stdout, re.MULTILINE)) == sorted(
        one.name for one in chain.migrations
    )
    done = run(diesel, tmp_path, "run")
    assert done.returncode == 0, done.stderr
    running = re.findall(r"^Running migration (.*)$", done.stdout, re.MULTILINE)
    assert running == [one.name for one in chain.migrations if one.runnable]


def empty(directory: Path) -> None:
    directory.mkdir()


def gitkeep(directory: Path) -> None:
    directory.mkdir()
    (directory / ".gitkeep").touch()


def dangling(directory: Path) -> None:
    directory.symlink_to("nowhere")


def link_to_file(directory: Path) -> None:
    directory.symlink_to("1_a/up.sql")


def link_to_directory(directory: Path) -> None:
    directory.symlink_to("1_a")


def up_is_directory(directory: Path) -> None:
    (directory / "up.sql").mkdir(parents=True)


def up_is_dangling(directory: Path) -> None:
    directory.mkdir()
    (directory / "up.sql").symlink_to("nowhere")


def pipe(directory: Path) -> None:
    os.mkfifo(directory)


def not_utf8(directory: Path) -> None:
    os.mkdir(os.fsencode(directory) + b"\xff-_x")  # noqa: PTH102 - pathlib has no bytes
    with open(os.fsencode(directory) + b"\xff-_x/up.sql", "wb") as file:  # noqa: PTH123 - the same
        file.write(b"SELECT 1;")


@pytest.mark.parametrize(
    "make",
    [empty, gitkeep, dangling, link_to_file, link_to_directory, up_is_directory, up_is_dangling, pipe, not_utf8],
)
def test_the_same_layouts_are_refused(diesel: Path, tmp_path: Path, make: Callable[[Path], None]) -> None:
    add(tmp_path, "1_a")
    make(tmp_path / "migrations" / "2_b")
    listed = run(diesel, tmp_path, "list")
    chain = chain_of(tmp_path)
    assert (chain.refused is None) == (listed.returncode == 0)
    if listed.returncode == 0:
        assert re.findall(r"^  \[.\] (.*)$", listed.stdout, re.MULTILINE) == [one.name for one in chain.migrations]


@pytest.mark.parametrize(
    ("up", "fails"),
    [
        (b"", True),
        (b"\xef\xbb\xbfSELECT 1;", False),
        (b"SELECT '\0';", True),
        (b"SELECT '\xff';", True),
        (b"-- x", False),
    ],
)
def test_what_the_bytes_of_an_up_do_on_sqlite(diesel: Path, tmp_path: Path, up: bytes, fails: bool) -> None:
    add(tmp_path, "1_a", up)
    errors = [finding for finding in chain_of(tmp_path).findings if finding.severity == "error"]
    assert bool(errors) is fails
    assert (run(diesel, tmp_path, "run").returncode != 0) is fails


@pytest.mark.parametrize(
    "metadata",
    [
        b"",
        b"# run_in_transaction = true",
        b"run_in_transaction = true",
        b"run_in_transaction = false",
        b"\xef\xbb\xbfrun_in_transaction = false",
        b"run_in_transaction = 'false'",
        b"run_in_transaction = false\nrun_in_transaction = false",
        b"run-in-transaction = true",
        b"[lint]\nrun_in_transaction = true",
        b"run_in_transaction = False",
        b"run_in_transaction = false # \xe9",
        b'x = "\\e"\ny = { a = 1,\n }\nrun_in_transaction = false',
        b"[[run_in_transaction]]",
        b"run_in_transaction.x = false",
    ],
)
def test_metadata_means_the_same(diesel: Path, tmp_path: Path, metadata: bytes) -> None:
    """VACUUM fails inside a transaction, and nowhere else."""
    add(tmp_path, "1_a", b"VACUUM;", metadata)
    in_transaction = run(diesel, tmp_path, "run").returncode != 0
    assert chain_of(tmp_path).migrations[0].run_in_transaction is in_transaction


def test_the_migrations_directory_is_the_same_one(diesel: Path, tmp_path: Path) -> None:
    add(tmp_path, "1_a")
    (tmp_path / "migrations").rename(tmp_path / "db")
    (tmp_path / "diesel.toml").write_text('[migrations_directory]\ndir = "db"\n')
    (tmp_path / "crate" / "src").mkdir(parents=True)
    (tmp_path / "crate" / "Cargo.toml").write_text("")
    listed = run(diesel, tmp_path / "crate" / "src", "list")
    assert listed.stdout == "Migrations:\n  [ ] 1_a\n"
    project = find_project(tmp_path / "crate" / "src", environment={"DATABASE_URL": "test.db"})
    assert [(project.root, chain.directory) for chain in project.chains] == [(tmp_path, "db")]
