"""States of a chain's database, kept from one run to the next: what a chain of hundreds has done is not done again.

A checkpoint is one file in the cache: a manifest, then a tar of what the server had on disk. It is found by a key
that its keeper made of everything that the state depends on; a server takes it in place of a fresh database.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import subprocess
from typing import IO, TYPE_CHECKING

import msgspec

from glowplug.store.place import cache_path
from glowplug.store.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from glowplug.scratch.area import Area
    from glowplug.scratch.interface import Database

DIRECTORY = "checkpoints"
LARGEST = 256 * 2**20
ROOM = 2**30
MOST = 6

_LENGTH = struct.Struct(">I")
_LONGEST_MANIFEST = 32 * 2**20


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of a kept state beside its files.

    ``names`` are the server's own (of the database, its account, …); ``note`` is the keeper's, which gets it back.
    """

    names: dict[str, str]
    note: bytes = b""


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """A database that stands where another run's stood: which of the keys it was found by, and the keeper's note."""

    database: Database
    key: str
    note: bytes


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One that was unpacked into a directory of the servers' user."""

    key: str
    manifest: Manifest


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """One that is held open: it can be unpacked any number of times, though it be removed meanwhile."""

    checkpoint: Checkpoint
    file: IO[bytes]
    begins: int

    def unpack(self, area: Area, target: Path) -> bool:
        """Put its files into ``target``, an empty directory of ``area``; where that fails, nothing is left there."""
        os.lseek(self.file.fileno(), self.begins, os.SEEK_SET)
        status, _ = area.run(["tar", "-xf", "-"], directory=target, stdin=self.file)
        if status != 0:
            _empty(target)
        return status == 0


class Checkpoints(msgspec.Struct, frozen=True, kw_only=True):
    """All that are kept."""

    shelf: Shelf

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Checkpoints:
        """Find them where glowplug keeps what it can make again."""
        return cls(shelf=shelf_of(environment))

    def unpack(self, keys: Sequence[str], area: Area, target: Path) -> Checkpoint | None:
        """Put the files of the first of ``keys`` that there is into ``target``, an empty directory of ``area``.

        What is not whole, or can't be unpacked, is removed from the cache and not used.
        """
        for key in keys:
            with self.opened(key) as opened:
                if opened is None:
                    continue
                if opened.unpack(area, target):
                    return opened.checkpoint
            self.shelf.remove(key)
        return None

    @contextlib.contextmanager
    def opened(self, key: str) -> Iterator[Opened | None]:
        """Hold one open; None where there is none that is whole."""
        with self.shelf.reading(key) as file:
            manifest = None if file is None else _manifest(file)
            if file is None or manifest is None:
                yield None
                return
            begins = os.lseek(file.fileno(), 0, os.SEEK_CUR)
            yield Opened(checkpoint=Checkpoint(key=key, manifest=manifest), file=file, begins=begins)

    def keep(self, key: str, manifest: Manifest, directory: Path, entries: Sequence[str]) -> bool:
        """Keep ``entries`` of ``directory``, files and directories that nobody writes to; whether they are kept."""

        def write(file: IO[bytes]) -> None:
            head = msgspec.msgpack.encode(manifest)
            file.write(_LENGTH.pack(len(head)) + head)
            file.flush()
            command = ["tar", "-cf", "-", *entries]
            done = subprocess.run(command, cwd=directory, stdout=file, stderr=subprocess.DEVNULL, check=False)
            if done.returncode != 0:
                raise OSError("tar can't read or write all of it")
            file.seek(0, os.SEEK_END)

        kept = self.shelf.store_by(key, write)
        if kept:
            self.shelf.tidy()
        return kept


def shelf_of(environment: Mapping[str, str]) -> Shelf:
    """Where checkpoints are kept."""
    return Shelf(directory=cache_path(environment) / DIRECTORY, largest=LARGEST, room=ROOM, most=MOST)


def may_grow_to(limit: int) -> int:
    """How many bytes of a database may be copied to be kept: not so many that a migration reaches ``limit`` for it."""
    return min(LARGEST, limit // 8)


def _empty(directory: Path) -> None:
    for entry in directory.iterdir():
        shutil.rmtree(entry, ignore_errors=True)
        with contextlib.suppress(OSError):
            entry.unlink()


def _manifest(file: IO[bytes]) -> Manifest | None:
    """Read the head of the file, whose descriptor then stands at the tar."""
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > _LONGEST_MANIFEST:
        return None
    try:
        return msgspec.msgpack.decode(file.read(length), type=Manifest)
    except msgspec.MsgspecError:
        return None
