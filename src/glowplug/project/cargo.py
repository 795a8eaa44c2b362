"""What Cargo.toml says about diesel's backends and about the SQLite that is built in."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import re
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import tomli

from glowplug.dialect import Dialect
from glowplug.errors import ConfigurationError
from glowplug.project.tree import is_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE_NAME = "Cargo.toml"
_DIESEL = "diesel"
_CRATES = frozenset(  # each with features named by backend, which build diesel for it
    {
        _DIESEL,
        "diesel-async",
        "diesel-migrations",
        "deadpool-diesel",
        "rocket-contrib",
        "rocket-db-pools",
        "rocket-sync-db-pools",
    }
)
_FEATURES = {
    "postgres": Dialect.POSTGRES,
    "postgres_backend": Dialect.POSTGRES,
    "mysql": Dialect.MYSQL,
    "mysql_backend": Dialect.MYSQL,
    "sqlite": Dialect.SQLITE,
    "returning_clauses_for_sqlite_3_35": Dialect.SQLITE,
    # Rocket's pools, which have others (postgres_pool) that are not diesel's
    "diesel_postgres": Dialect.POSTGRES,
    "diesel_postgres_pool": Dialect.POSTGRES,
    "diesel_mysql": Dialect.MYSQL,
    "diesel_mysql_pool": Dialect.MYSQL,
    "diesel_sqlite_pool": Dialect.SQLITE,
}
_SQLITE_CRATES = frozenset({"libsqlite3-sys", "rusqlite"})
_BUNDLED = frozenset({"bundled", "bundled-full", "bundled-sqlcipher", "bundled-sqlcipher-vendored-openssl"})
_MOST_MEMBERS = 1000
_MOST_DIRECTORIES = 100_000  # that `**` goes through
_DEEPEST = 4  # levels below a checkout, where no manifest above the migrations says anything
_NEVER = frozenset({"target", "node_modules", "vendor", "tests", "examples", "benches"})
_ANY_DEPTH = "**"
_MAGIC = re.compile(r"[*?\[]")

Table = dict[str, Any]  # Any: a Cargo.toml holds whatever Cargo accepts


class Backends(msgspec.Struct, frozen=True, kw_only=True):
    """The backends that a manifest names: those of a plain build, and those that some feature can add."""

    enabled: frozenset[Dialect]
    possible: frozenset[Dialect]

    def only(self) -> Dialect | None:
        """Give the one backend that a plain build has, or the only one that is possible; None where it is unclear."""
        for found in (self.enabled, self.possible):
            if found:
                return next(iter(found)) if len(found) == 1 else None
        return None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One Cargo.toml; ``workspace`` is the ``[workspace.dependencies]`` that it inherits from."""

    file: Path
    table: Table
    workspace: Table

    def backends(self) -> Backends:
        """Tell which backends diesel is built for, by its own features and by those of crates that build on it."""
        by_feature = {
            name: _dialects_of(self._feature_entries(name, _CRATES)) for name in _table(self.table, "features")
        }
        enabled = {dialect for dependency in self._dependencies(_CRATES) for dialect in _dialects_of(dependency)}
        for name in self._default_features():
            enabled |= by_feature[name]
        possible = enabled.union(*by_feature.values()) if by_feature else enabled
        return Backends(enabled=frozenset(enabled), possible=frozenset(possible))

    def bundled_sqlite(self) -> str | None:
        """Tell where libsqlite3-sys is built ``bundled``, as a phrase; None where it is not."""
        for features in self._dependencies(_SQLITE_CRATES):
            if _BUNDLED & set(features):
                return "builds libsqlite3-sys bundled"
        for name in _table(self.table, "features"):
            if _BUNDLED & set(self._feature_entries(name, _SQLITE_CRATES)):
                return f"builds libsqlite3-sys bundled through its feature {name!r}"
        return None

    def crates(self, *kinds: str) -> frozenset[str]:
        """Name the crates that it depends on, with ``-`` for ``_``; ``kinds`` are tables such as ``dependencies``."""
        return frozenset(
            _crate(key, dependency, _inherited(dependency, self.workspace, key))
            for key, dependency in self._all_dependencies(*kinds)
        )

    @property
    def uses_diesel(self) -> bool:
        """Whether it depends on diesel, or a crate named after it, be it for tests or its build alone."""
        crates = self.crates("dependencies", "dev-dependencies", "build-dependencies")
        return any(crate.partition("-")[0] == _DIESEL for crate in crates)

    @property
    def has_workspace(self) -> bool:
        """Whether it declares a workspace."""
        return "workspace" in self.table

    def _dependencies(self, crates: frozenset[str]) -> Iterator[list[str]]:
        """Give the features asked for on each dependency on one of ``crates``."""
        for key, dependency in self._all_dependencies():
            inherited = _inherited(dependency, self.workspace, key)
            if _crate(key, dependency, inherited) in crates:
                yield [*_strings(dependency, "features"), *_strings(inherited, "features")]

    def _all_dependencies(self, *kinds: str) -> Iterator[tuple[str, object]]:
        tables = [self.table, *_table(self.table, "target").values()]
        for table in tables:
            for kind in kinds or ("dependencies",):
                yield from _table(table, kind).items()

    def _feature_entries(self, name: str, crates: frozenset[str]) -> list[str]:
        """Give the features that this package's feature ``name`` adds to its dependencies on ``crates``."""
        keys = {
            key
            for key, dependency in self._all_dependencies()
            if _crate(key, dependency, _inherited(dependency, self.workspace, key)) in crates
        }
        added = []
        for entry in _strings(_table(self.table, "features"), name):
            key, slash, feature = entry.partition("/")
            if slash and key.removesuffix("?") in keys:
                added.append(feature)
        return added

    def _default_features(self) -> set[str]:
        features = _table(self.table, "features")
        reached: set[str] = set()
        waiting = ["default"]
        while waiting:
            name = waiting.pop()
            if name in features and name not in reached:
                reached.add(name)
                waiting.extend(_strings(features, name))
        return reached


