"""Findings accepted, for a reason: in the SQL, or as ``[[allow]]`` where the migration's bytes must not change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.check import faults
from glowplug.finding import Fault, Place, Suppression
from glowplug.project import faults as of_layout
from glowplug.review.names import review_names

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Sequence

    from glowplug.check.settings import AllowSettings
    from glowplug.finding import Finding
    from glowplug.review.reviewed import AllowComment

OF_LAYOUT = frozenset(fault.rule for fault in vars(of_layout).values() if isinstance(fault, Fault))
OF_CHECK = frozenset(fault.rule for fault in vars(faults).values() if isinstance(fault, Fault))
SQL = "sql"
AT_NO_STATEMENT = "it stands at no statement"
GRAMMAR = 'glowplug: allow RULE because "why" [rows <= 10000] [step "what was done"] [until 2026-12-31]'


def known_rules() -> frozenset[str]:
    """Give the name of everything that can be found."""
    return OF_LAYOUT | OF_CHECK | review_names()


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """One rule accepted for a reason, wherever that was said; ``covers`` tells for which findings."""

    rule: str
    because: str
    until: dt.date | None
    evidence: tuple[str, ...]
    source: str  # SQL, or glowplug.toml
    what: str  # how messages name it
    place: Place
    covers: Callable[[Finding], bool]
    subject: str
    migration: str | None = None
    version: str | None = None
    fault: str | None = None

    def is_good(self, today: dt.date) -> bool:
        """Whether it is in force: understood, with a reason, and not expired."""
        return self.fault is None and bool(self.because.strip()) and not self._expired(today)

    def complaint(
        self, today: dt.date, *, used: bool, judged: Callable[[str], bool], findings: Sequence[Finding]
    ) -> Finding | None:
        """Say what is wrong with it; ``judged`` tells whether a rule was looked at, ``findings`` are what was found."""
        this = f"this {self.what} of {self.subject}"
        if self.fault is not None:
            return self._found(
                faults.ALLOW_MALFORMED, f"this {self.what} accepts nothing: {self.fault}; {_write(self)}"
            )
        if not self.because.strip():
            return self._found(faults.ALLOW_WITHOUT_REASON, f"{this} gives no reason: say why in `because`")
        if self._expired(today):
            return self._found(
                faults.ALLOW_EXPIRED, f"{this} expired on {self.until}: look again, then renew or remove it"
            )
        if used or not judged(self.rule):
            return None
        return self._found(faults.ALLOW_UNNEEDED, f"{this} accepts nothing: {self._what_to_do(findings)}")

    def _what_to_do(self, findings: Sequence[Finding]) -> str:
        mine = [each for each in findings if each.rule == self.rule and each.suppressed is None]
        if self.source == SQL:
            here = (each.place for each in mine if each.place is not None and each.place.file == self.place.file)
            line = next((place.line for place in here if place.line is not None), None)
            if line is not None:
                return f"put it just before the statement at line {line}"
            files = (each.place.file for each in mine if each.place is not None)
            beside = self.place.file.rpartition("/")[0]
            file = next((file for file in files if file.rpartition("/")[0] == beside and file != self.place.file), None)
            return _without_use(self.rule) if file is None else f"what was found is about {file}, where it belongs"
        version = next((each.version for each in mine if each.version is not None), None)
        return _without_use(self.rule) if version is None else f'what was found is of version = "{version}"'

    def _expired(self, today: dt.date) -> bool:
        return self.until is not None and today > self.until

    def _found(self, fault: Fault, message: str) -> Finding:
        return fault.found(
            message, place=self.place, subject=self.subject, migration=self.migration, version=self.version
        )


def of_settings(allowed: Sequence[AllowSettings], lines: Sequence[int | None], *, file: str) -> list[Allowance]:
    """Give the allowances of a glowplug.toml; ``lines`` are where they stand in ``file``."""
    return [
        Allowance(
            rule=entry.rule,
            because=entry.because,
            until=entry.until,
            evidence=_evidence(entry.rows, entry.step),
            source="glowplug.toml",
            what="[[allow]]",
            place=Place(file=file, line=line),
            covers=lambda finding, entry=entry: _same_version(entry, finding),  # type: ignore[misc] # mypy infers no type for a bound default
            subject=f"{entry.rule} {entry.version or ''}".strip(),
        )
        for entry, line in zip(allowed, lines, strict=True)
    ]


def of_comments(comments: Iterable[AllowComment]) -> list[Allowance]:
    """Give the allowances that stand in a chain's SQL, one for each rule that a comment names."""
    found = []
    for comment in comments:
        words = comment.words
        adrift = AT_NO_STATEMENT if comment.start is None else None
        found += [
            Allowance(
                rule=rule,
                because=words.because,
                until=words.until,
                evidence=_evidence(words.rows, words.step),
                source=SQL,
                what="`glowplug: allow`",
                place=comment.place,
                covers=lambda finding, comment=comment: finding.place is not None and comment.is_about(finding.place),  # type: ignore[misc] # mypy infers no type for a bound default
                subject=rule,
                migration=comment.migration,
                version=comment.version,
                fault=words.fault or adrift,
            )
            for rule in (words.rules or ("",))[: 1 if words.fault or adrift else None]
        ]
    return found


def accept(
    findings: Iterable[Finding], allowances: Sequence[Allowance], *, today: dt.date
) -> tuple[tuple[Finding, ...], frozenset[int]]:
    """Suppress what is allowed, and tell which allowances were of use (by their index).

    An expired one accepts nothing; one without a reason neither.
    """
    by_rule: dict[str, list[tuple[int, Allowance]]] = {}
    for index, allowance in enumerate(allowances):
        by_rule.setdefault(allowance.rule, []).append((index, allowance))
    used: set[int] = set()
    answer = []
    for finding in findings:
        mine = [pair for pair in by_rule.get(finding.rule, ()) if pair[1].covers(finding)]
        used.update(index for index, _ in mine)
        good = next((allowance for _, allowance in mine if allowance.is_good(today)), None)
        if good is None:
            answer.append(finding)
        else:
            reason = Suppression(reason=good.because, source=good.source, evidence=good.evidence)
            answer.append(finding.suppress(reason))
    return tuple(answer), frozenset(used)


def complaints(
    allowances: Sequence[Allowance],
    used: frozenset[int],
    *,
    today: dt.date,
    judged: Callable[[str], bool] = lambda _rule: True,
    findings: Sequence[Finding] = (),
) -> tuple[Finding, ...]:
    """Say which have expired, give no reason, can't be understood, or accept nothing of the ``findings``."""
    found = (
        allowance.complaint(today, used=index in used, judged=judged, findings=findings)
        for index, allowance in enumerate(allowances)
    )
    return tuple(finding for finding in found if finding is not None)


def _same_version(entry: AllowSettings, finding: Finding) -> bool:
    return (entry.version or "").replace("-", "") == (finding.version or "")


def _evidence(rows: int | None, step: str | None) -> tuple[str, ...]:
    return (*(() if rows is None else (f"rows <= {rows}",)), *(() if step is None else (f'step "{step}"',)))


def _write(allowance: Allowance) -> str:
    return "put it before the statement" if allowance.fault == AT_NO_STATEMENT else f"write `{GRAMMAR}`"


def _without_use(rule: str) -> str:
    known = known_rules()
    if rule in known:
        return "remove it"
    import difflib  # noqa: PLC0415 - only where a rule's name is wrong

    close = difflib.get_close_matches(rule, known, n=1)
    return "there is no such rule" + (f"; is {close[0]} meant?" if close else "")
