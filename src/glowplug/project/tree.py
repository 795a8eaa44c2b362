"""A migrations directory to read from: one on disk, or one out of a mapping (a git tree)."""

from __future__ import annotations

import contextlib
import enum
import errno
import os
import stat
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LARGEST_FILE = 256 * 1024 * 1024  # bytes; one that is larger is not read
T = TypeVar("T")
_PIECE = 64 * 1024  # bytes, of a file that grows while it is read
_Stamp = tuple[int, ...]  # what differs after any change to a file or directory; of what can't be asked, the error


class Kind(enum.Enum):
    """What a directory's entry is, a link not followed."""

    FILE = enum.auto()
    DIRECTORY = enum.auto()
    LINK = enum.auto()
    OTHER = enum.auto()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
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

    def names(self, path: str) -> list[str]:
        """List the names in a directory alone; else as ``entries``."""
        ...

    def read(self, path: str) -> bytes:
        """Give a file's bytes.

        Raises:
            FileNotFoundError: there is no such file, or a link that leads nowhere.
            UnreadableError: it is there, but can't be read.
        """
        ...


def is_file(path: Path) -> bool:
    """Whether a regular file is there, as Diesel sees it: what it may not look at is not there."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_directory(path: Path) -> bool:
    """Whether a directory is there, as Diesel sees it: what it may not look at, or can't be named, is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_absent(path: Path) -> bool:
    """Whether nothing is there, for certain."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def as_diesel_prints(name: str) -> str:
    """Give a name with what is no UTF-8 in it replaced by U+FFFD, as Diesel does before it cuts the version out."""
    return os.fsencode(name).decode("utf-8", "replace")


class DiskTree:
    """A directory on disk. Links are followed, as Diesel does, but not out of ``boundary``.

    How things stood when they were read is remembered: ``unchanged`` tells whether they still do.
    """

    def __init__(self, directory: Path, boundary: Path) -> None:
        """Read ``directory``; ``boundary`` is the checkout, outside of which nothing is read."""
        self._directory = directory
        self._said = str(directory)
        self._boundary = boundary.resolve()
        self._plain: dict[str, str] = {}  # where the directory lies, and those in it that are no links
        self._stood: dict[str, _Stamp] = {}

    def entries(self, path: str) -> list[Entry]:
        """List a directory, in the order of ``readdir``."""
        found = self._listed(path, _entries_at)
        if not path:
            real = self._inside(path)
            self._plain = {one.name: f"{real}/{one.name}" for one in found if one.kind is Kind.DIRECTORY}
        return found

    def names(self, path: str) -> list[str]:
        """List the names in a directory alone."""
        return self._listed(path, os.listdir)

    def read(self, path: str) -> bytes:
        """Read a regular file; nothing else, since a pipe or a device may never end."""
        above, _, name = path.rpartition("/")
        if above in self._plain:
            with contextlib.suppress(OSError):  # a link, or something that can't be read: looked at again, with care
                return self._read(path, f"{self._plain[above]}/{name}", os.O_NOFOLLOW)
        self._stand(path)
        try:
            return self._read(path, self._inside(path))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise UnreadableError(reason_of(error)) from error

    def unchanged(self) -> bool:
        """Whether all that was listed and read stands as it did just before, as far as the file system tells.

        Then, since none of it changed from its reading until now, it all stood there at one time.
        """
        return all(_stamp_at(place) == stamp for place, stamp in self._stood.items())

    def _stand(self, path: str) -> None:
        place = f"{self._said}/{path}"
        self._stood[place] = _stamp_at(place)

    def _listed(self, path: str, listing: Callable[[str], list[T]]) -> list[T]:
        self._stand(path)
        place = self._plain.get(path) or self._inside(path)
        try:
            return listing(place)
        except (FileNotFoundError, NotADirectoryError):
            raise
        except OSError as error:
            raise UnreadableError(reason_of(error)) from error

    def _read(self, path: str, place: str, more: int = 0) -> bytes:
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | more)
        try:
            status = os.fstat(descriptor)
            self._stood[f"{self._said}/{path}"] = _stamp_of(status)
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableError("not a regular file")
            wanted = min(status.st_size, LARGEST_FILE) + 1
            content = os.read(descriptor, wanted)
            while wanted <= len(content) <= LARGEST_FILE and (rest := os.read(descriptor, _PIECE)):
                content += rest
        finally:
            os.close(descriptor)
        if len(content) > LARGEST_FILE:
            raise UnreadableError(f"larger than {LARGEST_FILE} bytes")
        return content

    def _inside(self, path: str) -> str:
        """Give where a path really lies, which is inside the boundary."""
        place = self._directory / path
        try:
            real = place.resolve()
        except (OSError, RuntimeError) as error:  # a link that leads to itself
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place)) from error
        if not real.is_relative_to(self._boundary):
            if is_absent(real):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place))
            raise UnreadableError("a link that leads out of the checkout", leaves_checkout=True)
        return str(real)


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

    def names(self, path: str) -> list[str]:
        """List a directory by name."""
        return [entry.name for entry in self.entries(path)]

    def read(self, path: str) -> bytes:
        """Give a file's bytes."""
        if path in self._entries:
            raise UnreadableError("is a directory")
        try:
            return self._files[path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None


def _stamp_at(place: str) -> _Stamp:
    try:
        return _stamp_of(os.stat(place))  # noqa: PTH116 - a Path for each costs more than the question
    except OSError as error:
        return (error.errno or 0,)


def _stamp_of(status: os.stat_result) -> _Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _entries_at(place: str) -> list[Entry]:
    with os.scandir(place) as entries:
        return [Entry(name=entry.name, kind=_kind(entry)) for entry in entries]


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_dir(follow_symlinks=False):
        return Kind.DIRECTORY
    if entry.is_file(follow_symlinks=False):
        return Kind.FILE
    return Kind.LINK if entry.is_symlink() else Kind.OTHER


def reason_of(error: OSError | UnreadableError) -> str:
    """Give why something can't be read, as a phrase such as ``permission denied``."""
    if isinstance(error, UnreadableError):
        return error.reason
    return (error.strerror or type(error).__name__).lower()
