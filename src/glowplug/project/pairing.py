"""A diesel.toml whose directory is not there, and the chain that was found where it must have meant."""

from __future__ import annotations

import json
import os
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

from glowplug.finding import Place
from glowplug.project.checkout import MissingDirectory
from glowplug.project.faults import DIRECTORY_ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from glowplug.errors import ConfigurationError
    from glowplug.finding import Finding


def pair(
    problems: Iterable[ConfigurationError], chains: Collection[Path], root: Path
) -> tuple[tuple[ConfigurationError, ...], tuple[Finding, ...]]:
    """Give the problems that stay, and a finding for each directory whose name leads to some of the ``chains``."""
    stay: list[ConfigurationError] = []
    findings: list[Finding] = []
    for problem in problems:
        meant: list[Path] = []
        if isinstance(problem, MissingDirectory) and problem.file is not None:
            file = (root / problem.file).resolve()
            meant = meant_by(problem.said, file.parent, chains)
            if meant:
                findings.append(_found(problem, file.parent, meant, root))
        if not meant:
            stay.append(problem)
    return tuple(stay), tuple(findings)


def meant_by(said: str, directory: Path, chains: Collection[Path]) -> list[Path]:
    """Give those of the ``chains`` below ``directory``, a diesel.toml's, that a ``dir`` which is not there can mean.

    An absolute one, of another machine (be it Windows), ends with all of the chain's path from the diesel.toml on;
    where several chains do so, the longest counts. A relative one is the end of the chain's path, of a member's for
    one. What shares less, a mere ``migrations`` behind other names, may be another chain, which is gone.
    """
    path = PureWindowsPath(said)  # which takes both kinds of slashes
    wanted = path.parts[1:] if path.anchor else path.parts
    if not wanted or ".." in wanted:
        return []
    below = {chain: chain.relative_to(directory).parts for chain in chains if chain.is_relative_to(directory)}
    if not path.anchor:
        return sorted(chain for chain, parts in below.items() if parts[-len(wanted) :] == wanted)
    ends = [chain for chain, parts in below.items() if parts and wanted[-len(parts) :] == parts]
    return [max(ends, key=lambda chain: len(below[chain]))] if ends else []


def _found(problem: MissingDirectory, directory: Path, meant: list[Path], root: Path) -> Finding:
    shown = " and ".join(os.path.relpath(chain, root) for chain in meant)
    lines = " or ".join(f"dir = {json.dumps(os.path.relpath(chain, directory), ensure_ascii=False)}" for chain in meant)
    checked = "is checked" if len(meant) == 1 else "are checked"
    return DIRECTORY_ELSEWHERE.found(
        f"{problem.message}; {shown}, whose path ends alike, {checked} in its place. Diesel refuses to run with this "
        f"file: write {lines}. If it means yet another directory, that one is not checked: name the chains in "
        "glowplug.toml ([[chain]]).",
        place=Place(file=str(problem.file), line=problem.line),
        subject=shown,
    )
