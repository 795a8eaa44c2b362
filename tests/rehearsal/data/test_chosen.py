"""An up that takes only rows which its CASE chooses is measured with such, and the others are told to be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Direction
from glowplug.rehearsal.measured import DataOutcome

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Data

T = "CREATE TABLE t (id {key}, status {text} NOT NULL, note {text});"
ON = {
    "sqlite": ("INTEGER PRIMARY KEY", "TEXT"),
    "postgres": ("serial PRIMARY KEY", "text"),
    "mysql": ("INTEGER PRIMARY KEY AUTO_INCREMENT", "VARCHAR(60)"),
}
everywhere = pytest.mark.parametrize("backend", [pytest.param(each, marks=getattr(pytest.mark, each)) for each in ON])
SET = "UPDATE t SET status = CASE status WHEN '{}' THEN '{}' WHEN '{}' THEN '{}' END;"
THERE, BACK = SET.format("new", "open", "done", "closed"), SET.format("open", "new", "closed", "done")


def on(backend: str, request: pytest.FixtureRequest, up: str, down: str) -> Data:
    key, text = ON[backend]
    measure: Measure = request.getfixturevalue(f"on_{backend}")
    return measure(T.format(key=key, text=text), up, down).data


@everywhere
def test_values_that_a_case_knows_go_there_and_back(backend: str, request: pytest.FixtureRequest) -> None:
    found = on(backend, request, THERE, BACK)
    assert (found.outcome, found.losses, found.not_seeded) == (DataOutcome.LOSSLESS, (), ())
    (refusal,) = [each for each in found.refusals if each.direction is Direction.UP]
    assert (refusal.table, refusal.value, refusal.enough) == ("public.t" if backend == "postgres" else "t", None, None)
    (refusal,) = [each for each in found.refusals if each.direction is Direction.DOWN]
    assert (refusal.column, refusal.value, refusal.query) == (
        "status",
        None,
        None,
    )  # any but two values are refused, not one that was tried


@everywhere
def test_values_that_the_down_s_case_makes_one_are_lost(backend: str, request: pytest.FixtureRequest) -> None:
    found = on(backend, request, THERE, BACK.replace("'done'", "'new'"))
    assert found.outcome is DataOutcome.LOSSY
    (lost,) = found.losses
    assert (lost.column, lost.by, lost.rows) == ("status", Direction.DOWN, 10)


@pytest.mark.postgres
def test_a_case_into_a_column_that_is_then_not_null(on_postgres: Measure) -> None:
    key, text = ON["postgres"]
    found = on_postgres(
        T.format(key=key, text=text),
        "ALTER TABLE t ALTER status TYPE integer USING CASE status WHEN 'new' THEN 1 WHEN 'done' THEN 2 END;",
        "ALTER TABLE t ALTER status TYPE text USING CASE status WHEN 1 THEN 'new' WHEN 2 THEN 'done' END;",
    ).data
    assert (found.outcome, found.losses) == (DataOutcome.LOSSLESS, ())
    assert {(each.direction, each.value) for each in found.refusals} == {(each, None) for each in Direction}


@pytest.mark.postgres
def test_where_rows_that_a_case_chooses_are_refused_as_well_all_are(on_postgres: Measure) -> None:
    key, text = ON["postgres"]
    found = on_postgres(T.format(key=key, text=text), THERE + "ALTER TABLE t ADD CHECK (status = 'x');", "").data
    assert found.outcome is DataOutcome.NOT_MEASURED
    assert [(each.table, each.enough) for each in found.refusals] == [("public.t", 1)]
