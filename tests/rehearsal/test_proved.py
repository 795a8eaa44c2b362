"""Results that are kept: they come back as they were, under the same grounds alone, and doubtful ones never."""

from __future__ import annotations

import dataclasses
import random
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from glowplug.database.broken import BrokenObject, UnaskedObject
from glowplug.database.interface import SqlError
from glowplug.database.rows import Answer as RowsAnswer
from glowplug.database.trace import Lock, Seen, Trace
from glowplug.dialect import Dialect, Direction
from glowplug.finding import Fault, Harm, Severity
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.project.migration import BEFORE_THE_FIRST, chain_digest, digest
from glowplug.rehearsal import grounds as module
from glowplug.rehearsal.assertions import AssertSettings, Broken
from glowplug.rehearsal.doubtful import is_doubtful
from glowplug.rehearsal.grounds import Grounds, Keys
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
    TestFailure,
    When,
)
from glowplug.rehearsal.outcome import (
    ChainDown,
    Forgotten,
    Outcome,
    Rehearsal,
    RoundTrip,
    SecondUp,
    StepError,
    WayDown,
)
from glowplug.rehearsal.proved import Answer, Proved
from glowplug.rehearsal.seeding import DataSettings
from glowplug.rehearsal.seeds import Seed
from glowplug.rehearsal.trial import Trial
from glowplug.schema import Difference, SchemaObject
from glowplug.schema.noise import Noise
from glowplug.scratch.interface import ServerDescription
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from pathlib import Path

ERROR = SqlError(code="42P01", message='relation "é" does not exist', detail="d", hint="h", line=3, column=4)
DIFFERENCE = Difference(kind="column", name="t.a", property="type", before="int", after=None)
TRACE = Trace(
    statements=(
        Seen(line=1, seconds=0.5, error=ERROR, locks=(Lock(relation="t", mode="SHARE"),), rewritten=("t",)),
        Seen(line=None, seconds=0.1, algorithm="COPY", lock="SHARED", rows_written=4, write_lock_seconds=0.25),
    ),
    error=None,
    seconds=0.75,
    blind="why",
)
FAILURE = Failure(direction=Direction.DOWN, error=ERROR)
LOSS = Loss(
    table="t",
    column="a",
    by=Direction.UP,
    how=How.NULLED,
    rows=3,
    of=50,
    written=When.AFTER,
    examples=(Example(before="x", after=None),),
    expected=True,
)
MEASUREMENT = Measurement(
    observed=TRACE,
    observed_down=None,
    data=Data(
        outcome=DataOutcome.LOSSY,
        losses=(LOSS,),
        not_seeded=(NotSeeded(table="u", why="w"),),
        seeded=3,
        failure=FAILURE,
        why="y",
        refusals=(Refusal(direction=Direction.UP, error=ERROR, table="t", value="NULL", query="SELECT 1"),),
        elsewhere=(OtherWorld(world="w", outcome=DataOutcome.LOSSLESS, losses=(LOSS,), failure=FAILURE),),
    ),
    tests=(TestFailure(line=4, message="m", error=ERROR),),
)


def chain_of(*ups: bytes) -> Chain:
    migrations, before = [], BEFORE_THE_FIRST
    for number, up in enumerate(ups, 1):
        version = f"{number:02}"
        own = digest(version=version, up=up, down=b"SELECT 1", metadata=None)
        before = chain_digest(before, own)
        name = f"{version}_m"
        migrations.append(
            Migration(
                version=version,
                name=name,
                path=f"migrations/{name}",
                up=up,
                down=b"SELECT 1",
                digest=own,
                chain_digest=before,
            )
        )
    settings = ChainSettings()
    return Chain(directory="migrations", dialect=Dialect.POSTGRES, migrations=tuple(migrations), settings=settings)


