"""The order of steps and what is made of them, on a database that does just what each case says."""

from __future__ import annotations

import copy
import itertools
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from glowplug.database.interface import Run, SqlError
from glowplug.dialect import Dialect, Direction
from glowplug.errors import MissingExtension
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal import Outcome, Rehearsal, SecondUp, rehearse
from glowplug.rehearsal.outcome import WayDown
from glowplug.schema import Schema, SchemaObject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.rehearsal.rehearse import Progress

CLOCK = itertools.count()


@dataclass
class State:
    """Objects by name with their definition, and what is recorded. A file is lines: "+name definition", "-name",
    "!message" fails, "?extension" fails for want of one, "norecord" leaves the bookkeeping table as it is;
    "@" in a definition is another number at every run."""

    objects: dict[str, str] = field(default_factory=dict)
    recorded: set[str] = field(default_factory=set)


@dataclass
class FakeConnection:
    state: State

    def will_run(self, migrations: Sequence[Migration]) -> None:
        pass

    def broken(self) -> None:
        pass

    def run_several(self, migrations: Sequence[Migration], direction: Direction) -> list[Run]:
        return [self.run(migrations[0], direction)]

    def run(self, migration: Migration, direction: Direction) -> Run:
        after = copy.deepcopy(self.state)
        records = True
        lines = (migration.sql(direction) or b"!no file").decode().split("\n")
        for line in (line for line in lines if not line.startswith("--")):
            name, _, definition = line[1:].partition(" ")
            match line[:1]:
                case "+" if name in after.objects:
                    return Run(error=SqlError(code="42P07", message=f"{name} already exists"), seconds=0)
                case "+":
                    after.objects[name] = definition.replace("@", str(next(CLOCK)))
                case "-" if name not in after.objects:
                    return Run(error=SqlError(code="42P01", message=f"{name} does not exist"), seconds=0)
                case "-":
                    del after.objects[name]
                case "!":
                    return Run(error=SqlError(code="XX000", message=line[1:]), seconds=0)
                case "?":
                    error = SqlError(code="0A000", message="not available", missing_extension=name, line=1)
                    return Run(error=error, seconds=0)
                case "n":
                    records = False
        if records:
            (after.recorded.add if direction is Direction.UP else after.recorded.discard)(migration.version)
        self.state.objects, self.state.recorded = after.objects, after.recorded
        return Run(error=None, seconds=0)

    def snapshot(self) -> Schema:
        return Schema.of(
            SchemaObject(kind="view", name=name, properties={"definition": definition})
            for name, definition in self.state.objects.items()
            if not name.startswith("row:")
        )

    def recorded(self) -> tuple[str, ...]:
        return tuple(sorted(self.state.recorded, reverse=True))


class FakeServer:
    def __init__(self) -> None:
        self.connection = FakeConnection(State())
        self.closed = False
        self.session_restarted = False

    def create(self) -> FakeServer:
        return self

    @contextmanager
    def excursion(self) -> Iterator[FakeConnection]:
        yield FakeConnection(copy.deepcopy(self.connection.state))

    def restart_session(self) -> None:
        self.session_restarted = True

    def close(self) -> None:
        self.closed = True


def chain(*files: tuple[str, str | None]) -> Chain:
    migrations = tuple(
        Migration(
            version=str(number),
            name=f"{number}_m",
            path=f"migrations/{number}_m",
            up=up.encode(),
            down=None if down is None else down.encode(),
        )
        for number, (up, down) in enumerate(files, 1)
    )
    return Chain(directory="migrations", dialect=Dialect.POSTGRES, migrations=migrations, settings=ChainSettings())


def rehearsed(*files: tuple[str, str | None], forward_only: bool = False) -> Rehearsal:
    server = FakeServer()
    answer = rehearse(chain(*files), server, forward_only=forward_only)  # type: ignore[arg-type]
    assert server.session_restarted
    assert server.closed
    return answer


def outcomes(answer: Rehearsal) -> list[Outcome]:
    return [trip.outcome for trip in answer.round_trips]


