"""Which backend a chain is for, and SQLite's foreign_keys, when nothing says so outright."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.errors import ConfigurationError
from glowplug.project.cargo import Backends, Manifests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.project.cargo import Manifest
    from glowplug.project.configuration import ChainSettings

_NAMES = {
    "postgres": Dialect.POSTGRES,
    "postgresql": Dialect.POSTGRES,
    "pg": Dialect.POSTGRES,
    "pgsql": Dialect.POSTGRES,
    "psql": Dialect.POSTGRES,
    "mysql": Dialect.MYSQL,
    "mariadb": Dialect.MYSQL,
    "sqlite": Dialect.SQLITE,
    "sqlite3": Dialect.SQLITE,
}
_TITLES = {Dialect.POSTGRES: "PostgreSQL", Dialect.MYSQL: "MySQL", Dialect.SQLITE: "SQLite"}
_PRAGMA = re.compile(
    r"\s*PRAGMA\s+(?:\w+\.)?foreign_keys\s*(?:=\s*|\(\s*)['\"]?(\w+)['\"]?\s*\)?\s*;?\s*", re.IGNORECASE
)
_TRUE = frozenset({"on", "yes", "true", "1"})


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A chain that was found, before its backend is known; ``line`` is that of its ``[[chain]]``."""

    path: Path
    directory: str
    settings: ChainSettings
    line: int | None = None


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a backend is guessed from: ``boundary`` is where the search for Cargo.toml ends."""

    root: Path
    boundary: Path
    database_url: str | None = None
    database_url_source: str = "DATABASE_URL"
    manifests: Manifests = msgspec.field(default_factory=Manifests)

    def manifests_of(self, directory: Path) -> list[Manifest]:
        """Give the manifests that speak for ``directory``."""
        return self.manifests.of(directory, self.boundary)


class Backend(msgspec.Struct, frozen=True, kw_only=True):
    """A chain's backend; ``reason`` is a phrase that says where it was taken from, ``note`` what speaks against it."""

    dialect: Dialect
    reason: str
    note: str | None = None


class _Built(msgspec.Struct, frozen=True, kw_only=True):
    """What a Cargo.toml builds of diesel."""

    file: str
    backends: Backends

    def __str__(self) -> str:
        return f"{self.file} builds diesel for {' and '.join(sorted(_TITLES[each] for each in self.likely))}"

    @property
    def likely(self) -> frozenset[Dialect]:
        """What a plain build has, else what some feature can add."""
        return self.backends.enabled or self.backends.possible


def backends_of(
    candidates: Sequence[Candidate], surroundings: Surroundings, apart: Sequence[Candidate] = ()
) -> list[Backend]:
    """Give each candidate's backend; ``apart`` are what may be chains too, which the advice does not leave out.

    What the configuration says; else the directory's name; else Cargo.toml's features of diesel: what the application
    is built for, it runs. Where they leave a single chain several backends, the scheme of DATABASE_URL decides among
    them, and where they say nothing, it alone. Of several chains, DATABASE_URL can name one at most. Last come the
    crates that lie elsewhere in the checkout, where they agree.

    Raises:
        ConfigurationError: it stays unclear; the advice is what to write in glowplug.toml.
    """
    found = [_backend(candidate, surroundings, alone=len(candidates) == 1) for candidate in candidates]
    resolved = [one for one in found if one is not None]
    if len(resolved) == len(found):
        return resolved
    unclear = [candidate for candidate, one in zip(candidates, found, strict=True) if one is None]
    names = ", ".join(candidate.directory for candidate in unclear)
    said = next((candidate for candidate in unclear if candidate.line is not None), None)
    if said is not None:
        message = f"which backend {said.directory} is for is said nowhere"
        advice = 'Add to this [[chain]]:\nbackend = "postgres"  # or "mysql", or "sqlite"'
        raise ConfigurationError(message, file=Path("glowplug.toml"), line=said.line, advice=advice)
    raise ConfigurationError(
        f"which backend {names} is for can be told neither from a directory's name, nor from DATABASE_URL, nor from "
        "diesel's features in Cargo.toml",
        advice="Write in glowplug.toml:\n"
        + tables_of(
            [*candidates, *apart],
            [
                *(None if one is None else one.dialect for one in found),
                *(dialect_named(one.directory) for one in apart),
            ],
        ),
    )


def foreign_keys_set(session_setup: Sequence[str], shown: str) -> tuple[bool, str] | None:
    """Tell what a session_setup, of the file that is ``shown`` so, sets foreign_keys to; None where it does not."""
    for statement in reversed(session_setup):
        said = _PRAGMA.fullmatch(statement)
        if said:
            return said[1].lower() in _TRUE, f"session_setup of {shown} sets it"
    return None


