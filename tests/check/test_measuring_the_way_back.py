"""What is said where rows can't go back, or can't go up again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from glowplug.check.measuring import findings_of_rows
from glowplug.database.interface import SqlError
from glowplug.database.trace import Trace
from glowplug.dialect import Dialect, Direction
from glowplug.finding import Basis, Finding, Place, Severity
from glowplug.project import Migration
from glowplug.rehearsal.measured import Data, DataOutcome, Measurement, Refusal, When

MIGRATION = Migration(version="7", name="7_m", path="migrations/7_m", up=b"", down=b"")
ERROR = SqlError(code="23502", message='column "v" contains null values', line=3)
FAILED = Trace(statements=(), error=ERROR, seconds=0)


def found(data: Data, down: Trace | None = None) -> list[Finding]:
    ran = Trace(statements=(), error=None, seconds=0)
    measurement = Measurement(observed=ran, observed_down=down, data=data)
    return list(findings_of_rows(measurement, MIGRATION, Dialect.POSTGRES))


@pytest.mark.parametrize(
    ("enough", "table", "severity", "words"),
    [
        (1, "public.t", Severity.ERROR, "fails on any row that was tried in public.t: "),
        (2, "public.t", Severity.ERROR, "fails on any 2 rows that were tried in public.t: "),
        (1, None, Severity.ERROR, "fails on any row that was tried: "),
        (None, "public.t", Severity.WARNING, "fails on some of the rows that the schema allows in public.t: "),
    ],
)
def test_plain_rows_that_the_down_refuses(
    enough: int | None, table: str | None, severity: Severity, words: str
) -> None:
    refusal = Refusal(direction=Direction.DOWN, error=ERROR, table=table, enough=enough)
    (finding,) = found(Data(outcome=DataOutcome.LOSSLESS, refusals=(refusal,)))
    assert (finding.rule, finding.severity) == ("down-fails-on-rows", severity)
    assert finding.message.startswith(f"down.sql {words}")


def test_any_row_that_the_up_refuses_is_a_warning_for_the_table_may_be_empty() -> None:
    refusal = Refusal(direction=Direction.UP, error=ERROR, table="public.t", enough=1)
    (finding,) = found(Data(outcome=DataOutcome.LOSSY, refusals=(refusal,)))
    assert (finding.rule, finding.severity) == ("fails-on-rows", Severity.WARNING)
    assert finding.message.startswith("up.sql fails on any row that was tried in public.t: ")


@pytest.mark.parametrize(("written", "severity"), [(When.BEFORE, Severity.ERROR), (When.AFTER, Severity.WARNING)])
def test_an_up_that_runs_but_once_where_there_are_rows(written: When, severity: Severity) -> None:
    refusal = Refusal(direction=Direction.UP, error=ERROR, written=written)
    (finding,) = found(Data(outcome=DataOutcome.LOSSLESS, up_again=refusal))
    assert (finding.rule, finding.severity, finding.basis) == ("second-up-fails", severity, Basis.OBSERVED)
    assert finding.place == Place(file="migrations/7_m/up.sql", line=3)
    assert ("written after it" in finding.message) is (written is When.AFTER)
    assert "can't run again" in finding.message


def test_a_down_that_fails_anyway_is_told_elsewhere() -> None:
    data = Data(outcome=DataOutcome.NOT_MEASURED, why="its down fails")
    assert found(data, FAILED) == []
    refused = replace(data, refusals=(Refusal(direction=Direction.DOWN, error=ERROR),))
    assert [each.rule for each in found(refused, FAILED)] == ["down-fails-on-rows", "rows-not-measured"]
