"""The main job: every chain of a project rehearsed, and one answer."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glowplug.check import faults
from glowplug.check.allow import accept, complaints
from glowplug.check.judge import describe_error, judge, way_down_broken
from glowplug.check.novelty import Novelty
from glowplug.check.report import ChainReport, CheckReport, Problem, conclude
from glowplug.check.settings import Cage, Settings
from glowplug.errors import EnvironmentFailure, GlowplugError, NothingToCheck, UsageError
from glowplug.finding import Place, Severity
from glowplug.project.configuration import FILE_NAME, Configuration
from glowplug.project.discovery import find_project
from glowplug.rehearsal import Outcome, rehearse, stops_only_since
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request
from glowplug.sql.extensions import extensions_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from glowplug.check.novelty import NewIn
    from glowplug.finding import Finding
    from glowplug.project import Chain, Project
    from glowplug.rehearsal import Rehearsal, StepError
    from glowplug.rehearsal.rehearse import Progress
    from glowplug.scratch.interface import Server

NOT_LIKE_PRODUCTION = (
    "If it ran in production, the scratch server is not like production: say server_version, encoding, session_setup "
    "or database_setup in glowplug.toml, or give a server in GLOWPLUG_SCRATCH_URL."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks for; ``statement_timeout`` in seconds."""

    base: str | None = None
    since: str | None = None
    everything: bool = False
    fail_on: Severity = Severity.ERROR
    statement_timeout: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What holds for every chain of one check."""

    settings: Settings
    cage: Cage
    novelty: Novelty
    options: Options
    environment: Mapping[str, str]
    progress: Callable[[Chain, Progress], None]


def check(
    project: Project,
    settings: Settings,
    options: Options,
    *,
    environment: Mapping[str, str],
    progress: Callable[[Chain, Progress], None] = lambda _chain, _progress: None,
) -> CheckReport:
    """Rehearse every chain of ``project``, and decide.

    A chain that can't be checked is a problem in its own report, and hides no other.

    Raises:
        UsageError: the options make no sense.
        NothingToCheck: there is no migration in any chain.
    """
    if not any(chain.migrations for chain in project.chains):
        raise NothingToCheck(f"there is no migration in {', '.join(chain.directory for chain in project.chains)}")
    novelty = Novelty.find(project, base=options.base, since=options.since, environment=environment)
    cage, notes = _cage(settings, novelty)
    terms = _Terms(
        settings=settings, cage=cage, novelty=novelty, options=options, environment=environment, progress=progress
    )
    chains = [_check_chain(chain, terms) for chain in project.chains]
    return conclude(
        _accepted(chains, terms),
        fail_on=options.fail_on,
        base=None if novelty.base is None else str(novelty.base),
        since=novelty.after,
        notes=notes,
    )


def _cage(settings: Settings, novelty: Novelty) -> tuple[Cage, tuple[str, ...]]:
    if novelty.base is None:
        trusted = (f"{settings.configuration.shown} is trusted as it is.",) if settings.configuration.exists else ()
        return Cage(settings=settings), ("There is no base to compare with: all migrations are new.", *trusted)
    content = novelty.file(FILE_NAME)
    if content == settings.configuration.content:
        return Cage(settings=settings), ()
    shown = f"{FILE_NAME} at {novelty.base}"
    at_base = Configuration() if content is None else Configuration.parse(content, shown=shown)
    return Cage(settings=Settings.of(at_base)), ()


def _left_out(terms: _Terms) -> Iterator[Finding]:
    """Say which directories the base's glowplug.toml would have checked, which still hold migrations, and are not."""
    if terms.cage.settings is terms.settings:
        return
    try:
        before, now = (
            find_project(terms.novelty.root, environment=terms.environment, configuration=settings.configuration)
            for settings in (terms.cage.settings, terms.settings)
        )
    except UsageError:
        return  # nothing was checked there
    for directory in sorted({chain.directory for chain in before.chains} - {chain.directory for chain in now.chains}):
        yield faults.LEFT_OUT.found(
            f"{directory} is checked at {terms.novelty.base}, still holds migrations, and is left out by this "
            "glowplug.toml",
            place=Place(file=FILE_NAME, line=terms.settings.configuration.line("chain")),
            subject=directory,
        )


