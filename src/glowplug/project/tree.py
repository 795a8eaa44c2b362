"""A migrations directory to read from: one on disk, or one out of a mapping (a git tree)."""

from __future__ import annotations

import enum
import errno
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST_FILE = 256 * 1024 * 1024  # bytes; one that is larger is not read


class Kind(enum.Enum):
    """What a directory's entry is, a link not followed."""

    FILE = enum.auto()
    DIRECTORY = enum.auto()
    LINK = enum.auto()
    OTHER = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a directory: ``name`` as the file system has it (``os.fsdecode``)."""

    name: str
    kind: Kind


class UnreadableError(Exception):
    """A file or directory is there, but can't be read; the text says why.

    ``leaves_checkout`` tells that it is a link to something outside the checkout, which is not followed.
    """

    def __init__(self, reason: str, *, leaves_checkout: bool = False) -> None:
        """Keep the ``reason``, a phrase such as ``permission denied``."""
        super().__init__(reason)
        self.reason = reason
        self.leaves_checkout = leaves_checkout


class Tree(Protocol):
    """A directory whose entries are named by their path from it, with ``/``; ``""`` is the directory itself."""

    def entries(self, path: str) -> list[Entry]:
        """List a directory in the order that the file system gives.

        Raises:
            FileNotFoundError: there is nothing of this name, or a link that leads nowhere.
            NotADirectoryError: it is something else.
            UnreadableError: it is there, but can't be read.
        """
        ...

    def read(self, path: str) -> bytes:
        """Give a file's bytes.

        Raises:
            FileNotFoundError: there is no such file, or a link that leads nowhere.
            UnreadableError: it is there, but can't be read.
        """
        ...


def as_diesel_prints(name: str) -> str:
    """Give a name with what is no UTF-8 in it replaced by U+FFFD, as Diesel does before it cuts the version out."""
    return os.fsencode(name).decode("utf-8", "replace")


class DiskTree:
    """A directory on disk. Links are followed, as Diesel does, but not out of ``boundary``."""

    def __init__(self, directory: Path, boundary: Path) -> None:
        """Read ``directory``; ``boundary`` is the checkout, outside of which nothing is read."""
        self._directory = directory
        self._boundary = boundary.resolve()

    def entries(self, path: str) -> list[Entry]:
        """List a directory, in the order of ``readdir``."""
        place = self._inside(path)
        try:
            with os.scandir(place) as entries:
                return [Entry(name=entry.name, kind=_kind(entry)) for entry in entries]
        except (FileNotFoundError, NotADirectoryError):
            raise
        except OSError as error:
            raise UnreadableError(reason_of(error)) from error

    def read(self, path: str) -> bytes:
        """Read a regular file; nothing else, since a pipe or a device may never end."""
        place = self._inside(path)
        try:
            descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise UnreadableError("not a regular file")
                content = file.read(LARGEST_FILE + 1)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise UnreadableError(reason_of(error)) from error
        if len(content) > LARGEST_FILE:
            raise UnreadableError(f"larger than {LARGEST_FILE} bytes")
        return content

    def _inside(self, path: str) -> Path:
        place = self._directory / path
        try:
            real = place.resolve()
        except (OSError, RuntimeError) as error:  # a link that leads to itself
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place)) from error
        if not real.is_relative_to(self._boundary):
            if not real.exists():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place))
            raise UnreadableError("a link that leads out of the checkout", leaves_checkout=True)
        return real


class MappingTree:
    """A directory out of a mapping of paths to bytes; it lists by name."""

    def __init__(self, files: Mapping[str, bytes], directory: str) -> None:
        """Read what lies below ``directory``: ``""`` or ``"."`` for all of ``files``."""
        prefix = "" if directory in {"", "."} else f"{directory.rstrip('/')}/"
        self._files = {path[len(prefix) :]: content for path, content in files.items() if path.startswith(prefix)}
        self._entries: dict[str, dict[str, Kind]] = {"": {}}
        for path in self._files:
            parts = path.split("/")
            for depth, name in enumerate(parts):
                kind = Kind.FILE if depth == len(parts) - 1 else Kind.DIRECTORY
                self._entries.setdefault("/".join(parts[:depth]), {})[name] = kind

    def entries(self, path: str) -> list[Entry]:
        """List a directory by name."""
        if path in self._files:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        if path not in self._entries:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return [Entry(name=name, kind=kind) for name, kind in sorted(self._entries[path].items())]

    def read(self, path: str) -> bytes:
        """Give a file's bytes."""
        if path in self._entries:
            raise UnreadableError("is a directory")
        try:
            return self._files[path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return Kind.LINK
    if entry.is_file(follow_symlinks=False):
        return Kind.FILE
    return Kind.DIRECTORY if entry.is_dir(follow_symlinks=False) else Kind.OTHER


def reason_of(error: OSError | UnreadableError) -> str:
    """Give why something can't be read, as a phrase such as ``permission denied``."""
    if isinstance(error, UnreadableError):
        return error.reason
    return (error.strerror or type(error).__name__).lower()
