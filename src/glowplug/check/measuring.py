"""From what became of rows to Findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.check import faults
from glowplug.check.asking import in_production
from glowplug.check.foretelling import by_the_way, tell_of, tells_of_refusal, was_left_alone
from glowplug.check.judge import describe_sql_error
from glowplug.dialect import Direction
from glowplug.finding import Basis, Place, Severity, Text
from glowplug.rehearsal.measured import NOT_ASKED, Cause, DataOutcome, How, Reversibility, When

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from glowplug.dialect import Dialect
    from glowplug.finding import Fault, Finding
    from glowplug.project import Migration
    from glowplug.rehearsal import RoundTrip
    from glowplug.rehearsal.measured import Data, Loss, Measurement, OtherWorld, Refusal

SHOWN = 12  # lines of one message, in brief
_LONGEST = 60  # characters of a value
_LONGEST_ROW = 120
_PREDICTED = {
    Reversibility.LOSSLESS: DataOutcome.LOSSLESS,
    Reversibility.LOSSY: DataOutcome.LOSSY,
    Reversibility.IRREVERSIBLE: DataOutcome.IRREVERSIBLE,
}
_IN_WORDS = {
    How.DROPPED: "dropped",
    How.NULLED: "NULL",
    How.DEFAULTED: "the default",
    How.CHANGED: "changed",
    How.DELETED: "deleted",
}

_CAUSES: dict[Cause | None, str] = {
    Cause.ALIKE: " (the up keeps it, but makes others alike: nothing tells which were which)",
    Cause.UNTOLD: " (each became one of its own: whether a down could bring them back, the rows don't tell)",
}


def findings_of_rows(measurement: Measurement, migration: Migration, dialect: Dialect) -> tuple[Finding, ...]:
    """Say what a person should know about what becomes of rows in this migration."""
    data = measurement.data
    found = (
        *_of_losses(data, migration, dialect),
        *_of_odd_losses(data, migration),
        *_of_failure(measurement, migration),
        *(_of_refusal(each, migration) for each in data.refusals),
        *(() if data.up_again is None else (_of_up_again(data.up_again, migration),)),
        *_of_text(data, migration),
        *(_of_other_world(each, migration) for each in data.elsewhere),
        *_of_nothing(measurement, migration),
    )
    return tuple(replace(each, basis=Basis.OBSERVED) for each in found)


def foretold(
    found: Iterable[Finding], review: Sequence[Finding], trips: Iterable[RoundTrip], dialect: Dialect
) -> tuple[Finding, ...]:
    """Make it a notice that the up loses rows, or that a file fails on any, where the review says so of a statement.

    It stays told: who accepts that a column is dropped has not seen what becomes of its values. What else the up of
    one of ``trips`` loses is told apart, and weighs what it did. So does a down that restores no database in use, of
    which the review makes a warning.
    """
    ups = {trip.migration.file(Direction.UP): trip for trip in trips}
    refused = {
        finding.fingerprint
        for trip in ups.values()
        if trip.measurement is not None
        for refusal in trip.measurement.data.refusals
        for finding in [_of_refusal(refusal, trip.migration)]
        if tells_of_refusal(review, trip.migration.file(refusal.direction), refusal, finding.severity)
    }
    told: list[Finding] = []
    for each in found:
        trip = None if each.rule != faults.ROWS_LOST_BY_UP.rule or each.place is None else ups.get(each.place.file)
        if trip is None or trip.measurement is None:
            told.append(replace(each, severity=Severity.NOTICE) if each.fingerprint in refused else each)
            continue
        losses = _by_up(trip.measurement.data)
        known = tell_of(review, trip.migration.file(Direction.UP), losses)
        rest = [loss for loss in losses if loss not in known]
        if rest:
            told.append(each if not known else _lost_by_up(rest, trip.migration, dialect))
        if known:
            notice = _lost_by_up(known, trip.migration, dialect, subject="foretold" if rest else "")
            told.append(replace(notice, severity=Severity.NOTICE))
    return tuple(told)


def _of_losses(data: Data, migration: Migration, dialect: Dialect) -> Iterator[Finding]:
    by_up = _by_up(data)
    if by_up:
        yield _lost_by_up(by_up, migration, dialect)
    by_down = [loss for loss in data.losses if loss.by is Direction.DOWN and not loss.expected]
    if by_down:
        before = any(loss.written is When.BEFORE for loss in by_down)
        yield _about(
            faults.ROWS_LOST_BY_DOWN,
            migration,
            Direction.DOWN,
            (
                "the up keeps these rows, and the down loses them:\n"
                if before
                else "the down loses what was written after the up:\n"
            )
            + _of_each(by_down),
            severity=_weight(
                [loss for loss in by_down if not by_the_way(loss, migration, dialect)],
                lambda loss: was_left_alone(loss, migration, dialect),
            ),
        )
    expected = [loss for loss in data.losses if loss.expected]
    if expected:
        yield _about(
            faults.DOWN_DROPS_NEW_ROWS,
            migration,
            Direction.DOWN,
            "what is written to the up's own tables and columns goes with the down: "
            + Text.listed(list(dict.fromkeys(map(_name, expected))), most=SHOWN, between=", ", more=" "),
        )


def _by_up(data: Data) -> list[Loss]:
    return [loss for loss in data.losses if loss.by is Direction.UP]


def _lost_by_up(losses: Sequence[Loss], migration: Migration, dialect: Dialect, *, subject: str = "") -> Finding:
    by_the_way_all = all(by_the_way(loss, migration, dialect) for loss in losses)
    found = _about(
        faults.ROWS_LOST_BY_UP,
        migration,
        Direction.UP,
        "the up loses what its down does not bring back:\n" + _of_each(losses),
        severity=Severity.NOTICE if by_the_way_all else None,
        subject=subject,
    )
    return replace(found, basis=Basis.OBSERVED)


def _weight(losses: Sequence[Loss], is_its_own: Callable[[Loss], bool]) -> Severity:
    """Weigh what a down loses: rows that were there before the up were never its own, but what the up left alone."""
    if any(loss.written is When.BEFORE and not is_its_own(loss) for loss in losses):
        return Severity.ERROR
    return Severity.WARNING if losses else Severity.NOTICE


def _of_odd_losses(data: Data, migration: Migration) -> Iterator[Finding]:
    before = [loss for loss in data.odd_losses if loss.written is When.BEFORE]
    after = [
        loss
        for loss in data.odd_losses
        if loss.written is When.AFTER and not any(_is_the_same(loss, other) for other in before)
    ]
    if after:
        yield _about(
            faults.DOWN_LOSES_ON_ROWS,
            migration,
            Direction.DOWN,
            "down.sql takes odd rows that can be written once the up has run, and loses of them:\n" + _of_each(after),
        )
    for direction in Direction:
        losses = [loss for loss in data.odd_losses if loss.by is direction and loss.written is When.BEFORE]
        if losses:
            yield _about(
                faults.LOSES_ON_ROWS,
                migration,
                direction,
                f"{direction.file_name} takes rows with odd values, and leaves others in their place:\n"
                + _of_each(losses),
            )


def _is_the_same(later: Loss, sooner: Loss) -> bool:
    """Whether odd rows lose the same though they are written after the up: its own column may hold what there was."""
    values = {example.before for example in sooner.examples}
    alike = bool(later.examples) and values.issuperset(example.before for example in later.examples)
    return later.table == sooner.table and (later.column == sooner.column or alike)


def _name(loss: Loss) -> str:
    return loss.table if loss.column is None else f"{loss.table}.{loss.column}"


def _of_each(losses: Sequence[Loss]) -> Text:
    return _listed([_line(loss) for loss in losses])


def _line(loss: Loss) -> Text:
    rows = f"{loss.rows} of {loss.of} rows" if loss.of != 1 else "the only row"
    when = " written after the up" if loss.written is When.AFTER else ""
    what = f"{_name(loss)}: {_IN_WORDS[loss.how]} in {rows}{when}"
    if loss.column is None:
        what = f"{_name(loss)}: {rows}{when} {'dropped' if loss.how is How.DROPPED else 'deleted'}"
    as_in = Text("", "")
    for example in loss.examples[:1]:
        if loss.column is None:
            row = example.before or ""
            as_in = ", as " + Text(row, _cut(row, _LONGEST_ROW))
        elif loss.how is How.CHANGED:
            as_in = ", as " + _value(example.before) + " to " + _value(example.after)
        elif example.before is not None:
            as_in = ", as " + _value(example.before)
            if loss.how is How.DROPPED and loss.by is Direction.UP and example.after is not None:
                as_in = as_in + "; down.sql puts " + _value(example.after) + " there"
    return what + as_in + ("" if loss.column is None else _CAUSES.get(loss.cause, ""))


def _value(value: str | None) -> Text:
    return Text("NULL", "NULL") if value is None else Text(repr(value), repr(_cut(value, _LONGEST)))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _of_failure(measurement: Measurement, migration: Migration) -> Iterator[Finding]:
    """Say it of rows alone: where the chain's own rows refuse the up, nobody had to write any, and the up fails."""
    failure = measurement.data.failure
    up = measurement.observed
    if failure is not None and (
        failure.of_seeds or failure.direction is Direction.DOWN or up is None or up.error is None
    ):
        yield _about(
            faults.FAILS_ON_DATA,
            migration,
            failure.direction,
            f"{failure.direction.file_name} fails on rows that the chain or seeds/ wrote: "
            + describe_sql_error(failure.error),
            line=failure.error.line,
        )


