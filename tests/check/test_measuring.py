"""What is said of rows: one finding a cause, with real names, and nothing twice."""

from __future__ import annotations

from glowplug.check import faults
from glowplug.check.measuring import findings_of_rows, foretold, not_seeded
from glowplug.database.interface import SqlError
from glowplug.database.trace import Trace
from glowplug.dialect import Dialect, Direction
from glowplug.finding import Basis, Finding, Harm, Place, Severity
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal.measured import (
    Data,
    DataOutcome,
    Example,
    Failure,
    How,
    Loss,
    Measurement,
    NotSeeded,
    OtherWorld,
    Refusal,
    Reversibility,
    When,
)

MIGRATION = Migration(version="7", name="7_m", path="migrations/7_m", up=b"", down=b"")
ERROR = SqlError(code="23502", message='column "email" contains null values', line=3)
RAN = Trace(statements=(), error=None, seconds=0)


def loss(
    column: str | None = "email",
    *,
    by: Direction = Direction.UP,
    how: How = How.DROPPED,
    written: When = When.BEFORE,
    expected: bool = False,
    example: tuple[str | None, str | None] = ("a@b", None),
) -> Loss:
    return Loss(
        table="public.users",
        column=column,
        by=by,
        how=how,
        rows=43,
        of=50,
        written=written,
        expected=expected,
        examples=() if column is None else (Example(before=example[0], after=example[1]),),
    )


def found(data: Data, observed: Trace | None = RAN) -> list[Finding]:
    return list(findings_of_rows(Measurement(observed=observed, observed_down=None, data=data), MIGRATION))


def lossy(*losses: Loss, outcome: DataOutcome = DataOutcome.LOSSY) -> list[Finding]:
    return found(Data(outcome=outcome, losses=losses))


def test_nothing_is_said_of_a_migration_that_loses_nothing() -> None:
    assert found(Data(outcome=DataOutcome.LOSSLESS, text_says=Reversibility.LOSSLESS)) == []


def test_what_the_up_loses() -> None:
    (finding,) = lossy(loss(), loss(None, how=How.DELETED), outcome=DataOutcome.IRREVERSIBLE)
    assert (finding.rule, finding.severity, finding.basis) == ("rows-lost-by-up", Severity.WARNING, Basis.OBSERVED)
    assert finding.place == Place(file="migrations/7_m/up.sql")
    assert finding.message.splitlines() == [
        "the up loses what its down does not bring back:",
        "public.users.email: dropped in 43 of 50 rows, as 'a@b'",
        "public.users: 43 of 50 rows deleted",
    ]


def test_what_the_down_loses_of_rows_from_before_is_an_error_and_of_later_ones_a_warning() -> None:
    changed = loss("name", by=Direction.DOWN, how=How.CHANGED, example=("Ada King Lovelace", "Ada Lovelace"))
    (finding,) = lossy(changed)
    assert (finding.rule, finding.severity) == ("rows-lost-by-down", Severity.ERROR)
    assert "changed in 43 of 50 rows, as 'Ada King Lovelace' to 'Ada Lovelace'" in finding.message
    (finding,) = lossy(loss(by=Direction.DOWN, how=How.NULLED, written=When.AFTER))
    assert (finding.rule, finding.severity) == ("rows-lost-by-down", Severity.WARNING)


def test_a_time_that_a_trigger_moves_on_is_a_notice() -> None:
    moved = loss(
        "updated_at", by=Direction.DOWN, how=How.DEFAULTED, example=("2001-01-04 08:15:00", "2026-11-25 21:23:36")
    )
    (finding,) = lossy(moved)
    assert (finding.rule, finding.severity) == ("rows-lost-by-down", Severity.NOTICE)
    named = Migration(version="7", name="7_m", path="m", up=b"", down=b"UPDATE t SET updated_at = now();")
    measurement = Measurement(observed=RAN, observed_down=None, data=Data(outcome=DataOutcome.LOSSY, losses=(moved,)))
    (finding,) = findings_of_rows(measurement, named)
    assert finding.severity is Severity.ERROR


def test_what_is_expected_is_a_notice() -> None:
    (finding,) = lossy(loss("nick", by=Direction.DOWN, written=When.AFTER, expected=True))
    assert (finding.rule, finding.severity) == ("down-drops-new-rows", Severity.NOTICE)
    assert "public.users.nick" in finding.message


def test_a_row_that_is_refused() -> None:
    refusal = Refusal(
        direction=Direction.UP,
        error=ERROR,
        table="public.users",
        column="email",
        value="NULL",
        query="SELECT * FROM public.users WHERE email IS NULL",
    )
    (finding,) = found(Data(outcome=DataOutcome.LOSSLESS, refusals=(refusal,)))
    assert (finding.rule, finding.severity, finding.hazards) == ("fails-on-rows", Severity.WARNING, (54,))
    assert finding.message.startswith("up.sql fails on any row that has NULL in public.users.email: ")
    assert finding.message.endswith("it fails where this gives rows: SELECT * FROM public.users WHERE email IS NULL")
    assert finding.place == Place(file="migrations/7_m/up.sql", line=3)


