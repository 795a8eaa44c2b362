"""Which directories are migrations directories, and the search for them downward."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from glowplug.errors import ConfigurationError
from glowplug.finding import Place
from glowplug.project.checkout import DIESEL_TOML, MIGRATIONS, MissingDirectory, checkout_of, directory_of
from glowplug.project.faults import NOT_SEARCHED, UNREADABLE_FILE
from glowplug.project.layout import UP, is_listed
from glowplug.project.tree import DiskTree, as_diesel_prints, reason_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from glowplug.finding import Finding
    from glowplug.project.checkout import Told

DEEPEST = 8  # levels below the root
_GIT = ".git"
_MOST_DIRECTORIES = 100_000
_NEVER = frozenset({"target", "node_modules", "venv", "__pycache__", "site-packages"})
_AS_DIESELS = re.compile(r"\d[\d-]*(?:_|$)")  # a migration's name: its version, and what it is about
_NO_DIRECTORY = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})
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


class Below(msgspec.Struct, frozen=True, kw_only=True):
    """What a search downward found: ``named`` are the chains that a diesel.toml names.

    ``problems`` are of each diesel.toml that can't be used, so that what it names is not among the ``chains``.
    """

    chains: tuple[Path, ...]
    named: frozenset[Path]
    problems: tuple[ConfigurationError, ...]


class _Children(msgspec.Struct, frozen=True, kw_only=True):
    """Names in a directory, hidden ones aside: of directories, and of links to whatever it be."""

    directories: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    is_checkout: bool = False
    has_diesel_toml: bool = False


class _Lower(msgspec.Struct, frozen=True, kw_only=True):
    """What is found at and below a directory, by its place."""

    chains: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    problems: tuple[ConfigurationError, ...] = ()


class Search:
    """Looks for migrations directories, and reads no directory twice, however they are nested, linked or named.

    Made for one look at a checkout: what is written to it afterwards is not seen. Every method raises
    ConfigurationError where there are too many directories to search.
    """

    def __init__(self, root: Path) -> None:
        """Search the checkout at ``root``, as messages name it."""
        self._root = root
        self._children: dict[str, _Children] = {}
        self._unread: dict[str, str] = {}
        self._numbered: dict[str, bool | None] = {}
        self._chains: dict[tuple[str, int], bool] = {}
        self._told: dict[str, Told | ConfigurationError | None] = {}
        self._lower: dict[tuple[str, int], _Lower] = {}

    def chains_in(self, directory: Path) -> list[Path]:
        """Give the migrations directories that a directory stands for.

        It is one itself where a child has an up.sql; where only grandchildren have, each child with such is one; else
        none. One in which no such child is numbered is none where migrations directories lie in its other children:
        Diesel would refuse it, and what happens to have an up.sql hides none of these.
        """
        names = self._names_in(os.path.realpath(directory), DEEPEST)
        return sorted(directory / name if name else directory for name in names)

    def is_numbered(self, directory: Path) -> bool:
        """Tell whether a migration in it is named as Diesel names them: from a digit on."""
        return bool(self._has_numbered(os.path.realpath(directory)))

    def chains_below(self, root: Path) -> Below:
        """Search downward for migrations directories: each ``migrations``, and each that a diesel.toml names.

        Links, hidden directories, other checkouts and what builds leave (``target``, ``node_modules``, …) are left
        out, and what lies more than ``DEEPEST`` levels down; tests, examples and fixtures count only where there is
        nothing else.
        """
        lower = self._looked_at(os.path.realpath(root), DEEPEST, told=None)  # its diesel.toml is another's to read
        named = [path for path in map(Path, lower.named) if path.is_relative_to(root)]
        inside = list(dict.fromkeys([*map(Path, lower.chains), *named]))
        problems = [_shown_from(root, problem) for problem in lower.problems]
        production = [path for path in inside if _is_production(path.relative_to(root))]
        if production:
            problems = [problem for problem in problems if problem.file is None or _is_production(problem.file)]
        return Below(chains=tuple(sorted(production or inside)), named=frozenset(named), problems=tuple(problems))

    def others(self, below: Path, known: Collection[Path]) -> list[Path]:
        """Give what looks like a migrations directory below a place, has another name, and is not in ``known``.

        Of what was read so far; what lies in ``known``, in tests, examples and fixtures, or where the search does not
        go (``target``, …) is left out.
        """
        real = {chain.resolve() for chain in known}
        found = []
        for place in map(Path, sorted(self._children)):
            inside = place.relative_to(below) if place.is_relative_to(below) else None
            if inside is None or not _is_production(inside) or _NEVER & set(inside.parts):
                continue
            if not {place, *place.parents} & real and self._holds_migrations(str(place)):
                found.append(place)
        return found

    def _holds_migrations(self, place: str) -> bool:
        return any(
            _AS_DIESELS.match(name) and _is_migration(f"{place}/{name}") for name in self._children[place].directories
        )

    def unread(self, root: Path, below: Path, chains: Collection[Path]) -> Iterator[Finding]:
        """Say of which directories below a place nobody knows whether they hold migrations: they can't be read.

        Each is named from ``root`` on. What lies in one of the ``chains`` that were found is theirs to tell.
        """
        if not self._unread:
            return
        real = {chain.resolve() for chain in chains}
        production = any(_is_production(chain.relative_to(root)) for chain in real if chain.is_relative_to(root))
        for path, reason in sorted((Path(place), reason) for place, reason in self._unread.items()):
            if path.is_relative_to(below) and not {path, path.parent} & real:
                shown = path.relative_to(root)
                if _is_production(shown) or not production:
                    yield _unread(as_diesel_prints(shown.as_posix()), reason, named=path.name == MIGRATIONS)

    def _at_and_below(self, place: str, left: int) -> _Lower:
        """Look at a directory, and ``left`` levels below."""
        if (place, left) not in self._lower:
            self._lower[place, left] = _Lower()  # what leads back here adds nothing
            if not self._children_of(place).is_checkout:
                self._lower[place, left] = self._looked_at(place, left, told=self._told_at(place))
        return self._lower[place, left]

    def _looked_at(self, place: str, left: int, *, told: Told | ConfigurationError | None) -> _Lower:
        own = self._places_in(place, left) if place.endswith(f"/{MIGRATIONS}") else ()
        named: tuple[str, ...] = ()
        problems: tuple[ConfigurationError, ...] = ()
        if isinstance(told, ConfigurationError):
            problems = (told,)
        elif told is not None:
            named = self._places_in(os.path.realpath(told.path), left)
        found = [_Lower(chains=own, named=named, problems=problems)]
        if left and not own:
            found += [self._at_and_below(f"{place}/{name}", left - 1) for name in self._subdirectories(place)]
        return _together(found)

    def _told_at(self, place: str) -> Told | ConfigurationError | None:
        if not self._children_of(place).has_diesel_toml:
            return None
        if place not in self._told:
            try:
                self._told[place] = directory_of(Path(place) / DIESEL_TOML, Path(place))
            except ConfigurationError as problem:
                self._told[place] = _moved(problem, Path(place) / DIESEL_TOML)
        return self._told[place]

    def _places_in(self, place: str, left: int) -> tuple[str, ...]:
        return tuple(f"{place}/{name}" if name else place for name in self._names_in(place, left))

    def _names_in(self, place: str, left: int) -> list[str]:
        """Name the children that are migrations directories; ``""`` is the directory itself."""
        if self._is_chain(place, left):
            return [""]
        children = self._children_of(place)
        below = max(left - 1, 0)
        found = [name for name in children.directories if self._is_chain(f"{place}/{name}", below)]
        found += [name for name in children.links if self._is_chain(os.path.realpath(f"{place}/{name}"), below)]
        return sorted(found)

    def _is_chain(self, place: str, left: int) -> bool:
        known = self._chains.get((place, left))
        if known is None:
            self._chains[place, left] = False  # what leads back here adds nothing
            numbered = self._has_numbered(place)
            known = numbered is True or (numbered is False and not (left and self._hides_others(place, left)))
            self._chains[place, left] = known
        return known

    def _hides_others(self, place: str, left: int) -> bool:
        """Tell whether migrations directories lie in children that are no migrations."""
        others = [name for name in self._subdirectories(place) if not _is_migration(f"{place}/{name}")]
        for name in others:
            lower = self._at_and_below(f"{place}/{name}", left - 1)
            if lower.chains or any(f"{named}/".startswith(f"{place}/{name}/") for named in lower.named):
                return True
        return False

    def _has_numbered(self, place: str) -> bool | None:
        """Tell whether a migration in it is numbered; None where there is no migration."""
        if place not in self._numbered:
            children = self._children_of(place)
            names = sorted((*children.directories, *children.links), key=lambda name: not name[0].isdigit())
            first = next((name for name in names if _is_migration(f"{place}/{name}")), None)
            self._numbered[place] = None if first is None else first[0].isdigit()
        return self._numbered[place]

    def _subdirectories(self, place: str) -> list[str]:
        return [name for name in self._children_of(place).directories if name not in _NEVER]

    def _children_of(self, place: str) -> _Children:
        if place not in self._children:
            if len(self._children) >= _MOST_DIRECTORIES:
                raise ConfigurationError(
                    f"{self._root} holds more than {_MOST_DIRECTORIES} directories, too many to search for migrations",
                    advice='Write in glowplug.toml:\n[[chain]]\nmigrations = "migrations"',
                )
            try:
                self._children[place] = _read_children(place)
            except OSError as error:
                self._children[place] = _Children()
                if error.errno not in _NO_DIRECTORY:
                    self._unread[place] = reason_of(error)
        return self._children[place]


def _read_children(place: str) -> _Children:
    directories: list[str] = []
    links: list[str] = []
    others: set[str] = set()
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name in {_GIT, DIESEL_TOML}:
                others.add(entry.name)
            elif entry.name.startswith("."):
                continue
            elif entry.is_dir(follow_symlinks=False):
                directories.append(entry.name)
            elif entry.is_symlink():
                links.append(entry.name)
    if directories or links:
        os.stat(f"{place}/.")  # noqa: PTH116 - to be listed is not to be entered; a Path costs more than the question
    return _Children(
        directories=tuple(sorted(directories)),
        links=tuple(sorted(links)),
        is_checkout=_GIT in others,
        has_diesel_toml=DIESEL_TOML in others,
    )


def _unread(shown: str, reason: str, *, named: bool) -> Finding:
    fault = UNREADABLE_FILE if named else NOT_SEARCHED
    return fault.found(
        f"{shown} can't be read: {reason}. Whether it holds migrations is not known, and none in it is checked: let "
        "glowplug read it, or name the chains that there are in glowplug.toml ([[chain]]), which replaces the search.",
        place=Place(file=shown),
    )


def _is_migration(place: str) -> bool:
    return os.path.lexists(f"{place}/{UP}")


def _together(found: Iterable[_Lower]) -> _Lower:
    chains: list[str] = []
    named: list[str] = []
    problems: list[ConfigurationError] = []
    for one in found:
        chains += one.chains
        named += one.named
        problems += one.problems
    return _Lower(chains=tuple(chains), named=tuple(named), problems=tuple(problems))


def _moved(problem: ConfigurationError, file: Path) -> ConfigurationError:
    if isinstance(problem, MissingDirectory):
        return problem.at(file)
    return ConfigurationError(problem.message, file=file, line=problem.line, advice=problem.advice)


def _shown_from(root: Path, problem: ConfigurationError) -> ConfigurationError:
    within = problem.file is not None and problem.file.is_relative_to(root)
    return _moved(problem, problem.file.relative_to(root)) if problem.file is not None and within else problem


def _is_production(path: Path) -> bool:
    return not _NOT_PRODUCTION & set(path.parts)
