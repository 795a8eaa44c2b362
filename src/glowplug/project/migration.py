"""Project, Chain and Migration, and the digests that evidence is bound to."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Direction
from glowplug.project.configuration import Configuration

if TYPE_CHECKING:
    from pathlib import Path

    from glowplug.dialect import Dialect
    from glowplug.errors import ConfigurationError
    from glowplug.finding import Finding
    from glowplug.project.configuration import ChainSettings

BEFORE_THE_FIRST = "0" * 64


def _netstring(content: bytes | None) -> bytes:
    return b"-" if content is None else b"%d:%s," % (len(content), content)


def digest(*, version: str, up: bytes | None, down: bytes | None, metadata: bytes | None) -> str:
    """Digest a migration: 64 hex digits, the SHA-256 over the netstrings of version, up, down and metadata."""
    parts = (version.encode("utf-8", "surrogateescape"), up, down, metadata)
    return hashlib.sha256(b"".join(map(_netstring, parts))).hexdigest()


def chain_digest(previous: str, own: str) -> str:
    """Digest a migration with all before it: SHA-256 over two digests' hex, as ``sha256sum`` can verify."""
    return hashlib.sha256((previous + own).encode("ascii")).hexdigest()


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """One directory of a chain; a file that is not there, or can't be read, is None.

    A ``runnable`` migration whose ``up`` is None fails when it is run, as Diesel fails on a file that it can't read.
    """

    version: str
    name: str  # as Diesel prints it: bytes that are no UTF-8 are U+FFFD
    path: str  # of the directory, relative to the project's root, with "/"
    up: bytes | None
    down: bytes | None
    metadata: bytes | None = None
    run_in_transaction: bool = True
    digest: str = ""
    chain_digest: str = ""
    runnable: bool = True  # False: Diesel can't load it, or another directory with its version runs instead
    test: bytes | None = None  # glowplug's own test.sql, which is no part of what runs, nor of a digest

    def sql(self, direction: Direction) -> bytes | None:
        """Give the bytes of ``up.sql`` or ``down.sql``, None where there is no such file."""
        return self.up if direction is Direction.UP else self.down

    def file(self, direction: Direction) -> str:
        """Give the path of ``up.sql`` or ``down.sql``, relative to the project's root."""
        return f"{self.path}/{direction.file_name}"


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """One migrations directory on one backend, in Diesel's order (bytewise by version).

    ``refused`` is the findings' message of what makes Diesel refuse every command on this directory
    (a child without up.sql, a dangling symlink, …), or None. ``dialect_reason`` says where ``dialect`` was taken
    from. ``foreign_keys`` is SQLite's setting at the start of a session with the sentence why it was taken, None on
    other backends; ``foreign_keys_built`` is what it would be if no session_setup set it.

    Of several directories with one version the one that Diesel runs stands last, the others are not ``runnable``.
    """

    directory: str  # relative to the project's root, "." for the root itself
    dialect: Dialect
    migrations: tuple[Migration, ...]
    findings: tuple[Finding, ...] = ()
    settings: ChainSettings
    refused: str | None = None
    dialect_reason: str = ""
    foreign_keys: tuple[bool, str] | None = None
    foreign_keys_built: tuple[bool, str] | None = None

    @property
    def chain_digest(self) -> str:
        """The chain digest of the last migration; 64 zeros for an empty chain."""
        return self.migrations[-1].chain_digest if self.migrations else BEFORE_THE_FIRST


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A checkout with one or more chains, and the glowplug.toml that they were found with.

    ``problems`` are of files that name migrations which could not be found by them: what these name is in no chain.
    ``notes`` say what looks like a chain, and why it is none. ``findings`` are of no chain: where none could be looked
    for.
    """

    root: Path
    chains: tuple[Chain, ...] = ()
    problems: tuple[ConfigurationError, ...] = ()
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    configuration: Configuration = msgspec.field(default_factory=Configuration)
