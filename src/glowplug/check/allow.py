"""``[[allow]]``: findings accepted, for a reason, where the migration's bytes must not change."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from glowplug.check import faults
from glowplug.finding import Fault, Place, Suppression
from glowplug.project import faults as of_layout

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from glowplug.check.settings import AllowSettings
    from glowplug.finding import Finding

RULES = frozenset(
    fault.rule for module in (faults, of_layout) for fault in vars(module).values() if isinstance(fault, Fault)
)


def accept(
    findings: Iterable[Finding], allowed: Sequence[AllowSettings], *, today: dt.date
) -> tuple[tuple[Finding, ...], frozenset[int]]:
    """Suppress what is allowed, and tell which entries were of use (by their index).

    An expired entry accepts nothing; one without a reason neither.
    """
    used: set[int] = set()
    answer = []
    for finding in findings:
        for index, entry in enumerate(allowed):
            if entry.rule == finding.rule and _same_version(entry, finding):
                used.add(index)
                if entry.because.strip() and not _expired(entry, today):
                    answer.append(finding.suppress(Suppression(reason=entry.because, source="glowplug.toml")))
                    break
        else:
            answer.append(finding)
    return tuple(answer), frozenset(used)


def complaints(
    allowed: Sequence[AllowSettings],
    used: frozenset[int],
    lines: Sequence[int | None],
    *,
    file: str,
    today: dt.date,
) -> tuple[Finding, ...]:
    """Say which entries have expired, give no reason, or accept nothing; ``lines`` are where they stand in ``file``."""
    found = []
    for index, entry in enumerate(allowed):
        place = Place(file=file, line=lines[index])
        subject = f"{entry.rule} {entry.version or ''}"
        if not entry.because.strip():
            found.append(
                faults.ALLOW_WITHOUT_REASON.found(
                    f"this [[allow]] of {subject} gives no reason: say why in `because`", place=place, subject=subject
                )
            )
        elif _expired(entry, today):
            found.append(
                faults.ALLOW_EXPIRED.found(
                    f"this [[allow]] of {subject} expired on {entry.until}: look again, then renew or remove it",
                    place=place,
                    subject=subject,
                )
            )
        elif index not in used:
            found.append(
                faults.ALLOW_UNNEEDED.found(
                    f"this [[allow]] of {subject} accepts nothing: {_what_to_do(entry)}", place=place, subject=subject
                )
            )
    return tuple(found)


def _same_version(entry: AllowSettings, finding: Finding) -> bool:
    return (entry.version or "").replace("-", "") == (finding.version or "")


def _expired(entry: AllowSettings, today: dt.date) -> bool:
    return entry.until is not None and today > entry.until


def _what_to_do(entry: AllowSettings) -> str:
    if entry.rule in RULES:
        return "remove it"
    close = difflib.get_close_matches(entry.rule, RULES, n=1)
    return "there is no such rule" + (f"; is {close[0]} meant?" if close else "")
