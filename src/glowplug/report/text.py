"""The answer for a person at a terminal, or in a CI log."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from glowplug.check.faults import HISTORY_STOPS
from glowplug.dialect import Dialect
from glowplug.finding import Severity
from glowplug.project.server_version import vendor_and_number
from glowplug.report._finding import finding_lines
from glowplug.report.harmless import harmless, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.check.report import ChainReport, CheckReport, Problem
    from glowplug.finding import Finding
    from glowplug.project import Chain
    from glowplug.scratch.interface import ServerDescription

ALIKE = 2
"""So many notices of one rule are shown, unless more is asked for."""

SERVERS = {Dialect.POSTGRES: "PostgreSQL", Dialect.MYSQL: "MySQL or MariaDB", Dialect.SQLITE: "SQLite"}


def render(report: CheckReport, *, verbosity: int = 0) -> str:
    """Render the whole report with colours (the caller strips them where they are not wanted).

    ``verbosity`` below 0 leaves out all but the verdict and what made it; above 0 shows what is suppressed, all of a
    notice, and every migration's outcome.
    """
    return "\n".join(_lines(report, verbosity)) + "\n"


def _lines(report: CheckReport, verbosity: int) -> Iterator[str]:
    if verbosity >= 0:
        for note in report.notes:
            yield _dim(harmless(note))
    for chain in report.chains:
        if verbosity >= 0:
            yield from _chain(chain, verbosity)
        elif chain.problem is not None:
            yield click.style(one_line(chain.chain.directory), bold=True)
            yield from _problem(chain.problem)
    if report.problem is not None:
        yield from _problem(report.problem)
    if verbosity >= 0:
        yield ""
    yield _verdict(report)


def _chain(report: ChainReport, verbosity: int) -> Iterator[str]:
    chain = report.chain
    yield ""
    yield f"{click.style(one_line(chain.directory), bold=True)} {_how(report)}, {report.seconds:.1f} s"
    if verbosity > 0 and chain.dialect_reason:
        yield _dim(f"  {SERVERS[chain.dialect]}: {one_line(chain.dialect_reason)}")
    if report.scratch is not None:
        for note in report.scratch.notes:
            yield _dim(f"  {harmless(note)}")
    if report.problem is not None:
        yield from _problem(report.problem)
    if report.rehearsal is not None:
        from glowplug.report._rehearsal import rehearsal_lines  # noqa: PLC0415 - a review has none

        yield from rehearsal_lines(report, report.rehearsal, verbosity)
    yield from _findings(report, verbosity)
    hidden = sum(finding.suppressed is not None for finding in report.findings)
    if hidden and verbosity <= 0:
        yield _dim(f"  {_count(hidden, 'finding is', 'findings are')} accepted for a reason; `-v` shows which")


def _findings(report: ChainReport, verbosity: int) -> Iterator[str]:
    shown = _shown(report, verbosity)
    notices: Counter[str] = Counter()
    with_advice = 0
    for index, finding in enumerate(sorted(shown, key=lambda item: item.severity.rank)):
        if index == 0:
            yield ""
        brief = finding.severity is Severity.NOTICE and verbosity <= 0
        notices[finding.rule] += brief
        if notices[finding.rule] <= ALIKE:
            with_advice += brief and finding.safe_form is not None
            yield from finding_lines(finding, brief=brief, full=verbosity > 0)
    for rule, count in notices.items():
        if count > ALIKE:
            yield _dim(f"  {count - ALIKE} more of notice[{rule}]; `-v` shows {'it' if count == ALIKE + 1 else 'them'}")
    if with_advice:
        these = "one of these notices" if with_advice == 1 else f"{with_advice} of these notices"
        yield _dim(f"  `-v` shows what to write instead for {these}")


def _shown(report: ChainReport, verbosity: int) -> list[Finding]:
    if verbosity > 0:
        return [item for item in report.findings if item.suppressed is not None or report.counts(item)]
    return list(report.counted)


def _how(report: ChainReport) -> str:
    if report.scratch is not None:
        return f"on {_server(report.scratch, report.chain)}"
    if "rehearsal" not in report.parts and report.problem is None:
        return f"for {SERVERS[report.chain.dialect]}, reviewed without a server"
    return "on no scratch server"


def _server(scratch: ServerDescription, chain: Chain) -> str:
    match scratch.matches_production:
        case None:
            production = "production's version is not said"
        case True:
            production = _likeness(scratch.server, chain)
        case False:
            production = click.style("NOT production's version", fg="yellow")
    superuser = click.style(", migrations run as SUPERUSER", fg="yellow") if scratch.superuser else ""
    return f"{one_line(scratch.server)} ({scratch.source}; {production}{superuser})"


def _likeness(server: str, chain: Chain) -> str:
    """Say how like production's a server is that is of its series: of the very version that was said, or of another."""
    said = chain.settings.server_version
    number = "" if said is None else vendor_and_number(said, chain.dialect)[1]
    if f"{server.rpartition(' ')[2]}.".startswith(f"{number}."):
        return "production's own version"
    return f"production runs {one_line(number)}, of the same series"


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
            return f"{word}: {findings or _nothing(report)}{base}{_not_checked(report)}"
        case 1:
            word = click.style("No", fg="red", bold=True)
            return f"{word}: {findings}{base}"
        case code:
            word = click.style("Can't tell", fg="red", bold=True)
            return f"{word}: the check did not get through (exit {code}){'; ' + findings if findings else ''}{base}"


def _nothing(report: CheckReport) -> str:
    """Say of an answer without findings whether anything was asked at all."""
    asked = any(chain.new or chain.everything_counts for chain in report.chains)
    return "nothing found" if asked else "no migration is new"


def _not_checked(report: CheckReport) -> str:
    """Say what a yes leaves out where history does not go up: what came behind in it, and whatever comes next."""
    stopped = [chain for chain in report.chains if any(each.rule == HISTORY_STOPS.rule for each in chain.findings)]
    if not stopped:
        return ""
    from glowplug.rehearsal.outcome import Outcome  # noqa: PLC0415 - a review has none

    trips = [trip for chain in stopped if chain.rehearsal is not None for trip in chain.rehearsal.round_trips]
    behind = sum(trip.outcome is Outcome.NOT_REACHED and trip.migration.runnable for trip in trips)
    left = f"{_count(behind, 'migration was', 'migrations were')} not reached, and " if behind else ""
    return f"; but the way up stops in history: {left}what comes next could not be checked"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _dim(text: str) -> str:
    return click.style(text, dim=True)
