"""From what a rehearsal showed to Findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.check import faults
from glowplug.check.advice import advice_on
from glowplug.check.broken import left_broken, not_asked
from glowplug.check.client import of_a_client
from glowplug.check.left_behind import left_behind, left_by_down
from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.dialect import Direction
from glowplug.finding import Place, Severity, Text
from glowplug.project.configuration import FILE_NAME
from glowplug.project.faults import DOWN_IS_EMPTY, DOWN_IS_MISSING
from glowplug.project.layout import TEST
from glowplug.rehearsal import Outcome, SecondUp
from glowplug.rehearsal.outcome import WayDown
from glowplug.schema.diff import only_adds_labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.dialect import Dialect
    from glowplug.finding import Fault, Finding
    from glowplug.project import Chain, Migration
    from glowplug.rehearsal import Alone, ChainDown, Rehearsal, RoundTrip, StepError
    from glowplug.rehearsal.assertions import Broken
    from glowplug.schema import Difference
    from glowplug.schema.noise import Noise

SHOWN = 12  # differences in one message, in brief
NAMES_SHOWN = 4
WITHOUT_DOWN = frozenset({Outcome.NO_DOWN, Outcome.EMPTY_DOWN})
SAID_OF_ITS_DOWN = WITHOUT_DOWN | {Outcome.DOWN_FAILED}  # why the way down stops there is a finding already
ABOUT_AN_ABSENT_DOWN = frozenset({DOWN_IS_MISSING.rule, DOWN_IS_EMPTY.rule})
_NEXT = (
    "\nLet down.sql give this back; what nothing gives back is accepted there, before a statement: "
    '-- glowplug: allow down-does-not-restore because "…"'
)
_OF_LABELS = (
    "\nPostgreSQL takes no label away. Where no row holds it, it does no harm; to be rid of it, make a type without it,"
    " change the columns to that, and drop this one"
)
REACHED_ENOUGH = 3  # a chain shorter than this has no habit yet


def judge(chain: Chain, rehearsal: Rehearsal, *, forward_only: bool, alone: Alone | None = None) -> tuple[Finding, ...]:
    """Say everything that a person should know about this chain, the layout's findings included.

    ``alone``: what history shows without what is new, where that was looked at. What is of no single migration, and
    shows there as well, is a notice: nothing that is history alone can make the answer no.
    """
    found = [*chain.findings]
    for at, trip in enumerate(rehearsal.round_trips, 1):
        found.extend(_of_round_trip(trip, chain.dialect, recorded=trip.migration.version in rehearsal.recorded))
        found.extend(left_broken(trip, chain.migrations[at:]))
        found.extend(not_asked(trip))
        found.extend(_of_test(trip))
    found.extend(_of_records(rehearsal, alone))
    found.extend(_of_way_down(chain, rehearsal, alone))
    return _without_repeats(chain, rehearsal.round_trips, found, forward_only=forward_only)


def describe_error(error: StepError) -> str:
    """Put a server's refusal in a few lines: code, message, detail and hint."""
    return describe_sql_error(error.error, error.direction)


def describe_sql_error(sql: SqlError, direction: Direction | None = None) -> str:
    """Put what a server said in a few lines: code, message, detail, hint, and advice where there is some."""
    text = sql.message if sql.code is None else f"{sql.message} [{sql.code}]"
    for label, more in (("detail", sql.detail), ("hint", sql.hint)):
        if more:
            text += f"\n{label}: {more}"
    advice = advice_on(sql, direction)
    if advice is not None:
        text += f"\n{advice}"
    return text


def _place(error: StepError) -> Place:
    return Place(file=error.file, line=error.error.line, column=error.error.column)


def _of_round_trip(trip: RoundTrip, dialect: Dialect, *, recorded: bool) -> Iterator[Finding]:
    migration = trip.migration
    match trip.outcome:
        case Outcome.UP_FAILED if trip.error is not None:
            behind = _with_differences(left_behind(trip, dialect, recorded=recorded), trip)
            yield _failed(faults.UP_FAILS, migration, trip.error, "up.sql fails: ", behind)
        case Outcome.DOWN_FAILED if trip.error is not None:
            behind = _with_differences(left_by_down(trip, dialect), trip)
            yield _failed(faults.DOWN_FAILS, migration, trip.error, "down.sql fails right after its up: ", behind)
        case Outcome.EMPTY_DOWN if migration.down:
            yield _about(
                DOWN_IS_EMPTY,
                migration,
                "down.sql holds nothing but comments: "
                + (
                    "the revert is recorded, and the schema stays as it is"
                    if trip.empty_down_runs
                    else "the server refuses it, so this migration can't be reverted"
                ),
            )
        case Outcome.DIFFERS:
            yield _not_restored(trip)
        case _:
            pass
    if trip.outcome is not Outcome.RESTORED:
        return
    yield from _of_second_up(trip)
    if trip.noise:
        yield _about(
            faults.DOWN_RESTORES_BUT_FOR_NOISE,
            migration,
            "restored, but for what changes nothing:\n" + _by_reason(trip.noise),
        )


