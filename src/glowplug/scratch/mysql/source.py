"""Which MySQL or MariaDB a chain is proved on: the one nearest to production's that the machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glowplug.database.mysql import ServerVersion
from glowplug.dialect import Dialect
from glowplug.errors import NoServer
from glowplug.project.server_version import NAMES, vendor_and_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glowplug.scratch.settings import Request

_PROGRAMS = ("mariadbd", "mysqld")
_USUAL_PLACES = (
    "usr/sbin",  # Debian, Ubuntu, Alpine
    "usr/libexec",  # RHEL, Fedora
    "usr/bin",
    "usr/local/sbin",
    "usr/local/bin",
    "usr/local/libexec",
    "usr/local/mysql/bin",  # MySQL's own packages
    "opt/homebrew/opt/mariadb*/bin",
    "opt/homebrew/opt/mysql*/bin",
    "usr/local/opt/mariadb*/bin",
    "usr/local/opt/mysql*/bin",
    "home/linuxbrew/.linuxbrew/opt/mariadb*/bin",
    "home/linuxbrew/.linuxbrew/opt/mysql*/bin",
)
_ANSWERS_WITHIN = 30.0

ADVICE = (
    "Install one (apt-get install mariadb-server-core, or brew install mariadb; nothing has to be started), "
    "or name a server in GLOWPLUG_SCRATCH_URL_MYSQL."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A server program on the machine, and its version."""

    program: Path
    version: ServerVersion

    @property
    def installer(self) -> Path | None:
        """MariaDB's program that makes a data directory; MySQL's server does that itself."""
        if self.version.vendor != "MariaDB":
            return None
        for name in ("mariadb-install-db", "mysql_install_db"):
            for directory in (self.program.parent, *(self.program.parent.parent / each for each in ("bin", "scripts"))):
                if (directory / name).is_file():
                    return directory / name
        found = shutil.which("mariadb-install-db", path="/usr/local/bin:/usr/bin:/bin")
        return Path(found) if found else None


def production_version(server_version: str | None) -> ServerVersion | None:
    """What glowplug.toml says of production."""
    if server_version is None:
        return None
    vendor, number = vendor_and_number(server_version, Dialect.MYSQL)
    return ServerVersion(vendor=NAMES[vendor], number=number or "0")


def matches(have: ServerVersion, wanted: ServerVersion | None) -> bool | None:
    """Whether vendor and series (as far as they are said) are production's; None where nothing is said."""
    if wanted is None:
        return None
    said = wanted.number.split(".")[:2]
    return have.vendor == wanted.vendor and have.number.split(".")[: len(said)] == said


def stands_in(have: ServerVersion, wanted: ServerVersion | None) -> bool:
    """Whether a MariaDB is there where a MySQL was asked for: neither takes all that the other does."""
    return wanted is not None and (have.vendor, wanted.vendor) == ("MariaDB", "MySQL")


def choose(request: Request) -> Installation:
    """Find the server for ``request``: of production's series, else its vendor's, else any; of those the newest.

    Raises:
        NoServer: there is none.
    """
    wanted = production_version(request.chain.server_version)
    found = list(find_all(request.environment))
    if not found:
        raise NoServer("no MariaDB or MySQL server can be had for the scratch database", advice=ADVICE)
    return max(
        found,
        key=lambda each: (
            bool(matches(each.version, wanted)),
            wanted is not None and each.version.vendor == wanted.vendor,
            [int(part) for part in each.version.number.split(".")],
        ),
    )


def find_all(environment: Mapping[str, str], root: Path = Path("/")) -> Iterator[Installation]:
    """Every server program on the machine that runs, with its version."""
    directories = [Path(each) for each in environment.get("PATH", "").split(":") if each.startswith("/")]
    directories += [each for pattern in _USUAL_PLACES for each in sorted(root.glob(pattern))]
    seen = set()
    for directory in directories:
        for name in _PROGRAMS:
            program = Path(os.path.realpath(directory / name))
            if program in seen or not (os.access(program, os.X_OK) and program.is_file()):
                continue
            seen.add(program)
            version = _version_of(program)
            if version is not None:
                yield Installation(program=program, version=version)


def _version_of(program: Path) -> ServerVersion | None:
    """Ask a program for its version; None where it doesn't run."""
    try:
        answer = subprocess.run(
            [program, "--no-defaults", "--version"],
            capture_output=True,
            timeout=_ANSWERS_WITHIN,
            check=False,
            env={"LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ServerVersion.of(answer.stdout.decode("utf-8", "replace")) if answer.returncode == 0 else None
