"""Which migrations are new: they alone decide; the rest is history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.check import faults
from glowplug.check.edited import edited_since
from glowplug.errors import UsageError
from glowplug.finding import Place
from glowplug.project.layout import versions_of
from glowplug.repository import Base, file_at, files_at, find_base, resolve
from glowplug.repository.base import no_base

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from glowplug.finding import Finding
    from glowplug.project import Chain, Migration, Project

NO_BASE = "none"


class Novelty(msgspec.Struct, frozen=True, kw_only=True):
    """How to tell what is new: by a base, by a version, or not at all (all is new).

    ``after`` is a version: what comes after it is new. ``why`` says, where a base was looked for in vain, why there is
    none, and what to write so that there is one.
    """

    root: Path
    base: Base | None = None
    after: str | None = None
    why: tuple[str, str] | None = None

    @classmethod
    def find(cls, project: Project, *, base: str | None, since: str | None, environment: Mapping[str, str]) -> Novelty:
        """Find the base; ``since`` sets by hand what is new: after a version, or after a git ref.

        Raises:
            UsageError: ``base`` or ``since`` names nothing, or they name two bases.
        """
        found = None if base == NO_BASE else find_base(project.root, explicit=base, environment=environment)
        if since is None:
            looked = found is None and base != NO_BASE
            why = no_base(project.root, environment=environment) if looked else None
            return cls(root=project.root, base=found, why=why)
        known = [migration for chain in project.chains for migration in chain.migrations]
        named, version = since.rstrip("/"), since.replace("-", "")
        after = next((one for one in known if named in {one.name, one.path} or version == one.version), None)
        if after is not None:
            return cls(root=project.root, base=found, after=after.version)
        commit = resolve(project.root, since)
        if commit is None:
            raise UsageError(
                f"--since {since}: neither a migration nor a git ref",
                advice=f"Name the last migration that is not new, by its directory or its version "
                f"({_example(since, known)}), or a commit, branch or tag.",
            )
        if base is not None:
            raise UsageError(
                f"--base {base} and --since {since}: a git ref that is given to --since is the base, and there is one",
                advice="Leave one of them out. Beside --base, --since takes a migration's version.",
            )
        return cls(root=project.root, base=Base(ref=since, commit=commit))

    @property
    def note(self) -> str | None:
        """What is to be said of it: that there is no base, so that all is new; None where there is one."""
        if self.base is not None:
            return None
        if self.after is not None:
            return f"There is no base to compare with: what comes after {self.after} is new."
        if self.why is None:
            return "There is no base to compare with: all migrations are new."
        why, advice = self.why
        return f"There is no base to compare with, for {why}: all migrations are new. {advice}"

    def file(self, path: str) -> bytes | None:
        """Give a file as it is at the base, None where there is no base or no such file."""
        return None if self.base is None else file_at(self.root, self.base.commit, path)

    def of(self, chain: Chain) -> NewIn:
        """Tell which of a chain's directories are new, and which were edited since the base."""
        if self.after is not None:
            return NewIn(new=frozenset(item.name for item in chain.migrations if item.version > self.after))
        if self.base is None:
            return NewIn(new=frozenset(item.name for item in chain.migrations))
        known = versions_of(files_at(self.root, self.base.commit, chain.directory), chain.directory)
        edited = {
            item.name: known[item.version]
            for item in chain.migrations
            if item.version in known and item.digest not in {each.digest for each in known[item.version]}
        }
        added = frozenset(item.name for item in chain.migrations if item.version not in known)
        present = {item.version for item in chain.migrations}
        return NewIn(
            new=added.union(edited),
            edited=edited,
            late=frozenset(
                item.name for item in chain.migrations if item.name in added and item.version < max(known, default="")
            ),
            gone=tuple(sorted(version for version in known if version not in present)),
            newest=max(known, default=None),
            since=str(self.base),
        )


def _example(since: str, known: Sequence[Migration]) -> str:
    """Give the name that is most like ``since``; where none is, the one before the newest, so that one would be new."""
    import difflib  # noqa: PLC0415 - only where a name is wrong

    names = [migration.name for migration in sorted(known, key=lambda one: one.version)]
    close = difflib.get_close_matches(since, names, n=1, cutoff=0.75)
    return (close or names[-2:])[0]


class NewIn(msgspec.Struct, frozen=True, kw_only=True):
    """What is new in a chain since the base, which is ``since``.

    ``new`` names directories; ``edited`` of them were there at the base with other bytes, and what its migrations of
    that version were; ``late`` ones are older than the base's ``newest`` version; ``gone`` are versions that only the
    base has.
    """

    new: frozenset[str]
    edited: Mapping[str, tuple[Migration, ...]] = msgspec.field(default_factory=dict)
    late: frozenset[str] = msgspec.field(default_factory=frozenset)
    gone: tuple[str, ...] = ()
    newest: str | None = None
    since: str | None = None

    def findings(self, chain: Chain) -> tuple[Finding, ...]:
        """Say what a database that ran the base's migrations would not follow: Diesel has no checksum and no order."""
        return (*self._gone(chain), *self._edited(chain), *self._late(chain))

    def _gone(self, chain: Chain) -> Iterator[Finding]:
        for version in self.gone:
            yield faults.GONE_SINCE_BASE.found(
                f"the migration {version} is in {self.since}, and not here: a database that ran it can't revert it any "
                "more, and if it was renamed, runs it again; put it back, and write a migration that undoes it",
                version=version,
                place=Place(file=chain.directory),
            )

    def _late(self, chain: Chain) -> Iterator[Finding]:
        for item in chain.migrations:
            if item.name in self.late:
                yield faults.OUT_OF_ORDER.found(
                    f"older than {self.newest}, which {self.since} has: a database that is up to date runs it last, a "
                    "fresh one (as here) earlier; give it a newer version, so that all run it in one order",
                    version=item.version,
                    migration=item.name,
                    place=Place(file=item.path),
                )

    def _edited(self, chain: Chain) -> tuple[Finding, ...]:
        return tuple(
            edited_since(str(self.since), item, self.edited[item.name], chain.dialect)
            for item in chain.migrations
            if item.name in self.edited
        )
