"""What the rehearsal saw of that which the review foretold: one cause, one finding, and how it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.check import faults
from glowplug.finding import Basis, Harm, Severity
from glowplug.review.faults import SQL_NOT_UNDERSTOOD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glowplug.check.allow import Allowance
    from glowplug.check.witnessed import Witness
    from glowplug.finding import Finding, Place

_REFUSALS = frozenset(
    fault.rule for fault in (faults.UP_FAILS, faults.DOWN_FAILS, faults.HISTORY_STOPS, faults.WAY_DOWN_FAILS)
)


def overrule(
    review: Iterable[Finding],
    rehearsal: Iterable[Finding],
    witnesses: Mapping[str, Witness] | None = None,
    *,
    allowed: Sequence[Allowance] = (),
) -> tuple[Finding, ...]:
    """Give the review's findings, as the rehearsal leaves them.

    A statement that the server refuses needs no word that it was not understood; a failure that a rule foretold at
    the statement which the server refused was observed. What a statement was seen to lock, read or rewrite
    (``witnesses``, by file) is said instead of what was foretold, unless an allowance names a step that was done by
    hand in production: the scratch server knows nothing of that, and what it shows is not what production will do.
    """
    from glowplug.check.witnessed import told_by  # noqa: PLC0415 - a review has no witness

    refused = {
        item.place.file: item.place.line for item in rehearsal if item.rule in _REFUSALS and item.place is not None
    }
    by_hand = [allowance for allowance in allowed if any(each.startswith("step ") for each in allowance.evidence)]
    found = []
    for finding in review:
        place = finding.place
        if place is not None and place.file in refused and _is_at(place, refused[place.file]):
            if finding.rule == SQL_NOT_UNDERSTOOD.rule:
                continue
            if finding.harm is Harm.FAILS and refused[place.file] is not None:
                found.append(replace(finding, basis=Basis.OBSERVED))
                continue
        witness = None if place is None or not witnesses else witnesses.get(place.file)
        if witness is None or any(each.rule == finding.rule and each.covers(finding) for each in by_hand):
            found.append(finding)
        else:
            found.append(told_by(witness, finding))
    return tuple(found)


def unwitnessed(review: Iterable[Finding]) -> tuple[Finding, ...]:
    """Give the review's findings as they weigh where nothing is rehearsed.

    What was not understood nobody has looked at then, and it may be what no server takes: that is no pass.
    """
    return tuple(
        replace(finding, severity=Severity.ERROR) if finding.rule == SQL_NOT_UNDERSTOOD.rule else finding
        for finding in review
    )


def _is_at(place: Place, line: int | None) -> bool:
    return line is None or place.line is None or place.line <= line <= (place.end_line or place.line)