class Manifests:
    """The manifests of a checkout, each file read once, and each workspace's members looked for once."""

    def __init__(self) -> None:
        """Begin with none read."""
        self._tables: dict[Path, Table] = {}
        self._members: dict[Path, tuple[Path, ...]] = {}

    def of(self, directory: Path, boundary: Path) -> list[Manifest]:
        """Give those that speak for a migrations directory: the nearest above it first, then the others.

        Looked at are the ancestors up to ``boundary``, and the members of the workspace that the outermost declares.

        Raises:
            ConfigurationError: a Cargo.toml is no TOML.
        """
        tables = {}
        for ancestor in (directory, *directory.parents):
            file = ancestor / FILE_NAME
            if is_file(file):
                tables[file] = self._table(file)
            if ancestor == boundary:
                break
        workspace: Table = {}
        for file, table in list(tables.items()):
            if "workspace" in table:
                workspace = _table(_table(table, "workspace"), "dependencies")
                for member in self._members_of(file, table):
                    tables.setdefault(member, self._table(member))
        return [Manifest(file=file, table=table, workspace=workspace) for file, table in tables.items()]

    def below(self, top: Path) -> list[Manifest]:
        """Give those that can be read anywhere in a checkout, a few levels down, hidden directories left out."""
        found: list[Manifest] = []
        waiting = deque([(top, 0, Table())])
        seen = 0
        while waiting and seen < _MOST_MEMBERS:
            directory, depth, workspace = waiting.popleft()
            seen += 1
            file = directory / FILE_NAME
            with contextlib.suppress(ConfigurationError):
                table = self._table(file) if is_file(file) else Table()
                if "workspace" in table:
                    workspace = _table(_table(table, "workspace"), "dependencies")
                found.append(Manifest(file=file, table=table, workspace=workspace))
            if depth < _DEEPEST:
                names = sorted(name for name, _ in _directories(str(directory), str(top)))
                inner = (directory / name for name in names if not name.startswith(".") and name not in _NEVER)
                waiting += ((one, depth + 1, workspace) for one in inner if not one.is_symlink())
        return found

    def _table(self, file: Path) -> Table:
        if file not in self._tables:
            self._tables[file] = _read(file)
        return self._tables[file]

    def _members_of(self, file: Path, table: Table) -> tuple[Path, ...]:
        if file not in self._members:
            self._members[file] = tuple(_members(file.parent, _table(table, "workspace")))
        return self._members[file]


