"""A seeded generator of migrations directories: plain data first, then written where it is wanted.

One seed and one backend always give one layout, so that a failure is repeated by its number.
"""

from __future__ import annotations

import importlib
import os
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

from . import files, names
from .sql import Author

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glowplug.dialect import Dialect

    from .sql import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One entry below a migrations directory: a file, a link, a pipe or (none of these) a directory."""

    path: str
    content: bytes | None = None
    link: str | None = None
    pipe: bool = False

    def shown(self) -> str:
        if self.link is not None:
            return f"-> {self.link!r}"
        if self.content is not None:
            return repr(self.content)
        return "(pipe)" if self.pipe else "(directory)"

    def write(self, root: Path) -> None:
        target = root / self.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if self.link is not None:
            target.symlink_to(self.link)
        elif self.content is not None:
            target.write_bytes(self.content)
        elif self.pipe:
            os.mkfifo(target)
        else:
            target.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A migrations directory; ``kinds`` names what was planted, so that the generator's reach can be tested."""

    seed: int
    dialect: Dialect
    nodes: tuple[Node, ...]
    kinds: frozenset[str]

    def write(self, directory: Path) -> Path:
        """Write everything to ``directory/migrations``, in the layout's own order, and give that path."""
        migrations = directory / "migrations"
        migrations.mkdir()
        for node in self.nodes:
            node.write(migrations)
        return migrations

    def listing(self) -> str:
        """Show every byte, short enough for a failure's message."""
        title = f"layout {self.dialect.value}-{self.seed}: {', '.join(sorted(self.kinds))}"
        return "\n".join([title, *(f"  {node.path!r}: {node.shown()}" for node in self.nodes)])


class Content(Protocol):
    """What a backend's module of statements gives."""

    PIECES: tuple[tuple[int, Callable[[Author], Pair]], ...]
    FAULTS: tuple[str, ...]
    PROBE: str


@dataclass(slots=True)
class _Draft:
    random: random.Random
    nodes: list[Node] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    def add(self, path: str, *, content: bytes | None = None, link: str | None = None) -> None:
        self.nodes.append(Node(path=path, content=content, link=link))

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent


def generate(dialect: Dialect, seed: int) -> Layout:
    """Make the layout of that number."""
    draft = _Draft(random.Random(f"{dialect.value}-{seed}"))
    content = cast("Content", importlib.import_module(f"{__package__}.sql_{dialect.value}"))
    author = Author(random=draft.random)
    chosen = names.choose(draft.random, draft.kinds)
    chosen.sort(key=names.version_of)  # so that most chains can build on each other
    directories = [(name, files.migration(draft.random, author, content, draft.kinds)) for name in chosen]
    if draft.chance(50):
        draft.random.shuffle(directories)  # readdir order must not be the version's by accident
    for name, contents in directories:
        _add_migration(draft, name, contents)
    if draft.chance(25):
        _harmless(draft)
    if draft.chance(9):
        _refused(draft)
    return Layout(seed=seed, dialect=dialect, nodes=tuple(draft.nodes), kinds=frozenset(draft.kinds))


def _add_migration(draft: _Draft, name: str, contents: dict[str, bytes | None]) -> None:
    home = name
    if draft.chance(3):
        home = f".elsewhere-{len(draft.nodes)}"
        draft.add(name, link=home)
        draft.kinds.add("symlinked-directory")
    for file_name, content in contents.items():
        if content is not None and draft.chance(2):
            draft.add(f"{home}/.{file_name}", content=content)
            draft.add(f"{home}/{file_name}", link=f".{file_name}")
            draft.kinds.add("symlinked-file")
        else:
            draft.add(f"{home}/{file_name}", content=content)
    if draft.chance(6):
        draft.add(f"{home}/README.md", content=b"told here\n")
        draft.add(f"{home}/nested/up.sql", content=b"this is never read")
        draft.kinds.add("more-in-a-migration")


def _harmless(draft: _Draft) -> None:
    kind = draft.random.choice(
        ("regular-file", "hidden-directory", "hidden-dangling-link", "hidden-file", "lock-file"),
    )
    draft.kinds.add(kind)
    match kind:
        case "regular-file":
            draft.add("2020_notes.sql", content=b"SELECT nonsense;")
        case "hidden-directory":
            draft.add(".hidden/README", content=b"")
        case "hidden-dangling-link":
            draft.add(".dangling", link="nowhere")
        case "hidden-file":
            draft.add(".gitkeep", content=b"")
        case _:
            draft.add(".diesel_lock", content=b"")


def _refused(draft: _Draft) -> None:
    """Plant what makes Diesel refuse the whole directory."""
    kind = draft.random.choice(
        ("no-up", "empty-directory", "gitkeep-only", "nested-backend", "dangling-link", "link-to-file", "pipe",
         "upper-case-up", "hidden-up"),
    )  # fmt: skip
    draft.kinds |= {kind, "refused"}
    name = draft.random.choice(("2019-01-01-000000_left", "common", "zzz"))
    match kind:
        case "no-up":
            draft.add(f"{name}/down.sql", content=b"SELECT 1;")
        case "empty-directory":
            draft.add(name)
        case "gitkeep-only":
            draft.add(f"{name}/.gitkeep", content=b"")
        case "nested-backend":
            draft.add("sqlite/2024-01-01-000000_a/up.sql", content=b"SELECT 1;")
        case "dangling-link":
            draft.add(name, link="nowhere")
        case "link-to-file":
            draft.add("notes.txt", content=b"")
            draft.add(name, link="notes.txt")
        case "pipe":
            draft.nodes.append(Node(path=name, pipe=True))
        case "upper-case-up":
            draft.add(f"{name}/UP.SQL", content=b"SELECT 1;")
        case _:
            draft.add(f"{name}/.up.sql", content=b"SELECT 1;")
