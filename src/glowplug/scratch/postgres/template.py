"""Initialised data directories, made once for a PostgreSQL and a locale, then unpacked for every run.

Each is one tar file in the cache: it appears whole or not at all, its owner is looked at on the very file that is
read, and unpacking it as the servers' user gives that user the files.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glowplug.errors import EnvironmentFailure, NoServer

if TYPE_CHECKING:
    from glowplug.scratch.area import Area
    from glowplug.scratch.postgres.installation import Installation

ADMINISTRATOR = "glowplug_administrator"
DEFAULT_ENCODING = "UTF8"
DEFAULT_COLLATION = "C.UTF-8"

_FORMAT = "1"
_UNUSED_AFTER = 60 * 86400.0
_INITDB_PATIENCE = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Locale:
    """Encoding and collation of a cluster; None is production's default as glowplug takes it."""

    encoding: str | None
    collation: str | None


def unpack_template(installation: Installation, locale: Locale, area: Area, cache: Path) -> Path:
    """Give ``area`` an initialised data directory, from the cache where there is one; its path.

    ``installation`` is one that the servers' user can run.

    Raises:
        NoServer: initdb refuses, for want of the locale among others.
        EnvironmentFailure: there is no room, or no ``tar``.
    """
    home = area.subdirectory("pg")
    archive = cache / "data" / f"{_key(installation, locale)}.tar"
    if not _trusted(archive):
        _make(installation, locale, area, archive)
    with archive.open("rb") as file:
        if os.fstat(file.fileno()).st_uid != os.geteuid():
            raise EnvironmentFailure(f"{archive} belongs to another user; remove it")
        os.utime(file.fileno())
        status, output = area.run(["tar", "-xf", "-"], directory=home, stdin=file)
    if status != 0:
        raise EnvironmentFailure(f"the data directory can't be unpacked: {output.strip()}")
    return home / "data"


def _key(installation: Installation, locale: Locale) -> str:
    program = installation.program.resolve()
    parts = (
        _FORMAT,
        installation.version,
        installation.place.source,
        str(program.stat().st_size),
        locale.encoding or "",
        locale.collation or "",
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _trusted(archive: Path) -> bool:
    try:
        return archive.lstat().st_uid == os.geteuid()
    except FileNotFoundError:
        return False


def _make(installation: Installation, locale: Locale, area: Area, archive: Path) -> None:
    home = area.subdirectory("new")
    data = home / "data"
    encoding = locale.encoding or DEFAULT_ENCODING
    collation = locale.collation or (DEFAULT_COLLATION if encoding.upper().replace("-", "") == "UTF8" else "C")
    command = [
        installation.program.with_name("initdb"),
        f"--pgdata={data}",
        f"--username={ADMINISTRATOR}",
        f"--encoding={encoding}",
        f"--locale={collation}",
        "--auth=reject",
        "--no-sync",
        *(["--wal-segsize=1"] if installation.major > 10 else []),  # noqa: PLR2004 - PostgreSQL 11 learned it
    ]
    status, output = area.run(
        command, environment=installation.place.environment, directory=home, timeout=_INITDB_PATIENCE
    )
    if status != 0:
        raise NoServer(
            f"PostgreSQL {installation.version} can't make a cluster with encoding {encoding} and collation "
            f"{collation}: {_reason(output)}",
            advice=_advice(output, collation),
        )
    _pack(home, archive)


def _pack(home: Path, archive: Path) -> None:
    archive.parent.mkdir(mode=0o700, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=".new-", dir=archive.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            answer = subprocess.run(
                ["tar", "-cf", "-", "data"],  # noqa: S607 - the machine's own, as it is set up
                cwd=home,
                stdout=file,
                stderr=subprocess.PIPE,
                check=False,
            )
        if answer.returncode != 0:
            raise EnvironmentFailure(f"the data directory can't be kept: {answer.stderr.decode(errors='replace')}")
        Path(draft).replace(archive)
    finally:
        Path(draft).unlink(missing_ok=True)
    for old in archive.parent.iterdir():
        if time.time() - old.stat().st_mtime > _UNUSED_AFTER:
            old.unlink(missing_ok=True)


def _reason(output: str) -> str:
    lines = [line for line in output.splitlines() if "error:" in line or "FATAL" in line]
    return (lines or output.strip().splitlines() or ["it says nothing"])[0].removeprefix("initdb: error: ")


def _advice(output: str, collation: str) -> str | None:
    if "invalid locale" in output:
        return (
            f"This machine lacks the locale {collation} (Debian, Ubuntu: apt-get install locales, then locale-gen), "
            "or say another collation in glowplug.toml."
        )
    if "encoding" in output and "match" in output:
        return "The collation belongs to another encoding; say both in glowplug.toml's [[chain]]."
    return None
