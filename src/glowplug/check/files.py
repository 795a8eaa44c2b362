"""Files named on the command line: the chains that they stand in, or a file alone, of which nothing else is known."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.errors import UsageError
from glowplug.project import content as files
from glowplug.project.configuration import ChainSettings, Configuration
from glowplug.project.discovery import find_project
from glowplug.project.metadata import FILE_NAME as METADATA
from glowplug.project.migration import Chain, Migration, Project, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glowplug.dialect import Dialect

UP, DOWN = (direction.file_name for direction in (Direction.UP, Direction.DOWN))
STANDARD_INPUT = Path("-")
OF_A_MIGRATION = frozenset({UP, DOWN, METADATA})


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The project around some files: ``files`` are these, relative to its root.

    ``alone`` are the directories of chains that are one file each.
    """

    project: Project
    files: frozenset[str]
    alone: frozenset[str] = frozenset()


class _FileAlone(Migration, frozen=True, kw_only=True):
    """A file that stands in no chain, as a migration of its own; ``path`` is the file's."""

    def file(self, direction: Direction) -> str:  # noqa: ARG002 - it is one file, whatever it is called
        """Give the path of the file."""
        return self.path


def is_file_or_migration(path: Path) -> bool:
    """Whether this is standard input, a file of any kind, or a directory that is one migration."""
    if path == STANDARD_INPUT:
        return True
    try:
        return not stat.S_ISDIR(path.stat().st_mode) or (path / UP).is_file()
    except (OSError, ValueError):
        return False


def choose(paths: Iterable[Path], *, backend: Dialect | None, environment: Mapping[str, str]) -> Chosen:
    """Find the chains around some files; a directory that is one migration stands for its files.

    ``backend`` is that of the files which stand in no chain, as ``-`` does: standard input, which is read to its end.

    Raises:
        UsageError: a path is neither file nor migration, or can't be read, a file stands in no chain and ``backend`` is
            not said, or the files are of several projects.
        ConfigurationError: a file that configures their project can't be used.
    """
    found: dict[Path, Project] = {}
    inside: list[Path] = []
    outside: list[Path] = []
    for path in (file for named in dict.fromkeys(paths) for file in _files(named)):
        directory = path.parent.parent
        if path.name not in OF_A_MIGRATION or not (path.parent / UP).exists():
            outside.append(path)
            continue
        inside.append(path)
        if directory not in found:
            found[directory] = find_project(directory, environment=environment)
    project = _one(found.values())
    alone = [_alone(path, backend, project.root) for path in outside]
    return Chosen(
        project=replace(project, chains=(*project.chains, *alone)),
        files=frozenset(_shown(path, project.root) for path in (*inside, *outside)),
        alone=frozenset(chain.directory for chain in alone),
    )


def _files(path: Path) -> list[Path]:
    """Give a file, or those of a directory that is one migration.

    Raises:
        UsageError: it is neither.
    """
    if path == STANDARD_INPUT:
        return [path]
    if is_file_or_migration(path) and not path.is_file() and not path.is_dir():
        raise UsageError(
            f"{path} is a pipe or a device, which is not read",
            advice="Give a file; or give its content on standard input: glowplug lint --backend BACKEND -",
        )
    try:
        resolved = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise UsageError(f"{path} does not exist") from None
    if resolved.is_file():
        return [resolved]
    present = [resolved / name for name in sorted(OF_A_MIGRATION) if (resolved / name).is_file()]
    if not (resolved / UP).is_file():
        raise UsageError(
            f"{path} is no file and no migration", advice="Give files, or one checkout or migrations directory."
        )
    return present


def _one(projects: Iterable[Project]) -> Project:
    """Put the chains of one project together.

    Raises:
        UsageError: they are of several.
    """
    chains: dict[str, Chain] = {}
    root: Path | None = None
    first: Project | None = None
    for project in projects:
        if root is not None and project.root != root:
            raise UsageError(f"the files are of two projects, {root} and {project.root}: look at one after the other")
        root, first = project.root, first or project
        chains.update({chain.directory: chain for chain in project.chains})
    if first is None:
        return Project(root=Path.cwd(), configuration=Configuration())
    return replace(first, chains=tuple(chains.values()))


def _alone(path: Path, backend: Dialect | None, root: Path) -> Chain:
    shown = _shown(path, root)
    name = "stdin" if path == STANDARD_INPUT else path.name
    if backend is None:
        raise UsageError(
            f"{shown} stands in no migrations directory, so nothing says which backend it is for",
            advice="Say it with --backend postgres, mysql or sqlite.",
        )
    try:
        content = _standard_input() if path == STANDARD_INPUT else path.read_bytes()
    except OSError as error:
        raise UsageError(f"{shown} can't be read: {(error.strerror or '').lower()}") from error
    is_down = path.name == DOWN
    up, down = (None if is_down else content), (content if is_down else None)
    own = digest(version=name, up=up, down=down, metadata=None)
    migration = _FileAlone(version=name, name=name, path=shown, up=up or b"", down=down, digest=own, chain_digest=own)
    return Chain(
        directory=shown,
        dialect=backend,
        migrations=(migration,),
        findings=tuple(files.remarks(replace(migration, up=up), backend, down_readable=False)),
        settings=ChainSettings(migrations=shown, backend=backend),
    )


def _standard_input() -> bytes:
    """Give all of it; sys.stdin is none where it was closed."""
    with open(0, "rb", closefd=False) as stream:
        return stream.read()


def _shown(path: Path, root: Path) -> str:
    if path == STANDARD_INPUT:
        return str(path)
    return Path(os.path.relpath(path, root)).as_posix()
