"""The main job: every chain of a project reviewed and rehearsed, and one answer."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.check import faults
from glowplug.check.allow import OF_CHECK, OF_LAYOUT, Allowance, accept, complaints, of_comments, of_settings
from glowplug.check.at_base import usable_of, with_a_size
from glowplug.check.misnamed import with_misnamed
from glowplug.check.novelty import NewIn, Novelty
from glowplug.check.observed import overrule, unwitnessed
from glowplug.check.report import ChainReport, CheckReport, Problem, conclude
from glowplug.check.reviewing import Review, review_chain
from glowplug.check.settings import Cage, Settings
from glowplug.check.terms import Options, Part, Terms
from glowplug.dialect import Dialect
from glowplug.errors import NothingToCheck, UsageError
from glowplug.finding import Place
from glowplug.project.configuration import FILE_NAME, Configuration
from glowplug.project.discovery import find_project
from glowplug.review.names import review_names
from glowplug.scratch.settings import SECTION as SCRATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from glowplug.check.rehearsing import Rehearsed
    from glowplug.finding import Finding
    from glowplug.project import Chain, Project
    from glowplug.rehearsal.rehearse import Progress


def check(
    project: Project,
    settings: Settings,
    options: Options,
    *,
    environment: Mapping[str, str],
    progress: Callable[[Chain, Progress], None] = lambda _chain, _progress: None,
) -> CheckReport:
    """Review and rehearse every chain of ``project``, or only what ``options.parts`` names, and decide.

    A chain that can't be checked is a problem in its own report, and hides no other; what kept a chain from being found
    is one of the whole.

    Raises:
        UsageError: the options make no sense.
        ConfigurationError: an ``[[assert]]`` is about a chain that is not there.
        NothingToCheck: there is no migration in any chain.
    """
    if not any(chain.migrations for chain in project.chains):
        raise NothingToCheck(f"there is no migration in {', '.join(chain.directory for chain in project.chains)}")
    _look_for_chains(project, settings)
    novelty = Novelty.find(project, base=options.base, since=options.since, environment=environment)
    cage, notes, unusable = _cage(settings, novelty, project)
    chains = tuple(cage.hold(chain) for chain in project.chains)
    notes = (*notes, *project.notes, *_unset(cage, chains, options, environment)) if options.files is None else ()
    terms = Terms(
        settings=settings, cage=cage, novelty=novelty, options=options, environment=environment, progress=progress
    )
    return conclude(
        _chosen(
            _accepted(with_misnamed(_with((*unusable, *project.findings), _check_all(chains, terms)), terms), terms),
            options,
        ),
        fail_on=options.fail_on,
        base=None if novelty.base is None else str(novelty.base),
        since=novelty.after,
        problem=Problem.of_all(project.problems if options.files is None else ()),
        notes=notes,
    )


def _unset(cage: Cage, chains: Sequence[Chain], options: Options, environment: Mapping[str, str]) -> Iterator[str]:
    """Say of a variable that is to name a server that it names none."""
    name = cage.scratch.url_env
    needed = Part.REHEARSAL in options.parts and any(chain.dialect is not Dialect.SQLITE for chain in chains)
    if name and needed and not environment.get(name):
        configuration = cage.settings.configuration
        line = configuration.line(SCRATCH, "url_env")
        place = configuration.shown if line is None else f"{configuration.shown}:{line}"
        yield f"{place}: [scratch] url_env names {name}, which is not set here: it lends no server, another is used."


def _look_for_chains(project: Project, settings: Settings) -> None:
    """Refuse an ``[[assert]]`` about a chain that is not there: nobody would ask it."""
    there = {chain.directory.strip("./") for chain in project.chains}
    for index, assertion in enumerate(settings.assertions):
        if assertion.chain is not None and assertion.chain.strip("./") not in there:
            raise settings.configuration.error(
                f"there is no chain {assertion.chain}: this project has {', '.join(sorted(there))}",
                ("assert", index, "chain"),
            )


def _cage(settings: Settings, novelty: Novelty, project: Project) -> tuple[Cage, tuple[str, ...], tuple[Finding, ...]]:
    """Give what is in force, what is to be noted of it, and what of it can't be used as it stands."""
    if novelty.base is None:
        trusted = (f"{settings.configuration.shown} is trusted as it is.",) if settings.configuration.exists else ()
        note = () if novelty.note is None else (novelty.note,)
        return Cage(settings=settings), (*note, *trusted), ()
    content = novelty.file(FILE_NAME)
    if content == settings.configuration.content:
        return Cage(settings=settings), (), ()
    shown = f"{FILE_NAME} at {novelty.base}"
    at_base = Configuration() if content is None else Configuration.parse(content, shown=shown)
    sized, of_size = with_a_size(at_base)
    usable, unusable = usable_of(Settings.of(sized), settings, project.chains)
    return Cage(settings=usable), (), (*of_size, *unusable)


