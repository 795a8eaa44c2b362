"""Which directories are migrations directories, and the search for them downward."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from glowplug.errors import ConfigurationError
from glowplug.project.checkout import DIESEL_TOML, MIGRATIONS, checkout_of, directory_of
from glowplug.project.layout import UP, is_listed
from glowplug.project.tree import DiskTree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEEPEST = 8  # levels below the root
_MOST_DIRECTORIES = 100_000
_NEVER = frozenset({"target", "node_modules", "venv", "__pycache__", "site-packages"})
_NOT_PRODUCTION = frozenset({"test", "tests", "testdata", "fixtures", "example", "examples", "benches", "docs"})


def tree_of(directory: Path, root: Path) -> DiskTree:
    """Read a migrations directory of the project at ``root``; links are followed inside their checkout alone."""
    real = directory.resolve()
    boundary = checkout_of(real) or (root if real.is_relative_to(root) else real)
    return DiskTree(real, boundary)


def has_children(directory: Path) -> bool:
    """Tell whether Diesel sees anything in this directory.

    Raises:
        OSError: it can't be listed.
        UnreadableError: it can't be listed.
    """
    return any(map(is_listed, DiskTree(directory, directory).entries("")))


def chains_in(directory: Path) -> list[Path]:
    """Give the migrations directories that a directory stands for.

    It is one itself where a child has an up.sql; where only grandchildren have, each child with such is one; else none.
    One in which no such child is numbered is none where migrations directories lie in its other children: Diesel would
    refuse it, and what happens to have an up.sql hides none of these.

    Raises:
        ConfigurationError: there are too many directories to search.
    """
    if _is_chain(directory):
        return [directory]
    children = [directory / name for name in _listed(directory)]
    return sorted(child for child in children if _is_chain(child))


def is_numbered(directory: Path) -> bool:
    """Tell whether a migration in it is named as Diesel names them: from a digit on."""
    return any(name[0].isdigit() for name in _migrations(directory))


class Below(msgspec.Struct, frozen=True, kw_only=True):
    """What a search downward found: ``named`` are the chains that a diesel.toml names.

    ``problems`` are of each diesel.toml that can't be used, so that what it names is not among the ``chains``.
    """

    chains: tuple[Path, ...]
    named: frozenset[Path]
    problems: tuple[ConfigurationError, ...]


def chains_below(root: Path) -> Below:
    """Search downward for migrations directories: each ``migrations``, and each that a diesel.toml names.

    Links, hidden directories, other checkouts and what builds leave (``target``, ``node_modules``, …) are left out;
    tests, examples and fixtures count only where there is nothing else.

    Raises:
        ConfigurationError: there are too many directories to search.
    """
    found: list[Path] = []
    named: list[Path] = []
    problems: list[ConfigurationError] = []
    for directory in _walk(root):
        if directory.name == MIGRATIONS:
            found.extend(chains_in(directory))
        if directory != root:  # the root's own is read, or replaced, as Diesel does
            try:
                told = directory_of(directory / DIESEL_TOML, root)
            except ConfigurationError as problem:
                problems.append(problem)
                continue
            named.extend(chains_in(told.path) if told else ())
    inside = [path for path in dict.fromkeys([*found, *named]) if path.is_relative_to(root)]
    production = [path for path in inside if _is_production(path.relative_to(root))]
    if production:
        problems = [problem for problem in problems if problem.file is None or _is_production(problem.file)]
    return Below(chains=tuple(sorted(production or inside)), named=frozenset(named), problems=tuple(problems))


def _is_production(path: Path) -> bool:
    return not _NOT_PRODUCTION & set(path.parts)


def _walk(root: Path) -> Iterator[Path]:
    waiting = deque([(root, 0)])
    count = 0
    while waiting:
        directory, depth = waiting.popleft()
        yield directory
        if depth == DEEPEST or (directory.name == MIGRATIONS and chains_in(directory)):
            continue
        for name in _subdirectories(directory):
            count += 1
            if count > _MOST_DIRECTORIES:
                raise ConfigurationError(
                    f"{root} holds more than {_MOST_DIRECTORIES} directories, too many to search for migrations",
                    advice='Write in glowplug.toml:\n[[chain]]\nmigrations = "migrations"',
                )
            waiting.append((directory / name, depth + 1))


def _subdirectories(directory: Path) -> list[str]:
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:  # not ours to read: a database's files, say
        return []
    return sorted(
        name
        for name in names
        if name not in _NEVER and not name.startswith(".") and not os.path.lexists(directory / name / ".git")
    )


def _is_chain(directory: Path) -> bool:
    first = next(_migrations(directory), None)
    if first is None or first[0].isdigit() or is_numbered(directory):
        return first is not None
    others = (name for name in _subdirectories(directory) if not os.path.lexists(directory / name / UP))
    return not any(chains_below(directory / name).chains for name in others)


def _migrations(directory: Path) -> Iterator[str]:
    return (name for name in _listed(directory) if os.path.lexists(f"{directory}/{name}/{UP}"))


def _listed(directory: Path) -> Iterator[str]:
    """Give the directories and links in a directory, until it was seen enough of."""
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and (entry.is_dir(follow_symlinks=False) or entry.is_symlink()):
                    yield entry.name
    except OSError:
        return