def _of_refusal(refusal: Refusal, migration: Migration) -> Finding:
    up = refusal.direction is Direction.UP
    where = _where(refusal)
    rows = _rows_like(refusal)
    verb = "takes too long with" if refusal.error.timed_out else "fails on"
    message = f"{refusal.direction.file_name} {verb} {rows}"
    if refusal.written is When.AFTER:
        message += ", which can be written once the up has run"
    if refusal.world is not None:
        message += f" (under {refusal.world})"
    message += f": {describe_sql_error(refusal.error, refusal.direction)}"
    message += in_production(refusal, "fails")
    return _about(
        faults.FAILS_ON_ROWS if up else faults.DOWN_FAILS_ON_ROWS,
        migration,
        refusal.direction,
        message,
        line=refusal.error.line,
        severity=None if up or refusal.enough is None else Severity.ERROR,
        subject=f"{where} {refusal.value or ''}".strip(),
    )


def _rows_like(refusal: Refusal) -> str:
    where = _where(refusal)
    if refusal.enough is not None:
        rows = "any row that was tried" if refusal.enough == 1 else f"any {refusal.enough} rows that were tried"
        return rows + (f" in {where}" if where else "")
    if refusal.value is None:
        return "some of the rows that the schema allows" + (f" in {where}" if where else "")
    if refusal.value.startswith("a row that "):
        return f"{refusal.value}, by {where}"
    if refusal.value.startswith("two values that "):
        return f"{refusal.value} in {where}"
    if refusal.column is None:
        return f"any row of {where} that has {refusal.value}"
    return f"any row that has {refusal.value} in {where}"


