from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from glowplug.store.place import why_unusable

PARTS = {
    "review": "reviews",
    "proved": "proved migrations",
    "checkpoints": "states of databases",
    "data": "initialised servers",
}


def run(*arguments: str, place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "glowplug", "cache", *arguments],
        env={**os.environ, "GLOWPLUG_CACHE_DIR": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )


def cache(*arguments: str, place: Path) -> str:
    done = run(*arguments, place=place)
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


def kept(place: Path) -> dict[str, int]:
    document = json.loads(cache("show", "--format", "json", place=place))
    assert document["directory"] == str(place)
    return {part["what"]: part["files"] for part in document["kept"]}


def test_it_shows_what_there_is_and_clears_all_but_servers(tmp_path: Path) -> None:
    assert kept(tmp_path / "nothing") == dict.fromkeys(PARTS.values(), 0)
    for number, part in enumerate(PARTS, 1):
        (tmp_path / part).mkdir()
        for name in range(number):
            (tmp_path / part / str(name)).write_text("x" * 5000)
    server = tmp_path / "postgres" / "16.1" / "bin" / "postgres"
    server.parent.mkdir(parents=True)
    server.write_text("")
    assert kept(tmp_path) == {what: number for number, what in enumerate(PARTS.values(), 1)}
    shown = cache("show", place=tmp_path)
    assert shown.startswith(f"{tmp_path}\n")
    assert "states of databases       3 files" in shown
    assert cache("clear", place=tmp_path).startswith("removed 10 files, ")
    (tmp_path / "data" / "one").write_text("x")
    assert "initialised servers       1 file " in cache("show", place=tmp_path)
    assert cache("clear", place=tmp_path).startswith("removed 1 file, ")
    assert kept(tmp_path) == dict.fromkeys(PARTS.values(), 0)
    assert server.exists()
    assert cache("clear", "-q", place=tmp_path) == ""


def test_where_it_can_not_be_used_it_says_so_and_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("nowhere")
    reasons = {
        "file": "it is no directory",
        "file/below": "not a directory",
        "link": "it is a link that leads nowhere",
    }
    for name, reason in reasons.items():
        place = tmp_path / name
        said = f"can't be used: {reason}"
        shown = cache("show", place=place)
        assert shown.startswith(f"{place}\n  {said}\nSet GLOWPLUG_CACHE_DIR to ")
        assert "files" not in shown
        document = json.loads(cache("show", "--format", "json", place=place))
        assert document["problem"] == said
        assert [part["problem"] is None for part in document["kept"]] == [False] * len(PARTS)
    done = run("clear", place=tmp_path / "file")
    assert done.returncode == 3
    assert f"what lies in {tmp_path / 'file'} was not removed: it is no directory" in done.stderr
    for name in ("file/below", "file/below/that"):
        done = run("clear", place=tmp_path / name)
        assert (done.returncode, done.stdout) == (3, "")
        assert f"the cache directory {tmp_path / name} can't be used: " in done.stderr
    assert run("clear", place=tmp_path / "nothing").returncode == 0


def test_of_one_part_that_can_not_be_used_alone_it_is_said_there(tmp_path: Path) -> None:
    (tmp_path / "proved").write_text("")
    shown = cache("show", place=tmp_path).splitlines()
    assert shown[2] == "  proved migrations    can't be used: it is no directory"
    assert shown[3] == "  states of databases       0 files     0.0 MiB"


def test_a_cache_that_others_can_write_to_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    shown = cache("show", place=tmp_path).splitlines()
    assert shown[1] == "  no server is started with it: other users can write to it"
    assert shown[2] == "  reviews                   0 files     0.0 MiB"


def test_a_place_without_rights_is_unusable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may do all of it in any case, so that the refusal is made here."""
    refused: set[str] = set()
    monkeypatch.setattr(os, "access", lambda place, _: Path(place).name not in refused)
    (tmp_path / "there").mkdir()
    assert why_unusable(tmp_path / "there") is why_unusable(tmp_path / "there/made/later") is None
    refused.add("there")
    assert why_unusable(tmp_path / "there") == "it can't be read and written"
    reason = f"it can't be made: {tmp_path / 'there'} can't be written"
    assert why_unusable(tmp_path / "there/made/later") == reason


@pytest.mark.parametrize(
    "backend", [pytest.param(each, marks=getattr(pytest.mark, each)) for each in ("postgres", "mysql", "sqlite")]
)
def test_a_run_that_wants_no_cache_needs_none(tmp_path: Path, backend: str) -> None:
    migration = tmp_path / "migrations" / "2024-01-01-000000_a"
    migration.mkdir(parents=True)
    (migration / "up.sql").write_text("CREATE TABLE a (id INTEGER PRIMARY KEY);")
    (migration / "down.sql").write_text("DROP TABLE a;")
    (tmp_path / "glowplug.toml").write_text(f'[[chain]]\nbackend = "{backend}"\n')
    (tmp_path / "file").write_text("")
    (tmp_path / "temporary").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "glowplug", "check", "--no-cache"],
        cwd=tmp_path,
        env={
            **os.environ,
            "GLOWPLUG_CACHE_DIR": str(tmp_path / "file" / "below"),
            "TMPDIR": str(tmp_path / "temporary"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((tmp_path / "temporary").iterdir()) == []