def _other_chains(terms: Terms) -> Iterator[Finding]:
    """Say that the base's glowplug.toml would have other directories checked, and which of them are left out."""
    if terms.cage.settings is terms.settings:
        return
    before, now = (_chains_by(settings, terms) for settings in (terms.cage.settings, terms.settings))
    place = Place(file=FILE_NAME, line=terms.settings.configuration.line("chain"))
    if before != now:
        yield faults.SETTINGS_CHANGED.found(
            f"which directories are checked, or on which backend, is not what {terms.novelty.base} has checked",
            place=place,
            subject="chain",
        )
    for directory in sorted({directory for directory, _ in before} - {directory for directory, _ in now}):
        yield faults.LEFT_OUT.found(
            f"{directory} is checked at {terms.novelty.base}, still holds migrations, and is left out by this "
            "glowplug.toml",
            place=place,
            subject=directory,
        )


def _chains_by(settings: Settings, terms: Terms) -> set[tuple[str, Dialect]]:
    """Give what a glowplug.toml has checked of the files that are here; nothing where there is nothing to check.

    A ``[[chain]]`` that can't be used, as its directory is gone, hides no other.
    """
    tables = settings.configuration.tables
    alone = [replace(settings.configuration, tables={**tables, "chain": [table]}) for table in tables.get("chain", ())]
    for configurations in ([settings.configuration], alone):
        found: set[tuple[str, Dialect]] = set()
        for configuration in configurations:
            with contextlib.suppress(UsageError):
                project = find_project(terms.novelty.root, environment=terms.environment, configuration=configuration)
                found |= {(chain.directory, chain.dialect) for chain in project.chains}
        if found:
            return found
    return set()


