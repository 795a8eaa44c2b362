"""A column that is made anew under the name of another is another: the old one's values are not made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.rehearsal.measured import DataOutcome

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Data

T = {
    "sqlite": "CREATE TABLE t (id INTEGER PRIMARY KEY, pic VARCHAR(60) NOT NULL);",
    "postgres": "CREATE TABLE t (id serial PRIMARY KEY, pic varchar(60) NOT NULL);",
    "mysql": "CREATE TABLE t (id INTEGER AUTO_INCREMENT PRIMARY KEY, pic VARCHAR(60) NOT NULL);",
}
everywhere = pytest.mark.parametrize("backend", [pytest.param(each, marks=getattr(pytest.mark, each)) for each in T])
DROPPED = "ALTER TABLE t DROP COLUMN pic; "
EMPTY = DROPPED + "ALTER TABLE t ADD COLUMN pic VARCHAR(60) NOT NULL DEFAULT '';"


def on(backend: str, request: pytest.FixtureRequest, up: str, down: str) -> Data:
    measure: Measure = request.getfixturevalue(f"on_{backend}")
    return measure(T[backend], up, down).data


@everywhere
@pytest.mark.parametrize(
    "up",
    [
        DROPPED + "ALTER TABLE t ADD COLUMN pic boolean NOT NULL DEFAULT false;",
        "ALTER TABLE t ADD COLUMN new boolean NOT NULL DEFAULT false;"
        + DROPPED
        + "ALTER TABLE t RENAME COLUMN new TO pic;",
        DROPPED + "ALTER TABLE t ADD COLUMN pic integer NOT NULL DEFAULT 7 CHECK (pic = 7);",
    ],
    ids=["of another kind", "under another name first", "with a condition"],
)
def test_it_is_dropped_with_what_it_held(up: str, backend: str, request: pytest.FixtureRequest) -> None:
    found = on(backend, request, up, EMPTY)
    assert found.outcome is DataOutcome.IRREVERSIBLE
    (lost,) = [each for each in found.losses if not each.expected]
    assert (lost.column, lost.how.value, lost.rows, lost.of) == ("pic", "dropped", 20, 20)
    assert not {each.before for each in lost.examples} & {"true", "false", "t", "f", "0", "1", "7"}
    assert len({each.before for each in lost.examples}) > 1


@everywhere
def test_one_that_has_given_its_name_away(backend: str, request: pytest.FixtureRequest) -> None:
    up = (
        "ALTER TABLE t RENAME COLUMN pic TO url;"
        "ALTER TABLE t ADD COLUMN pic integer NOT NULL DEFAULT 7 CHECK (pic = 7); UPDATE t SET url = 'none';"
    )
    (lost,) = [each for each in on(backend, request, up, "SELECT 1;").losses if each.column == "pic"]
    assert (lost.how.value, lost.rows) == ("changed", 20)
    assert {each.before for each in lost.examples}.isdisjoint({"7"})


@everywhere
def test_a_table_that_has_given_its_name_away(backend: str, request: pytest.FixtureRequest) -> None:
    up = (
        "ALTER TABLE t RENAME TO old; CREATE TABLE t (id integer PRIMARY KEY, pic VARCHAR(60) CHECK (pic = 'x'));"
        "ALTER TABLE old DROP COLUMN pic;"
    )
    (lost,) = on(backend, request, up, "SELECT 1;").losses
    assert (lost.column, lost.how.value, lost.rows) == ("pic", "dropped", 20)
    assert {each.before for each in lost.examples}.isdisjoint({"x"})


@everywhere
def test_one_that_takes_over_what_the_old_one_held(backend: str, request: pytest.FixtureRequest) -> None:
    kind = "text" if backend == "postgres" else "VARCHAR(80)"
    up = (
        f"ALTER TABLE t ADD COLUMN new {kind}; UPDATE t SET new = pic;"
        + DROPPED
        + "ALTER TABLE t RENAME COLUMN new TO pic;"
    )
    found = on(backend, request, up, "SELECT 1;")
    assert (found.outcome, found.losses) == (DataOutcome.LOSSLESS, ())
