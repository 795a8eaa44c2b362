"""A directory of files by key: each appears whole or not at all, and is believed only if it is what was stored.

Several runs may use one at once: a file is never changed, only put in the place of another; who has one open keeps it
though it be removed meanwhile.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import stat
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from hashlib import _Hash as Hash

CHECKSUM = 32
"""Bytes that stand before what was stored."""

_ABANDONED_AFTER = 3600.0
_PART = 1 << 20
_DRAFT = "."


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How much lies somewhere: files, and their bytes."""

    files: int
    bytes: int


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """One directory, and its bounds; ``directory`` None keeps nothing.

    ``largest`` is the most bytes of one entry, ``room`` of all, ``most`` how many there may be; what was not used for
    the longest time goes first.
    """

    directory: Path | None
    largest: int
    room: int
    most: int

    def load(self, key: str) -> bytes | None:
        """Give what was stored under this key, None where there is nothing that can be trusted."""
        with self._file(key) as file:
            if file is None:
                return None
            try:
                content = file.read(self.largest + CHECKSUM + 1)
            except OSError:
                return None
            if len(content) > self.largest + CHECKSUM:
                return None
            checksum, payload = content[:CHECKSUM], content[CHECKSUM:]
            if _digest(key, payload).digest() != checksum:
                return None
            _touch(file)
            return payload

    @contextlib.contextmanager
    def reading(self, key: str) -> Iterator[IO[bytes] | None]:
        """Lend what was stored under this key as an open file that stands at its beginning; None as for ``load``.

        Its descriptor stands there too: a process may be given it as its input.
        """
        with self._file(key) as file:
            if file is None or not _is_whole(file, key, self.largest):
                yield None
                return
            file.seek(CHECKSUM)
            _touch(file)
            yield file

    @contextlib.contextmanager
    def reading_at_once(self, key: str) -> Iterator[tuple[IO[bytes], Callable[[], bool]] | None]:
        """Lend it as ``reading`` does, before it is known whether it is what was stored: the function finds that out.

        It may do so in another thread, while the file is read: to be used where that costs less than to wait.
        """
        with self._file(key) as file:
            if file is None:
                yield None
                return
            file.seek(CHECKSUM)
            _touch(file)
            yield file, functools.partial(_is_whole, file, key, self.largest)

    def store(self, key: str, payload: bytes) -> bool:
        """Keep it, as a whole or not at all; whether it is kept. ``tidy`` afterwards holds the bounds."""
        if len(payload) > self.largest:
            return False

        def write(file: IO[bytes]) -> None:
            file.write(_digest(key, payload).digest())
            file.write(payload)

        return self._put(key, write)

    def store_by(self, key: str, write: Callable[[IO[bytes]], None]) -> bool:
        """Keep what ``write`` writes into the file that it is given; an OSError in it is no failure."""

        def write_all(file: IO[bytes]) -> None:
            file.write(bytes(CHECKSUM))
            file.flush()
            write(file)
            file.flush()
            if os.fstat(file.fileno()).st_size > self.largest + CHECKSUM:
                raise OSError("too large to be kept")
            checksum = _digest_of(file, key)
            file.seek(0)
            file.write(checksum)

        return self._put(key, write_all)

    def remove(self, key: str) -> None:
        """Remove an entry that proved to be of no use."""
        if self.directory is not None:
            with contextlib.suppress(OSError):
                (self.directory / key).unlink()

    def tidy(self) -> None:
        """Remove what is beyond the bounds, and what killed runs left half-written."""
        if self.directory is None:
            return
        kept = Size(files=0, bytes=0)
        for name, status in sorted(_entries(self.directory), key=lambda entry: -entry[1].st_mtime_ns):
            if name.startswith(_DRAFT):
                gone = time.time() - status.st_mtime > _ABANDONED_AFTER
            else:
                kept = Size(files=kept.files + 1, bytes=kept.bytes + _on_disk(status))
                gone = kept.files > self.most or kept.bytes > self.room
            if gone:
                with contextlib.suppress(OSError):
                    (self.directory / name).unlink()

    def size(self) -> Size:
        """How much there is."""
        entries = [] if self.directory is None else [status for _, status in _entries(self.directory)]
        return Size(files=len(entries), bytes=sum(map(_on_disk, entries)))

    def clear(self) -> Size:
        """Remove everything; how much that was."""
        if self.directory is None:
            return Size(files=0, bytes=0)
        files = size = 0
        for name, status in list(_entries(self.directory)):
            with contextlib.suppress(OSError):
                (self.directory / name).unlink()
                files, size = files + 1, size + _on_disk(status)
        return Size(files=files, bytes=size)

    @contextlib.contextmanager
    def _file(self, key: str) -> Iterator[IO[bytes] | None]:
        if self.directory is None:
            yield None
            return
        try:
            file = open(self.directory / key, "rb", buffering=0, opener=_open_at_once)  # noqa: SIM115 - an opener, and closed below
        except OSError:
            yield None
            return
        with file:
            yield file if _is_ours(os.fstat(file.fileno())) else None

    def _put(self, key: str, write: Callable[[IO[bytes]], None]) -> bool:
        if self.directory is None:
            return False
        import tempfile  # noqa: PLC0415 - a warm run writes nothing

        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.directory, prefix=_DRAFT)
        except OSError:
            return False
        try:
            with os.fdopen(descriptor, "w+b") as file:
                write(file)
            Path(name).replace(self.directory / key)
        except OSError:
            return False
        else:
            name = ""
            return True
        finally:
            if name:
                with contextlib.suppress(OSError):
                    Path(name).unlink()


def _entries(directory: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every file with what the system says of it; what vanishes meanwhile, and what is no file, is passed over."""
    try:
        found = list(os.scandir(directory))
    except OSError:
        return
    for entry in found:
        with contextlib.suppress(OSError):
            if not entry.is_dir(follow_symlinks=False):
                yield entry.name, entry.stat(follow_symlinks=False)


def _on_disk(status: os.stat_result) -> int:
    return status.st_blocks * 512


def _is_ours(status: os.stat_result) -> bool:
    """Whether it is a file of this user's that nobody else can write."""
    ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
    return ours and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _open_at_once(path: str, flags: int) -> int:
    """Open what is there itself, no link, and wait for nobody: a FIFO would wait for its writer."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)


def _touch(file: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        os.utime(file.fileno())


def _is_whole(file: IO[bytes], key: str, largest: int) -> bool:
    """Whether the checksum before it is right; the file stands where it stood."""
    try:
        if os.fstat(file.fileno()).st_size > largest + CHECKSUM:
            return False
        return _digest_of(file, key) == os.pread(file.fileno(), CHECKSUM, 0)
    except (OSError, ValueError):  # a ValueError where it was closed meanwhile: who reads it was interrupted
        return False


def _digest_of(file: IO[bytes], key: str) -> bytes:
    digest, offset = _digest(key, b""), CHECKSUM
    while part := os.pread(file.fileno(), _PART, offset):
        digest.update(part)
        offset += len(part)
    return digest.digest()


def _digest(key: str, payload: bytes) -> Hash:
    return cast("Hash", hashlib.blake2b(payload, digest_size=CHECKSUM, key=key.encode()[:64]))