def _not_restored(trip: RoundTrip) -> Finding:
    """Say what the down does not give back; labels that it can't take away weigh what a down weighs that is missing."""
    labels = all(map(only_adds_labels, trip.differences))
    return _about(
        faults.DOWN_DOES_NOT_RESTORE,
        trip.migration,
        "down.sql does not restore the schema:\n" + _listed(trip.differences) + (_OF_LABELS if labels else _NEXT),
        severity=Severity.WARNING if labels else None,
    )


def _with_differences(behind: str, trip: RoundTrip) -> Text | str:
    return f"{behind}\n" + _listed(trip.differences) if trip.differences else behind


def _of_second_up(trip: RoundTrip) -> Iterator[Finding]:
    if trip.second_up is SecondUp.FAILED and trip.error is not None:
        yield _failed(
            faults.SECOND_UP_FAILS,
            trip.migration,
            trip.error,
            "down.sql restores the schema, and yet the up can't run again ("
            + ("a name, a row" if trip.noise else "a row")
            + ", or something else that counts for no schema, stayed behind): ",
        )
    if trip.second_up is SecondUp.DIFFERS:
        yield _about(
            faults.SECOND_UP_DIFFERS,
            trip.migration,
            "after the down, the up makes another schema than the first time:\n" + _listed(trip.second_up_differences),
            direction=Direction.UP,
        )


def _of_test(trip: RoundTrip) -> Iterator[Finding]:
    for failure in () if trip.measurement is None else trip.measurement.tests:
        cause = "" if failure.error is None else f": {describe_sql_error(failure.error)}"
        yield faults.TEST_FAILS.found(
            f"{failure.message}{cause}",
            version=trip.migration.version,  # and no migration: a test may be new where its migration is not
            place=Place(file=f"{trip.migration.path}/{TEST}", line=failure.line),
            subject=failure.message,
        )


def _of_records(rehearsal: Rehearsal, alone: Alone | None) -> Iterator[Finding]:
    forgotten = rehearsal.forgotten
    if forgotten is None:
        return
    message = f"what ran is no longer recorded in {BOOKKEEPING_TABLE}, so that Diesel would run it again and the way "
    text = f"{message}down leaves it out: " + Text.listed(forgotten.versions, most=SHOWN, between=", ")
    if forgotten.culprit is None:
        of_history = alone is not None and alone.forgotten.issuperset(forgotten.versions)
        yield faults.RECORD_IS_LOST.found(text, severity=Severity.NOTICE if of_history else None)
    else:
        yield _about(faults.RECORD_IS_LOST, forgotten.culprit, text, direction=Direction.UP)


def _of_way_down(chain: Chain, rehearsal: Rehearsal, alone: Alone | None) -> Iterator[Finding]:
    down = rehearsal.chain_down
    if down.outcome is WayDown.COMPLETE:
        yield from _of_complete_way_down(chain, rehearsal, down, alone)
    if down.outcome is not WayDown.FAILED or down.error is None:
        return
    trips = {trip.migration.version: trip for trip in rehearsal.round_trips if trip.migration.runnable}
    trip = trips.get(down.failed_at or "")
    if trip is None:
        yield faults.WAY_DOWN_FAILS.found(
            f"the way down stops after {_reverts(down)} at {down.failed_at}: {describe_error(down.error)}",
            version=down.failed_at,
            place=Place(file=chain.directory),
            severity=Severity.NOTICE if alone is not None and alone.chain_down.failed_at == down.failed_at else None,
        )
    elif trip.outcome not in SAID_OF_ITS_DOWN:
        yield _failed(
            faults.WAY_DOWN_FAILS,
            trip.migration,
            down.error,
            f"the whole chain's way down stops here, after {_reverts(down)}"
            + (", though this down passes alone: " if trip.outcome in {Outcome.RESTORED, Outcome.DIFFERS} else ": "),
        )


def _reverts(down: ChainDown) -> str:
    return "1 revert" if down.reverted == 1 else f"{down.reverted} reverts"


def of_assertion(broken: Broken, *, line: int | None) -> Finding:
    """Say that an ``[[assert]]``, which stands at ``line`` of glowplug.toml, does not hold."""
    answer, assertion = broken.answer, broken.assertion
    seen: Text | str = "" if answer.error is None else f"it can't be asked: {describe_sql_error(answer.error)}"
    if answer.error is None:
        rows = [" | ".join("NULL" if value is None else str(value) for value in row) for row in answer.rows]
        seen = "it gives rows where none may be:\n" + Text.listed(rows, most=NAMES_SHOWN)
    return faults.ASSERTION_BROKEN.found(
        f"{assertion.because}: {assertion.sql}\n" + seen, place=Place(file=FILE_NAME, line=line), subject=assertion.sql
    )


