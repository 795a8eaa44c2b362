"""Which glowplug computed something: told by its files, so that no other one's results are taken for its own."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import glowplug

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def stamps(rooms: Iterable[str], modules: Iterable[str]) -> str:
    """Tell apart every state of these rooms' code, and of other packages' ``modules``, by what the file system says.

    Quick: no file is read. The same code installed again is another.
    """
    root = Path(glowplug.__file__).parent
    seen = [f"{glowplug.__version__} {sys.version}"]
    for room in rooms:
        seen += sorted(f"{path} {_stamp(status)}" for path, status in _code(root / room))
    seen += sorted(f"{file.name} {_stamp(file.stat())}" for file in root.glob("*.py"))
    for module in modules:
        found = importlib.util.find_spec(module)
        if found is not None and found.origin is not None:
            seen.append(f"{found.origin} {_stamp(Path(found.origin).stat())}")
    return "\n".join(seen)


def contents(rooms: Iterable[str], distributions: Iterable[str]) -> str:
    """Digest the very bytes of these rooms, and name the versions of other ``distributions``: 64 hex digits.

    Reads every file, some milliseconds. The same code on another machine, or installed again, is the same.
    """
    root = Path(glowplug.__file__).parent
    digest = hashlib.sha256(f"{glowplug.__version__} {sys.version}\0".encode())
    files = {path for room in rooms for path, _ in _code(root / room, everything=True)}
    for file in sorted((*files, *map(os.fspath, root.glob("*.py")))):
        content = Path(file).read_bytes()
        digest.update(f"{os.path.relpath(file, root)} {len(content)}\0".encode())
        digest.update(content)
    for name in distributions:
        digest.update(f"{name} {_version(name)}\0".encode())
    return digest.hexdigest()


def _version(distribution: str) -> str:
    import importlib.metadata  # noqa: PLC0415 - it takes milliseconds that a review need not pay

    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "-"


def _code(directory: Path, *, everything: bool = False) -> Iterator[tuple[str, os.stat_result]]:
    """Every Python file below, or every file that is none of Python's own cache."""
    for entry in os.scandir(directory):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _code(Path(entry.path), everything=everything)
        elif everything or entry.name.endswith(".py"):
            yield entry.path, entry.stat()


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
