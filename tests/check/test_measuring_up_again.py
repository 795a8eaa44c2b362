"""What is said where an up can't run a second time over odd rows that it took the first time."""

from __future__ import annotations

import pytest

from glowplug.check.measuring import findings_of_rows
from glowplug.database.interface import SqlError
from glowplug.database.trace import Trace
from glowplug.dialect import Dialect, Direction
from glowplug.finding import Severity
from glowplug.project import Migration
from glowplug.rehearsal.measured import Data, DataOutcome, Measurement, Refusal, When

MIGRATION = Migration(version="7", name="7_m", path="migrations/7_m", up=b"", down=b"")
ERROR = SqlError(code="23502", message='column "v" contains null values', line=3)


@pytest.mark.parametrize(
    ("written", "column", "value", "words"),
    [
        (When.BEFORE, "v", "NULL", "with any row that has NULL in public.t.v, up.sql can't run again"),
        (When.AFTER, "v", "NULL", "with any row that has NULL in public.t.v, written after it, up.sql can't run again"),
        (When.BEFORE, None, "some of the odd rows", "with some of the odd rows, up.sql can't run again"),
    ],
)
def test_an_up_that_runs_but_once_where_a_row_is_odd(written: When, column: str | None, value: str, words: str) -> None:
    query = None if column is None else "SELECT * FROM public.t WHERE v IS NULL"
    refusal = Refusal(
        direction=Direction.UP,
        error=ERROR,
        table="public.t",
        column=column,
        value=value,
        query=query,
        written=written,
    )
    data = Data(outcome=DataOutcome.LOSSLESS, up_again=refusal)
    ran = Trace(statements=(), error=None, seconds=0)
    measurement = Measurement(observed=ran, observed_down=ran, data=data)
    (finding,) = findings_of_rows(measurement, MIGRATION, Dialect.POSTGRES)
    assert (finding.rule, finding.severity) == ("second-up-fails", Severity.WARNING)
    assert finding.message.startswith(words)
    assert (str(query) in finding.message) is (query is not None)
