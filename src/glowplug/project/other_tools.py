"""Directories of migrations that belong to another tool."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.errors import ConfigurationError
from glowplug.project.cargo import FILE_NAME as CARGO_TOML
from glowplug.project.checkout import DIESEL_TOML
from glowplug.project.tree import Kind, UnreadableError, is_file

if TYPE_CHECKING:
    from pathlib import Path

    from glowplug.project.cargo import Manifest, Manifests
    from glowplug.project.tree import Tree


class _Tool(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    entry: re.Pattern[str]
    inside: bytes | None = None  # what the file says; None: its name is enough


_TOOLS = (
    _Tool(name="dbmate", entry=re.compile(r".+\.sql"), inside=b"-- migrate:up"),
    _Tool(name="goose", entry=re.compile(r".+\.sql"), inside=b"-- +goose Up"),
    _Tool(name="refinery or Flyway", entry=re.compile(r"[VUR]\d*(\.\d+)*__.+\.(sql|rs)")),
    _Tool(name="sqlx or golang-migrate", entry=re.compile(r"\d+_.+\.(up|down)\.sql")),
    _Tool(name="sqlx", entry=re.compile(r"\d+_.+\.sql")),
    _Tool(name="SeaORM", entry=re.compile(r"m\d{8}_\d+_.+\.rs")),
    _Tool(name="Prisma", entry=re.compile(r"migration_lock\.toml")),
    _Tool(name="Django", entry=re.compile(r"\d{4}_.+\.py")),
    _Tool(name="Rails", entry=re.compile(r"\d+_.+\.rb")),
)
_CRATES = {"rusqlite-migration": "rusqlite_migration", "migrant-lib": "migrant_lib", "movine": "movine"}
"""Crates that run migrations which lie as Diesel's do: a directory each, with an up.sql."""

_HEAD = 4096  # bytes of a file in which a tool's mark is looked for
_MOST_FILES_READ = 5


def other_tool(tree: Tree) -> tuple[str, str] | None:
    """Give the name of the tool whose files these are, and one of the files; None where none is recognised."""
    try:
        names = sorted(entry.name for entry in tree.entries("") if entry.kind in {Kind.FILE, Kind.LINK})
    except (OSError, UnreadableError):
        return None
    for tool in _TOOLS:
        matching = [name for name in names if tool.entry.fullmatch(name)]
        if tool.inside is None:
            if matching:
                return tool.name, matching[0]
            continue
        for name in matching[:_MOST_FILES_READ]:
            if tool.inside in _head(tree, name):
                return tool.name, name
    return None


def crate_of_other_tool(directory: Path, boundary: Path, manifests: Manifests) -> tuple[str, Path] | None:
    """Give the crate that runs these migrations, and the Cargo.toml that says so; None where Diesel may.

    The nearest Cargo.toml upward decides: it depends on such a crate and on no diesel, and no diesel.toml stands there
    or nearer. Where it declares a workspace, any member may run what lies there: none of them depends on diesel.
    """
    if not _may_depend_on_one(directory, boundary):
        return None
    try:
        found = manifests.of(directory, boundary)
    except ConfigurationError:  # of a Cargo.toml that can't be read, which says nothing
        return None
    owner = found[0]
    crate = next((name for name in _CRATES if name in owner.crates("dependencies", "build-dependencies")), None)
    if crate is None or any(each.uses_diesel for each in (found if owner.has_workspace else [owner])):
        return None
    return None if _has_diesel_toml(directory, owner) else (_CRATES[crate], owner.file)


def _may_depend_on_one(directory: Path, boundary: Path) -> bool:
    """Look into the nearest Cargo.toml alone, as it stands: a workspace may have hundreds."""
    for ancestor in (directory, *directory.parents):
        file = ancestor / CARGO_TOML
        if is_file(file):
            try:
                content = file.read_bytes().replace(b"_", b"-")
            except OSError:
                return False
            return any(crate.encode() in content for crate in _CRATES)
        if ancestor == boundary:
            break
    return False


def _has_diesel_toml(directory: Path, owner: Manifest) -> bool:
    within = [one for one in (directory, *directory.parents) if one.is_relative_to(owner.file.parent)]
    return any(os.path.lexists(one / DIESEL_TOML) for one in within)


def _head(tree: Tree, name: str) -> bytes:
    try:
        return tree.read(name)[:_HEAD]
    except (OSError, UnreadableError):
        return b""
