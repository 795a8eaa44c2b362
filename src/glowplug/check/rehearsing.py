"""The rehearsal of one chain on a scratch server, and what it proves of what is new."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.check import faults
from glowplug.check.at_setting import at_setting
from glowplug.check.judge import describe_error, judge, of_assertion, way_down_broken
from glowplug.check.measuring import findings_of_rows
from glowplug.check.not_seeded import not_seeded
from glowplug.check.report import Problem
from glowplug.check.stand_in import GET_A_MYSQL, refused_by_production
from glowplug.dialect import Dialect, Direction
from glowplug.errors import EnvironmentFailure, GlowplugError, MissingExtension, MissingFeature
from glowplug.finding import Place
from glowplug.rehearsal import Outcome, history_alone, rehearse, stops_only_since
from glowplug.rehearsal.grounds import Grounds
from glowplug.rehearsal.known import Known
from glowplug.rehearsal.proved import Answer, Proved
from glowplug.rehearsal.seeding import DataSettings
from glowplug.rehearsal.seeds import read_seeds
from glowplug.rehearsal.trial import Trial
from glowplug.scratch import identity
from glowplug.scratch.ahead import ServerAhead
from glowplug.scratch.later import ServerLater
from glowplug.scratch.settings import Request
from glowplug.sql.features import Feature, features_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.check.novelty import NewIn
    from glowplug.check.terms import Terms
    from glowplug.finding import Finding
    from glowplug.project import Chain
    from glowplug.rehearsal import Alone, Rehearsal, StepError
    from glowplug.scratch.interface import Server, ServerDescription

NOT_LIKE_PRODUCTION = (
    "If it ran in production, the scratch server is not like production: say server_version, encoding, session_setup "
    "or database_setup in glowplug.toml, or give a server in GLOWPLUG_SCRATCH_URL."
)
_LACKS = "which the scratch server lacks"


class Rehearsed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it; where no server came, the ``problem`` alone, where it lacked something, what it is besides."""

    findings: tuple[Finding, ...] = ()
    rehearsal: Rehearsal | None = None
    scratch: ServerDescription | None = None
    problem: Problem | None = None


@contextlib.contextmanager
def rehearsing(chain: Chain, new: NewIn, terms: Terms) -> Iterator[Callable[[], Rehearsed]]:
    """Give what rehearses a chain, which has the settings that are in force, or tells what was proved of it.

    Where a server is needed it begins to start at once. What keeps the chain from being rehearsed is a problem.
    """
    try:
        request, trial = _request(chain, terms), _trial(chain, terms)
        known = _known(chain, new, terms, trial, identity(request) if terms.options.cached else None)
        answer = known.proved.load_answer(chain, known.trips)
    except GlowplugError as error:
        problem = Rehearsed(problem=_problem(error, chain, terms), findings=chain.findings)
        yield lambda: problem
        return
    if answer is not None:
        yield lambda: _known_already(chain, new, terms, request, answer)
        return
    with ServerAhead(dataclasses.replace(request, resume=known.resume(chain))) as ahead:
        yield lambda: _rehearse(chain, new, terms, ahead, known=known, trial=trial)


def _known_already(chain: Chain, new: NewIn, terms: Terms, request: Request, answer: Answer) -> Rehearsed:
    try:
        with ServerLater(request, answer.description, answer.findings) as server:
            alone = history_alone(chain, server, answer.rehearsal, new.new)
            return _rehearsed(chain, new, server, answer.rehearsal, terms, alone=alone)
    except GlowplugError as error:
        return Rehearsed(problem=_problem(error, chain, terms), findings=chain.findings)


def _rehearse(chain: Chain, new: NewIn, terms: Terms, ahead: ServerAhead, *, known: Known, trial: Trial) -> Rehearsed:
    try:
        server = ahead.server()
        if terms.options.cached and known.proved.keys is None:  # it is a server that had to be reached first
            known = _known(chain, new, terms, trial, server.identity())
        return _rehearsed_now(chain, new, server, terms, known=known, trial=trial)
    except GlowplugError as error:
        return Rehearsed(problem=_problem(error, chain, terms), findings=chain.findings)


def _rehearsed_now(
    chain: Chain, new: NewIn, server: Server, terms: Terms, *, known: Known, trial: Trial | None
) -> Rehearsed:
    try:
        rehearsal = rehearse(
            chain,
            server,
            forward_only=terms.cage.forward_only,
            progress=lambda progress: terms.progress(chain, progress),
            jobs=terms.options.jobs,
            trial=trial,
            known=known,
        )
        alone = history_alone(chain, server, rehearsal, new.new)
    except (MissingExtension, MissingFeature) as error:
        scratch = server.describe()
        found = (*chain.findings, *refused_by_production(chain, scratch))
        problem = at_setting(_of_lacking(error, chain, scratch), chain, terms.cage.settings)
        return Rehearsed(problem=problem, scratch=scratch, findings=found)
    answer = Answer(rehearsal=rehearsal, description=server.describe(), findings=server.findings())
    known.proved.store_answer(answer)
    return _rehearsed(chain, new, server, rehearsal, terms, alone=alone)


def _problem(error: GlowplugError, chain: Chain, terms: Terms) -> Problem:
    return at_setting(Problem.of(error), chain, terms.cage.settings)


