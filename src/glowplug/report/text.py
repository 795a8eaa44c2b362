"""The answer for a person at a terminal, or in a CI log."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from glowplug.finding import Severity
from glowplug.rehearsal import Outcome, SecondUp
from glowplug.rehearsal.outcome import WayDown
from glowplug.report.harmless import harmless, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.check.report import ChainReport, CheckReport, Problem
    from glowplug.finding import Finding
    from glowplug.rehearsal import ChainDown, Rehearsal, RoundTrip
    from glowplug.scratch.interface import ServerDescription

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTICE: "cyan"}
TALLIES = (
    (Outcome.RESTORED, "restores", "restore"),
    (Outcome.DIFFERS, "does not", "do not"),
    (Outcome.DOWN_FAILED, "fails on the way down", "fail on the way down"),
    (Outcome.UP_FAILED, "fails on the way up", "fail on the way up"),
    (Outcome.NO_DOWN, "has no down", "have no down"),
    (Outcome.EMPTY_DOWN, "has an empty down", "have an empty down"),
    (Outcome.NOT_REACHED, "was not reached", "were not reached"),
)


def render(report: CheckReport, *, verbosity: int = 0) -> str:
    """Render the whole report with colours (the caller strips them where they are not wanted).

    ``verbosity`` below 0 leaves out all but the verdict and what made it; above 0 shows what is suppressed,
    and every migration's outcome.
    """
    return "\n".join(_lines(report, verbosity)) + "\n"


def _lines(report: CheckReport, verbosity: int) -> Iterator[str]:
    if verbosity >= 0:
        for note in report.notes:
            yield _dim(harmless(note))
        for chain in report.chains:
            yield from _chain(chain, verbosity)
    if report.problem is not None:
        yield from _problem(report.problem)
    if verbosity >= 0:
        yield ""
    yield _verdict(report)


def _chain(report: ChainReport, verbosity: int) -> Iterator[str]:
    chain = report.chain
    yield ""
    server = "no scratch server" if report.scratch is None else _server(report.scratch)
    yield f"{click.style(one_line(chain.directory), bold=True)} on {server}, {report.seconds:.1f} s"
    if report.scratch is not None:
        for note in report.scratch.notes:
            yield _dim(f"  {harmless(note)}")
    if report.problem is not None:
        yield from _problem(report.problem)
    if report.rehearsal is not None:
        yield from _rehearsal(report, report.rehearsal, verbosity)
    shown = _shown(report, verbosity)
    for index, finding in enumerate(sorted(shown, key=lambda item: item.severity.rank)):
        if index == 0:
            yield ""
        yield from _finding(finding)
    hidden = sum(finding.suppressed is not None for finding in report.findings)
    if hidden and verbosity <= 0:
        yield _dim(f"  {_count(hidden, 'finding is', 'findings are')} accepted for a reason; `-v` shows which")


def _rehearsal(report: ChainReport, rehearsal: Rehearsal, verbosity: int) -> Iterator[str]:
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


def _shown(report: ChainReport, verbosity: int) -> list[Finding]:
    if verbosity > 0:
        return [item for item in report.findings if item.suppressed is not None or report.counts(item)]
    return list(report.counted)


def _server(scratch: ServerDescription) -> str:
    match scratch.matches_production:
        case None:
            production = "production's version is not said"
        case True:
            production = "production's own version"
        case False:
            production = click.style("NOT production's version", fg="yellow")
    superuser = click.style(", migrations run as SUPERUSER", fg="yellow") if scratch.superuser else ""
    return f"{one_line(scratch.server)} ({scratch.source}; {production}{superuser})"


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


def _finding(finding: Finding) -> Iterator[str]:
    severity = click.style(
        finding.severity.value, fg=COLOURS[finding.severity], bold=finding.severity is Severity.ERROR
    )
    accepted = "" if finding.suppressed is None else f" (accepted: {one_line(finding.suppressed.reason)})"
    yield f"  {severity}[{finding.rule}] {_place(finding)}{accepted}"
    for line in harmless(finding.message).splitlines():
        yield f"    │ {line}"


def _place(finding: Finding) -> str:
    place = finding.place
    if place is None:
        return ""
    return ":".join([one_line(place.file), *(str(part) for part in (place.line, place.column) if part is not None)])


def _problem(problem: Problem) -> Iterator[str]:
    place = "" if problem.file is None else ":".join(str(part) for part in (problem.file, problem.line) if part) + ": "
    lines = [*harmless(problem.message).splitlines(), *harmless(problem.advice or "").splitlines()]
    yield f"  {click.style('stopped', fg='red', bold=True)}: {one_line(place)}{lines[0] if lines else ''}"
    yield from (f"    │ {line}" for line in lines[1:])


def _verdict(report: CheckReport) -> str:
    counted = Counter(finding.severity for chain in report.chains for finding in chain.counted)
    findings = ", ".join(
        _count(counted[severity], severity.value, f"{severity.value}s") for severity in Severity if counted[severity]
    )
    everything = any(chain.everything_counts for chain in report.chains)
    base = "" if report.since is None or everything else f" (new since {one_line(report.since)})"
    match report.exit_code:
        case 0:
            word = click.style("Yes", fg="green", bold=True)
            return f"{word}: {findings or 'nothing found'}{base}"
        case 1:
            word = click.style("No", fg="red", bold=True)
            return f"{word}: {findings}{base}"
        case code:
            word = click.style("Can't tell", fg="red", bold=True)
            return f"{word}: the check did not get through (exit {code}){'; ' + findings if findings else ''}{base}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _dim(text: str) -> str:
    return click.style(text, dim=True)
