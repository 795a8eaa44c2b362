"""Where a project's root is, and what configures it: diesel.toml, .env, the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import tomli

from glowplug.errors import ConfigurationError, UsageError
from glowplug.project.cargo import FILE_NAME as CARGO_TOML
from glowplug.project.cargo import Manifests
from glowplug.project.configuration import FILE_NAME as GLOWPLUG_TOML
from glowplug.project.positions import line_of
from glowplug.project.tree import is_absent, is_directory, is_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MIGRATIONS = "migrations"
DIESEL_TOML = "diesel.toml"
_FROM_DOTENV = ("DATABASE_URL", "MIGRATION_DIRECTORY", "DIESEL_CONFIG_FILE")


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """Where ``glowplug`` was started, and what lies around.

    ``start`` is the directory that Diesel would be run in; ``boundary`` the nearest directory above it that git knows
    as a checkout, else the file system's root: nothing above it is looked at. ``root`` is what paths are relative to:
    the nearest directory upward with a glowplug.toml, else with a diesel.toml, else with a Cargo.toml, unless the
    migrations that Diesel would take lie higher.
    """

    start: Path
    boundary: Path
    root: Path
    upward: Path | None  # the ``migrations`` that Diesel's search upward finds
    variables: Mapping[str, str]  # the three that Diesel reads, from the environment or else from .env
    dotenv: frozenset[str]  # those of them that came from .env
    manifests: Manifests = msgspec.field(default_factory=Manifests)

    def source(self, variable: str) -> str:
        """Say where a variable came from: ``DATABASE_URL``, or ``DATABASE_URL in .env``."""
        return f"{variable} in .env" if variable in self.dotenv else variable


class MissingDirectory(ConfigurationError):
    """A diesel.toml names a directory that is not there: ``said`` is how it names it."""

    def __init__(self, message: str, *, said: str, file: Path | None, line: int | None) -> None:
        """Say what is wrong at ``file``:``line``."""
        super().__init__(message, file=file, line=line)
        self.said = said

    def at(self, file: Path) -> MissingDirectory:
        """Give it with the file named otherwise."""
        return MissingDirectory(self.message, said=self.said, file=file, line=self.line)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A migrations directory that Diesel is told to use, not one that it finds.

    ``replaces_search``: it was said for this one run (MIGRATION_DIRECTORY), so nothing else is looked for.
    """

    path: Path
    replaces_search: bool = False


def find_checkout(start: Path, environment: Mapping[str, str]) -> Checkout:
    """Look around ``start``, an absolute directory without links."""
    boundary = checkout_of(start) or Path(start.anchor)
    upward = next((found for one in _upward(start, boundary) if is_directory(found := one / MIGRATIONS)), None)
    variables = {name: environment[name] for name in _FROM_DOTENV if name in environment}
    from_file = {name: value for name, value in _dotenv(start, boundary).items() if name not in environment}
    return Checkout(
        start=start,
        boundary=boundary,
        root=_root(start, boundary, upward),
        upward=upward,
        variables={**from_file, **variables},
        dotenv=frozenset(from_file),
    )


def checkout_of(directory: Path) -> Path | None:
    """Give the nearest directory upward that holds a ``.git``, which is a file in a worktree or submodule."""
    return next((one for one in (directory, *directory.parents) if os.path.lexists(one / ".git")), None)


def migrations_directory(checkout: Checkout) -> Told | None:
    """Give the directory that Diesel is told to use; None where it would search.

    Raises:
        ConfigurationError: diesel.toml can't be read.
        UsageError: there is no such directory.
    """
    said = checkout.variables.get("MIGRATION_DIRECTORY")
    if said is not None:
        directory = checkout.start / said
        if not said or not is_directory(directory):
            raise UsageError(
                f"{checkout.source('MIGRATION_DIRECTORY')} is {said!r}, which is no directory",
                advice=f"It is looked for from {checkout.start} on, as Diesel does when it is run there. Correct it, "
                "set another MIGRATION_DIRECTORY for this run, or name the chains in glowplug.toml ([[chain]]), which "
                "replaces it.",
            )
        return Told(path=directory.resolve(), replaces_search=True)
    said = checkout.variables.get("DIESEL_CONFIG_FILE")
    if said:
        return directory_of(checkout.start / said, checkout.root)
    for name in (DIESEL_TOML, CARGO_TOML):
        for ancestor in _upward(checkout.start, checkout.boundary):
            if is_file(ancestor / name):
                return directory_of(ancestor / DIESEL_TOML, checkout.root)
    return None


