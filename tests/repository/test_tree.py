"""Files as they were at a commit."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from glowplug.errors import EnvironmentFailure, UsageError
from glowplug.repository import file_at, files_at, resolve

if TYPE_CHECKING:
    from pathlib import Path


def git(directory: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=directory,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def save(directory: Path) -> str:
    git(directory, "add", "--force", ".")
    git(directory, "commit", "--quiet", "--allow-empty", "-m", "x")
    return git(directory, "rev-parse", "HEAD")


def write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    directory = tmp_path / "top"
    directory.mkdir()
    git(directory, "init", "--quiet")
    return directory


def test_files_are_those_of_the_commit_byte_for_byte(top: Path) -> None:
    contents = {
        "migrations/1_a/up.sql": b"SELECT 1;\r\n\0\xff\n\n",
        "migrations/1_a/down.sql": b"",
        'migrations/2 \xe9 "b"\t/up.sql'.encode("latin-1").decode("latin-1"): b"x" * 5_000_000,
        "migrations/-3_c/up.sql": b"blob 4\nabcd",
        "migrations/*/up.sql": b"a star is a name",
    }
    for name, content in contents.items():
        write(top / name, content)
    write(top / "migrations.txt", b"beside")
    write(top / "Cargo.toml", b"[package]")
    first = save(top)
    write(top / "migrations/1_a/up.sql", b"changed")
    write(top / "migrations/9_z/up.sql", b"new")
    save(top)
    assert files_at(top, first, "migrations") == contents
    assert files_at(top, first, "migrations/") == contents
    assert files_at(top, first, "./migrations/*")["./migrations/*/up.sql"] == b"a star is a name"
    assert files_at(top, first, ".") == contents | {"migrations.txt": b"beside", "Cargo.toml": b"[package]"}
    assert files_at(top, first, "nowhere") == {}
    assert files_at(top, first, "Cargo.toml") == {}


def test_a_project_below_the_top(top: Path) -> None:
    write(top / "apps/one/migrations/1_a/up.sql", b"one")
    write(top / "migrations/1_a/up.sql", b"top")
    write(top / "apps/one/glowplug.toml", b"# one")
    commit = save(top)
    root = top / "apps" / "one"
    assert files_at(root, commit, "migrations") == {"migrations/1_a/up.sql": b"one"}
    assert files_at(root, commit, "../../migrations") == {"../../migrations/1_a/up.sql": b"top"}
    assert files_at(root, commit, ".") == {"migrations/1_a/up.sql": b"one", "glowplug.toml": b"# one"}
    assert file_at(root, commit, "glowplug.toml") == b"# one"
    assert file_at(root, commit, "migrations") is None
    with pytest.raises(UsageError, match="outside the git repository"):
        files_at(root, commit, "../../../elsewhere")


def test_the_root_may_be_reached_through_a_link(top: Path, tmp_path: Path) -> None:
    write(top / "app/migrations/1_a/up.sql", b"one")
    commit = save(top)
    (tmp_path / "link").symlink_to(top / "app")
    assert files_at(tmp_path / "link", commit, "migrations") == {"migrations/1_a/up.sql": b"one"}


def test_what_is_not_committed_is_not_there(top: Path) -> None:
    write(top / "migrations/1_a/up.sql", b"one")
    commit = save(top)
    write(top / "migrations/1_a/up.sql", b"changed")
    write(top / "migrations/1_a/down.sql", b"staged")
    git(top, "add", ".")
    assert files_at(top, commit, "migrations") == {"migrations/1_a/up.sql": b"one"}


def test_links_are_followed_inside_the_repository_alone(top: Path, tmp_path: Path) -> None:
    write(tmp_path / "secret", b"password")
    write(top / "shared/x/up.sql", b"shared")
    (top / "shared/x/down.sql").symlink_to("../note")
    write(top / "shared/note", b"note")
    (top / "migrations/1_a").mkdir(parents=True)
    for name, target in {
        "1_a/up.sql": "../../shared/x/up.sql",
        "1_a/down.sql": str(tmp_path / "secret"),
        "1_a/metadata.toml": "nowhere",
        "2_b": "../shared/x",
        "3_loop": "3_loop",
        "4_round": ".",
        "5_out": "../../..",
        "6\nnewline": "2_b",
    }.items():
        (top / "migrations" / name).symlink_to(target)
    (top / "linked").symlink_to("migrations")
    (top / "glowplug.toml").symlink_to("shared/note")
    commit = save(top)
    found = files_at(top, commit, "migrations")
    assert {name: content for name, content in found.items() if "4_round" not in name} == {
        "migrations/1_a/up.sql": b"shared",
        "migrations/2_b/up.sql": b"shared",
        "migrations/2_b/down.sql": b"note",
    }
    assert files_at(top, commit, "linked")["linked/1_a/up.sql"] == b"shared"
    assert file_at(top, commit, "glowplug.toml") == b"note"
    assert file_at(top, commit, "migrations/1_a/down.sql") is None
    assert file_at(top, commit, "migrations/3_loop") is None


def test_a_submodule_is_no_file(top: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    write(other / "up.sql", b"x")
    save(other)
    git(top, "submodule", "--quiet", "add", str(other), "migrations/1_a")
    commit = save(top)
    assert files_at(top, commit, "migrations") == {}
    assert file_at(top, commit, "migrations/1_a") is None


def test_nothing_on_the_way_to_a_blob_is_run(top: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    write(top / "migrations/1_a/up.sql", b"one")
    write(top / ".gitattributes", b"*.sql filter=trap diff=trap\n")
    commit = save(top)
    for name in ("filter.trap.smudge", "filter.trap.clean", "diff.trap.textconv", "core.fsmonitor"):
        git(top, "config", name, str(trap))
    git(top, "config", "filter.trap.required", "true")
    assert files_at(top, commit, "migrations") == {"migrations/1_a/up.sql": b"one"}
    assert file_at(top, commit, "migrations/1_a/up.sql") == b"one"
    assert not (tmp_path / "sprung").exists()


def test_a_replaced_object_is_not_believed(top: Path) -> None:
    write(top / "migrations/1_a/up.sql", b"one")
    commit = save(top)
    blob = git(top, "rev-parse", "HEAD:migrations/1_a/up.sql")
    write(top / "other", b"two")
    git(top, "replace", blob, git(top, "hash-object", "-w", "other"))
    assert files_at(top, commit, "migrations") == {"migrations/1_a/up.sql": b"one"}


def test_a_clone_without_blobs_is_said_and_nothing_is_fetched(top: Path, tmp_path: Path) -> None:
    write(top / "migrations/1_a/up.sql", b"one")
    write(top / "glowplug.toml", b"# one")
    commit = save(top)
    git(top, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{top}", "partial")
    partial = tmp_path / "partial"
    for read in (lambda: files_at(partial, commit, "migrations"), lambda: file_at(partial, commit, "glowplug.toml")):
        with pytest.raises(EnvironmentFailure) as caught:
            read()
        assert "git" in str(caught.value)
    assert file_at(partial, commit, "nowhere") is None
    (objects,) = [line for line in git(partial, "count-objects", "-v").splitlines() if line.startswith("in-pack")]
    assert int(objects.split()[1]) < 6  # a commit and its trees


@pytest.mark.parametrize("commit", ["HEAD", "--all", "", "abc1234", "z" * 40])
def test_a_commit_is_named_in_full(top: Path, commit: str) -> None:
    save(top)
    with pytest.raises(UsageError, match="is no commit"):
        files_at(top, commit, "migrations")
    with pytest.raises(UsageError, match="is no commit"):
        file_at(top, commit, "x")


def test_a_commit_that_is_not_there_is_no_empty_base(top: Path) -> None:
    save(top)
    with pytest.raises(EnvironmentFailure):
        files_at(top, "1" * 40, "migrations")
    with pytest.raises(EnvironmentFailure):
        file_at(top, "1" * 40, "migrations")


def test_outside_git_is_said(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="git can't find the repository: not a git repository"):
        files_at(tmp_path, "1" * 40, "migrations")


def test_resolve(top: Path) -> None:
    commit = save(top)
    git(top, "branch", "20240101000000")
    assert resolve(top, "HEAD") == resolve(top, "20240101000000") == commit
    assert resolve(top, "nowhere") is None
    assert os.listdir(top) == [".git"]  # noqa: PTH208 - names alone
