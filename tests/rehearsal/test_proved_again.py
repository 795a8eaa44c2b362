"""What was proved is not proved again: the same answer, with the new migration alone rehearsed, on every backend."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from glowplug.dialect import Dialect, Direction
from glowplug.rehearsal import Outcome, Rehearsal
from glowplug.rehearsal.grounds import Grounds
from glowplug.rehearsal.proved import Proved
from glowplug.scratch import identity
from glowplug.scratch.mysql import database as mysql
from glowplug.scratch.settings import Request, ScratchSettings

from .bench import Bench, bench_of

if TYPE_CHECKING:
    from pathlib import Path

BACKENDS = [
    pytest.param(Dialect.POSTGRES, marks=pytest.mark.postgres),
    pytest.param(Dialect.MYSQL, marks=pytest.mark.mysql),
    pytest.param(Dialect.SQLITE, marks=pytest.mark.sqlite),
]
FILES = [
    ("CREATE TABLE t (id int PRIMARY KEY, a varchar(20));", "DROP TABLE t;"),
    ("INSERT INTO t VALUES (1, 'x'), (2, 'y');", "DELETE FROM t;"),
    ("CREATE VIEW v AS SELECT a FROM t;", "SELECT 1;"),  # the down does not restore
    ("CREATE TABLE u (id int PRIMARY KEY);", "DROP TABLE no_such;"),  # the down fails
    ("ALTER TABLE t ADD COLUMN b int;", "ALTER TABLE t DROP COLUMN b;"),
]
NEW = ("CREATE INDEX t_a ON t (a); INSERT INTO t (id, a) SELECT id + 10, a FROM t;", "DROP INDEX t_a;")


@pytest.fixture(params=BACKENDS)
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(mysql, "WORTH_KEEPING", 0.0)
    return bench_of(request.param, tmp_path)


def anew(rehearsal: Rehearsal) -> Rehearsal:
    """The same, as if all had been proved now."""
    trips = tuple(dataclasses.replace(trip, cached=False) for trip in rehearsal.round_trips)
    return dataclasses.replace(rehearsal, round_trips=trips)


def test_one_more_is_rehearsed_alone_and_the_answer_is_the_same(bench: Bench) -> None:
    before, chain = bench.chain(*FILES), bench.chain(*FILES, NEW)
    assert bench.rehearse(before).ran == [item.name for item in before.migrations]
    assert len(list(bench.states.iterdir())) == 1
    more = bench.rehearse(chain, new=("06",))
    assert more.ran == ["06"]
    assert [trip.cached for trip in more.rehearsal.round_trips] == [True] * 5 + [False]
    fresh = bench.rehearse(chain, cached=False)
    assert len(fresh.ran) == len(chain.migrations)
    assert anew(more.rehearsal) == fresh.rehearsal
    assert more.rehearsal.round_trips[2].outcome is Outcome.DIFFERS
    assert more.rehearsal.round_trips[3].outcome is Outcome.DOWN_FAILED
    again = bench.rehearse(chain, new=("06",))
    assert again.ran == ["none: it was known"]
    assert anew(again.rehearsal) == fresh.rehearsal
    next(bench.states.iterdir()).unlink()
    amended = bench.chain(*FILES, (f"{NEW[0]} ", NEW[1]))
    by_the_ups = bench.rehearse(amended, new=("06",))
    assert by_the_ups.ran == ["06"]
    outcomes = [[trip.outcome for trip in each.round_trips] for each in (by_the_ups.rehearsal, fresh.rehearsal)]
    assert outcomes[0] == outcomes[1]
    assert by_the_ups.rehearsal.chain_down == fresh.rehearsal.chain_down


def test_what_comes_after_a_change_is_proved_again(bench: Bench) -> None:
    bench.rehearse(bench.chain(*FILES))
    changed = bench.chain(*FILES[:3], (f"{FILES[3][0]} ", FILES[3][1]), FILES[4])
    assert bench.rehearse(changed).ran == ["04", "05"]
    assert bench.rehearse(bench.chain(*FILES)).ran == ["none: it was known"]


def test_a_file_that_does_not_go_up_is_tried_in_the_session_of_those_before_it(bench: Bench) -> None:
    broken = bench.chain(*FILES, ("DROP TABLE no_such;", ""))
    bench.rehearse(bench.chain(*FILES))
    fresh = bench.rehearse(broken, cached=False).rehearsal
    looked = bench.rehearse(broken, new=("06",))
    assert set(looked.ran) == {"06"}
    assert anew(looked.rehearsal) == fresh
    assert looked.rehearsal.round_trips[-1].outcome is Outcome.UP_FAILED
    assert bench.rehearse(broken, new=("06",)).ran != ["none: it was known"]


@pytest.mark.postgres
def test_what_a_session_alone_remembers_makes_no_difference(tmp_path: Path) -> None:
    bench = bench_of(Dialect.POSTGRES, tmp_path)
    files = [("CREATE SEQUENCE s; SELECT nextval('s');", "DROP SEQUENCE s;")]
    later = ("CREATE TABLE t AS SELECT currval('s') AS a;", "DROP TABLE t;")
    bench.rehearse(bench.chain(*files))
    chain = bench.chain(*files, later)
    fresh = bench.rehearse(chain, cached=False).rehearsal
    assert [trip.outcome for trip in fresh.round_trips] == [Outcome.RESTORED, Outcome.RESTORED]
    assert anew(bench.rehearse(chain, new=("02",)).rehearsal) == fresh
    again = bench_of(Dialect.POSTGRES, tmp_path / "cold")
    assert again.rehearse(chain, new=("02",)).rehearsal == fresh  # though a state is kept in between
    assert len(list(again.states.iterdir())) == 1


def test_a_result_that_does_not_hold_is_forgotten(bench: Bench) -> None:
    """As if a server did otherwise than the one that looks the same."""
    chain = bench.chain(*FILES)
    request = Request(
        dialect=bench.dialect, chain=chain.settings, settings=ScratchSettings(), environment=bench.environment
    )
    grounds = Grounds(server=identity(request) or "", request=request, forward_only=False)
    broken = bench.chain(*FILES[:2], ("DROP TABLE no_such;", ""))
    proved = Proved.of(broken, grounds, bench.environment)
    trips = bench.rehearse(chain, cached=False).rehearsal.round_trips
    for trip, item in zip(trips[:3], broken.migrations, strict=True):
        proved.store(dataclasses.replace(trip, migration=item))
    looked = bench.rehearse(broken)
    assert looked.rehearsal == bench.rehearse(broken, cached=False).rehearsal
    assert looked.rehearsal.round_trips[-1].outcome is Outcome.UP_FAILED


def test_the_state_before_what_is_new_is_kept(bench: Bench) -> None:
    chain = bench.chain(*FILES, NEW)
    bench.rehearse(chain, new=("06",))
    amended = bench.chain(*FILES, (f"{NEW[0]} ", NEW[1]))
    (kept,) = (path.name for path in bench.states.iterdir())
    assert bench.rehearse(amended, new=("06",)).ran == ["06"]
    assert [path.name for path in bench.states.iterdir()] == [kept]


def test_a_migration_that_diesel_does_not_run_needs_no_proof(bench: Bench) -> None:
    """A migration that Diesel does not run is passed over, in a chain of which all else is known."""
    chain = bench.chain(*FILES)
    first = chain.migrations[0]
    odd = replace(chain, migrations=(replace(first, version="00", path="m/00", runnable=False), *chain.migrations))
    bench.rehearse(odd)
    looked = bench.rehearse(odd)
    assert looked.ran == ["none: it was known"]
    assert looked.rehearsal.round_trips[0].outcome is Outcome.NOT_REACHED
    assert looked.rehearsal.round_trips[0].migration.sql(Direction.UP) == first.up


@pytest.mark.sqlite
def test_what_was_left_broken_is_known_and_not_told_again_of_what_is_new(tmp_path: Path) -> None:
    bench = bench_of(Dialect.SQLITE, tmp_path)
    files = (
        ("CREATE TABLE t (id int PRIMARY KEY);", "DROP TABLE t;"),
        ("CREATE VIEW v AS SELECT id FROM t;", "DROP VIEW v;"),
        ("DROP TABLE t;", "CREATE TABLE t (id int PRIMARY KEY);"),
    )
    first = bench.rehearse(bench.chain(*files)).rehearsal
    assert [[each.name for each in trip.leaves_broken] for trip in first.round_trips] == [[], [], ["v"]]
    more = bench.rehearse(bench.chain(*files, ("CREATE TABLE u (id int);", "DROP TABLE u;")), new=("04",))
    assert more.ran == ["04"]
    assert [[each.name for each in trip.leaves_broken] for trip in more.rehearsal.round_trips] == [[], [], ["v"], []]