def _members(root: Path, workspace: Mapping[str, Any]) -> Iterator[Path]:
    count = 0
    for pattern in _strings(workspace, "members"):
        if pattern.startswith("/") or "\0" in pattern or ".." in pattern.split("/"):
            continue
        for directory in sorted(_matching(root, pattern)):
            file = Path(directory) / FILE_NAME
            if is_file(file):
                count += 1
                if count > _MOST_MEMBERS:
                    return
                yield file


def _matching(root: Path, pattern: str) -> set[str]:
    """Give the directories below ``root`` that a pattern names: each part is looked for once in each directory.

    A link counts as what it leads to, where that is inside ``root``.
    """
    top = os.path.realpath(root)
    places = {top}
    for part in filter(None, pattern.split("/")):
        if part == _ANY_DEPTH:
            places = set(_all_below(places, top))
        elif _MAGIC.search(part):
            fits = re.compile(fnmatch.translate(part)).match
            places = {place for above in places for name, place in _directories(above, top) if fits(name)}
        else:
            named = (os.path.realpath(f"{above}/{part}") for above in places)
            places = {place for place in named if _is_within(place, top)}
    return places


def _all_below(places: set[str], top: str) -> Iterator[str]:
    seen = set(places)
    waiting = deque(places)
    while waiting:
        above = waiting.popleft()
        yield above
        if len(seen) <= _MOST_DIRECTORIES:
            found = {place for _, place in _directories(above, top)} - seen
            seen |= found
            waiting += found


def _directories(above: str, top: str) -> Iterator[tuple[str, str]]:
    """Give the name of each directory in another one, and where it lies."""
    try:
        with os.scandir(above) as entries:
            found = [(entry.name, entry.path, entry.is_symlink()) for entry in entries if entry.is_dir()]
    except OSError:
        return
    for name, path, is_link in found:
        place = os.path.realpath(path) if is_link else path
        if _is_within(place, top):
            yield name, place


def _is_within(place: str, top: str) -> bool:
    return f"{place}/".startswith(f"{top.rstrip('/')}/")


def _read(file: Path) -> Table:
    try:
        return tomli.loads(file.read_bytes().decode("utf-8"))
    except (tomli.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise ConfigurationError(f"this is no TOML: {error}", file=file, line=line) from error
    except OSError as error:
        raise ConfigurationError(f"can't be read: {(error.strerror or '').lower()}", file=file) from error


def _table(table: object, key: str) -> Table:
    value = table.get(key) if isinstance(table, dict) else None
    return value if isinstance(value, dict) else {}


def _strings(table: object, key: str) -> list[str]:
    value = table.get(key) if isinstance(table, dict) else None
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _inherited(dependency: object, workspace: Table, key: str) -> object:
    inherits = isinstance(dependency, dict) and dependency.get("workspace") is True
    return workspace.get(key) if inherits else None


def _crate(key: str, dependency: object, inherited: object) -> str:
    for table in (dependency, inherited):
        if isinstance(table, dict) and isinstance(table.get("package"), str):
            package = str(table["package"]).replace("_", "-")
            return key if key == _DIESEL and package.endswith(f"-{_DIESEL}") else package  # a fork in its place
    return key.replace("_", "-")


def _dialects_of(features: list[str]) -> set[Dialect]:
    return {_FEATURES[feature] for feature in features if feature in _FEATURES}
