"""``seeds/*.sql`` beside glowplug.toml: rows that the project itself says are like production's."""

from __future__ import annotations

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
        ConfigurationError: one is no regular file of the checkout, or can't be read as UTF-8 text.
    """
    places = (root / DIRECTORY, root / DIRECTORY / dialect.value)
    return tuple(_seed(root, file) for place in places for file in _files(place))


def _files(directory: Path) -> Iterator[Path]:
    if directory.is_dir():
        yield from sorted(directory.glob("*.sql"))


def _seed(root: Path, file: Path) -> Seed:
    shown = file.relative_to(root)
    if not file.is_file():
        raise ConfigurationError("is no regular file, and no link to one", file=shown)
    if not file.resolve().is_relative_to(root.resolve()):
        raise ConfigurationError("is a link that leads out of the checkout", file=shown)
    try:
        return Seed(file=shown.as_posix(), sql=file.read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't be read as text: {error}", file=shown) from error