def directory_of(file: Path, root: Path) -> Told | None:
    """Give ``[migrations_directory] dir`` of a diesel.toml, which is relative to the file.

    Raises:
        MissingDirectory: it names what is not there.
        ConfigurationError: it can't be read, is no TOML, or names what is no directory.
    """
    shown = file.relative_to(root) if file.is_relative_to(root) else file
    if not is_file(file):
        return None
    try:
        content = file.read_bytes()
        table = tomli.loads(content.decode("utf-8")).get("migrations_directory")
    except OSError as error:
        raise ConfigurationError(f"can't be read: {(error.strerror or '').lower()}", file=shown) from error
    except (tomli.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise ConfigurationError(f"this is no TOML: {error}", file=shown, line=line) from error
    if table is None:
        return None
    said = table.get("dir") if isinstance(table, dict) else None
    if said is None:
        raise _no_directory(shown, content, "migrations_directory has no dir, which Diesel asks for")
    if not isinstance(said, str):
        raise _no_directory(shown, content, "migrations_directory.dir is no string")
    directory = file.parent / said
    if not is_directory(directory):
        problem = _no_directory(shown, content, f"migrations_directory.dir is {said!r}, which is no directory")
        if is_absent(directory):
            raise MissingDirectory(problem.message, said=said, file=shown, line=problem.line)
        raise problem
    directory = directory.resolve()
    boundary = checkout_of(file.resolve().parent)
    if boundary is not None and not directory.is_relative_to(boundary):
        advice = "Write it relative to diesel.toml; or name the directory in MIGRATION_DIRECTORY for this run."
        outside = f"migrations_directory.dir is {said!r}, which lies outside the checkout"
        raise _no_directory(shown, content, outside, advice=advice)
    return Told(path=directory)


def _no_directory(shown: Path, content: bytes, problem: str, *, advice: str | None = None) -> ConfigurationError:
    line = line_of(content, ("migrations_directory", "dir")) or line_of(content, ("migrations_directory",))
    return ConfigurationError(problem, file=shown, line=line, advice=advice)


def _root(start: Path, boundary: Path, upward: Path | None) -> Path:
    for name in (GLOWPLUG_TOML, DIESEL_TOML, CARGO_TOML):
        for ancestor in _upward(start, boundary):
            # A glowplug.toml that can't be read is an error later; never is it as if there were none.
            if is_file(ancestor / name) or (name == GLOWPLUG_TOML and os.path.lexists(ancestor / name)):
                higher = name == CARGO_TOML and upward is not None and ancestor.is_relative_to(upward.parent)
                return upward.parent if higher and upward is not None else ancestor
    return start if upward is None else upward.parent


def _upward(start: Path, boundary: Path) -> Iterator[Path]:
    for ancestor in (start, *start.parents):
        yield ancestor
        if ancestor == boundary:
            return


def _dotenv(start: Path, boundary: Path) -> dict[str, str]:
    """Read the nearest .env upward, as dotenvy does; what can't be parsed in it is left out."""
    for ancestor in _upward(start, boundary):
        file = ancestor / ".env"
        if not is_file(file):
            continue
        import logging  # noqa: PLC0415 - loaded where there is a .env

        from dotenv import dotenv_values  # noqa: PLC0415 - the same

        logging.getLogger("dotenv").addHandler(logging.NullHandler())  # else it prints what it can't parse
        try:
            values = dotenv_values(file)
        except (OSError, UnicodeDecodeError):
            return {}
        return {name: value for name in _FROM_DOTENV if (value := values.get(name))}
    return {}
