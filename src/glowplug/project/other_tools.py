"""Directories of migrations that belong to another tool."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.project.tree import Kind, UnreadableError

if TYPE_CHECKING:
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


def _head(tree: Tree, name: str) -> bytes:
    try:
        return tree.read(name)[:_HEAD]
    except (OSError, UnreadableError):
        return b""
