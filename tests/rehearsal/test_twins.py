"""What is new goes at once from where another run stood: on copies of that database, to the same end."""

from __future__ import annotations

import dataclasses
import multiprocessing
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres import Administrator
from glowplug.dialect import Dialect
from glowplug.rehearsal import Outcome, rehearse
from glowplug.rehearsal.grounds import Grounds
from glowplug.rehearsal.known import Known
from glowplug.rehearsal.proved import Proved
from glowplug.rehearsal.seeding import DataSettings
from glowplug.rehearsal.trial import Trial
from glowplug.scratch import identity, open_server
from glowplug.scratch.postgres.server import PostgresServer
from glowplug.scratch.postgres.twins import Twins
from glowplug.scratch.settings import Request, ScratchSettings

from .bench import Bench, bench_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glowplug.rehearsal import Rehearsal
    from glowplug.scratch.interface import Database

pytestmark = pytest.mark.postgres

Files = list[tuple[str, str]]

OLD: Files = [
    ("CREATE TABLE t (id int PRIMARY KEY, a varchar(20), b int NOT NULL)", "DROP TABLE t"),
    ("INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 2)", "DELETE FROM t"),
    ("CREATE TABLE u (id bigserial PRIMARY KEY, t_id int NOT NULL REFERENCES t)", "DROP TABLE u"),
]
NEW: Files = [
    ("ALTER TABLE t ADD COLUMN c text NOT NULL DEFAULT 'c'", "ALTER TABLE t DROP COLUMN c"),
    ("ALTER TABLE t ALTER COLUMN a TYPE varchar(8)", "ALTER TABLE t ALTER COLUMN a TYPE varchar(20)"),
    ("CREATE INDEX t_b ON t (b)", "DROP INDEX t_b"),
    ("ALTER TABLE u ADD COLUMN at timestamptz NOT NULL DEFAULT '2020-01-01'", "ALTER TABLE u DROP COLUMN at"),
    ("ALTER TABLE t DROP COLUMN b", "ALTER TABLE t ADD COLUMN b int NOT NULL DEFAULT 0"),
    ("CREATE VIEW v AS SELECT a FROM t", "SELECT 1"),
    ("INSERT INTO u (t_id) SELECT id FROM t", "DELETE FROM u"),
    ("CREATE TYPE mood AS ENUM ('ok'); ALTER TABLE t ADD m mood", "ALTER TABLE t DROP m; DROP TYPE mood"),
]
TRIAL = Trial(data=DataSettings(rows=5))


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Bench:
    return bench_of(Dialect.POSTGRES, tmp_path)


@pytest.fixture(name="made")
def _made(monkeypatch: pytest.MonkeyPatch) -> list[Twins]:
    """Count the copies that are made to work on at once."""
    made: list[Twins] = []
    apart = Twins.apart

    def counted(self: Twins) -> Callable[[], Database]:
        made.append(self)
        return apart(self)

    monkeypatch.setattr(Twins, "apart", counted)
    return made


def go(files: Files, bench: Bench, *, new: int = 0, jobs: int = 1, store: bool = False) -> Rehearsal:
    """Rehearse with rows what was not proved; ``store``: for the next to know."""
    subject = bench.chain(*files)
    request = Request(
        dialect=Dialect.POSTGRES, chain=subject.settings, settings=ScratchSettings(), environment=bench.environment
    )
    server = identity(request)
    assert server is not None
    proved = Proved.of(
        subject, Grounds(server=server, request=request, forward_only=False, trial=TRIAL), bench.environment
    )
    known = Known.of(subject, proved, [item.name for item in subject.migrations[len(files) - new :]])
    with open_server(dataclasses.replace(request, resume=known.resume(subject))) as opened:
        assert isinstance(opened, PostgresServer)
        rehearsal = rehearse(
            subject, opened, forward_only=False, known=known if store else _Forgetful.of(known), jobs=jobs, trial=TRIAL
        )
        assert databases(opened) == []
    return rehearsal


class _Forgetful(Known, frozen=True, kw_only=True):
    """Knows, and stores nothing."""

    @classmethod
    def of(cls, known: Known) -> _Forgetful:  # type: ignore[override]
        return cls(proved=known.proved, trips=known.trips, keep_at=known.keep_at)

    def store(self, trips: object) -> None:
        del trips


def databases(server: PostgresServer) -> list[str | None]:
    with Administrator(server.conninfo) as administrator:
        return [
            name
            for (name,) in administrator.rows(
                "SELECT datname FROM pg_database WHERE datname LIKE 'glowplug%' AND datname NOT LIKE '%\\_kept'"
            )
        ]


def shape(rehearsal: Rehearsal) -> object:
    """All of it, but for how long it took."""
    trips = []
    for trip in rehearsal.round_trips:
        measured = trip.measurement
        locks = None
        if measured is not None and measured.observed is not None:
            locks = [
                ([(lock.relation, lock.mode) for lock in each.locks], each.rewritten, each.scanned)
                for each in measured.observed.statements
            ]
        data = None if measured is None else measured.data
        trips.append((trip.migration.version, trip.outcome, trip.second_up, trip.differences, trip.cached, data, locks))
    return trips, rehearsal.chain_down, rehearsal.recorded, rehearsal.broken