def test_the_next_migration_starts_from_the_ups_alone() -> None:
    # The second down loses a; if the third one started from there, it would find no a to drop.
    answer = rehearsed(("+a 1", "-a"), ("+b 1", "-b\n-a"), ("-a", "+a 1"))
    assert outcomes(answer) == [Outcome.RESTORED, Outcome.DIFFERS, Outcome.RESTORED]
    assert answer.chain_down.outcome is WayDown.FAILED
    assert (answer.chain_down.failed_at, answer.chain_down.reverted) == ("1", 2)


def test_a_second_up_that_fails_for_a_row_left_behind() -> None:
    (trip,) = rehearsed(("+row:1 x", "")).round_trips[:1]
    assert trip.outcome is Outcome.EMPTY_DOWN
    (trip,) = rehearsed(("+row:1 x\n+a 1", "-a")).round_trips
    assert (trip.outcome, trip.second_up) == (Outcome.RESTORED, SecondUp.FAILED)
    assert trip.error is not None
    assert trip.error.file == "migrations/1_m/up.sql"


def test_a_definition_that_is_another_at_every_run_is_noise() -> None:
    (trip,) = rehearsed(("+a made at @", "-a")).round_trips
    assert (trip.outcome, trip.second_up) == (Outcome.RESTORED, SecondUp.EQUAL)
    assert "another at every run" in trip.noise[0].reason


def test_a_definition_that_the_down_writes_anew_and_otherwise_is_a_difference() -> None:
    answer = rehearsed(("+a one", "-a"), ("-a\n+a two", "-a\n+a three"))
    assert outcomes(answer) == [Outcome.RESTORED, Outcome.DIFFERS]
    (difference,) = answer.round_trips[1].differences
    assert (difference.property, difference.before, difference.after) == ("definition", "one", "three")


def test_a_failing_up_stops_the_way_up_and_not_the_way_down() -> None:
    answer = rehearsed(("+a 1", "-a"), ("!no", "-b"), ("+c 1", "-c"))
    assert outcomes(answer) == [Outcome.RESTORED, Outcome.UP_FAILED, Outcome.NOT_REACHED]
    assert (answer.chain_down.outcome, answer.chain_down.reverted) == (WayDown.COMPLETE, 1)


def test_missing_and_empty_downs() -> None:
    answer = rehearsed(("+a 1", None), ("+b 1", "-- nothing"), ("+c 1", ""))
    assert outcomes(answer) == [Outcome.NO_DOWN, Outcome.EMPTY_DOWN, Outcome.EMPTY_DOWN]
    assert answer.round_trips[1].empty_down_runs is True


def test_what_the_downs_leave_is_named() -> None:
    answer = rehearsed(("+a 1\n+b 1", "-a"))
    assert answer.chain_down.outcome is WayDown.COMPLETE
    assert [(item.kind, item.name) for item in answer.chain_down.left] == [("view", "b")]


def test_a_down_that_removes_no_record_ends_the_way_down() -> None:
    answer = rehearsed(("+a 1", "-a\nnorecord"))
    assert answer.chain_down.outcome is WayDown.FAILED
    assert answer.chain_down.error is not None
    assert "still recorded" in answer.chain_down.error.error.message


def test_forward_only_skips_the_way_down() -> None:
    assert rehearsed(("+a 1", None), forward_only=True).chain_down.outcome is WayDown.SKIPPED


@pytest.mark.parametrize(("up", "down"), [("?postgis", "-a"), ("+a 1", "?postgis")])
def test_a_missing_extension_is_no_verdict_and_names_who_asks(up: str, down: str) -> None:
    server = FakeServer()
    with pytest.raises(MissingExtension, match=r"migrations/1_m/(up|down)\.sql asks for the extension 'postgis'"):
        rehearse(chain((up, down)), server, forward_only=False)  # type: ignore[arg-type]
    assert server.closed


def test_progress_tells_how_far_it_is() -> None:
    told: list[Progress] = []
    rehearse(chain(("+a 1", "-a"), ("+b 1", "-b")), FakeServer(), forward_only=False, progress=told.append)  # type: ignore[arg-type]
    assert [(item.way, item.done, item.total, item.name) for item in told] == [
        ("up", 0, 2, "1_m"),
        ("up", 1, 2, "2_m"),
        ("down", 0, 2, "2_m"),
        ("down", 1, 2, "1_m"),
    ]
