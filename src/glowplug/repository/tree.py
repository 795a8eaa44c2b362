"""Files as they were at a commit."""

from __future__ import annotations

import functools
import os
import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.errors import EnvironmentFailure, UsageError
from glowplug.repository.command import failure, git, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_LINK, _SUBMODULE = "120000", "160000"


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    mode: str
    name: str
    object: str


def resolve(root: Path, text: str) -> str | None:
    """Give the commit (hex) that a branch, tag, commit or expression of git stands for; None where it is none."""
    if not text or text.startswith("-") or any(letter in text for letter in "\0\n\r"):
        return None
    return text_of(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")


def files_at(root: Path, commit: str, directory: str) -> Mapping[str, bytes]:
    """Give the files below ``directory`` at ``commit`` by their path; nothing where there is no such directory.

    ``directory`` and the paths are relative to ``root``, which may lie below the repository's top. Links are followed
    inside the repository (not a second time inside a linked directory), and left out where they lead out of it or
    nowhere. The bytes are the repository's: what
    ``.gitattributes`` does to them on checkout (line ends, LFS) is not done.

    Raises:
        EnvironmentFailure: git fails, or an object is not in this clone.
        UsageError: ``commit`` is no commit's full name, or ``directory`` lies outside the repository.
    """
    place = _from_top(root, commit, directory)
    blobs = _blobs(root, commit, place)
    prefix = "" if directory in {"", "."} else f"{directory.rstrip('/')}/"
    contents = _contents(root, list(blobs.values()))
    return {f"{prefix}{path}": content for path, content in zip(blobs, contents, strict=True)}


def file_at(root: Path, commit: str, path: str) -> bytes | None:
    """Give one file's bytes at ``commit``, None where there is none; ``path`` is relative to ``root``.

    Raises:
        EnvironmentFailure: git fails, or the object is not in this clone.
        UsageError: ``commit`` is no commit's full name, or ``path`` lies outside the repository.
    """
    found = _follow(root, commit, _from_top(root, commit, path))
    return _contents(root, [found[1]])[0] if found and found[0] == "blob" else None


def _from_top(root: Path, commit: str, path: str) -> str:
    """Give ``path`` relative to the repository's top, ``""`` for the top itself."""
    if not _COMMIT.fullmatch(commit):
        raise UsageError(f"{commit!r} is no commit")
    top = _top(root)
    place = os.path.relpath(os.path.normpath(os.path.join(os.path.realpath(root), path)), os.path.realpath(top))  # noqa: PTH118 - normalised by text, links stay
    if place == ".." or place.startswith("../"):
        raise UsageError(f"{path} lies outside the git repository {top}")
    return "" if place == "." else place


@functools.lru_cache(maxsize=1)  # asked for each file and chain of one checkout
def _top(root: Path) -> str:
    done = git(root, "rev-parse", "--show-toplevel")
    if done.returncode:
        raise failure("find the repository", done)
    return os.fsdecode(done.stdout.removesuffix(b"\n"))


def _blobs(root: Path, commit: str, place: str, *, linked: bool = False) -> dict[str, str]:
    """Give each file's object below ``place``, by its path from there.

    Inside a ``linked`` directory further links to directories are left out: they may go round.
    """
    found = _follow(root, commit, place)
    if found is None or found[0] != "tree":
        return {}
    blobs: dict[str, str] = {}
    for entry in _entries(root, found[1]):
        if entry.mode == _SUBMODULE:
            continue
        if entry.mode != _LINK:
            blobs[entry.name] = entry.object
            continue
        path = f"{place}/{entry.name}" if place else entry.name
        target = _follow(root, commit, path)
        if target and target[0] == "blob":
            blobs[entry.name] = target[1]
        elif target and not linked:
            inside = _blobs(root, commit, path, linked=True)
            blobs.update({f"{entry.name}/{name}": blob for name, blob in inside.items()})
    return blobs


def _follow(root: Path, commit: str, place: str) -> tuple[str, str] | None:
    """Give type and object of what lies at ``place``, links followed; None where nothing does."""
    if not place:
        tree = text_of(root, "rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}")
        return ("tree", tree) if tree else None
    if "\n" in place:  # git reads one path a line
        return None
    request = os.fsencode(f"{commit}:{place}\n")
    done = git(root, "cat-file", "--batch-check=%(objecttype) %(objectname)", "--follow-symlinks", stdin=request)
    if done.returncode:
        raise failure(f"read {place} at {commit[:7]}", done)
    kind, _, name = done.stdout.rstrip(b"\n").decode("utf-8", "replace").partition(" ")
    if kind in {"blob", "tree"} and _COMMIT.fullmatch(name):
        return kind, name
    if any(entry.mode not in {_LINK, _SUBMODULE} for entry in _entries(root, commit, place)):
        raise _not_in_this_clone(f"{place} at {commit[:7]}")
    return None


def _not_in_this_clone(what: str) -> EnvironmentFailure:
    return EnvironmentFailure(
        f"{what} is not in this clone, which was made without all objects",
        advice="Fetch them with git fetch --refetch --no-filter, or clone without --filter. Or say --base none, which "
        "compares with nothing: then all migrations are new.",
    )


def _entries(root: Path, tree: str, place: str | None = None) -> list[_Entry]:
    """List the files of a tree, or what lies at ``place`` in it."""
    which = ("-r", tree) if place is None else (tree, "--", place)
    done = git(root, "ls-tree", "-z", "--full-tree", *which)
    if done.returncode:
        raise failure(f"list {tree[:7]}", done)
    entries = []
    for line in done.stdout.split(b"\0"):
        if line:
            facts, _, name = line.partition(b"\t")
            mode, _, object_name = facts.decode("ascii").split(" ")
            entries.append(_Entry(mode=mode, name=os.fsdecode(name), object=object_name))
    return entries


def _contents(root: Path, objects: Sequence[str]) -> list[bytes]:
    """Give the bytes of each object, in order."""
    if not objects:
        return []
    done = git(root, "cat-file", "--batch", stdin="".join(f"{name}\n" for name in objects).encode("ascii"))
    if done.returncode:
        raise failure("read the base's files", done)
    contents = []
    output, position = done.stdout, 0
    for name in objects:
        end = output.index(b"\n", position)
        facts = output[position:end].split(b" ")
        if facts[-1] == b"missing":
            raise _not_in_this_clone(f"object {name[:7]}")
        size = int(facts[2])
        contents.append(output[end + 1 : end + 1 + size])
        position = end + 1 + size + 1
    return contents
