"""Initialised data directories, made once for each PostgreSQL, then unpacked for every run.

Each is one tar file in the cache: it appears whole or not at all, its owner is looked at on the very file that is
read, and unpacking it as the servers' user gives that user the files.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glowplug.errors import EnvironmentFailure, NoServer
from glowplug.scratch.postgres.staging import STAND_INS

if TYPE_CHECKING:
    from glowplug.scratch.area import Area
    from glowplug.scratch.postgres.installation import Installation

ADMINISTRATOR = "glowplug_administrator"

_LOCALES = ("C.UTF-8", "C")
"""Of the cluster's own databases: a scratch database is made with its chain's."""

_FORMAT = "2"
_DATA = "data"
_UNLOADABLE = "unloadable"
_UNUSED_AFTER = 60 * 86400.0
_INITDB_PATIENCE = 120.0
_WAL_SEGMENT_SIZE_SINCE = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDirectory:
    """An initialised data directory; ``unloadable`` are the extensions of STAND_INS whose library doesn't load."""

    path: Path
    unloadable: frozenset[str]


def unpack_template(installation: Installation, area: Area, cache: Path) -> DataDirectory:
    """Give ``area`` an initialised data directory, from the cache where there is one.

    ``installation`` is one that the servers' user can run.

    Raises:
        NoServer: initdb refuses.
        EnvironmentFailure: there is no room, or no ``tar``.
    """
    home = area.subdirectory("pg")
    archive = cache / "data" / f"{_key(installation)}.tar"
    if not _trusted(archive):
        _make(installation, area, archive)
    output = _unpack(archive, home, area)
    if output is not None:
        shutil.rmtree(home / _DATA, ignore_errors=True)
        _make(installation, area, archive)
        output = _unpack(archive, home, area)
    if output is not None:
        raise EnvironmentFailure(f"the data directory can't be unpacked: {output}")
    unloadable = (home / _UNLOADABLE).read_text(encoding="ascii").split()
    return DataDirectory(path=home / _DATA, unloadable=frozenset(unloadable))


def _unpack(archive: Path, home: Path, area: Area) -> str | None:
    """Unpack the archive; why not, where that fails."""
    with archive.open("rb") as file:
        if os.fstat(file.fileno()).st_uid != os.geteuid():
            return f"{archive} belongs to another user"
        os.utime(file.fileno())
        status, output = area.run(["tar", "-xf", "-"], directory=home, stdin=file)
    return None if status == 0 else output.strip()


def _key(installation: Installation) -> str:
    program = installation.program.resolve()
    parts = (
        _FORMAT,
        installation.version,
        installation.place.source,
        str(program.stat().st_size),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _trusted(archive: Path) -> bool:
    try:
        return archive.lstat().st_uid == os.geteuid()
    except FileNotFoundError:
        return False


def _make(installation: Installation, area: Area, archive: Path) -> None:
    home = area.subdirectory("new")
    data = home / _DATA
    shutil.rmtree(data, ignore_errors=True)
    output = ""
    for locale in _LOCALES:
        command: list[str | Path] = [
            installation.program.with_name("initdb"),
            f"--pgdata={data}",
            f"--username={ADMINISTRATOR}",
            "--encoding=UTF8",
            f"--locale={locale}",
            "--auth=reject",
            "--no-sync",
            *(["--wal-segsize=1"] if installation.major >= _WAL_SEGMENT_SIZE_SINCE else []),
        ]
        status, output = area.run(
            command, environment=installation.place.environment, directory=home, timeout=_INITDB_PATIENCE
        )
        if status == 0:
            break
    else:
        raise NoServer(f"initdb of PostgreSQL {installation.version} fails: {_reason(output)}")
    unloadable = [name for name in STAND_INS if not _loads(installation, area, data, name)]
    (home / _UNLOADABLE).write_text(" ".join(unloadable), encoding="ascii")
    _pack(home, archive)


def _loads(installation: Installation, area: Area, data: Path, name: str) -> bool:
    """Whether the library of the extension ``name`` loads; it may be there and want another that is not."""
    with tempfile.TemporaryFile() as file:
        file.write(f"LOAD '$libdir/{name}'\n".encode())
        file.seek(0)
        status, output = area.run(
            [installation.program, "--single", "-D", data, "template1"],
            environment=installation.place.environment,
            directory=data,
            stdin=file,
        )
    return status == 0 and "could not" not in output


def _pack(home: Path, archive: Path) -> None:
    archive.parent.mkdir(mode=0o700, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=".new-", dir=archive.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            answer = subprocess.run(
                ["tar", "-cf", "-", _DATA, _UNLOADABLE],  # noqa: S607 - the machine's own, as it is set up
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
