"""Initialised data directories: made once for each server program, kept in the cache, unpacked for every run.

Each is one entry of a shelf, a tar: it appears whole or not at all, is believed only if it is what was stored, and
unpacking it as the servers' user gives that user the files.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from glowplug.errors import EnvironmentFailure
from glowplug.store.place import cache_path
from glowplug.store.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

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
        digest = hashlib.sha256("\0".join(self.facts).encode()).hexdigest()[:32]
        key, shelf = f"{self.prefix}{digest}", _shelf(cache / DIRECTORY)
        if _unpack(shelf, key, area, target) is None:
            return
        self._keep(shelf, key, area)
        problem = _unpack(shelf, key, area, target)
        if problem is not None:
            raise EnvironmentFailure(f"the data directory can't be unpacked into {target}: {problem}")

    def _keep(self, shelf: Shelf, key: str, area: Area) -> None:
        """Make the entries, and put them into the cache in one step."""
        home = area.subdirectory("new")
        _clear(home)
        self.make(home)
        problems = []

        def write(file: IO[bytes]) -> None:
            try:
                answer = subprocess.run(
                    ["tar", "-cf", "-", *self.entries],  # noqa: S607 - the machine's own, as it is set up
                    cwd=home,
                    stdout=file,
                    stderr=subprocess.PIPE,
                    check=False,
                )
            except OSError as error:
                problems.append(str(error))
                raise
            if answer.returncode != 0:
                problems.append(answer.stderr.decode(errors="replace").strip())
                raise OSError(problems[-1])
            file.seek(0, os.SEEK_END)

        if not shelf.store_by(key, write):
            said = ": ".join(["", *problems])
            raise EnvironmentFailure(f"the data directory can't be kept in {shelf.directory}{said}")
        _remove_unused(shelf)


def shelf_of(environment: Mapping[str, str]) -> Shelf:
    """Where they are kept, to be measured and cleared; what is not used for two months goes by itself."""
    return _shelf(cache_path(environment) / DIRECTORY)


def _shelf(directory: Path) -> Shelf:
    return Shelf(directory=directory, largest=2**40, room=2**40, most=2**20)


def _unpack(shelf: Shelf, key: str, area: Area, target: Path) -> str | None:
    """Unpack what is kept; why not, where that fails: then all that was unpacked is gone again."""
    there = frozenset(each.name for each in target.iterdir())
    with shelf.reading_at_once(key) as entry:
        if entry is None:
            return f"there is no {key} of this user's alone in {shelf.directory}"
        file, is_whole = entry
        answers: list[bool] = []
        checking = threading.Thread(target=lambda: answers.append(is_whole()), name="glowplug-template", daemon=True)
        checking.start()
        try:
            status, output = area.run(["tar", "-xf", "-"], directory=target, stdin=file)
        finally:
            checking.join()
    if status == 0 and answers == [True]:
        return None
    _clear(target, but=there)
    return output.strip() or f"{key} in {shelf.directory} is not what was kept"


def _clear(directory: Path, *, but: frozenset[str] = frozenset()) -> None:
    for entry in directory.iterdir():
        if entry.name not in but:
            shutil.rmtree(entry, ignore_errors=True)
            with contextlib.suppress(OSError):
                entry.unlink()


def _remove_unused(shelf: Shelf) -> None:
    shelf.tidy()
    for old in () if shelf.directory is None else shelf.directory.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another run's, which is done with it
            if time.time() - old.stat().st_mtime > _UNUSED_AFTER:
                old.unlink()
