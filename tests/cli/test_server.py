"""``glowplug server``: what it says and how it exits."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "UV_OFFLINE": "1"}


def glowplug(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **OFFLINE, "GLOWPLUG_CACHE_DIR": str(tmp_path / "cache")}
    return subprocess.run(
        [sys.executable, "-m", "glowplug", "server", *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("13", "there is no PostgreSQL 13 to install\nThere are: 14, 15, 16"),
        ("16.99", "there is no PostgreSQL 16.99 to install\nThere are: 14, 15, 16"),
        ("sqlite-3.1", "there is no SQLite 3.1 to install\nThere are: sqlite-3.45, sqlite-3.46"),
        ("sqlite-", "there is no"),
        ("mariadb-10.11", "'mariadb-10.11' is no version of a server that can be installed"),
        ("../../etc", "is no version of a server that can be installed"),
    ],
)
def test_an_unknown_version_is_a_usage_error(tmp_path: Path, version: str, says: str) -> None:
    done = glowplug(tmp_path, "install", version)
    assert done.returncode == 2
    assert says in done.stderr


@pytest.mark.parametrize("version", ["16", "sqlite-3.46"])
def test_what_cannot_be_fetched_is_the_environments_failure(tmp_path: Path, version: str) -> None:
    done = glowplug(tmp_path, "install", version)
    assert done.returncode == 3
    assert "can't be fetched" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_embedded_server_is_always_listed(tmp_path: Path) -> None:
    done = glowplug(tmp_path, "list", "--format", "json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["schema"]) == (0, "glowplug.servers/1")
    assert "embedded" in {row["source"] for row in document["servers"]}
    assert {"14", "15", "16", "17", "18", "sqlite-3.46"} <= set(document["installable"])
    refused = glowplug(tmp_path, "install", "12").stderr + glowplug(tmp_path, "install", "sqlite-3.40").stderr
    named = re.findall(r"There are: (.*)\.\n", refused)
    assert ", ".join(named).split(", ") == document["installable"]
    text = glowplug(tmp_path, "list")
    assert all(row["path"] in text.stdout for row in document["servers"])
    assert "To install: 14 15 16 17 18 sqlite-3.45" in text.stdout


def test_a_cached_server_that_misses_a_library_is_said_so(tmp_path: Path) -> None:
    programs = tmp_path / "cache" / "postgres" / "16.15.0" / "bin"
    programs.mkdir(parents=True)
    (tmp_path / "cache").chmod(0o700)
    server = programs / "postgres"
    server.write_text(
        "#!/bin/sh\necho 'postgres: error while loading shared libraries: liblz4.so.1: cannot open'; exit 127\n",
        encoding="utf-8",
    )
    server.chmod(0o755)
    listed = glowplug(tmp_path, "list")
    assert listed.returncode == 0
    assert "unusable: " in listed.stdout
    assert "liblz4.so.1 is missing (Debian, Ubuntu: apt-get install liblz4-1)" in listed.stdout
    installed = glowplug(tmp_path, "install", "16")
    assert installed.returncode == 3
    assert "liblz4.so.1 is missing" in installed.stderr
