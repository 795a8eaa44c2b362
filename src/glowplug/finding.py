"""What glowplug says about a migration: a Finding, its severity, and where it holds."""

from __future__ import annotations

import enum
import hashlib
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Sequence


class Severity(enum.StrEnum):
    """How much a finding weighs; ``ERROR`` alone makes the answer no, unless asked otherwise."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return _RANKS[self]

    def at_least(self, other: Severity) -> bool:
        """Whether this weighs as much as ``other``, or more."""
        return self.rank <= other.rank


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


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


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A span in a file: ``file`` is relative to the project's root; lines and columns count from 1, in characters."""

    file: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """Why a finding is accepted, and where that was said: ``sql`` or ``glowplug.toml``.

    ``evidence`` is what the reason rests on, each as it was written: ``rows <= 10000``, ``step "…"``.
    """

    reason: str
    source: str
    evidence: tuple[str, ...] = ()


class Basis(enum.StrEnum):
    """How a finding is known: from the text and what the rules know, or seen on a server."""

    PREDICTED = "predicted"
    OBSERVED = "observed"


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """Another place that has to do with a finding, such as the earlier migration that made it so."""

    place: Place
    message: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One migration to write: a ``name`` (``index_users_email``), its files, and ``note``: what to do by hand.

    In a Finding of the review's, ``name`` is made of ASCII letters, digits and ``_`` alone.
    """

    name: str
    up: str
    down: str
    run_in_transaction: bool = True
    note: str | None = None


class SafeForm(msgspec.Struct, frozen=True, kw_only=True):
    """What to write instead: ``steps`` in order, each a migration, all names real.

    ``replacement``: text that can stand in the place of the statement and its ``;``, where that is all there is to do;
    ``patch`` is the same as a unified diff, which the review's engine writes.
    """

    steps: tuple[Step, ...] = ()
    replacement: str | None = None
    note: str | None = None
    patch: str | None = None


class Excerpt(msgspec.Struct, frozen=True, kw_only=True):
    """The statement that a finding is about: whole lines of the file, the first numbered ``line`` from 1."""

    line: int
    text: str


class Text(msgspec.Struct, frozen=True):
    """A message: the ``whole``, and what is said of it in ``brief``; a string before or behind is a part of both."""

    whole: str
    brief: str

    def __add__(self, more: Text | str) -> Text:
        """Put more behind it."""
        behind = Text(more, more) if isinstance(more, str) else more
        return Text(self.whole + behind.whole, self.brief + behind.brief)

    def __radd__(self, before: str) -> Text:
        """Put a string before it."""
        return Text(before + self.whole, before + self.brief)

    @classmethod
    def listed(cls, lines: Sequence[Text | str], *, most: int, between: str = "\n", more: str = "\n") -> Text:
        """Put lines together; in brief the first ``most`` of them, and how many there are beside these, if several."""
        texts = [line if isinstance(line, Text) else Text(line, line) for line in lines]
        shown = len(texts) if len(texts) == most + 1 else most
        brief = between.join(text.brief for text in texts[:shown])
        if len(texts) > shown:
            brief += f"{more}and {len(texts) - shown} more"
        return cls(between.join(text.whole for text in texts), brief)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of finding: its name, the hazards that it stands for, how much it weighs, and the harm."""

    rule: str
    hazards: tuple[int, ...] = ()
    severity: Severity
    harm: Harm

    def found(
        self,
        message: str | Text,
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
        text = Text(message, message) if isinstance(message, str) else message
        return Finding(
            rule=self.rule,
            hazards=self.hazards,
            severity=severity or self.severity,
            harm=self.harm,
            message=text.whole,
            brief=None if text.brief == text.whole else text.brief,
            version=version,
            migration=migration,
            place=place,
            subject=subject,
        )


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One place where something is wrong, or worth knowing; ``brief`` is its message where that has long lists."""

    rule: str
    hazards: tuple[int, ...]
    severity: Severity
    harm: Harm
    message: str
    brief: str | None = None
    version: str | None = None
    migration: str | None = None
    place: Place | None = None
    subject: str = ""
    related: tuple[Related, ...] = ()
    safe_form: SafeForm | None = None
    basis: Basis | None = None
    excerpt: Excerpt | None = None
    suppressed: Suppression | None = None

    @property
    def fingerprint(self) -> str:
        """32 hex digits that stay the same when lines move: SHA-256 over rule, file, version and subject."""
        file = self.place.file if self.place else ""
        parts = (self.rule, file, self.version or "", self.migration or "", self.subject)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def suppress(self, suppression: Suppression) -> Finding:
        """The same finding, accepted."""
        return replace(self, suppressed=suppression)