def way_down_broken(down: ChainDown) -> Finding:
    """Say that what is new broke history's way down: nothing that is history alone can make the answer no."""
    place = None if down.error is None else _place(down.error)
    cause = "" if down.error is None else f": {describe_error(down.error)}"
    return faults.WAY_DOWN_BROKEN.found(
        f"the way down stops at {down.failed_at}, which is not new and goes down where the new migrations have never "
        f"run: they leave something behind that stops it{cause}",
        place=place,
    )


def _of_complete_way_down(
    chain: Chain, rehearsal: Rehearsal, down: ChainDown, alone: Alone | None
) -> Iterator[Finding]:
    clean = all(trip.outcome is Outcome.RESTORED for trip in rehearsal.round_trips)
    before = {} if alone is None else _as_it_was_not(alone.chain_down)
    lines = _as_it_was_not(down)
    of_new = [line for key, line in lines.items() if key not in before]
    of_history = [line for key, line in lines.items() if key in before]
    place = Place(file=chain.directory)
    message = "after the whole way down the database is not as it was before the first migration"
    if of_new:
        severity = None if clean else Severity.NOTICE
        yield faults.WAY_DOWN_LEAVES.found(f"{message}:\n" + _first(of_new), place=place, severity=severity)
    if of_history:
        yield faults.WAY_DOWN_LEAVES.found(
            f"{message}, with what is new or without:\n" + _first(of_history),
            place=place,
            severity=Severity.NOTICE,
            subject="history",
        )


def _as_it_was_not(down: ChainDown) -> dict[object, Text | str]:
    """What is left or lost, each with its line."""
    lines: dict[object, Text | str] = {item: _text(item) for item in down.lost}
    return {(item.kind, item.name): f"{item.kind} {item.name} is left behind" for item in down.left} | lines


def _without_repeats(
    chain: Chain, trips: Iterable[RoundTrip], found: list[Finding], *, forward_only: bool
) -> tuple[Finding, ...]:
    """Say once for the chain what would otherwise be said of each migration: that it has no down."""
    reached = [trip for trip in trips if trip.outcome not in {Outcome.NOT_REACHED, Outcome.UP_FAILED}]
    without = sum(trip.outcome in WITHOUT_DOWN for trip in reached)
    if forward_only:
        rest = [finding for finding in found if finding.rule not in ABOUT_AN_ABSENT_DOWN]
        if without:
            rest.append(
                faults.FORWARD_ONLY.found(
                    f"{without} of {len(reached)} migrations have no down; this project goes only forward",
                    place=Place(file=chain.directory),
                )
            )
        return tuple(rest)
    if len(reached) >= REACHED_ENOUGH and without * 2 > len(reached):
        rest = [finding for finding in found if finding.rule not in ABOUT_AN_ABSENT_DOWN]
        rest.append(
            faults.MOSTLY_WITHOUT_DOWNS.found(
                f"{without} of {len(reached)} downs are empty or missing: if this project ships no downs, say "
                '`strategy = "forward-only"` under `[rollback]` in glowplug.toml',
                place=Place(file=chain.directory),
            )
        )
        return tuple(rest)
    return tuple(found)


def _failed(
    fault: Fault, migration: Migration, error: StepError, introduction: str, conclusion: Text | str = ""
) -> Finding:
    content = migration.sql(error.direction) or b""
    advice = of_a_client(error.error, content.decode("utf-8", "replace"))
    described = describe_error(error) if advice is None else f"{describe_error(error)}\n{advice}"
    return fault.found(
        introduction + described + conclusion,
        version=migration.version,
        migration=migration.name,
        place=_place(error),
    )


def _about(
    fault: Fault,
    migration: Migration,
    message: Text | str,
    *,
    direction: Direction = Direction.DOWN,
    severity: Severity | None = None,
) -> Finding:
    return fault.found(
        message,
        version=migration.version,
        migration=migration.name,
        place=Place(file=migration.file(direction)),
        severity=severity,
    )


def _listed(differences: tuple[Difference, ...]) -> Text:
    return _first([_text(item) for item in differences])


def _text(item: Difference) -> Text:
    return Text(str(item), item.in_brief())


def _first(lines: Sequence[Text | str]) -> Text:
    return Text.listed(lines, most=SHOWN)


def _by_reason(noise: tuple[Noise, ...]) -> Text:
    subjects: dict[str, list[str]] = {}
    for item in noise:
        subjects.setdefault(item.reason, []).append(item.difference.name)
    lines = [
        f"{reason}: " + Text.listed(names, most=NAMES_SHOWN, between=", ", more=" ")
        for reason, names in subjects.items()
    ]
    return Text.listed(lines, most=len(lines))