def test_a_row_that_the_down_refuses() -> None:
    refusal = Refusal(direction=Direction.DOWN, error=ERROR, written=When.AFTER)
    (finding,) = found(Data(outcome=DataOutcome.LOSSLESS, refusals=(refusal,)))
    assert (finding.rule, finding.hazards) == ("down-fails-on-rows", (131,))
    assert "which can be written once the up has run" in finding.message


def test_rows_of_the_chain_that_are_refused() -> None:
    failure = Failure(direction=Direction.UP, error=ERROR)
    (finding,) = found(Data(outcome=DataOutcome.FAILS_ON_DATA, failure=failure))
    assert (finding.rule, finding.severity) == ("fails-on-data", Severity.ERROR)


def test_the_text_and_what_was_seen() -> None:
    said = Data(outcome=DataOutcome.LOSSLESS, text_says=Reversibility.IRREVERSIBLE)
    assert [each.rule for each in found(said)] == ["reversibility-differs"]
    unsure = Data(outcome=DataOutcome.LOSSLESS, text_says=Reversibility.UNKNOWN)
    assert found(unsure) == []
    without_rows = Data(
        outcome=DataOutcome.LOSSLESS,
        text_says=Reversibility.LOSSY,
        not_seeded=(NotSeeded(table="public.users", why="it can't be"),),
    )
    assert found(without_rows) == []


def test_the_other_world() -> None:
    other = OtherWorld(world="foreign_keys = ON", outcome=DataOutcome.IRREVERSIBLE, losses=(loss(None),))
    (finding,) = found(Data(outcome=DataOutcome.LOSSLESS, elsewhere=(other,)))
    assert (finding.rule, finding.severity) == ("other-world", Severity.WARNING)
    assert finding.message.startswith("under foreign_keys = ON, which production may have, more is lost:")
    failing = OtherWorld(
        world="w", outcome=DataOutcome.FAILS_ON_DATA, failure=Failure(direction=Direction.DOWN, error=ERROR)
    )
    (finding,) = found(Data(outcome=DataOutcome.LOSSLESS, elsewhere=(failing,)))
    assert finding.place == Place(file="migrations/7_m/down.sql", line=3)


def test_what_could_not_be_measured_unless_the_up_fails_anyway() -> None:
    data = Data(outcome=DataOutcome.NOT_MEASURED, why="it can't be copied")
    assert [each.rule for each in found(data, observed=None)] == ["rows-not-measured"]
    assert found(data, observed=Trace(statements=(), error=ERROR, seconds=0)) == []


def test_what_the_review_says_of_the_up_is_a_notice() -> None:
    findings = lossy(loss(), outcome=DataOutcome.IRREVERSIBLE)
    review = Finding(
        rule="column-dropped",
        hazards=(34, 35, 130),
        severity=Severity.ERROR,
        harm=Harm.DATA_LOSS,
        message="",
        place=Place(file="migrations/7_m/up.sql", line=1),
    )
    assert [each.severity for each in foretold(findings, [review])] == [Severity.NOTICE]
    elsewhere = Finding(
        rule="column-dropped",
        hazards=(130,),
        severity=Severity.ERROR,
        harm=Harm.DATA_LOSS,
        message="",
        place=Place(file="migrations/8_m/up.sql", line=1),
    )
    assert foretold(findings, [elsewhere]) == tuple(findings)


def test_tables_without_rows_are_told_once_for_the_chain() -> None:
    chain = Chain(directory="migrations", dialect=Dialect.POSTGRES, migrations=(MIGRATION,), settings=ChainSettings())

    def measurement(*items: NotSeeded, ran: tuple[str, ...] = ()) -> Measurement:
        data = Data(outcome=DataOutcome.LOSSLESS, seeded=1, not_seeded=items, seeds_ran=ran)
        return Measurement(observed=RAN, observed_down=None, data=data)

    table = NotSeeded(table="public.geo", why="no value of its type")
    seed = NotSeeded(table="seeds/a.sql", why="no such table", line=3)
    (finding,) = not_seeded(chain, [measurement(table, seed), measurement(table, ran=("seeds/a.sql",))])
    assert (finding.rule, finding.severity) == (faults.NOT_SEEDED.rule, Severity.NOTICE)
    assert finding.message.splitlines()[1:] == ["public.geo: no value of its type"]
    (finding,) = not_seeded(chain, [measurement(seed), measurement()])
    assert (finding.severity, "seeds/a.sql:3: no such table" in finding.message) == (Severity.WARNING, True)
    assert not_seeded(chain, [measurement()]) == ()
