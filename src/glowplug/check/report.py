"""The answer of ``glowplug check`` as values; room ``report`` renders them."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.errors import GlowplugError, Setting
    from glowplug.finding import Finding, Severity
    from glowplug.project import Chain, Migration
    from glowplug.rehearsal import Rehearsal
    from glowplug.scratch.interface import ServerDescription


class Answer(enum.StrEnum):
    """Yes, no, or could not be told."""

    PASS = "pass"  # noqa: S105 - an answer, no password
    FAIL = "fail"
    ERROR = "error"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What made glowplug stop: its message, where, what to do, and the exit code that it means (2, 3 or 4).

    ``trace`` is Python's, where it is a bug of glowplug's; ``setting`` the key that it is about, as the error has it.
    """

    message: str
    exit_code: int
    file: str | None = None
    line: int | None = None
    advice: str | None = None
    trace: str | None = None
    setting: Setting | None = None

    @classmethod
    def of(cls, error: GlowplugError) -> Problem:
        """Take it from the exception that was raised."""
        return cls(
            message=error.message,
            exit_code=error.exit_code,
            file=None if error.file is None else str(error.file),
            line=error.line,
            advice=error.advice,
            setting=error.setting,
        )

    @classmethod
    def of_all(cls, errors: Sequence[GlowplugError]) -> Problem | None:
        """Make one of several of a kind: the first's place, code and advice, and what the others say; None of none."""
        if not errors:
            return None
        first, *others = errors
        places = [":".join(str(part) for part in (other.file, other.line) if part is not None) for other in others]
        lines = [f"{place}: {other.message}" for place, other in zip(places, others, strict=True)]
        return replace(cls.of(first), message="\n".join([first.message, *lines]))


class ChainReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one chain.

    ``new`` holds the names of the directories that decide; ``counted`` the findings that can make the answer no
    (unsuppressed ones about what is new, or about the chain as a whole). ``rehearsal`` and ``scratch`` are None
    where no server came, or none was asked for; ``parts`` is what was: ``review``, ``rehearsal``.
    """

    chain: Chain
    new: frozenset[str]
    seconds: float = 0.0
    scratch: ServerDescription | None = None
    rehearsal: Rehearsal | None = None
    findings: tuple[Finding, ...] = ()
    problem: Problem | None = None
    everything_counts: bool = False
    parts: tuple[str, ...] = ()

    def is_new(self, migration: Migration) -> bool:
        """Whether this migration is among what decides."""
        return migration.name in self.new

    @property
    def counted(self) -> tuple[Finding, ...]:
        """The findings that the answer depends on."""
        return tuple(finding for finding in self.findings if self.counts(finding))

    def counts(self, finding: Finding) -> bool:
        """Whether the answer depends on this finding: it is not suppressed, and not about history."""
        if finding.suppressed is not None:
            return False
        return self.everything_counts or finding.migration is None or finding.migration in self.new


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer.

    ``base`` is what the work was compared with; ``since`` what decides which migrations are new: the base, or what
    ``--since`` said; None where all are.
    """

    answer: Answer
    exit_code: int
    fail_on: Severity
    base: str | None = None
    since: str | None = None
    chains: tuple[ChainReport, ...] = ()
    problem: Problem | None = None
    notes: tuple[str, ...] = ()


WORST_FIRST = (4, 2, 3, 1, 0)


def conclude(
    chains: tuple[ChainReport, ...],
    *,
    fail_on: Severity,
    base: str | None,
    since: str | None = None,
    problem: Problem | None = None,
    notes: tuple[str, ...] = (),
) -> CheckReport:
    """Decide: the worst of all chains wins, in the order 4, 2, 3, 1."""
    codes = {0} if problem is None else {problem.exit_code}
    for chain in chains:
        if chain.problem is not None:
            codes.add(chain.problem.exit_code)
        if any(finding.severity.at_least(fail_on) for finding in chain.counted):
            codes.add(1)
    code = min(codes, key=WORST_FIRST.index)
    answer = Answer.PASS if code == 0 else Answer.FAIL if code == 1 else Answer.ERROR
    return CheckReport(
        answer=answer,
        exit_code=code,
        fail_on=fail_on,
        base=base,
        since=since or base,
        chains=chains,
        problem=problem,
        notes=notes,
    )
