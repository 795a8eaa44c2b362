"""A copy of a PostgreSQL's programs of this run's own.

It is made where the servers' user can't reach the original, and where a control file or a stand-in has to lie
beside the original's extensions. PostgreSQL finds its share directory by where its program lies, so the copy
repeats the original's paths below a directory of its own; what need not differ is linked.
"""

from __future__ import annotations

import importlib.resources
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glowplug.errors import ConfigurationError, EnvironmentFailure
from glowplug.scratch.settings import SECTION

if TYPE_CHECKING:
    from pathlib import Path

    from glowplug.scratch.area import Area
    from glowplug.scratch.postgres.installation import Installation

STAND_INS = ("pgcrypto", "uuid-ossp")
"""Extensions that glowplug can stand in for with SQL, where a server lacks them."""

_SERVER_PROGRAMS = ("postgres", "initdb")
_CONTROL_FLAG = re.compile(r"^\s*(trusted|superuser)\s*=.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a PostgreSQL keeps what it reads: its share directory, and its modules."""

    share: Path
    modules: Path

    @property
    def extensions(self) -> Path:
        """Control files and scripts."""
        return self.share / "extension"


def find_layout(installation: Installation) -> Layout:
    """Ask ``pg_config``, else look at what the wheels do.

    Raises:
        EnvironmentFailure: neither tells.
    """
    programs = installation.place.programs
    share, modules = programs.parent / "share", programs.parent / "lib"
    if (share / "extension").is_dir():
        return Layout(share=share, modules=modules)
    if (programs / "pg_config").is_file():
        from pathlib import Path  # noqa: PLC0415 - made here alone

        answer = subprocess.run(
            [programs / "pg_config", "--sharedir", "--pkglibdir"], capture_output=True, text=True, check=False
        )
        lines = answer.stdout.splitlines()
        if len(lines) == 2:  # noqa: PLR2004 - the two that were asked for
            return Layout(share=Path(lines[0]), modules=Path(lines[1]))
    raise EnvironmentFailure(f"pg_config is missing beside {installation.program}, so its share directory is unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """The copy: what to run, and where its extensions lie."""

    installation: Installation
    extensions: Path

    def put_stand_in(self, name: str) -> None:
        """Put glowplug's SQL for the extension ``name`` in the place of whatever is there."""
        for old in self.extensions.glob(f"{name}--*.sql"):
            old.unlink()
        directory = importlib.resources.files("glowplug.scratch.postgres").joinpath("stand_in")
        sha1 = directory.joinpath("sha1.sql").read_text(encoding="utf-8")
        for file in directory.iterdir():
            if file.name.startswith((f"{name}.", f"{name}--")):
                _write(self.extensions / file.name, file.read_text(encoding="utf-8").replace("@sha1@\n", sha1))

    def trust(self, name: str, index: int) -> None:
        """Let a database's owner create the extension ``name``, who is no superuser; ``index``: where it is named.

        Raises:
            ConfigurationError: it is not there.
        """
        control = self.extensions / f"{name}.control"
        if "/" in name or not control.is_file():
            version, source = self.installation.version, self.installation.place.source
            raise ConfigurationError(
                f"[scratch] trust_extensions names {name!r}, which PostgreSQL {version} ({source}) doesn't have",
                advice="Install its package for that version, or name another server in GLOWPLUG_SCRATCH_URL_POSTGRES.",
                setting=(SECTION, "trust_extensions", index),
            )
        text = _CONTROL_FLAG.sub("", control.read_text(encoding="utf-8"))
        _write(control, f"{text.rstrip()}\ntrusted = true\n")


def stage(installation: Installation, area: Area) -> Staged:
    """Make the copy.

    Raises:
        EnvironmentFailure: the original can't be copied.
    """
    layout = find_layout(installation)
    root = area.executables() / "pg"
    programs, share, modules = (
        root / path.relative_to(path.anchor) for path in (installation.place.programs, layout.share, layout.modules)
    )
    _mirror(layout.modules, modules, area)
    libraries = []
    for number, original in enumerate(installation.place.libraries):
        copy = modules if original == layout.modules else root / f"lib{number}"
        if copy != modules:
            _mirror(original, copy, area)
        libraries.append(copy)
    programs.mkdir(parents=True, exist_ok=True)
    for name in _SERVER_PROGRAMS:
        shutil.copy2(installation.place.programs / name, programs / name)
    share.mkdir(parents=True, exist_ok=True)
    extensions = share / "extension"
    if area.reachable(layout.share):
        for entry in layout.share.iterdir():
            if entry.name != extensions.name:
                (share / entry.name).symlink_to(entry)
        extensions.mkdir()
        for entry in layout.extensions.iterdir():
            (extensions / entry.name).symlink_to(entry)
    else:
        _mirror(layout.share, share, area)
    area.give(root)
    place = replace(installation.place, programs=programs, libraries=tuple(libraries))
    return Staged(installation=replace(installation, place=place), extensions=extensions)


def _mirror(original: Path, target: Path, area: Area) -> None:
    """Link ``target`` to ``original`` where the servers' user can read it there, else copy it."""
    if area.reachable(original):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(original)
    else:
        shutil.copytree(original, target, symlinks=True, dirs_exist_ok=True)


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
