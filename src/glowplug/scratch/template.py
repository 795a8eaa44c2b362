"""Initialised data directories: made once for each server program, kept in the cache, unpacked for every run.

Each is one tar file: it appears whole or not at all, its owner is looked at on the very file that is read, and
unpacking it as the servers' user gives that user the files.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glowplug.errors import EnvironmentFailure
from glowplug.store.place import cache_path
from glowplug.store.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from glowplug.scratch.area import Area

DIRECTORY = "data"

_UNUSED_AFTER = 60 * 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A data directory that is the same for every run with one server program.

    ``prefix`` and a digest of ``facts`` name its file in the cache: whatever makes another data directory is one of
    these. ``entries`` are the files and directories that it consists of; ``make`` puts them into an empty directory
    of the servers' user.
    """

    prefix: str
    facts: tuple[str, ...]
    entries: tuple[str, ...]
    make: Callable[[Path], None]

    def unpack(self, area: Area, cache: Path, target: Path) -> None:
        """Put the entries into ``target``, a directory of ``area``; what the cache lacks, or has damaged, is made.

        Raises:
            NoServer: ``make`` says so.
            EnvironmentFailure: there is no room, or no ``tar``.
        """
        name = hashlib.sha256("\0".join(self.facts).encode()).hexdigest()[:32]
        archive = cache / DIRECTORY / f"{self.prefix}{name}.tar"
        if _unpack(archive, area, target) is None:
            return
        _clear(target, self.entries)
        self._keep(area, archive)
        problem = _unpack(archive, area, target)
        if problem is not None:
            raise EnvironmentFailure(f"the data directory can't be unpacked into {target}: {problem}")

    def _keep(self, area: Area, archive: Path) -> None:
        """Make the entries, and put them into the cache in one step."""
        home = area.subdirectory("new")
        _clear(home, self.entries)
        self.make(home)
        archive.parent.mkdir(mode=0o700, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".new-", dir=archive.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                answer = subprocess.run(
                    ["tar", "-cf", "-", *self.entries],  # noqa: S607 - the machine's own, as it is set up
                    cwd=home,
                    stdout=file,
                    stderr=subprocess.PIPE,
                    check=False,
                )
            if answer.returncode != 0:
                said = answer.stderr.decode(errors="replace").strip()
                raise EnvironmentFailure(f"the data directory can't be kept in {archive.parent}: {said}")
            Path(draft).replace(archive)
        except OSError as error:
            raise EnvironmentFailure(f"the data directory can't be kept in {archive.parent}: {error}") from error
        finally:
            Path(draft).unlink(missing_ok=True)
        _remove_unused(archive.parent)


def shelf_of(environment: Mapping[str, str]) -> Shelf:
    """Where they are kept, to be measured and cleared; what is not used for two months goes by itself."""
    return Shelf(directory=cache_path(environment) / DIRECTORY, largest=2**40, room=2**40, most=2**20)


def _unpack(archive: Path, area: Area, target: Path) -> str | None:
    """Unpack the archive; why not, where that fails."""
    try:
        with archive.open("rb") as file:
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return f"{archive} belongs to another user"
            os.utime(file.fileno())
            status, output = area.run(["tar", "-xf", "-"], directory=target, stdin=file)
    except OSError as error:
        return f"{archive}: {error.strerror}"
    return None if status == 0 else output.strip()


def _clear(directory: Path, entries: tuple[str, ...]) -> None:
    for entry in entries:
        shutil.rmtree(directory / entry, ignore_errors=True)
        with contextlib.suppress(OSError):
            (directory / entry).unlink()


def _remove_unused(directory: Path) -> None:
    for old in directory.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another run's, which is done with it
            if time.time() - old.stat().st_mtime > _UNUSED_AFTER:
                old.unlink()
