"""What glowplug says about a migration: a Finding, its severity, and where it holds."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, field, replace


class Severity(enum.StrEnum):
    """How much a finding weighs; ``ERROR`` alone makes the answer no, unless asked otherwise."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return list(Severity).index(self)

    def at_least(self, other: Severity) -> bool:
        """Whether this weighs as much as ``other``, or more."""
        return self.rank <= other.rank


class Harm(enum.StrEnum):
    """The classes of ``docs/hazards``: what goes wrong."""

    DATA_LOSS = "data-loss"
    INTEGRITY = "integrity"
    LOCK = "lock"
    REWRITE = "rewrite"
    BREAKS_CODE = "breaks-code"
    FAILS = "fails"
    SECURITY = "security"
    STYLE = "style"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A span in a file: ``file`` is relative to the project's root; lines and columns count from 1, in characters."""

    file: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Why a finding is accepted, and where that was said: ``sql`` or ``glowplug.toml``."""

    reason: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A kind of finding: its name, the hazards that it stands for, how much it weighs, and the harm."""

    rule: str
    hazards: tuple[int, ...] = ()
    severity: Severity
    harm: Harm

    def found(
        self,
        message: str,
        *,
        version: str | None = None,
        migration: str | None = None,
        place: Place | None = None,
        severity: Severity | None = None,
        subject: str = "",
    ) -> Finding:
        """Make a Finding of this kind.

        ``migration`` is the directory's name, ``subject`` the object that it is about (it keeps two findings
        on one line apart in ``Finding.fingerprint``).
        """
        return Finding(
            rule=self.rule,
            hazards=self.hazards,
            severity=severity or self.severity,
            harm=self.harm,
            message=message,
            version=version,
            migration=migration,
            place=place,
            subject=subject,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where something is wrong, or worth knowing."""

    rule: str
    hazards: tuple[int, ...]
    severity: Severity
    harm: Harm
    message: str
    version: str | None = None
    migration: str | None = None
    place: Place | None = None
    subject: str = ""
    suppressed: Suppression | None = field(default=None, compare=False)

    @property
    def fingerprint(self) -> str:
        """32 hex digits that stay the same when lines move: SHA-256 over rule, file, version and subject."""
        file = self.place.file if self.place else ""
        parts = (self.rule, file, self.version or "", self.migration or "", self.subject)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def suppress(self, suppression: Suppression) -> Finding:
        """The same finding, accepted."""
        return replace(self, suppressed=suppression)
