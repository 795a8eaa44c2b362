"""What holds for every chain of one check."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from glowplug.check.novelty import Novelty
    from glowplug.check.settings import Cage, Settings
    from glowplug.project import Chain
    from glowplug.rehearsal.rehearse import Progress


class Part(enum.StrEnum):
    """What can be looked at; the JSON says which was."""

    REVIEW = "review"
    REHEARSAL = "rehearsal"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for.

    ``statement_timeout`` in seconds. ``jobs``: as many stretches of a long chain may be rehearsed at once. ``rows``:
    how many a table is given to see what becomes of them (None: as glowplug.toml says; 0: none, and no locks are looked
    at). ``cached``: what was proved earlier with all the same need not be proved again. ``files``,
    relative to the project's root: only findings in these are shown, and all of them count; None: no such choice.
    ``alone`` are the directories of chains that are one such file, so that nothing is known of the schema before it.
    """

    base: str | None = None
    since: str | None = None
    everything: bool = False
    fail_on: Severity = Severity.ERROR
    statement_timeout: float = 60.0
    jobs: int = 1
    rows: int | None = None
    cached: bool = True
    parts: frozenset[Part] = frozenset(Part)
    files: frozenset[str] | None = None
    alone: frozenset[str] = frozenset()

    def for_files(self, files: frozenset[str], *, alone: frozenset[str]) -> Options:
        """The same, for some files alone."""
        return replace(self, files=files, alone=alone)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """One check's settings, what is in force of them, what is new, and who wants to know how far it is."""

    settings: Settings
    cage: Cage
    novelty: Novelty
    options: Options
    environment: Mapping[str, str]
    progress: Callable[[Chain, Progress], None]
