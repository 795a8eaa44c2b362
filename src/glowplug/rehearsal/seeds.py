"""``seeds/*.sql`` beside glowplug.toml: rows that the project itself says are like production's."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import msgspec

from glowplug.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glowplug.dialect import Dialect

DIRECTORY = "seeds"


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """One file, run as a batch before a migration's up is tried with rows; ``file`` relative to the project's root."""

    file: str
    sql: str


def read_seeds(root: Path, dialect: Dialect) -> tuple[Seed, ...]:
    """Read the files in their names' order: those for every chain, then those in ``seeds/BACKEND``.

    Raises:
        ConfigurationError: a directory can't be listed; a file is none of the checkout's, or no UTF-8 text.
    """
    places = (root / DIRECTORY, root / DIRECTORY / dialect.value)
    return tuple(_seed(root, file) for place in places for file in _files(root, place))


def _files(root: Path, directory: Path) -> Iterator[Path]:
    try:
        with os.scandir(directory) as entries:
            names = sorted(entry.name for entry in entries if entry.name.endswith(".sql"))
    except (FileNotFoundError, NotADirectoryError) as error:
        if directory.is_symlink():
            raise _unreadable(root, directory, error) from error
        return
    except OSError as error:
        raise _unreadable(root, directory, error) from error
    yield from (directory / name for name in names)


def _seed(root: Path, file: Path) -> Seed:
    shown = file.relative_to(root)
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise ConfigurationError("is no regular file, and no link to one", file=shown)
        if not file.resolve().is_relative_to(root.resolve()):
            raise ConfigurationError("is a link that leads out of the checkout", file=shown)
        return Seed(file=shown.as_posix(), sql=file.read_bytes().decode("utf-8"))
    except OSError as error:
        raise _unreadable(root, file, error) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"can't be read as text: {error}", file=shown) from error


def _unreadable(root: Path, path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"can't be read: {error.strerror or error}",
        file=path.relative_to(root),
        advice="Which rows it holds for the rehearsal can't be told: let this user read it, or take it away.",
    )