def both(files: Files, bench: Bench, *, new: int) -> tuple[Rehearsal, Rehearsal]:
    go(files[: len(files) - new], bench, store=True)
    return go(files, bench, new=new), go(files, bench, new=new, jobs=2)


def test_what_one_of_several_processes_keeps_is_kept(bench: Bench, made: list[Twins]) -> None:
    files = OLD + NEW
    go(files[:-4], bench, store=True, jobs=2)
    assert made == []
    go(files, bench, new=4, jobs=2)
    assert len(made) == 2


def test_the_same_as_one_after_the_other(bench: Bench, made: list[Twins]) -> None:
    one, other = both(OLD + NEW, bench, new=len(NEW))
    assert len(made) == 2
    assert shape(other) == shape(one)
    assert [trip.cached for trip in other.round_trips] == [True] * len(OLD) + [False] * len(NEW)
    assert {trip.outcome for trip in other.round_trips} >= {Outcome.RESTORED, Outcome.DIFFERS}
    assert all(trip.measurement is not None and trip.measurement.data.seeded for trip in other.round_trips[3:6])


@pytest.mark.parametrize("place", range(len(NEW)))
def test_an_up_that_fails_ends_it_at_the_same_place(place: int, bench: Bench, made: list[Twins]) -> None:
    files = [*OLD, *NEW[:place], ("ALTER TABLE no_such ADD x int", "SELECT 1"), *NEW[place:]]
    one, other = both(files, bench, new=len(files) - len(OLD))
    assert len(made) == 2
    assert shape(other) == shape(one)
    assert other.round_trips[len(OLD) + place].outcome is Outcome.UP_FAILED


def test_a_proved_one_between_new_ones_only_goes_up(bench: Bench, made: list[Twins]) -> None:
    """As after a result was removed from the cache."""
    go(OLD, bench, store=True)
    go(OLD + NEW, bench, new=len(NEW), store=True)
    subject = bench.chain(*OLD, *NEW)
    request = Request(
        dialect=Dialect.POSTGRES, chain=subject.settings, settings=ScratchSettings(), environment=bench.environment
    )
    server = identity(request)
    proved = Proved.of(
        subject, Grounds(server=server or "", request=request, forward_only=False, trial=TRIAL), bench.environment
    )
    known = Known.of(subject, proved, [])
    gaps = tuple(None if index in {4, 5, 8, 10} else trip for index, trip in enumerate(known.trips))
    gapped = _Forgetful(proved=proved, trips=gaps)
    with open_server(dataclasses.replace(request, resume=gapped.resume(subject))) as opened:
        gone = rehearse(subject, opened, forward_only=False, known=gapped, jobs=2, trial=TRIAL)
    assert [trip.outcome for trip in gone.round_trips] == [trip.outcome for trip in known.trips if trip is not None]
    assert [index for index, trip in enumerate(gone.round_trips) if not trip.cached] == [4, 5, 8, 10]
    assert len(made) == 2


def test_the_name_of_a_copy_is_no_difference(bench: Bench, made: list[Twins]) -> None:
    named = "DO $$ BEGIN EXECUTE format('ALTER TABLE t ADD named text DEFAULT %L', current_database()); END $$"
    files = [*OLD, *NEW[:4], (named, "ALTER TABLE t DROP named"), *NEW[4:6], (named.replace("named", "n"), "SELECT 1")]
    one, other = both(files, bench, new=len(files) - len(OLD))
    assert len(made) == 2
    told = [[(trip.outcome, trip.second_up, trip.differences) for trip in each.round_trips] for each in (one, other)]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    "up",
    [
        "ALTER ROLE CURRENT_USER SET work_mem = '2MB'",
        "DO $$ BEGIN EXECUTE 'ALTER ROLE ' || quote_ident(current_user) || ' RESET work_mem'; END $$",
        "SELECT count(*) FROM pg_stat_activity",
        "REASSIGN OWNED BY CURRENT_USER TO CURRENT_USER",
    ],
)
def test_what_reaches_beyond_its_database_goes_one_by_one(up: str, bench: Bench, made: list[Twins]) -> None:
    files = [*OLD, *NEW[:4], (up, "SELECT 1"), *NEW[4:]]
    one, other = both(files, bench, new=len(files) - len(OLD))
    assert made == []
    assert shape(other) == shape(one)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_nothing(number: signal.Signals, bench: Bench, made: list[Twins]) -> None:
    files = [*OLD, *NEW[:4], ("SELECT pg_sleep(60)", "SELECT 1"), *NEW[4:]]
    go(files[: len(OLD)], bench, store=True)

    class Ended(KeyboardInterrupt):
        pass

    def end(_number: int, _frame: object) -> None:
        raise Ended

    handler = signal.signal(number, end)

    def once_they_run() -> None:
        deadline = time.monotonic() + 60
        while len(made) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.0)
        signal.pthread_kill(threading.main_thread().ident or 0, number)

    timer = threading.Thread(target=once_they_run)
    timer.start()
    started = time.monotonic()
    try:
        with pytest.raises(Ended):
            go(files, bench, new=len(files) - len(OLD), jobs=2)
    finally:
        timer.join()
        signal.signal(number, handler)
    assert time.monotonic() - started < 50
    assert len(made) == 2
    assert multiprocessing.active_children() == []