def foreign_keys_built(candidate: Candidate, surroundings: Surroundings) -> tuple[bool, str]:
    """Tell whether the SQLite that the application is built with has foreign_keys on, and why that was taken."""
    for manifest in surroundings.manifests_of(candidate.path):
        how = manifest.bundled_sqlite()
        if how:
            shown = _shown(manifest.file, surroundings.root)
            return True, f"{shown} {how}, whose SQLite has foreign_keys on by default"
    return False, "no Cargo.toml builds libsqlite3-sys bundled, and the system's SQLite has foreign_keys off by default"


def scheme_of(url: str) -> Dialect | None:
    """Give the backend of a database URL as Diesel reads it; None where it is empty or of another scheme."""
    scheme, separator, _ = url.partition("://")
    if separator:
        return _NAMES.get(scheme.lower()) if scheme.lower() != "file" else Dialect.SQLITE
    return Dialect.SQLITE if url.strip() and "$" not in url else None


def dialect_named(directory: str) -> Dialect | None:
    """Give the backend that a directory's path names, the last part first: ``migrations/sqlite``, ``pg_migrations``."""
    for part in reversed(PurePosixPath(directory).parts):
        named = {_NAMES[word] for word in re.split(r"[^a-z0-9]+", part.lower()) if word in _NAMES}
        if named:
            return named.pop() if len(named) == 1 else None
    return None


def _backend(candidate: Candidate, surroundings: Surroundings, *, alone: bool) -> Backend | None:
    if candidate.settings.backend is not None:
        return Backend(dialect=candidate.settings.backend, reason="glowplug.toml says so")
    named = dialect_named(candidate.directory)
    if named is not None:
        return Backend(dialect=named, reason="the directory's name says so")
    url = scheme_of(surroundings.database_url or "")
    by_url = None if url is None else Backend(dialect=url, reason=f"the scheme of {_url(surroundings)} says so")
    built = _built(candidate, surroundings)
    if built is None:
        return by_url or _built_elsewhere(surroundings)
    only = built.backends.only()
    by_cargo = None if only is None else Backend(dialect=only, reason=f"{built.file} builds diesel for it")
    if by_url is None or (by_cargo is not None and (not alone or by_cargo.dialect is by_url.dialect)):
        return by_cargo
    taken = by_url if by_cargo is None or by_url.dialect in built.backends.possible else by_cargo
    if not alone or by_url.dialect in built.likely:
        return taken
    names = f"{_url(surroundings)} names {_TITLES[by_url.dialect]}"
    decides, other = (names, str(built)) if taken is by_url else (str(built), names)
    return replace(
        taken,
        note=f"{candidate.directory} is checked on {_TITLES[taken.dialect]}, since {decides}, though {other}. "
        f"glowplug.toml settles it, with the backend that is right:\n{tables_of([candidate], [taken.dialect])}",
    )


def _url(surroundings: Surroundings) -> str:
    return surroundings.database_url_source


def _built(candidate: Candidate, surroundings: Surroundings) -> _Built | None:
    """Give what is built of diesel, and the Cargo.toml that says so; None where none says anything, or several do.

    One beside or above the migrations speaks for them; else the members of their workspace, where they agree.
    """
    manifests = surroundings.manifests_of(candidate.path)
    for manifest in manifests:
        backends = manifest.backends()
        if backends.possible and candidate.path.is_relative_to(manifest.file.parent):  # it speaks for them
            return _Built(file=_shown(manifest.file, surroundings.root), backends=backends)
    return _agreed(manifests, surroundings)


def _built_elsewhere(surroundings: Surroundings) -> Backend | None:
    """Give what all crates of the checkout that build diesel agree on, wherever they lie: the last thing to ask."""
    built = _agreed(surroundings.manifests.below(surroundings.boundary), surroundings)
    only = None if built is None else built.backends.only()
    return None if built is None or only is None else Backend(dialect=only, reason=f"{built.file} builds diesel for it")


def _agreed(manifests: Sequence[Manifest], surroundings: Surroundings) -> _Built | None:
    building = [one for one in manifests if one.backends().possible]
    enabled = frozenset[Dialect]().union(*(one.backends().possible for one in building))
    if len(enabled) != 1:
        return None
    backends = Backends(enabled=enabled, possible=enabled)
    return _Built(file=_shown(building[-1].file, surroundings.root), backends=backends)


def tables_of(candidates: Sequence[Candidate], dialects: Sequence[Dialect | None]) -> str:
    """Give the ``[[chain]]`` tables of glowplug.toml that say what was found."""
    return "\n".join(_lines(*one) for one in zip(candidates, dialects, strict=True))


def _lines(candidate: Candidate, dialect: Dialect | None) -> str:
    backend = f'"{dialect.value}"' if dialect else '"postgres"  # or "mysql", or "sqlite"'
    import json  # noqa: PLC0415 - only where a line for glowplug.toml is proposed

    return f"[[chain]]\nmigrations = {json.dumps(candidate.directory, ensure_ascii=False)}\nbackend = {backend}"


def _shown(file: Path, root: Path) -> str:
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
