"""Initialised data directories, made once for each server, then unpacked for every run.

Each is one tar file in the cache: it appears whole or not at all, its owner is looked at on the very file that is
read, and unpacking it as the servers' user gives that user the files.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from glowplug.errors import EnvironmentFailure, NoServer

if TYPE_CHECKING:
    from glowplug.scratch.area import Area
    from glowplug.scratch.mysql.source import Installation

LOG_FILE_SIZE = "16M"

_FORMAT = "1"
_PATIENCE = 180.0


def unpack_template(installation: Installation, area: Area, cache: Path, target: Path) -> None:
    """Put an initialised data directory at ``target``/data, from the cache where there is one.

    Its administrator is root with no password.

    Raises:
        NoServer: the server's own installer refuses.
        EnvironmentFailure: there is no room, or no ``tar``.
    """
    archive = cache / "data" / f"{_key(installation)}.tar"
    if not _trusted(archive):
        _make(installation, area, archive)
    with archive.open("rb") as file:
        if os.fstat(file.fileno()).st_uid != os.geteuid():
            raise EnvironmentFailure(f"{archive} belongs to another user; remove it")
        os.utime(file.fileno())
        status, output = area.run(["tar", "-xf", "-"], directory=target, stdin=file)
    if status != 0:
        raise EnvironmentFailure(f"the data directory can't be unpacked: {output.strip()}")


def _key(installation: Installation) -> str:
    version = installation.version
    parts = (_FORMAT, version.vendor, version.number, str(installation.program.stat().st_size), LOG_FILE_SIZE)
    return "mysql-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _trusted(archive: Path) -> bool:
    try:
        return archive.lstat().st_uid == os.geteuid()
    except FileNotFoundError:
        return False


def _make(installation: Installation, area: Area, archive: Path) -> None:
    home = area.subdirectory("new")
    data = home / "data"
    common = ["--no-defaults", f"--datadir={data}", f"--loose-innodb-log-file-size={LOG_FILE_SIZE}"]
    if installation.version.vendor == "MariaDB":
        if installation.installer is None:
            raise NoServer(f"there is no mariadb-install-db beside {installation.program}")
        command: list[str | Path] = [
            installation.installer,
            *common,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        ]
    else:
        command = [installation.program, *common, "--initialize-insecure"]
    status, output = area.run(command, directory=home, timeout=_PATIENCE)
    if status != 0:
        last = output.strip().splitlines()[-1:] or ["it says nothing"]
        raise NoServer(f"{installation.version.vendor}'s installer fails: {last[0]}")
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