def _of_lacking(error: GlowplugError, chain: Chain, scratch: ServerDescription) -> Problem:
    """Say what a file asks for, where in it, and how to get a server that has it."""
    problem = Problem.of(error)
    if any(f"the extension {name!r}, {_LACKS}" in error.message for name in scratch.stand_ins):
        in_part = f"and uses more of it than glowplug's stand-in has, which took its place on {scratch.server}"
        problem = replace(problem, message=problem.message.replace(f", {_LACKS}", f" {in_part}", 1))
    if chain.dialect is Dialect.MYSQL:
        problem = replace(problem, advice=GET_A_MYSQL)
    files = (item.file(direction) for item in chain.migrations for direction in Direction)
    file = next((file for file in files if error.message.startswith(f"{file} ")), None)
    if file is None:
        return problem
    return replace(problem, file=file, message=problem.message.removeprefix(f"{file} "))


def _known(chain: Chain, new: NewIn, terms: Terms, trial: Trial, server: str | None) -> Known:
    """Look for what was proved on ``server``; None: it is not known, or nothing that was proved is to be used."""
    grounds = None
    if server is not None:
        request = _request(chain, terms)
        grounds = Grounds(server=server, request=request, forward_only=terms.cage.forward_only, trial=trial)
    return Known.of(chain, Proved.of(chain, grounds, terms.environment), new.new)


def _rehearsed(
    chain: Chain, new: NewIn, server: Server, rehearsal: Rehearsal, terms: Terms, *, alone: Alone | None
) -> Rehearsed:
    history = None if terms.options.everything else alone
    return Rehearsed(
        scratch=server.describe(),
        rehearsal=rehearsal,
        findings=(
            *judge(chain, rehearsal, forward_only=terms.cage.forward_only, alone=history),
            *_of_rows(chain, rehearsal, new, terms),
            *_of_assertions(rehearsal, terms),
            *server.findings(),
            *refused_by_production(chain, server.describe()),
            *(() if terms.options.everything else _foretold(rehearsal, new)),
            *((way_down_broken(rehearsal.chain_down),) if stops_only_since(alone, rehearsal, new.new) else ()),
        ),
        problem=_unproved(rehearsal, new),
    )


def _of_rows(chain: Chain, rehearsal: Rehearsal, new: NewIn, terms: Terms) -> Iterator[Finding]:
    """Say what becomes of rows in each migration; which tables got none, only where what is new was tried."""
    measured = [(trip.migration, trip.measurement) for trip in rehearsal.round_trips if trip.measurement is not None]
    for migration, measurement in measured:
        yield from findings_of_rows(measurement, migration, chain.dialect)
    of_new = [measurement for migration, measurement in measured if migration.name in new.new]
    yield from not_seeded(chain, of_new, terms.settings)


def _of_assertions(rehearsal: Rehearsal, terms: Terms) -> Iterator[Finding]:
    lines = {one: index for index, one in enumerate(terms.settings.assertions)}
    for broken in rehearsal.broken:
        index = lines.get(broken.assertion)
        line = None if index is None else terms.settings.configuration.line("assert", index)
        yield of_assertion(broken, line=line)


def _trial(chain: Chain, terms: Terms) -> Trial:
    data = terms.settings.data or DataSettings()
    if terms.options.rows is not None:
        data = replace(data, rows=terms.options.rows)
    return Trial(
        data=data,
        seeds=read_seeds(terms.novelty.root, chain.dialect),
        assertions=terms.cage.assertions(terms.settings),
    )


def _request(chain: Chain, terms: Terms) -> Request:
    ups = [item.up or b"" for item in chain.migrations]
    return Request(
        dialect=chain.dialect,
        chain=chain.settings,
        settings=terms.cage.scratch,
        statement_timeout=terms.options.statement_timeout,
        foreign_keys=chain.foreign_keys,
        extensions=_extensions(chain),
        features=frozenset[Feature]().union(*map(features_asked, ups)),
        environment=terms.environment,
    )


def _extensions(chain: Chain) -> frozenset[str]:
    if chain.dialect is not Dialect.POSTGRES:
        return frozenset()
    from glowplug.scratch.postgres.wanted import extensions_wanted  # noqa: PLC0415 - it is for PostgreSQL alone

    files = [content for item in chain.migrations for content in (item.up, item.down, item.test) if content]
    return extensions_wanted([*files, *(statement.encode() for statement in chain.settings.database_setup)])


def _stopped_in_history(rehearsal: Rehearsal, new: NewIn) -> StepError | None:
    stopped = rehearsal.stopped
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
        advice=None if error.error.timed_out else NOT_LIKE_PRODUCTION,
    )


def _foretold(rehearsal: Rehearsal, new: NewIn) -> tuple[Finding, ...]:
    """Say when history stops the way up though nothing is new: what comes next could not be checked."""
    error = _stopped_in_history(rehearsal, new)
    if error is None or _behind(rehearsal, new):
        return ()
    return (
        faults.HISTORY_STOPS.found(
            f"the way up stops here, in history, so that no migration to come can be checked: {describe_error(error)}"
            + ("" if error.error.timed_out else f"\n{NOT_LIKE_PRODUCTION}"),
            place=Place(file=error.file, line=error.error.line),
        ),
    )