def _where(refusal: Refusal) -> str:
    return ".".join(filter(None, (refusal.table, refusal.column)))


def _of_up_again(refusal: Refusal, migration: Migration) -> Finding:
    after = refusal.written is When.AFTER
    odd = refusal.value is not None
    rows = f"rows {'that were written after it ' if after else ''}in the tables"
    if odd:
        like = refusal.value if refusal.column is None else _rows_like(refusal)
        rows = f"{like}{', written after it' if after else ''}"
    message = f"with {rows}, up.sql can't run again once down.sql has: {describe_sql_error(refusal.error)}"
    message += in_production(refusal, "can't")
    return _about(
        faults.SECOND_UP_FAILS,
        migration,
        Direction.UP,
        message,
        line=refusal.error.line,
        severity=Severity.WARNING if after or odd else None,
        subject="rows",
    )


def _of_text(data: Data, migration: Migration) -> Iterator[Finding]:
    predicted = _PREDICTED.get(data.text_says)
    measured = data.outcome
    if predicted is None or measured not in _PREDICTED.values() or predicted is measured or data.not_seeded or data.why:
        return
    if data.refusals and predicted is DataOutcome.LOSSY:
        return  # what was written after the up stopped the down: it was not seen whether it loses it
    yield _about(
        faults.REVERSIBILITY_DIFFERS,
        migration,
        Direction.UP,
        f"by their text the files are {predicted.value}, and with rows they were seen to be {measured.value}",
    )


def _of_other_world(other: OtherWorld, migration: Migration) -> Finding:
    what: Text | str
    if other.failure is not None:
        direction, line = other.failure.direction, other.failure.error.line
        what = f"{direction.file_name} fails: {describe_sql_error(other.failure.error, direction)}"
    else:
        what = "more is lost:\n" + _of_each(other.losses)
        direction, line = other.losses[0].by, None
    return _about(
        faults.OTHER_WORLD,
        migration,
        direction,
        f"under {other.world}, which production may have, " + what,
        line=line,
        subject=other.world,
    )


def _of_nothing(measurement: Measurement, migration: Migration) -> Iterator[Finding]:
    data = measurement.data
    traces = (measurement.observed, measurement.observed_down)
    fails_anyway = not data.refusals and any(trace is not None and trace.error is not None for trace in traces)
    if data.outcome is DataOutcome.NOT_MEASURED and data.why not in {None, NOT_ASKED} and not fails_anyway:
        yield _about(
            faults.ROWS_NOT_MEASURED,
            migration,
            Direction.UP,
            f"what becomes of rows could not be measured: {data.why}",
        )


def _about(
    fault: Fault,
    migration: Migration,
    direction: Direction,
    message: Text | str,
    *,
    line: int | None = None,
    severity: Severity | None = None,
    subject: str = "",
) -> Finding:
    return fault.found(
        message,
        version=migration.version,
        migration=migration.name,
        place=Place(file=migration.file(direction), line=line),
        severity=severity,
        subject=subject,
    )


def _listed(lines: Sequence[Text | str]) -> Text:
    return Text.listed(lines, most=SHOWN)
