"""Stretches at once show what the chain shows on one database, or the chain goes one by one."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import os
import tempfile
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from glowplug.database.interface import Run, SqlError
from glowplug.database.rows import Answer
from glowplug.database.trace import Trace
from glowplug.dialect import Dialect, Direction
from glowplug.errors import EnvironmentFailure, Interrupted, MissingExtension
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal import Outcome, Rehearsal, rehearse, stretches, walk
from glowplug.rehearsal.assertions import AssertSettings, Broken
from glowplug.rehearsal.measured import Data, DataOutcome, Failure, Measurement, Refusal, TestFailure
from glowplug.rehearsal.seeding import DataSettings
from glowplug.rehearsal.stretches import cut
from glowplug.schema import Schema, SchemaObject
from glowplug.scratch.interface import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from glowplug.rehearsal.rehearse import Progress


@dataclass
class FakeDatabase:
    """Objects and recorded versions. A file is words: "+a" makes, "-a" drops, "!" fails, "?" lacks an extension,
    "~" fails in the database with this number alone, "@" makes something with another definition in every database,
    "forget" empties the bookkeeping table, "broken" is the server's failure, "hang" waits until it is ended. What it
    does is written to a file, for it is done in another process."""

    number: int
    file: Path
    objects: dict[str, str] = field(default_factory=dict)
    versions: set[str] = field(default_factory=set)
    rows: None = None

    def note(self, what: str) -> None:
        with self.file.open("a", encoding="utf-8") as file:
            file.write(f"{what}\n")

    @property
    def log(self) -> list[str]:
        return self.file.read_text("utf-8").splitlines() if self.file.exists() else []

    @property
    def closed(self) -> bool:
        """Whether it was, if anything was done there at all: a process may be ended before."""
        return self.log[-1:] in ([], ["close"])

    @property
    def connection(self) -> FakeDatabase:
        return self

    def will_run(self, migrations: Sequence[Migration]) -> None:
        pass

    def broken(self) -> None:
        pass

    def run_several(self, migrations: Sequence[Migration], direction: Direction) -> list[Run]:
        return [self.run(migrations[0], direction)]

    def run(self, migration: Migration, direction: Direction) -> Run:
        self.note(f"{direction.value} {migration.version}")
        objects, versions = dict(self.objects), set(self.versions)
        for word in (migration.sql(direction) or b"").decode().split():
            error = self._do(word, objects, versions)
            if error is not None:
                return Run(error=error, seconds=0)
        (versions.add if direction is Direction.UP else versions.discard)(migration.version)
        self.objects, self.versions = objects, versions
        return Run(error=None, seconds=0)

    def _do(self, word: str, objects: dict[str, str], versions: set[str]) -> SqlError | None:
        sign, name = word[0], word[1:]
        self._hinder(word)
        if word == "forget":
            versions.clear()
        elif sign == "!":
            return SqlError(code=name or None, message="no")
        elif sign == "?":
            return SqlError(code="0A000", message="not available", missing_extension=name)
        elif sign == "~" and int(name) == self.number:
            return SqlError(code="XY000", message="now and then")
        elif sign == "+":
            if name in objects:
                return SqlError(code="42P07", message="exists")
            objects[name] = "1"
        elif sign == "@":
            objects[name] = f"in {self.number}"
        elif sign == "-":
            if name not in objects:
                return SqlError(code="42P01", message="does not exist")
            del objects[name]
        return None

    def _hinder(self, word: str) -> None:
        if word == "broken":
            raise EnvironmentFailure("the server failed")
        if word == "hang":
            time.sleep(60)

    def snapshot(self) -> Schema:
        return Schema.of(
            SchemaObject(kind="view", name=name, properties={"definition": text}) for name, text in self.objects.items()
        )

    def recorded(self) -> tuple[str, ...]:
        return tuple(sorted(self.versions, reverse=True))

    @contextmanager
    def excursion(self) -> Iterator[FakeDatabase]:
        other = copy.copy(self)
        other.objects, other.versions = dict(self.objects), set(self.versions)
        yield other

    def restart_session(self) -> None:
        self.note("restart")

    def close(self) -> None:
        self.note("close")


class FakeServer:
    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(dir=os.environ["GLOWPLUG_TEST_FAKES"]))
        self.databases: list[FakeDatabase] = []
        self.times_limited = 0
        self.settled: list[object] = []

    def create(self) -> FakeDatabase:
        return self.made(self.promised())

    def promised(self) -> FakeDatabase:
        number = len(self.databases)
        self.databases.append(FakeDatabase(number, self.directory / str(number)))
        return self.databases[-1]

    def made(self, database: FakeDatabase) -> FakeDatabase:
        return database

    def dividing(self, _chain: Chain) -> FakeServer:
        return self

    def apart(self) -> Callable[[], FakeDatabase]:
        database = self.promised()
        return lambda: self.made(database)

    def divided(self) -> AbstractContextManager[None]:
        return nullcontext()

    def account(self) -> Account:
        return Account(times_limited=self.times_limited, kept=os.getpid())

    def settle(self, account: Account) -> None:
        self.settled.append(account.kept)


ROWS = stretches.WITH_ROWS


@pytest.fixture(autouse=True, scope="module")
def _fakes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLOWPLUG_TEST_FAKES", str(tmp_path_factory.mktemp("fakes")))
        yield


@pytest.fixture(autouse=True)
def _short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    short = stretches.Pace(start=0.0, rows=0.0, shortest=2, piece=1000)
    for name, value in (("SCHEMA", short), ("WITH_ROWS", short), ("WORTH_IT", 1.0)):
        monkeypatch.setattr(stretches, name, value)


def chain(*files: tuple[str, str]) -> Chain:
    migrations = tuple(
        Migration(version=f"{number:03}", name=f"m{number}", path=f"m/{number}", up=up.encode(), down=down.encode())
        for number, (up, down) in enumerate(files)
    )
    return Chain(directory="m", dialect=Dialect.POSTGRES, migrations=migrations, settings=ChainSettings())


def both(subject: Chain, jobs: int = 3) -> tuple[Rehearsal, Rehearsal, FakeServer]:
    apart = FakeServer()
    one = rehearse(subject, FakeServer(), forward_only=False)  # type: ignore[arg-type]
    other = rehearse(subject, apart, forward_only=False, jobs=jobs)  # type: ignore[arg-type]
    assert all(database.closed for database in apart.databases)
    return one, other, apart


def good(count: int) -> list[tuple[str, str]]:
    return [(f"+t{number}", f"-t{number}") for number in range(count)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["+a", "+b", "-a", "+a +b", "-b", "!", "forget", "x", "+c", "-c"]),
            st.sampled_from(["-a", "-b", "+a", "-a -b", "+b", "!", "forget", "--", "-c", "+c"]),
        ),
        min_size=4,
        max_size=14,
    ),
    st.integers(2, 5),
    st.sampled_from([2, 1000]),
)
def test_the_same_as_one_by_one(files: list[tuple[str, str]], jobs: int, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "SCHEMA", dataclasses.replace(stretches.SCHEMA, piece=piece))
        one, other, _ = both(chain(*files), jobs)
    assert other == one


@given(st.integers(0, 400), st.integers(1, 40))
def test_a_cut_leaves_nothing_out(count: int, jobs: int) -> None:
    pieces = cut(chain(*good(count)).migrations, jobs, pace=stretches.SCHEMA)
    assert [index for piece in pieces for index in piece] == list(range(count))
    assert len(pieces) <= max(1, min(jobs, stretches.MOST))


def test_each_stretch_is_as_long_as_it_takes() -> None:
    first, last = cut(chain(*good(300)).migrations, 2, pace=stretches.SCHEMA)
    assert len(first) > len(last) > 0
    assert len(cut(chain(*good(300)).migrations, 2, pace=stretches.SCHEMA, forward_only=True)[1]) > len(last)


@pytest.mark.parametrize(
    ("count", "jobs", "stretched"), [(19, 2, 2), (29, 2, 2), (30, 2, 3), (400, 2, 8), (400, 30, 32)]
)
def test_with_rows_there_is_something_left_for_who_is_done(count: int, jobs: int, stretched: int) -> None:
    pieces = cut(chain(*good(count)).migrations, jobs, pace=ROWS)
    assert len(pieces) == stretched
    assert [index for piece in pieces for index in piece] == list(range(count))
    if stretched > jobs:
        assert max(map(len, pieces)) - min(map(len, pieces)) <= 1
    new = range(count - 10, count)
    assert len(cut(chain(*good(count)).migrations, jobs, pace=ROWS, new=new)) == min(jobs, 5)


def test_it_is_divided_and_agrees() -> None:
    subject = chain(*good(8))
    one, other, server = both(subject)
    assert other == one
    assert len(server.databases) == 3
    assert len({os.getpid(), *server.settled}) == 4
    assert all(trip.migration is own for trip, own in zip(other.round_trips, subject.migrations, strict=True))
    ran = [database.log for database in server.databases]
    assert [log.count("restart") for log in ran] == [0, 0, 1]
    assert [sum(entry.startswith("up") for entry in log) for log in ran] > [0, 0, 0]


@pytest.mark.parametrize("broken", range(8))
def test_an_up_that_fails_goes_down_once(broken: int) -> None:
    files = good(8)
    files[broken] = ("!42601", "")
    one, other, server = both(chain(*files))
    assert other == one
    assert len(server.databases) == 3
    # Who meets it begins another session to see whether it is recorded; who goes down, one more for that.
    twice = [list(itertools.pairwise(database.log)).count(("restart", "restart")) for database in server.databases]
    assert sum(twice) == 1


@pytest.mark.parametrize("database", range(3))
@pytest.mark.parametrize("index", range(8))
def test_an_up_that_fails_somewhere_alone_is_not_believed(database: int, index: int) -> None:
    files = good(8)
    files[index] = (f"+t{index} ~{database}", f"-t{index}")
    server = FakeServer()
    answer = rehearse(chain(*files), server, forward_only=False, jobs=3)  # type: ignore[arg-type]
    ran = [f"up {index:03}" in log.log for log in server.databases]
    if len(server.databases) > 3:
        assert all(trip.outcome is Outcome.RESTORED for trip in answer.round_trips)
    else:
        assert not ran[database] or ran.count(True) == 1


def test_a_definition_that_another_database_has_otherwise_is_not_believed() -> None:
    _, _, server = both(chain(("@a", "-a"), *good(7)))
    assert len(server.databases) == 4


def test_a_moment_in_a_definition_is() -> None:
    class Clock(FakeDatabase):
        def snapshot(self) -> Schema:
            text = f"2026-01-0{self.number + 1} 00:00:00"
            stamped = SchemaObject(kind="view", name="stamp", properties={"definition": text})
            return Schema.of([stamped, *super().snapshot()])

    class Server(FakeServer):
        def promised(self) -> FakeDatabase:
            number = len(self.databases)
            self.databases.append(Clock(number, self.directory / str(number)))
            return self.databases[-1]

    server = Server()
    rehearse(chain(*good(8)), server, forward_only=False, jobs=3)  # type: ignore[arg-type]
    assert len(server.databases) == 3


def test_recorded_versions_that_differ_are_not_believed() -> None:
    class Server(FakeServer):
        def made(self, database: FakeDatabase) -> FakeDatabase:
            database.versions |= {"000x"} if database.number == 1 else set()
            return database

    server = Server()
    answer = rehearse(chain(*good(8)), server, forward_only=False, jobs=3)  # type: ignore[arg-type]
    assert len(server.databases) == 4
    assert answer == rehearse(chain(*good(8)), FakeServer(), forward_only=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["53200", "40P01", "55006", "57014", "XX000"])
def test_what_another_stretch_may_have_caused_is_not_believed(code: str) -> None:
    files = good(8)
    files[2] = ("+t2", f"!{code}")
    one, other, server = both(chain(*files))
    assert other == one
    assert len(server.databases) == 4


MOMENT = SqlError(code="40P01", message="deadlock detected")
NOTHING = Data(outcome=DataOutcome.LOSSLESS)
PLAIN = Measurement(observed=None, observed_down=None, data=NOTHING)
TRACE = Trace(statements=(), error=MOMENT, seconds=0.0)
OTHER_WAYS = {
    "the up": replace(PLAIN, observed=TRACE),
    "the down": replace(PLAIN, observed_down=TRACE),
    "rows": replace(PLAIN, data=replace(NOTHING, failure=Failure(direction=Direction.UP, error=MOMENT))),
    "an odd row": replace(PLAIN, data=replace(NOTHING, refusals=(Refusal(direction=Direction.UP, error=MOMENT),))),
    "its test": replace(PLAIN, tests=(TestFailure(line=1, message="this query fails", error=MOMENT),)),
    "a timeout": replace(
        PLAIN, observed=replace(TRACE, error=SqlError(code=None, message="took too long", timed_out=True))
    ),
}


@dataclass
class FakeTrial:
    """Measures ``one`` of the migration with this version on the databases of stretches, elsewhere nothing."""

    version: str
    one: Measurement
    assertions: tuple[()] = ()
    data: DataSettings = field(default_factory=DataSettings)

    def measure(
        self, _chain: Chain, database: FakeDatabase, migration: Migration, *, forward_only: bool
    ) -> Measurement:
        del forward_only
        return self.one if migration.version == self.version and database.number < 3 else PLAIN


@pytest.mark.parametrize("version", ["000", "004", "007"])
@pytest.mark.parametrize("measured", OTHER_WAYS.values(), ids=OTHER_WAYS)
def test_what_another_stretch_may_have_done_to_a_measurement_is_not_believed(
    measured: Measurement, version: str
) -> None:
    server = FakeServer()
    trial = FakeTrial(version, measured)
    shown = rehearse(chain(*good(8)), server, forward_only=False, jobs=3, trial=trial)  # type: ignore[arg-type]
    assert len(server.databases) == 4
    assert [trip.measurement for trip in shown.round_trips] == [PLAIN] * 8


def test_an_error_that_is_the_migrations_own_is_believed_of_a_measurement() -> None:
    server = FakeServer()
    error = SqlError(code="23505", message="a duplicate")
    trial = FakeTrial("004", replace(PLAIN, observed=replace(TRACE, error=error)))
    rehearse(chain(*good(8)), server, forward_only=False, jobs=3, trial=trial)  # type: ignore[arg-type]
    assert len(server.databases) == 3


def test_what_another_stretch_may_have_done_to_an_assertion_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Broken(assertion=AssertSettings(sql="SELECT 1", because="x"), answer=Answer(error=MOMENT))

    def assert_all(_chain: Chain, database: FakeDatabase, _trial: object) -> tuple[Broken, ...]:
        return (broken,) if database.number < 3 else ()

    monkeypatch.setattr(walk, "assert_all", assert_all)
    server = FakeServer()
    shown = rehearse(chain(*good(8)), server, forward_only=False, jobs=3)  # type: ignore[arg-type]
    assert len(server.databases) == 4
    assert shown.broken == ()


def test_a_size_that_all_reached_together_is_not_believed() -> None:
    class Server(FakeServer):
        def made(self, database: FakeDatabase) -> FakeDatabase:
            self.times_limited += 1
            return database

    server = Server()
    rehearse(chain(*good(8)), server, forward_only=False, jobs=3)  # type: ignore[arg-type]
    assert len(server.databases) == 4
    assert server.settled == []


def test_a_connection_that_the_size_cost_is_no_failure() -> None:
    class Server(FakeServer):
        def made(self, database: FakeDatabase) -> FakeDatabase:
            if database.number == 1:
                self.times_limited += 1
                database.snapshot = lambda: database._hinder("broken")  # type: ignore[method-assign, assignment, return-value] # noqa: SLF001 - the fake's own
            return database

    server = Server()
    answer = rehearse(chain(*good(8)), server, forward_only=False, jobs=3)  # type: ignore[arg-type]
    assert len(server.databases) == 4
    assert {trip.outcome for trip in answer.round_trips} == {Outcome.RESTORED}


def test_the_first_in_the_chain_is_raised_and_what_is_behind_it_ended() -> None:
    files = good(9)
    first = cut(chain(*files).migrations, 3, pace=stretches.SCHEMA)
    files[first[0].stop - 1] = ("+a", "?postgis")
    files[first[1].start] = ("+t", "broken")
    files[first[2].stop - 1] = ("+u", "hang")
    server = FakeServer()
    with pytest.raises(MissingExtension, match="postgis"):
        rehearse(chain(*files), server, forward_only=False, jobs=3)  # type: ignore[arg-type]
    assert all(database.closed for database in server.databases)


def test_an_error_behind_an_up_that_fails_was_not_reached() -> None:
    files = good(9)
    files[0] = ("!42601", "")
    files[8] = ("+a", "broken")
    one, other, _ = both(chain(*files))
    assert other == one


@pytest.mark.parametrize("error", [Interrupted(2), ValueError("of who listens")])
def test_an_interruption_ends_all(error: BaseException) -> None:
    files = good(9)
    files[8] = ("+a", "hang")
    server = FakeServer()

    def listen(_progress: Progress) -> None:
        if all(database.log for database in server.databases):
            raise error

    started = time.monotonic()
    with pytest.raises(type(error)):
        rehearse(chain(*files), server, forward_only=False, progress=listen, jobs=3)  # type: ignore[arg-type]
    assert time.monotonic() - started < 30
    assert all(database.closed for database in server.databases)


@pytest.mark.parametrize("number", range(3))
def test_a_database_that_can_not_be_made_ends_all(number: int) -> None:
    class Server(FakeServer):
        def made(self, database: FakeDatabase) -> FakeDatabase:
            if database.number == number:
                raise EnvironmentFailure("no room")
            return database

    files = good(9)
    files[8] = ("+a", "hang")
    server = Server()
    started = time.monotonic()
    with pytest.raises(EnvironmentFailure, match="no room"):
        rehearse(chain(*(good(9) if number == 2 else files)), server, forward_only=False, jobs=3)  # type: ignore[arg-type]
    assert time.monotonic() - started < 30
    assert all(database.closed for database in server.databases)


def test_progress_counts_all_stretches_together() -> None:
    told: list[Progress] = []
    rehearse(chain(*good(9)), FakeServer(), forward_only=False, progress=told.append, jobs=3)  # type: ignore[arg-type]
    ups = [item for item in told if item.way == "up"]
    assert [(item.done, item.total) for item in ups] == [(number, 9) for number in range(9)]
    assert {item.name for item in ups} == {f"m{number}" for number in range(9)}
    downs = [item for item in told if item.way == "down"]
    assert all(one.done < other.done for one, other in itertools.pairwise(downs))
    assert told.index(downs[0]) > told.index(ups[-1]) if downs else True


@pytest.mark.parametrize("refuse", [lambda _chain: None])
def test_a_server_that_can_not_keep_them_apart(refuse: Callable[[Chain], None]) -> None:
    server = FakeServer()
    server.dividing = refuse  # type: ignore[method-assign, assignment]
    rehearse(chain(*good(9)), server, forward_only=False, jobs=3)  # type: ignore[arg-type]
    assert len(server.databases) == 1