CHAIN = chain_of(b"SELECT 1", b"SELECT 2", b"SELECT 3")
FIRST, SECOND, THIRD = CHAIN.migrations
GROUNDS = Grounds(
    server="PostgreSQL 16.1 machine",
    request=Request(dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings()),
    forward_only=False,
    trial=Trial(data=DataSettings()),
)
RICH = RoundTrip(
    migration=SECOND,
    outcome=Outcome.DOWN_FAILED,
    second_up=SecondUp.DIFFERS,
    second_up_differences=(DIFFERENCE,),
    empty_down_runs=True,
    error=StepError(direction=Direction.DOWN, file=SECOND.file(Direction.DOWN), error=ERROR),
    differences=(DIFFERENCE,),
    noise=(Noise(difference=DIFFERENCE, reason="r"),),
    leaves_broken=(BrokenObject(kind="trigger", name="a", table="t", error=ERROR),),
    down_leaves_broken=(BrokenObject(kind="view", name="v", error=ERROR),),
    leaves_unasked=(UnaskedObject(kind="view", name="w", why="w", error=ERROR, new=True),),
    down_leaves_unasked=(UnaskedObject(kind="trigger", name="a", table="t", why="w"),),
    measurement=MEASUREMENT,
)


def proved(tmp_path: Path, chain: Chain = CHAIN, grounds: Grounds | None = GROUNDS) -> Proved:
    return Proved.of(chain, grounds, {"GLOWPLUG_CACHE_DIR": str(tmp_path)})


def restored(migration: Migration) -> RoundTrip:
    return RoundTrip(migration=migration, outcome=Outcome.RESTORED, second_up=SecondUp.EQUAL)


def test_a_result_comes_back_as_it_was(tmp_path: Path) -> None:
    proved(tmp_path).store(RICH)
    loaded = proved(tmp_path).load(SECOND)
    assert loaded == dataclasses.replace(RICH, cached=True)
    assert proved(tmp_path).load(FIRST) is None


def test_every_field_of_a_result_is_kept() -> None:
    defaults = {field.name: field.default for field in dataclasses.fields(RoundTrip)}
    same = {name for name, default in defaults.items() if getattr(RICH, name) == default}
    assert same == {"cached"}


def test_a_result_serves_the_same_migration_elsewhere(tmp_path: Path) -> None:
    proved(tmp_path).store(RICH)
    moved = replace(SECOND, path="elsewhere/02_m")
    chain = replace(CHAIN, directory="elsewhere", migrations=(FIRST, moved, THIRD))
    loaded = proved(tmp_path, chain).load(moved)
    assert loaded is not None
    assert loaded.migration == moved
    assert loaded.error is not None
    assert loaded.error.file == "elsewhere/02_m/down.sql"


def test_without_grounds_nothing_is_kept_and_nothing_known(tmp_path: Path) -> None:
    proved(tmp_path).store(RICH)
    without = proved(tmp_path, grounds=None)
    assert without.load(SECOND) is None
    without.store(restored(FIRST))
    without.tidy()
    assert proved(tmp_path).load(FIRST) is None


def failing(error: SqlError) -> RoundTrip:
    step = StepError(direction=Direction.DOWN, file="f", error=error)
    return RoundTrip(migration=SECOND, outcome=Outcome.DOWN_FAILED, error=step)


DOUBTFUL = [
    SqlError(code="57014", message="canceling statement"),
    SqlError(code="53100", message="disk full"),
    SqlError(code="58030", message="I/O"),
    SqlError(code="XX000", message="internal"),
    SqlError(code="40P01", message="deadlock"),
    SqlError(code="55P03", message="lock"),
    SqlError(code="08006", message="connection"),
    SqlError(code="42601", message="syntax", timed_out=True),
    SqlError(code="0A000", message="extension", missing_extension="postgis"),
    SqlError(code="HY000", message="Lock wait timeout exceeded (1205)"),
    SqlError(code="HY000", message="The table 't' is full (1114)"),
    SqlError(code="HY000", message='Got error 28 "No space left on device" (1030)'),
    SqlError(code="70100", message="Query execution was interrupted (1317)"),
    SqlError(code="SQLITE_FULL", message="database or disk is full"),
    SqlError(code="SQLITE_IOERR_WRITE", message="disk I/O error"),
    SqlError(code="SQLITE_NOMEM", message="out of memory"),
    SqlError(code="SQLITE_INTERRUPT", message="interrupted"),
    SqlError(code=None, message="the scratch server grew beyond [scratch] size_limit"),
]


@pytest.mark.parametrize("error", DOUBTFUL, ids=lambda error: f"{error.code} {error.message[:20]}")
def test_what_may_be_the_machines_or_the_moments_is_not_kept(tmp_path: Path, error: SqlError) -> None:
    assert is_doubtful(error)
    proved(tmp_path).store(failing(error))
    assert proved(tmp_path).load(SECOND) is None


