"""What a rehearsal showed, for a person, in a few lines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from glowplug.dialect import Direction
from glowplug.rehearsal.measured import DataOutcome
from glowplug.rehearsal.outcome import Outcome, SecondUp, WayDown
from glowplug.rehearsal.seeds import DIRECTORY as SEEDS
from glowplug.report.harmless import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glowplug.check.report import ChainReport
    from glowplug.database.trace import Seen
    from glowplug.rehearsal import ChainDown, Rehearsal, RoundTrip

TALLIES = (
    (Outcome.RESTORED, "restores the schema", "restore the schema"),
    (Outcome.DIFFERS, "does not restore the schema", "do not restore the schema"),
    (Outcome.DOWN_FAILED, "fails on the way down", "fail on the way down"),
    (Outcome.UP_FAILED, "fails on the way up", "fail on the way up"),
    (Outcome.NO_DOWN, "has no down", "have no down"),
    (Outcome.EMPTY_DOWN, "has an empty down", "have an empty down"),
    (Outcome.NOT_REACHED, "was not reached", "were not reached"),
)

ROWS = (
    (DataOutcome.LOSSLESS, "lossless"),
    (DataOutcome.LOSSY, "lossy"),
    (DataOutcome.IRREVERSIBLE, "irreversible"),
    (DataOutcome.FAILS_ON_DATA, "failing on the rows that are there"),
    (DataOutcome.NOT_MEASURED, "not measured"),
)

_OF_ONE = {outcome: one for outcome, one, _ in TALLIES}
_OF_ROWS = dict(ROWS)

MILD = frozenset({"ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARED_READ", "SHARED_WRITE"})
"""PostgreSQL's and MariaDB's locks that reading and writing rows take as well."""


def rehearsal_lines(report: ChainReport, rehearsal: Rehearsal, verbosity: int) -> Iterator[str]:
    """Give the lines: the outcomes of what is new, and of history."""
    deciding: list[RoundTrip] = []
    history: list[RoundTrip] = []
    for trip in rehearsal.round_trips:
        (deciding if report.everything_counts or report.is_new(trip.migration) else history).append(trip)
    in_new = rehearsal.chain_down.failed_at in {trip.migration.version for trip in deciding}
    way_down = _way_down(rehearsal.chain_down, ", which is new" if in_new and history else "")
    if deciding or not history:
        yield f"  {'New, which decide' if history else 'All'}: {_tally(deciding)}"
    tried = [trip for trip in rehearsal.round_trips if trip.outcome is not Outcome.NOT_REACHED]
    earlier = sum(trip.cached for trip in tried)
    if earlier:
        yield f"  {earlier} tried by an earlier run, {len(tried) - earlier or 'none'} by this one"
    rows = _rows(deciding)
    if rows:
        yield f"  Rows: {rows}"
    if verbosity > 0:
        for trip in deciding:
            yield from _in_full(trip)
    if history:
        down = "" if in_new else f"the way down {way_down}; "
        yield f"  History: {_tally(history)}; {down}`--all` for the list"
    if in_new or not history:
        yield f"  The whole way down {way_down}"


def _rows(trips: Iterable[RoundTrip]) -> str:
    """Sum up what became of rows; nothing where none were tried."""
    measured = [trip.measurement.data for trip in trips if trip.measurement is not None]
    counts = Counter(data.outcome for data in measured)
    if counts.total() == counts[DataOutcome.NOT_MEASURED]:
        return ""
    parts = [f"{counts[outcome]} {words}" for outcome, words in ROWS if counts[outcome]]
    short = {item.table: item for data in measured for item in data.not_seeded}
    empty = sum(not item.is_file for item in short.values())
    if empty:
        parts.append(f"{_count(empty, 'table', 'tables')} could not be filled")
    ran = {file for data in measured for file in data.seeds_ran}
    refused = sum(item.is_file and item.table not in ran for item in short.values())
    if refused:
        parts.append(f"{_count(refused, 'file', 'files')} of {SEEDS}/ could not be run")
    return ", ".join(parts)


def _in_full(trip: RoundTrip) -> Iterator[str]:
    measurement = trip.measurement
    words = _OF_ONE[trip.outcome] + ("" if measurement is None else f"; rows: {_OF_ROWS[measurement.data.outcome]}")
    yield f"    {one_line(trip.migration.name)}: {words}{_when_tried(trip)}"
    if measurement is None:
        return
    for direction, trace in ((Direction.UP, measurement.observed), (Direction.DOWN, measurement.observed_down)):
        for seen in () if trace is None else trace.statements:
            what = _seen(seen)
            if what:
                line = "" if seen.line is None else f":{seen.line}"
                yield f"      {direction.file_name}{line} {seen.seconds * 1000:.1f} ms {one_line(what)}"


def _when_tried(trip: RoundTrip) -> str:
    """Say what an earlier run tried, and what no run takes from another, and why not."""
    if trip.cached:
        return " (tried earlier)"
    if trip.outcome is Outcome.UP_FAILED:
        return " (tried anew by each run: the up fails)"
    from glowplug.rehearsal.doubtful import errors_of, is_doubtful  # noqa: PLC0415 - only with -v

    error = next(filter(is_doubtful, errors_of(trip)), None)
    if error is None:
        return ""
    why = one_line(error.message)
    return f" (tried anew by each run: what failed may be the machine's or the moment's: {why})"


def _seen(seen: Seen) -> str:
    """Say what a statement did that others have to wait for, or that takes as long as the table is large."""
    parts = [f"{lock.mode} on {lock.relation}" for lock in seen.locks if lock.mode not in MILD]
    parts += [f"{verb} {', '.join(names)}" for verb, names in (
        ("rewrites", seen.rewritten), ("reads all of", seen.scanned), ("rebuilds", seen.rebuilt_indexes)
    ) if names]  # fmt: skip
    if seen.algorithm is not None:
        parts.append(f"ALGORITHM={seen.algorithm}")
    if seen.lock is not None:
        parts.append(f"LOCK={seen.lock}")
    return ", ".join(parts)


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


def _way_down(down: ChainDown, what: str) -> str:
    match down.outcome:
        case WayDown.COMPLETE:
            return f"is complete ({_count(down.reverted, 'revert', 'reverts')})"
        case WayDown.FAILED:
            after = _count(down.reverted, "revert", "reverts")
            return f"stops at {one_line(down.failed_at or '?')}{what}, after {after}"
        case WayDown.SKIPPED:
            return f"was not tried: {down.why}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