def _check_chain(chain: Chain, terms: _Terms) -> ChainReport:
    started = time.monotonic()
    new = terms.novelty.of(chain)
    everything = terms.options.everything
    try:
        with open_server(_request(chain, terms)) as server:
            rehearsal = rehearse(
                chain,
                server,
                forward_only=terms.cage.forward_only,
                progress=lambda progress: terms.progress(chain, progress),
            )
            broken = stops_only_since(chain, server, rehearsal, new.new)
            report = _chain_report(chain, new, server, rehearsal, terms)
            if broken:
                report = replace(report, findings=(*report.findings, way_down_broken(rehearsal.chain_down)))
        return replace(report, seconds=time.monotonic() - started)
    except GlowplugError as error:
        return ChainReport(
            chain=chain,
            new=new.new,
            seconds=time.monotonic() - started,
            findings=(*new.findings(chain), *chain.findings),
            problem=Problem.of(error),
            everything_counts=everything,
        )


def _request(chain: Chain, terms: _Terms) -> Request:
    return Request(
        dialect=chain.dialect,
        chain=terms.cage.hold(chain.settings, chain.directory),
        settings=terms.cage.scratch,
        statement_timeout=terms.options.statement_timeout,
        foreign_keys=chain.foreign_keys,
        extensions=frozenset[str]().union(*(extensions_asked(item.up or b"") for item in chain.migrations)),
        environment=terms.environment,
    )


def _chain_report(chain: Chain, new: NewIn, server: Server, rehearsal: Rehearsal, terms: _Terms) -> ChainReport:
    return ChainReport(
        chain=chain,
        new=new.new,
        scratch=server.describe(),
        rehearsal=rehearsal,
        findings=(
            *new.findings(chain),
            *judge(chain, rehearsal, forward_only=terms.cage.forward_only),
            *server.findings(),
            *(() if terms.options.everything else _foretold(rehearsal, new)),
        ),
        problem=_unproved(rehearsal, new),
        everything_counts=terms.options.everything,
    )


def _stopped_in_history(rehearsal: Rehearsal, new: NewIn) -> StepError | None:
    stopped = next((trip for trip in rehearsal.round_trips if trip.outcome is Outcome.UP_FAILED), None)
    return None if stopped is None or stopped.migration.name in new.new else stopped.error


def _behind(rehearsal: Rehearsal, new: NewIn) -> int:
    """How many new migrations were not reached."""
    return sum(
        trip.outcome is Outcome.NOT_REACHED and trip.migration.runnable and trip.migration.name in new.new
        for trip in rehearsal.round_trips
    )


def _unproved(rehearsal: Rehearsal, new: NewIn) -> Problem | None:
    """Say when history stops the way up before what is new: that is no yes."""
    error, behind = _stopped_in_history(rehearsal, new), _behind(rehearsal, new)
    if error is None or not behind:
        return None
    return Problem(
        message=f"{behind} new {'migration' if behind == 1 else 'migrations'} could not be checked: the way up stops "
        "before them, in history: " + describe_error(error),
        file=error.file,
        line=error.error.line,
        exit_code=EnvironmentFailure.exit_code,
        advice=NOT_LIKE_PRODUCTION,
    )


def _foretold(rehearsal: Rehearsal, new: NewIn) -> tuple[Finding, ...]:
    """Say when history stops the way up though nothing is new: what comes next could not be checked."""
    error = _stopped_in_history(rehearsal, new)
    if error is None or _behind(rehearsal, new):
        return ()
    return (
        faults.HISTORY_STOPS.found(
            "the way up stops here, in history, so that no migration to come can be checked: "
            f"{describe_error(error)}\n{NOT_LIKE_PRODUCTION}",
            place=Place(file=error.file, line=error.error.line),
        ),
    )


def _accepted(chains: Sequence[ChainReport], terms: _Terms) -> tuple[ChainReport, ...]:
    """Apply ``[[allow]]`` to all chains; what is to be said of glowplug.toml itself stands with the first chain."""
    today = dt.datetime.now(tz=dt.UTC).date()
    allowed = terms.cage.allow
    used: set[int] = set()
    accepted: list[ChainReport] = []
    for chain in chains:
        findings, useful = accept(chain.findings, allowed, today=today)
        used |= useful
        accepted.append(replace(chain, findings=findings))
    configuration = terms.cage.settings.configuration
    own = (
        *terms.cage.changes(terms.settings, str(terms.novelty.base)),
        *_left_out(terms),
        *complaints(allowed, frozenset(used), terms.cage.settings.allow_lines(), file=configuration.shown, today=today),
    )
    first, *rest = accepted
    return (replace(first, findings=(*own, *first.findings)), *rest)