@pytest.mark.parametrize(
    "error",
    [
        ERROR,
        SqlError(code="55P04", message="unsafe use of new value of enum type"),
        SqlError(code="23505", message="duplicate key"),
        SqlError(code="HY000", message="Can't create table `a` (errno: 150) (1005)"),
        SqlError(code="SQLITE_ERROR", message="no such table: t"),
    ],
    ids=lambda error: error.code,
)
def test_what_is_the_migrations_is_kept(tmp_path: Path, error: SqlError) -> None:
    assert not is_doubtful(error)
    proved(tmp_path).store(failing(error))
    assert proved(tmp_path).load(SECOND) is not None


@pytest.mark.parametrize("field", ["leaves_unasked", "down_leaves_unasked"])
@pytest.mark.parametrize("error", [SqlError(code=None, message="no session"), SqlError(code="42501", message="denied")])
def test_what_was_not_asked_for_the_moments_sake_keeps_it_out(tmp_path: Path, field: str, error: SqlError) -> None:
    unasked = UnaskedObject(kind="function", name="f()", why="w", error=error)
    trip = dataclasses.replace(restored(SECOND), **{field: (unasked,)})  # type: ignore[arg-type]
    proved(tmp_path).store(trip)
    loaded = proved(tmp_path).load(SECOND)
    assert (loaded is None) is (error.code is None)
    assert loaded is None or loaded == dataclasses.replace(trip, cached=True)


def test_a_doubtful_error_anywhere_in_a_measurement_keeps_it_out(tmp_path: Path) -> None:
    doubtful = SqlError(code="57014", message="canceling")
    data = MEASUREMENT.data
    failure = replace(FAILURE, error=doubtful)
    measurements = [
        replace(MEASUREMENT, observed_down=replace(TRACE, error=doubtful)),
        replace(MEASUREMENT, observed=replace(TRACE, statements=(Seen(line=1, seconds=0, error=doubtful),))),
        replace(MEASUREMENT, tests=(TestFailure(line=1, message="m", error=doubtful),)),
        replace(MEASUREMENT, met=(doubtful,)),
        replace(MEASUREMENT, data=replace(data, failure=failure)),
        replace(MEASUREMENT, data=replace(data, elsewhere=(replace(data.elsewhere[0], failure=failure),))),
        replace(MEASUREMENT, data=replace(data, refusals=(replace(data.refusals[0], error=doubtful),))),
    ]
    for measurement in measurements:
        proved(tmp_path).store(dataclasses.replace(RICH, measurement=measurement))
        assert proved(tmp_path).load(SECOND) is None


def test_a_file_that_diesel_refuses_unread_fails_the_same_everywhere(tmp_path: Path) -> None:
    empty = replace(SECOND, down=b"")
    chain = replace(CHAIN, migrations=(FIRST, empty, THIRD))
    trip = dataclasses.replace(failing(SqlError(code=None, message="0 bytes")), migration=empty)
    proved(tmp_path, chain).store(trip)
    assert proved(tmp_path, chain).load(empty) is not None


@pytest.mark.parametrize("outcome", [Outcome.UP_FAILED, Outcome.NOT_REACHED])
def test_what_did_not_go_up_is_tried_anew(tmp_path: Path, outcome: Outcome) -> None:
    proved(tmp_path).store(RoundTrip(migration=SECOND, outcome=outcome))
    assert proved(tmp_path).load(SECOND) is None


def test_a_name_that_is_no_text_is_not_kept_and_no_failure(tmp_path: Path) -> None:
    difference = dataclasses.replace(DIFFERENCE, name="\udcff")
    proved(tmp_path).store(dataclasses.replace(restored(SECOND), differences=(difference,)))
    assert proved(tmp_path).load(SECOND) is None


def test_a_result_of_another_form_is_not_believed(tmp_path: Path) -> None:
    known = proved(tmp_path)
    assert known.keys is not None
    known.shelf.store(known.keys.proved[SECOND.path], b"\x93nonsense")
    assert known.load(SECOND) is None


def with_request(**changes: object) -> Grounds:
    return replace(GROUNDS, request=dataclasses.replace(GROUNDS.request, **changes))  # type: ignore[arg-type]


