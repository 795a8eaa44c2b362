"""Finding the chains of a checkout: as Diesel does, then downward, or as glowplug.toml says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.errors import ConfigurationError, EnvironmentFailure, NothingToCheck, UsageError
from glowplug.finding import Place
from glowplug.project.backend import (
    Backend,
    Candidate,
    Surroundings,
    backends_of,
    dialect_named,
    foreign_keys_built,
    foreign_keys_set,
    tables_of,
)
from glowplug.project.checkout import (
    DIESEL_TOML,
    MIGRATIONS,
    checkout_of,
    find_checkout,
    migrations_directory,
)
from glowplug.project.configuration import FILE_NAME, ChainSettings, Configuration
from glowplug.project.faults import UNREADABLE_FILE
from glowplug.project.layout import UP, Layout, read_layout
from glowplug.project.left_out import SAY_SO, nothing, of_another_tool, shown_from, unnamed
from glowplug.project.migration import Chain, Project
from glowplug.project.other_tools import crate_of_other_tool, other_tool
from glowplug.project.pairing import pair
from glowplug.project.search import Search, has_children, tree_of
from glowplug.project.server_version import wrong_with
from glowplug.project.tree import UnreadableError, is_absent, is_directory, is_file, reason_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from glowplug.finding import Finding
    from glowplug.project.checkout import Checkout

_READINGS = 5  # of a directory that changes meanwhile, before it is given up


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """Chains, what kept others from being found, and what was left out (its path, the crate, the Cargo.toml)."""

    candidates: list[Candidate]
    problems: tuple[ConfigurationError, ...] = ()
    left_out: tuple[tuple[Path, str, Path], ...] = ()


def find_project(
    path: Path | None, *, environment: Mapping[str, str], configuration: Configuration | None = None
) -> Project:
    """Find the chains of a checkout and read every migration of theirs.

    ``path`` is a checkout, a directory in one, or a migrations directory itself; None is the working directory.
    ``configuration`` stands in for the glowplug.toml at the project's root.

    Without a ``[[chain]]`` in it, a chain is what Diesel would take when run at ``path`` (MIGRATION_DIRECTORY, which
    replaces all else; diesel.toml; the search upward for ``migrations``), and besides each ``migrations`` further down
    that holds migrations. A directory without migrations whose children are migrations directories stands for these.
    The search upward ends at the checkout that git knows. Where chains lie below an explicit ``path``, the others are
    left out.

    A directory that another crate runs, where no diesel is near, is none, unless a diesel.toml or ``path`` names it.

    What is wrong with a migration is a finding of its chain, never an error; a diesel.toml that can't be used is a
    problem of the project's, and hides no chain. One whose directory lies elsewhere by all that its name tells is a
    finding.

    Raises:
        NothingToCheck: there is no migration.
        ConfigurationError: glowplug.toml or Cargo.toml can't be used, a chain's backend is unclear, or nothing was
            found because a diesel.toml can't be used.
        UsageError: ``path`` is no directory, or holds another tool's migrations.
        EnvironmentFailure: no migrations directory can be listed.
    """
    start = _start(path)
    checkout = find_checkout(start, environment)
    if configuration is None:
        configuration = Configuration.read(checkout.root / FILE_NAME)
    search = Search(checkout.root)
    configured = _configured(checkout, configuration, search)
    named = _named(checkout, configured, search) if path is not None else None
    found = named or (_Found(candidates=configured) if configured else _discovered(checkout, search))
    if not found.candidates and path is None and checkout.boundary not in {checkout.root, Path(start.anchor)}:
        checkout = replace(checkout, root=checkout.boundary)
        found = _discovered(checkout, search)
    if path is not None:
        found = _below(start, found, checkout)
    candidates = [one for one in found.candidates if _holds_migrations(one, checkout, search)]
    narrowed = any(one.path.is_relative_to(start) for one in candidates) and path is not None
    unread = tuple(search.unread(checkout.root, start if narrowed else checkout.root, [one.path for one in candidates]))
    known = [*(one.path for one in candidates), *(path for path, _, _ in found.left_out)]
    others = [] if configured else search.others(start if narrowed else checkout.root, known)
    apart = _sorted_out(others, (), (), checkout).candidates
    if not candidates:
        raise _nothing(checkout, found, unread, apart)
    surroundings = _surroundings(checkout)
    backends = backends_of(candidates, surroundings, apart)
    for one, backend in zip(candidates, backends, strict=True):
        _reject_version(one, backend.dialect, configured, configuration)
    chains = [_chain(one, backend, surroundings) for one, backend in zip(candidates, backends, strict=True)]
    unreadable = [chain.refused for chain in chains if chain.refused and not chain.migrations]
    if len(unreadable) == len(chains):
        raise EnvironmentFailure("\n".join(unreadable))
    tables = tables_of(candidates, [chain.dialect for chain in chains])
    unsaid = [dialect_named(one.directory) for one in apart]
    problems, paired = pair(found.problems, [one.path for one in candidates], checkout.root)
    return Project(
        root=checkout.root,
        chains=tuple(chains),
        problems=tuple(_advised(problem, tables) for problem in problems),
        notes=(
            *(f"{of_another_tool(*one, checkout.root)}; it is left out. {SAY_SO}" for one in found.left_out),
            *((unnamed([one.directory for one in apart], f"{tables}\n{tables_of(apart, unsaid)}"),) if apart else ()),
            *(backend.note for backend in backends if backend.note is not None),
        ),
        findings=(*unread, *paired),
        configuration=configuration,
    )


def _reject_version(
    candidate: Candidate, dialect: Dialect, configured: list[Candidate], configuration: Configuration
) -> None:
    """Refuse a server_version that the backend's servers never had."""
    said = candidate.settings.server_version
    problem = None if said is None else wrong_with(said, dialect)
    if problem is not None:
        raise configuration.error(problem, ("chain", configured.index(candidate), "server_version"))