def _check_all(chains: Sequence[Chain], terms: Terms) -> list[tuple[ChainReport, Review]]:
    """Check every chain, several at once where there are servers to wait for, and cores."""
    at_once = min(terms.options.jobs, len(chains))
    if at_once < 2 or Part.REHEARSAL not in terms.options.parts:  # noqa: PLR2004 - one is not several
        return [_check_chain(chain, terms) for chain in chains]
    from glowplug.processes import can_be_at_once, each_apart  # noqa: PLC0415 - most projects have one chain

    if not can_be_at_once():
        return [_check_chain(chain, terms) for chain in chains]
    options = replace(terms.options, jobs=terms.options.jobs // at_once)

    def check_apart(chain: Chain, tell: Callable[[Progress], None]) -> tuple[ChainReport, Review]:
        return _check_chain(chain, replace(terms, options=options, progress=lambda _chain, progress: tell(progress)))

    return each_apart(
        [partial(check_apart, chain) for chain in chains],
        at_once=at_once,
        hear=lambda number, progress: terms.progress(chains[number], progress),
    )


def _with(findings: tuple[Finding, ...], chains: list[tuple[ChainReport, Review]]) -> list[tuple[ChainReport, Review]]:
    """Put what was found of no chain with the first."""
    (report, review), *rest = chains
    return [(replace(report, findings=(*findings, *report.findings)), review), *rest]


def _check_chain(chain: Chain, terms: Terms) -> tuple[ChainReport, Review]:
    started = time.monotonic()
    parts = terms.options.parts
    new = _new(chain, terms)
    with _rehearsing(chain, new, terms) as rehearse:
        review = review_chain(chain, new, terms) if Part.REVIEW in parts else Review()
        rehearsed = rehearse()
    if rehearsed is None:
        findings, reviewed = chain.findings, unwitnessed(review.findings)
    else:
        findings, reviewed = _together(chain, rehearsed, review, terms)
    report = ChainReport(
        chain=chain,
        new=new.new,
        scratch=None if rehearsed is None else rehearsed.scratch,
        rehearsal=None if rehearsed is None else rehearsed.rehearsal,
        findings=(*new.findings(chain), *findings, *reviewed),
        problem=review.problem or (None if rehearsed is None else rehearsed.problem),
        everything_counts=terms.options.everything,
        parts=tuple(part.value for part in Part if part in parts),
        seconds=time.monotonic() - started,
    )
    return report, review


def _new(chain: Chain, terms: Terms) -> NewIn:
    if chain.directory in terms.options.alone:
        return NewIn(new=frozenset(item.name for item in chain.migrations))
    return terms.novelty.of(chain)


def _rehearsing(
    chain: Chain, new: NewIn, terms: Terms
) -> contextlib.AbstractContextManager[Callable[[], Rehearsed | None]]:
    """Begin the rehearsal, if there is to be one: the review is done while its server starts."""
    if Part.REHEARSAL not in terms.options.parts:
        return contextlib.nullcontext(lambda: None)
    from glowplug.check.rehearsing import rehearsing  # noqa: PLC0415 - a review needs no server

    return rehearsing(chain, new, terms)


def _together(
    chain: Chain, rehearsed: Rehearsed, review: Review, terms: Terms
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Give the rehearsal's findings and the review's, each as the other leaves it."""
    from glowplug.check.measuring import foretold  # noqa: PLC0415 - a review needs no server
    from glowplug.check.witnessed import witnesses  # noqa: PLC0415 - the same

    trips = () if rehearsed.rehearsal is None else rehearsed.rehearsal.round_trips
    today = dt.datetime.now(tz=dt.UTC).date()
    by_settings = of_settings(terms.cage.allow, terms.cage.settings.allow_lines(), file=FILE_NAME)
    allowances = (*of_comments(review.comments), *by_settings)
    reviewed = overrule(
        review.findings,
        rehearsed.findings,
        witnesses(trips, rehearsed.scratch),
        allowed=tuple(allowance for allowance in allowances if allowance.is_good(today)),
    )
    return foretold(rehearsed.findings, review.findings, trips, chain.dialect), reviewed


def _accepted(chains: Sequence[tuple[ChainReport, Review]], terms: Terms) -> tuple[ChainReport, ...]:
    """Accept what is allowed in all chains; what is to be said of glowplug.toml itself stands with the first chain."""
    today = dt.datetime.now(tz=dt.UTC).date()
    configuration = terms.cage.settings.configuration
    general = of_settings(terms.cage.allow, terms.cage.settings.allow_lines(), file=configuration.shown)
    judged = _judged([report for report, _ in chains])
    used: set[int] = set()
    accepted: list[ChainReport] = []
    for report, review in chains:
        own = of_comments(review.comments)
        allowances: list[Allowance] = [*own, *general]
        findings, useful = accept(report.findings, allowances, today=today)
        useful |= accept(_hidden(report, review), allowances, today=today)[1] if allowances else frozenset()
        used |= {index - len(own) for index in useful if index >= len(own)}
        wrong = complaints(own, useful, today=today, judged=judged, findings=findings)
        accepted.append(replace(report, findings=terms.cage.review.apply((*findings, *wrong))))
    found = [finding for report in accepted for finding in report.findings]
    about_settings = (
        *terms.cage.changes(terms.settings, str(terms.novelty.base)),
        *_other_chains(terms),
        *complaints(general, frozenset(used), today=today, judged=judged, findings=found),
    )
    first, *rest = accepted
    return (replace(first, findings=(*about_settings, *first.findings)), *rest)


def _hidden(report: ChainReport, review: Review) -> tuple[Finding, ...]:
    """Give what was found of a chain and stands behind another finding: as soon as that is mended, it is told."""
    told = {each.fingerprint for each in report.findings}
    found = (*report.chain.findings, *review.findings)
    return (*review.hidden, *(each for each in found if each.fingerprint not in told))


def _judged(reports: Sequence[ChainReport]) -> Callable[[str], bool]:
    """Tell which rules were looked at in every chain, so that an allowance that met none of theirs is unneeded."""
    rehearsed = all(report.rehearsal is not None for report in reports)
    reviewed = all(Part.REVIEW in report.parts and report.problem is None for report in reports)

    def judged(rule: str) -> bool:
        if rule in OF_CHECK | OF_LAYOUT:
            return rehearsed
        return reviewed if rule in review_names() else True

    return judged


def _chosen(chains: tuple[ChainReport, ...], options: Options) -> tuple[ChainReport, ...]:
    """Leave out what is not in the files that were asked for; what is in them counts."""
    if options.files is None:
        return chains
    files = options.files
    return tuple(
        replace(
            chain,
            findings=tuple(item for item in chain.findings if item.place is not None and item.place.file in files),
            everything_counts=True,
        )
        for chain in chains
    )