def with_trial(**changes: object) -> Grounds:
    assert GROUNDS.trial is not None
    return replace(GROUNDS, trial=replace(GROUNDS.trial, **changes))


GROUNDS_THAT_DIFFER = {
    "server": replace(GROUNDS, server="PostgreSQL 16.2 machine"),
    "forward only": replace(GROUNDS, forward_only=True),
    "no trial": replace(GROUNDS, trial=None),
    "rows": with_trial(data=DataSettings(rows=3)),
    "seeds": with_trial(seeds=(Seed(file="seeds/a.sql", sql="SELECT 1"),)),
    "other seeds": with_trial(seeds=(Seed(file="seeds/a.sql", sql="SELECT 2"),)),
    "timeout": with_request(statement_timeout=61.0),
    "backend": with_request(dialect=Dialect.SQLITE),
    "foreign keys": with_request(foreign_keys=(True, "said")),
    "superuser": with_request(settings=ScratchSettings(superuser=True)),
    "trusted": with_request(settings=ScratchSettings(trust_extensions=("a",))),
    "size": with_request(settings=ScratchSettings(size_limit=10**6)),
    "encoding": with_request(chain=ChainSettings(encoding="LATIN1")),
    "collation": with_request(chain=ChainSettings(collation="C")),
    "session": with_request(chain=ChainSettings(session_setup=("SET a.b = 1",))),
    "database": with_request(chain=ChainSettings(database_setup=("CREATE SCHEMA a",))),
    "version": with_request(chain=ChainSettings(server_version="16")),
}
CHAINS_THAT_DIFFER = {
    "test": replace(CHAIN, migrations=(FIRST, replace(SECOND, test=b"-- a"), THIRD)),
    "content": chain_of(b"SELECT 1", b"SELECT 22", b"SELECT 3"),
    "before": chain_of(b"SELECT 11", b"SELECT 2", b"SELECT 3"),
    "transaction": replace(CHAIN, migrations=(FIRST, replace(SECOND, run_in_transaction=False), THIRD)),
    "runnable": replace(CHAIN, migrations=(replace(FIRST, runnable=False), SECOND, THIRD)),
}


def test_each_ground_makes_another_key() -> None:
    base = Keys.of(CHAIN, GROUNDS)
    keys = {name: Keys.of(CHAIN, grounds) for name, grounds in GROUNDS_THAT_DIFFER.items()}
    keys |= {name: Keys.of(chain, GROUNDS) for name, chain in CHAINS_THAT_DIFFER.items()}
    proofs = [each.proved[SECOND.path] for each in (base, *keys.values())]
    ends = [each.end for each in (base, *keys.values())]
    assert len(set(proofs)) == len(proofs)
    assert len(set(ends)) == len(ends)
    assert Keys.of(CHAIN, GROUNDS) == base
    same_state = {"forward only", "no trial", "rows", "seeds", "other seeds", "timeout", "test"}
    for name, each in keys.items():
        assert (each.after[SECOND.path] == base.after[SECOND.path]) is (name in same_state), name
    names = [*base.proved.values(), *base.after.values(), base.end]
    assert len(set(names)) == len(names)


def test_what_comes_later_does_not_count_for_a_migration_nor_what_the_process_was_started_with() -> None:
    base = Keys.of(CHAIN, GROUNDS)
    longer = Keys.of(chain_of(b"SELECT 1", b"SELECT 2", b"SELECT 33"), GROUNDS)
    assert longer.proved[SECOND.path] == base.proved[SECOND.path]
    assert longer.after[SECOND.path] == base.after[SECOND.path]
    assert longer.end != base.end
    other = with_request(environment={"A": "b"}, extensions=frozenset({"hstore"}), resume=("k",))
    assert Keys.of(CHAIN, other) == base
    asserted = Keys.of(CHAIN, with_trial(assertions=(AssertSettings(sql="SELECT 1", because="b"),)))
    assert asserted.proved == base.proved
    assert asserted.end != base.end


def test_another_glowplug_knows_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    base = Keys.of(CHAIN, GROUNDS)
    monkeypatch.setattr(module, "contents", lambda *_: "another")
    other = Keys.of(CHAIN, GROUNDS)
    assert not {*base.proved.values(), *base.after.values(), base.end} & {
        *other.proved.values(),
        *other.after.values(),
        other.end,
    }


