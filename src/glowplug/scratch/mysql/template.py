"""How MariaDB and MySQL make the data directory that a scratch server starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.errors import NoServer
from glowplug.scratch.template import Template

if TYPE_CHECKING:
    from pathlib import Path

    from glowplug.scratch.area import Area
    from glowplug.scratch.mysql.source import Installation

LOG_FILE_SIZE = "16M"

_FORMAT = "1"
_DATA = "data"
_PATIENCE = 180.0


def unpack_template(installation: Installation, area: Area, cache: Path, target: Path) -> None:
    """Put an initialised data directory at ``target``/data, from the cache where there is one.

    Its administrator is root with no password.

    Raises:
        NoServer: the server's own installer refuses.
        EnvironmentFailure: there is no room, or no ``tar``.
    """
    version = installation.version
    size = installation.program.stat().st_size
    template = Template(
        prefix="mysql-",
        facts=(_FORMAT, version.vendor, version.number, str(size), LOG_FILE_SIZE),
        entries=(_DATA,),
        make=lambda home: _make(installation, area, home),
    )
    template.unpack(area, cache, target)


def _make(installation: Installation, area: Area, home: Path) -> None:
    common = ["--no-defaults", f"--datadir={home / _DATA}", f"--loose-innodb-log-file-size={LOG_FILE_SIZE}"]
    if installation.version.vendor == "MariaDB":
        if installation.installer is None:
            raise NoServer(
                f"there is no mariadb-install-db beside {installation.program}",
                advice="It comes with the server: install the package that holds it "
                "(Debian and Ubuntu: mariadb-server-core).",
            )
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