def find_root(path: Path | None) -> Path:
    """Give the directory that ``find_project`` takes as the project's root: where its glowplug.toml stands, if any.

    Raises:
        UsageError: ``path`` is no directory.
    """
    return find_checkout(_start(path), {}).root


def _start(path: Path | None) -> Path:
    if path is None:
        try:
            return Path.cwd()
        except FileNotFoundError:
            raise UsageError("the working directory is gone") from None
    try:
        start = path.resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{path} does not exist") from None
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"{path} can't be read: {error}") from error
    if not start.is_dir():
        advice = "Give the checkout or a migrations directory; inside a checkout, give nothing."
        raise UsageError(f"{path} is a file", advice=advice)
    if is_file(start / UP):
        raise UsageError(f"{path} is one migration", advice=f"Give the directory that holds it: {start.parent}")
    if _is_empty(start):
        raise NothingToCheck(f"{path} is empty")
    return start


def _is_empty(directory: Path) -> bool:
    try:
        return not any(directory.iterdir())
    except OSError as error:
        raise UsageError(f"{directory} can't be listed: {reason_of(error)}") from error


def _what(path: Path) -> str:
    return "is a file" if is_file(path) else "can't be read"


def _configured(checkout: Checkout, configuration: Configuration, search: Search) -> list[Candidate]:
    """Give the chains of glowplug.toml; each must hold migrations."""
    candidates: list[Candidate] = []
    for index, settings in enumerate(configuration.sections("chain", ChainSettings)):
        place = ("chain", index, "migrations")
        path = _resolved(checkout.root / settings.migrations)
        problem = None
        if Path(settings.migrations).is_absolute():
            problem = "is absolute; write it relative to this file"
        elif path is None or not is_directory(path):
            problem = "does not exist" if path is None or is_absent(path) else _what(path)
        elif any(one.path == path and one.settings.backend == settings.backend for one in candidates):
            problem = "stands twice for one backend"
        elif not (inside := search.chains_in(path)) and not _refused(path, checkout):
            problem = "holds no migration"
        elif inside not in ([], [path]):
            inner = ", ".join(shown_from(one, checkout.root) for one in inside)
            problem = f"holds no migrations but directories of migrations; write a [[chain]] for each: {inner}"
        if problem or path is None:
            raise configuration.error(f"migrations: {settings.migrations!r} {problem}", place)
        line = configuration.line("chain", index)
        candidates.append(Candidate(path=path, directory=shown_from(path, checkout.root), settings=settings, line=line))
    return candidates


def _named(checkout: Checkout, configured: list[Candidate], search: Search) -> _Found | None:
    """Give the chains of a PATH that is a migrations directory itself, or holds some, and none where it is none.

    What lies further down is hidden by neither; beside it, what is no ``migrations`` counts where it is numbered.
    """
    start = checkout.start
    exact = [one for one in configured if one.path == start]
    is_project = any(os.path.lexists(start / name) for name in (FILE_NAME, DIESEL_TOML, "Cargo.toml", MIGRATIONS))
    if exact or is_project or any(one.path.is_relative_to(start) for one in configured):
        return _Found(candidates=exact) if exact else None
    found = search.chains_in(start)
    if start.name == MIGRATIONS:
        return _Found(candidates=_candidates(found or [start], checkout))
    if not found:
        return None
    below = search.chains_below(start)
    others = [one for one in below.chains if one not in found]
    if others:
        found = [one for one in found if one.name == MIGRATIONS or search.is_numbered(one)]
    return _sorted_out([*found, *others], {*found, *below.named}, below.problems, checkout)


def _discovered(checkout: Checkout, search: Search) -> _Found:
    """Give what Diesel would take, and what lies further down."""
    problems: list[ConfigurationError] = []
    try:
        told = migrations_directory(checkout)
    except ConfigurationError as problem:
        told = None
        problems.append(problem)
    directory = told.path if told is not None else checkout.upward
    found: list[Path] = []
    if directory is not None:
        found = search.chains_in(directory) or ([directory] if _refused(directory, checkout) else [])
    named = set(found if told is not None else ())
    if told is None or not told.replaces_search:
        below = search.chains_below(checkout.root)
        found = [*found, *below.chains]
        named |= below.named
        problems += below.problems
    by_place: dict[Path, Path] = {}
    for path in found:  # Diesel's own name for a directory first, where links give it several
        by_place.setdefault(path.resolve(), path)
    return _sorted_out(by_place.values(), named, problems, checkout)


