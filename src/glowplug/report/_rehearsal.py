"""What a rehearsal showed, for a person, in a few lines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from glowplug.rehearsal.outcome import Outcome, SecondUp, WayDown
from glowplug.report.harmless import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.check.report import ChainReport
    from glowplug.rehearsal import ChainDown, Rehearsal, RoundTrip

TALLIES = (
    (Outcome.RESTORED, "restores", "restore"),
    (Outcome.DIFFERS, "does not", "do not"),
    (Outcome.DOWN_FAILED, "fails on the way down", "fail on the way down"),
    (Outcome.UP_FAILED, "fails on the way up", "fail on the way up"),
    (Outcome.NO_DOWN, "has no down", "have no down"),
    (Outcome.EMPTY_DOWN, "has an empty down", "have an empty down"),
    (Outcome.NOT_REACHED, "was not reached", "were not reached"),
)


def rehearsal_lines(report: ChainReport, rehearsal: Rehearsal, verbosity: int) -> Iterator[str]:
    """Give the lines: the outcomes of what is new, and of history."""
    deciding: list[RoundTrip] = []
    history: list[RoundTrip] = []
    for trip in rehearsal.round_trips:
        (deciding if report.everything_counts or report.is_new(trip.migration) else history).append(trip)
    way_down = _way_down(rehearsal.chain_down)
    if deciding or not history:
        yield f"  {'New' if history else 'All'}: {_tally(deciding)}"
    if verbosity > 0:
        yield from (f"    {trip.outcome.value:<12} {one_line(trip.migration.name)}" for trip in deciding)
    if history:
        yield f"  History: {_tally(history)}; the way down {way_down}; `--all` for the list"
    else:
        yield f"  The whole way down {way_down}"


def _tally(trips: Sequence[RoundTrip]) -> str:
    counts = Counter(trip.outcome for trip in trips)
    parts = [
        f"{counts[outcome]} {one if counts[outcome] == 1 else many}"
        for outcome, one, many in TALLIES
        if counts[outcome]
    ]
    again = sum(trip.second_up is SecondUp.FAILED for trip in trips if trip.outcome is Outcome.RESTORED)
    if again:
        parts.append(f"{again} can't go up again")
    return f"{_count(len(trips), 'migration', 'migrations')}" + (": " + ", ".join(parts) if parts else "")


def _way_down(down: ChainDown) -> str:
    match down.outcome:
        case WayDown.COMPLETE:
            return f"is complete ({_count(down.reverted, 'revert', 'reverts')})"
        case WayDown.FAILED:
            after = _count(down.reverted, "revert", "reverts")
            return f"stops at {one_line(down.failed_at or '?')}, after {after}"
        case WayDown.SKIPPED:
            return f"was not tried: {down.why}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
