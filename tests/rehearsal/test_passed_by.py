"""An up that fails and is recorded all the same: Diesel's next run passes it by, and so does the way up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.rehearsal.outcome import Outcome

from .bench import bench_of

if TYPE_CHECKING:
    from pathlib import Path

FILES = (
    ("CREATE TABLE t (id integer PRIMARY KEY, a text)", "DROP TABLE t"),
    ("CREATE TABLE u (id integer); CREATE TEMPORARY TABLE t (x integer); COMMIT", "DROP TABLE u"),
    ("ALTER TABLE u ADD COLUMN n integer", "ALTER TABLE u DROP COLUMN n"),
    ("ALTER TABLE t ADD COLUMN b text", "SELECT 1"),
    ("CREATE TABLE v (id integer); COMMIT", "DROP TABLE v"),
)
OUTCOMES = [Outcome.RESTORED, Outcome.UP_FAILED, Outcome.RESTORED, Outcome.DIFFERS, Outcome.UP_FAILED]


@pytest.mark.parametrize(
    "dialect",
    [pytest.param(each, marks=getattr(pytest.mark, each.value)) for each in (Dialect.POSTGRES, Dialect.SQLITE)],
)
def test_the_way_up_goes_on_behind_it_in_another_session_however_much_is_known(
    dialect: Dialect, tmp_path: Path
) -> None:
    bench = bench_of(dialect, tmp_path / "cache")
    ran = []
    for count in range(1, len(FILES) + 1):
        chain = bench.chain(*FILES[:count])
        known = bench.rehearse(chain, new=(f"{count:02}",))
        afresh = bench.rehearse(chain, cached=False)
        assert [trip.outcome for trip in known.rehearsal.round_trips] == OUTCOMES[:count]
        assert known.rehearsal.stopped is None
        assert known.rehearsal.recorded == afresh.rehearsal.recorded == tuple(f"{n:02}" for n in range(count, 0, -1))
        assert known.rehearsal.chain_down == afresh.rehearsal.chain_down
        for one, other in zip(known.rehearsal.round_trips, afresh.rehearsal.round_trips, strict=True):
            assert (one.outcome, one.differences) == (other.outcome, other.differences)
        ran.append(known.ran)
    assert ran[3] == ["02", "04"]  # what fails is no proof, and tried again