def _sorted_out(
    paths: Iterable[Path], named: Collection[Path], problems: Iterable[ConfigurationError], checkout: Checkout
) -> _Found:
    """Leave out what another crate runs, and nobody ``named``."""
    left_out = [
        (path, *crate)
        for path in sorted(paths)
        if path not in named and (crate := crate_of_other_tool(path, checkout.boundary, checkout.manifests)) is not None
    ]
    others = {path for path, _, _ in left_out}
    return _Found(
        candidates=_candidates(sorted(path for path in paths if path not in others), checkout),
        problems=tuple({str(problem): problem for problem in problems}.values()),
        left_out=tuple(left_out),
    )


def _below(start: Path, found: _Found, checkout: Checkout) -> _Found:
    """Leave out what does not lie below ``start``, if there is a chain that does."""
    inside = [one for one in found.candidates if one.path.is_relative_to(start)]
    if not inside:
        return found
    return _Found(
        candidates=inside,
        problems=tuple(
            problem
            for problem in found.problems
            if problem.file is None or (checkout.root / problem.file).is_relative_to(start)
        ),
        left_out=tuple(one for one in found.left_out if one[0].is_relative_to(start)),
    )


def _advised(problem: ConfigurationError, tables: str) -> ConfigurationError:
    """Say what it means, and how to settle it."""
    advice = problem.advice or "Correct it, or remove what is not so."
    return ConfigurationError(
        f"{problem.message}; the migrations that it is about are checked only where they were found without it",
        file=problem.file,
        line=problem.line,
        advice=f"{advice} Or say in glowplug.toml which chains there are, which replaces the search:\n{tables}",
    )


def _refused(directory: Path, checkout: Checkout) -> bool:
    """Tell whether a directory without any migration has something in it that Diesel refuses, or can't be listed."""
    try:
        return has_children(directory) and other_tool(tree_of(directory, checkout.root)) is None
    except (OSError, UnreadableError):
        return True


def _candidates(paths: Iterable[Path], checkout: Checkout) -> list[Candidate]:
    settings = ((path, shown_from(path, checkout.root)) for path in paths)
    return [Candidate(path=path, directory=shown, settings=ChainSettings(migrations=shown)) for path, shown in settings]


def _holds_migrations(candidate: Candidate, checkout: Checkout, search: Search) -> bool:
    return bool(search.chains_in(candidate.path)) or _refused(candidate.path, checkout)


def _surroundings(checkout: Checkout) -> Surroundings:
    within_git = checkout_of(checkout.start) is not None
    return Surroundings(
        root=checkout.root,
        boundary=checkout.boundary if within_git else checkout.root,
        database_url=checkout.variables.get("DATABASE_URL"),
        database_url_source=checkout.source("DATABASE_URL"),
        manifests=checkout.manifests,
    )


def _chain(candidate: Candidate, backend: Backend, surroundings: Surroundings) -> Chain:
    dialect = backend.dialect
    layout = _layout(candidate, dialect, surroundings)
    built = foreign_keys_built(candidate, surroundings) if dialect is Dialect.SQLITE else None
    return Chain(
        directory=candidate.directory,
        dialect=dialect,
        dialect_reason=backend.reason,
        migrations=layout.migrations,
        findings=layout.findings,
        refused=layout.refused,
        settings=candidate.settings,
        foreign_keys=built and (foreign_keys_set(candidate.settings.session_setup, FILE_NAME) or built),
        foreign_keys_built=built,
    )


def _layout(candidate: Candidate, dialect: Dialect, surroundings: Surroundings) -> Layout:
    """Read a chain as it stood at one moment; one that can't be read is a finding, and hides no other chain."""
    refused = f"{candidate.directory} changes while it is read; check it when nothing writes to it"
    try:
        for _ in range(_READINGS):
            tree = tree_of(candidate.path, surroundings.root)
            layout = read_layout(tree, candidate.directory, dialect)
            if tree.unchanged():
                return layout
    except (OSError, UnreadableError) as error:
        refused = f"{candidate.directory} can't be listed: {reason_of(error)}"
    finding = UNREADABLE_FILE.found(refused, place=Place(file=candidate.directory))
    return Layout(migrations=(), findings=(finding,), refused=refused)


def _nothing(checkout: Checkout, found: _Found, unread: Iterable[Finding], apart: Iterable[Candidate]) -> UsageError:
    if found.problems:
        return found.problems[0]
    if found.left_out:
        return UsageError(of_another_tool(*found.left_out[0], checkout.root), advice=SAY_SO)
    return nothing(checkout, unread, [one.directory for one in apart])


def _resolved(path: Path) -> Path | None:
    try:
        resolved = path.resolve()
        resolved.exists()
    except (OSError, RuntimeError, ValueError):  # a link to itself, a NUL byte, a name too long for the system
        return None
    return resolved
