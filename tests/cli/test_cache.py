from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PARTS = {
    "review": "reviews",
    "proved": "proved migrations",
    "checkpoints": "states of databases",
    "data": "initialised servers",
}


def cache(*arguments: str, place: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "glowplug", "cache", *arguments],
        env={**os.environ, "GLOWPLUG_CACHE_DIR": str(place)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
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
    assert kept(tmp_path) == dict.fromkeys(PARTS.values(), 0)
    assert server.exists()
    assert cache("clear", "-q", place=tmp_path) == ""
