"""What a review gave, kept for the next time: by content, terms, and the very files that review.

A stored answer is used only where the chain's bytes, the terms, what is new and the state of glowplug's own files are
the same; what can't be read, was cut short or belongs to somebody else is computed again. It guards against accidents
and other users, not against somebody who can write as the user who runs glowplug.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import glowplug
from glowplug.review.reviewed import Reviewed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from glowplug.project import Chain
    from glowplug.review.context import Terms

MOST_ENTRIES = 32
LARGEST = 32 * 2**20
"""Bytes of one entry; what is larger is not kept."""

_ROOMS = ("review", "sql", "schema")
_PARSERS = ("postgast", "syntaqlite")
_CHECKSUM = 32  # bytes


class Cache(msgspec.Struct, frozen=True, kw_only=True):
    """A directory with one file for each review; ``directory`` None keeps nothing."""

    directory: Path | None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Cache:
        """Find it where glowplug keeps everything that it can make again: GLOWPLUG_CACHE_DIR, else the user's cache."""
        named = environment.get("GLOWPLUG_CACHE_DIR")
        if named:
            return cls(directory=Path(os.path.expanduser(named)).absolute() / "review")  # noqa: PTH111 - Path's raises
        from platformdirs import user_cache_path  # noqa: PLC0415 - only where nothing is said

        return cls(directory=Path(user_cache_path("glowplug", appauthor=False)) / "review")

    def load(self, key: str) -> Reviewed | None:
        """Give what was stored under this key, None where there is nothing that can be trusted."""
        if self.directory is None:
            return None
        try:
            with open(self.directory / key, "rb", opener=_open_at_once) as file:
                status = os.fstat(file.fileno())
                if not _is_ours(status):
                    return None
                content = file.read(LARGEST + _CHECKSUM + 1)
        except OSError:
            return None
        checksum, payload = content[:_CHECKSUM], content[_CHECKSUM:]
        if _checksum(key, payload) != checksum:
            return None
        try:
            return msgspec.msgpack.decode(payload, type=Reviewed)
        except msgspec.MsgspecError:
            return None

    def store(self, key: str, reviewed: Reviewed) -> None:
        """Keep it, as a whole or not at all; a directory that can't be written keeps nothing."""
        if self.directory is None or reviewed.broken:
            return
        try:
            payload = msgspec.msgpack.encode(reviewed)
        except UnicodeEncodeError:  # a name that is no UTF-8
            return
        if len(payload) > LARGEST:
            return
        with contextlib.suppress(OSError):
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(self.directory, key, _checksum(key, payload) + payload)
            self._make_room(self.directory)

    @staticmethod
    def _write(directory: Path, key: str, content: bytes) -> None:
        import tempfile  # noqa: PLC0415 - a warm run writes nothing

        descriptor, name = tempfile.mkstemp(dir=directory, prefix=".")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(name).replace(directory / key)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    @staticmethod
    def _make_room(directory: Path) -> None:
        entries = sorted((entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(directory))
        for _, path in entries[:-MOST_ENTRIES]:
            Path(path).unlink(missing_ok=True)


def key_of(chain: Chain, terms: Terms, *, new: Collection[str], known: bool = True) -> str:
    """Give the name of a review: all that its answer depends on, digested."""
    parts = (
        _machinery(),
        chain.directory,
        chain.chain_digest,
        *(
            f"{item.path} {item.runnable:d}{item.run_in_transaction:d} {item.name in new:d}"
            for item in chain.migrations
        ),
        repr(terms),
        str(known),
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _is_ours(status: os.stat_result) -> bool:
    """Whether it is a file of this user's that nobody else can write."""
    ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
    return ours and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _open_at_once(path: str, flags: int) -> int:
    """Open what is there itself, no link, and wait for nobody: a FIFO would wait for its writer."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)


def _checksum(key: str, payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_CHECKSUM, key=key.encode()[:64]).digest()


def _machinery() -> str:
    """Tell apart every state of glowplug's own files and of its parsers, by what the file system says of them."""
    root = Path(glowplug.__file__).parent
    seen = [f"{glowplug.__version__} {sys.version}"]
    for room in _ROOMS:
        seen += sorted(_stamps(root / room))
    seen += sorted(f"{file.name} {_stamp(file.stat())}" for file in root.glob("*.py"))
    for parser in _PARSERS:
        found = importlib.util.find_spec(parser)
        if found is not None and found.origin is not None:
            seen.append(f"{found.origin} {_stamp(Path(found.origin).stat())}")
    return "\n".join(seen)


def _stamps(directory: Path) -> Iterator[str]:
    for entry in os.scandir(directory):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _stamps(Path(entry.path))
        elif entry.name.endswith(".py"):
            yield f"{entry.path} {_stamp(entry.stat())}"


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