DESCRIPTION = ServerDescription(server="PostgreSQL 16.1", source="machine", matches_production=None, notes=("n",))
FINDING = Fault(rule="a", severity=Severity.NOTICE, harm=Harm.STYLE).found("m")
LEFT = SchemaObject(kind="view", name="v", properties=MappingProxyType({"a": "b"}))
REHEARSAL = Rehearsal(
    round_trips=(restored(FIRST), RICH, restored(THIRD)),
    chain_down=ChainDown(
        outcome=WayDown.FAILED,
        reverted=1,
        failed_at="02",
        error=StepError(direction=Direction.DOWN, file=SECOND.file(Direction.DOWN), error=ERROR),
        left=(LEFT,),
        lost=(DIFFERENCE,),
        why="w",
    ),
    recorded=("03", "02"),
    forgotten=Forgotten(versions=("01",), culprit=FIRST),
)
ANSWER = Answer(rehearsal=REHEARSAL, description=DESCRIPTION, findings=(FINDING,))


def keep(known: Proved, answer: Answer) -> None:
    for trip in answer.rehearsal.round_trips:
        known.store(trip)
    known.store_answer(answer)
    known.tidy()


def answered(known: Proved, chain: Chain = CHAIN) -> Answer | None:
    return known.load_answer(chain, known.load_all(chain))


def test_a_whole_answer_comes_back_as_it_was(tmp_path: Path) -> None:
    known = proved(tmp_path)
    assert answered(known) is None
    keep(known, ANSWER)
    trips = tuple(dataclasses.replace(trip, cached=True) for trip in REHEARSAL.round_trips)
    assert answered(proved(tmp_path)) == replace(ANSWER, rehearsal=dataclasses.replace(REHEARSAL, round_trips=trips))


def test_an_answer_lacks_with_any_of_its_round_trips(tmp_path: Path) -> None:
    known = proved(tmp_path)
    keep(known, ANSWER)
    assert known.keys is not None
    known.shelf.remove(known.keys.proved[THIRD.path])
    assert answered(known) is None


@pytest.mark.parametrize("kind", ["doubtful down", "up failed", "broken assertion"])
def test_an_answer_that_is_not_sure_is_not_kept(tmp_path: Path, kind: str) -> None:
    rehearsal = REHEARSAL
    if kind == "doubtful down":
        error = StepError(direction=Direction.DOWN, file="f", error=DOUBTFUL[0])
        rehearsal = dataclasses.replace(rehearsal, chain_down=dataclasses.replace(rehearsal.chain_down, error=error))
    elif kind == "up failed":
        trips = (*rehearsal.round_trips[:2], RoundTrip(migration=THIRD, outcome=Outcome.UP_FAILED))
        rehearsal = dataclasses.replace(rehearsal, round_trips=trips)
    else:
        broken = Broken(assertion=AssertSettings(sql="s", because="b"), answer=RowsAnswer(rows=(("1",),)))
        rehearsal = dataclasses.replace(rehearsal, broken=(broken,))
    known = proved(tmp_path)
    keep(known, ANSWER)
    known.shelf.remove(known.keys.end if known.keys else "")
    keep(known, replace(ANSWER, rehearsal=rehearsal))
    assert known.keys is not None
    assert known.shelf.load(known.keys.end) is None


def test_what_was_proved_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = proved(tmp_path)
    keep(known, ANSWER)
    monkeypatch.setattr("glowplug.rehearsal.proved.ROOM", 0)
    proved(tmp_path).tidy()
    assert [trip for trip in known.load_all(CHAIN) if trip is not None] == []


def test_bytes_changed_anywhere_are_never_believed(tmp_path: Path) -> None:
    known = proved(tmp_path)
    known.store(RICH)
    assert known.keys is not None
    file = tmp_path / "proved" / known.keys.proved[SECOND.path]
    content = file.read_bytes()
    chance = random.Random(1)
    for _ in range(200):
        place = chance.randrange(len(content))
        file.write_bytes(content[:place] + bytes((content[place] ^ (1 << chance.randrange(8)),)) + content[place + 1 :])
        assert known.load(SECOND) is None
        file.write_bytes(content[:place])
        assert known.load(SECOND) is None
    known.store(RICH)
    assert known.load(SECOND) is not None
