"""How PostgreSQL makes the data directory that a scratch server starts from."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.errors import NoServer
from glowplug.scratch.postgres.staging import STAND_INS
from glowplug.scratch.template import Template

if TYPE_CHECKING:
    from pathlib import Path

    from glowplug.scratch.area import Area
    from glowplug.scratch.postgres.installation import Installation

ADMINISTRATOR = "glowplug_administrator"

_LOCALES = ("C.UTF-8", "C")
"""Of the cluster's own databases: a scratch database is made with its chain's."""

_FORMAT = "3"
_DATA = "data"
_UNLOADABLE = "unloadable"
ENTRIES = (_DATA, _UNLOADABLE)
"""What a server's home holds before it starts."""

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
    size = installation.program.resolve().stat().st_size
    template = Template(
        prefix="postgres-",
        facts=(_FORMAT, installation.version, installation.place.source, str(size)),
        entries=ENTRIES,
        make=lambda target: _make(installation, area, target),
    )
    template.unpack(area, cache, home)
    return unpacked(home)


def unpacked(home: Path) -> DataDirectory:
    """What lies in ``home`` once its ENTRIES are there, initialised or kept from another run."""
    unloadable = (home / _UNLOADABLE).read_text(encoding="ascii").split()
    return DataDirectory(path=home / _DATA, unloadable=frozenset(unloadable))


def _make(installation: Installation, area: Area, home: Path) -> None:
    data = home / _DATA
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
        shutil.rmtree(data, ignore_errors=True)
    else:
        raise NoServer(f"initdb of PostgreSQL {installation.version} fails: {_reason(output)}")
    if "ERROR" in _alone(installation, area, data, "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC"):
        raise NoServer(f"PostgreSQL {installation.version} lets its own databases be closed to nobody")
    unloadable = [name for name in STAND_INS if not _loads(installation, area, data, name)]
    (home / _UNLOADABLE).write_text(" ".join(unloadable), encoding="ascii")


def _loads(installation: Installation, area: Area, data: Path, name: str) -> bool:
    """Whether the library of the extension ``name`` loads; it may be there and want another that is not."""
    return "could not" not in _alone(installation, area, data, f"LOAD '$libdir/{name}'")


def _alone(installation: Installation, area: Area, data: Path, statement: str) -> str:
    """Run a statement without a server, and give what the backend says, or why there is none, as an ERROR."""
    with tempfile.TemporaryFile() as file:
        file.write(f"{statement}\n".encode())
        file.seek(0)
        status, output = area.run(
            [installation.program, "--single", "-D", data, "template1"],
            environment=installation.place.environment,
            directory=data,
            stdin=file,
        )
    return output if status == 0 else f"ERROR: could not run it: {output}"


def _reason(output: str) -> str:
    lines = [line for line in output.splitlines() if "error:" in line or "FATAL" in line]
    return (lines or output.strip().splitlines() or ["it says nothing"])[0].removeprefix("initdb: error: ")
