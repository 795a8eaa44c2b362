from __future__ import annotations

import dataclasses

import pytest
from msgspec import structs

from glowplug.check.judge import judge
from glowplug.database.broken import BrokenObject, UnaskedObject
from glowplug.database.interface import SqlError
from glowplug.dialect import Dialect, Direction
from glowplug.finding import Finding, Severity
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.project.faults import DOWN_IS_EMPTY
from glowplug.rehearsal import Alone, ChainDown, Outcome, Rehearsal, RoundTrip, SecondUp, StepError
from glowplug.rehearsal.outcome import Forgotten, WayDown
from glowplug.schema import Difference, SchemaObject
from glowplug.schema.noise import Noise

COMPLETE = ChainDown(outcome=WayDown.COMPLETE, reverted=1)
LOST = Difference(kind="column", name="public.users.email", property="not_null", before="true", after="false")


def migration(number: int = 1, down: bytes | None = b"SELECT 1") -> Migration:
    version = f"2024010100000{number}"
    return Migration(version=version, name=f"{version}_m", path=f"migrations/{version}_m", up=b"SELECT 1", down=down)


def refusal(one: Migration, direction: Direction, **more: object) -> StepError:
    error = SqlError(code="42703", message="no such column", line=3, column=7, **more)  # type: ignore[arg-type]
    return StepError(direction=direction, file=one.file(direction), error=error)


def judged(
    *trips: RoundTrip,
    down: ChainDown = COMPLETE,
    forward_only: bool = False,
    forgotten: Forgotten | None = None,
    alone: Alone | None = None,
    recorded: tuple[str, ...] = (),
    directory: str = "migrations",
) -> list[Finding]:
    chain = Chain(
        directory=directory,
        dialect=Dialect.POSTGRES,
        migrations=tuple(trip.migration for trip in trips),
        settings=ChainSettings(),
    )
    rehearsal = Rehearsal(round_trips=trips, chain_down=down, recorded=recorded, forgotten=forgotten)
    return list(judge(chain, rehearsal, forward_only=forward_only, alone=alone))


def test_what_two_chains_leave_is_told_apart() -> None:
    """A forge shows one finding of each fingerprint."""
    down = ChainDown(outcome=WayDown.COMPLETE, reverted=1, left=(OLD,))
    (one,), (other,) = (judged(RESTORED, down=down, directory=each) for each in ("a/migrations", "b/migrations"))
    assert one.place is not None
    assert one.place.file == "a/migrations"
    assert one.fingerprint != other.fingerprint


def test_a_restored_migration_gives_nothing() -> None:
    assert judged(RoundTrip(migration=migration(), outcome=Outcome.RESTORED, second_up=SecondUp.EQUAL)) == []


def test_what_differs_is_an_error_that_names_the_property() -> None:
    trip = RoundTrip(migration=migration(), outcome=Outcome.DIFFERS, second_up=SecondUp.FAILED, differences=(LOST,))
    (finding,) = judged(trip)
    assert (finding.rule, finding.severity, finding.hazards) == ("down-does-not-restore", Severity.ERROR, (128,))
    assert "column public.users.email: not_null was true, is false" in finding.message
    assert finding.place is not None
    assert finding.place.file == "migrations/20240101000001_m/down.sql"


@pytest.mark.parametrize(
    ("after", "severity"),
    [
        ("'a','b','c'", Severity.WARNING),
        ("'c','a','b'", Severity.WARNING),
        ("'b','a','c'", Severity.ERROR),
        ("'a','c'", Severity.ERROR),
    ],
)
def test_a_label_that_nothing_takes_away_weighs_what_a_down_does_that_is_missing(
    after: str, severity: Severity
) -> None:
    labels = Difference(kind="type", name="s", property="labels", before="'a','b'", after=after)
    (finding,) = judged(RoundTrip(migration=migration(), outcome=Outcome.DIFFERS, differences=(labels,)))
    assert finding.severity is severity
    assert ("PostgreSQL takes no label away" in finding.message) is (severity is Severity.WARNING)
    (finding,) = judged(RoundTrip(migration=migration(), outcome=Outcome.DIFFERS, differences=(labels, LOST)))
    assert finding.severity is Severity.ERROR


def test_a_failure_stands_at_the_line_that_the_server_gave() -> None:
    one = migration()
    trip = RoundTrip(
        migration=one, outcome=Outcome.UP_FAILED, error=refusal(one, Direction.UP, detail="what", hint="how")
    )
    (finding,) = judged(trip)
    assert finding.rule == "up-fails"
    assert finding.message == "up.sql fails: no such column [42703]\ndetail: what\nhint: how"
    assert finding.place is not None
    assert (finding.place.file, finding.place.line, finding.place.column) == (one.file(Direction.UP), 3, 7)


def test_want_of_a_superuser_names_the_setting() -> None:
    one = migration()
    error = refusal(one, Direction.UP, needs_superuser=True)
    (finding,) = judged(RoundTrip(migration=one, outcome=Outcome.UP_FAILED, error=error))
    assert "`superuser = true` under `[scratch]`" in finding.message


def test_a_second_up_that_fails_is_a_fault_of_its_own_only_where_the_down_restores() -> None:
    one = migration()
    error = refusal(one, Direction.UP)
    trip = RoundTrip(migration=one, outcome=Outcome.RESTORED, second_up=SecondUp.FAILED, error=error)
    (finding,) = judged(trip)
    assert (finding.rule, finding.severity) == ("second-up-fails", Severity.ERROR)


def test_a_down_that_passes_alone_and_fails_in_the_chain() -> None:
    one = migration()
    trip = RoundTrip(migration=one, outcome=Outcome.RESTORED, second_up=SecondUp.EQUAL)
    error = refusal(one, Direction.DOWN)
    way = ChainDown(outcome=WayDown.FAILED, reverted=4, failed_at=one.version, error=error)
    (finding,) = judged(trip, down=way)
    assert (finding.rule, finding.severity, finding.migration) == ("way-down-fails", Severity.ERROR, one.name)
    assert "after 4 reverts, though this down passes alone" in finding.message


def test_one_cause_is_said_once() -> None:
    one = migration()
    error = refusal(one, Direction.DOWN)
    way = ChainDown(outcome=WayDown.FAILED, reverted=4, failed_at=one.version, error=error)
    trip = RoundTrip(migration=one, outcome=Outcome.DOWN_FAILED, error=error)
    assert [finding.rule for finding in judged(trip, down=way)] == ["down-fails"]


def test_a_way_down_that_ends_at_a_missing_down_is_said_by_that_alone() -> None:
    one = migration(down=None)
    way = ChainDown(outcome=WayDown.FAILED, failed_at=one.version, error=refusal(one, Direction.DOWN))
    assert judged(RoundTrip(migration=one, outcome=Outcome.NO_DOWN), down=way) == []


def test_a_recorded_version_that_is_not_on_disk_stops_the_way_down() -> None:
    one = migration()
    way = ChainDown(outcome=WayDown.FAILED, failed_at="9", error=refusal(one, Direction.DOWN))
    trip = RoundTrip(migration=one, outcome=Outcome.RESTORED, second_up=SecondUp.EQUAL)
    (finding,) = judged(trip, down=way)
    assert (finding.rule, finding.version) == ("way-down-fails", "9")


RESTORED = RoundTrip(migration=migration(), outcome=Outcome.RESTORED, second_up=SecondUp.EQUAL)
OLD, FRESH = (SchemaObject(kind="table", name=name, properties={}) for name in ("old", "fresh"))


def test_what_the_way_down_leaves_is_an_error_unless_history_alone_leaves_it() -> None:
    down = ChainDown(outcome=WayDown.COMPLETE, reverted=2, left=(OLD, FRESH), lost=(LOST,))
    (finding,) = judged(RESTORED, down=down)
    assert (finding.rule, finding.severity) == ("way-down-leaves", Severity.ERROR)
    before = ChainDown(outcome=WayDown.COMPLETE, reverted=1, left=(OLD,), lost=(LOST,))
    ours, theirs = judged(RESTORED, down=down, alone=Alone(forgotten=frozenset(), chain_down=before))
    assert (ours.severity, theirs.severity) == (Severity.ERROR, Severity.NOTICE)
    assert ours.message.splitlines()[1:] == ["table fresh is left behind"]
    assert theirs.message.splitlines()[1:] == ["table old is left behind", str(LOST)]
    assert ours.fingerprint != theirs.fingerprint
    (theirs,) = judged(RESTORED, down=before, alone=Alone(forgotten=frozenset(), chain_down=before))
    assert theirs.severity is Severity.NOTICE
    gone = ChainDown(outcome=WayDown.FAILED, failed_at="1")
    (finding,) = judged(RESTORED, down=before, alone=Alone(forgotten=frozenset(), chain_down=gone))
    assert finding.severity is Severity.ERROR


def test_a_record_that_nobody_is_known_to_have_lost_is_an_error_unless_history_alone_loses_it() -> None:
    forgotten = Forgotten(versions=("1", "2"), culprit=None)
    for alone, severity in (
        (None, Severity.ERROR),
        (Alone(forgotten=frozenset({"1"}), chain_down=COMPLETE), Severity.ERROR),
        (Alone(forgotten=frozenset({"1", "2", "3"}), chain_down=COMPLETE), Severity.NOTICE),
    ):
        (finding,) = judged(RESTORED, forgotten=forgotten, alone=alone)
        assert (finding.rule, finding.severity) == ("record-is-lost", severity)


def test_a_comment_only_down_tells_whether_the_server_takes_it() -> None:
    for runs, words in ((True, "the revert is recorded"), (False, "the server refuses it")):
        one = migration(down=b"-- nothing")
        (finding,) = judged(RoundTrip(migration=one, outcome=Outcome.EMPTY_DOWN, empty_down_runs=runs))
        assert (finding.rule, finding.severity) == (DOWN_IS_EMPTY.rule, Severity.WARNING)
        assert words in finding.message


def test_a_chain_without_downs_is_told_once_and_offered_forward_only() -> None:
    trips = [RoundTrip(migration=migration(number, None), outcome=Outcome.NO_DOWN) for number in range(3)]
    trips.append(RoundTrip(migration=migration(4), outcome=Outcome.RESTORED, second_up=SecondUp.EQUAL))
    (finding,) = judged(*trips)
    assert finding.rule == "mostly-without-downs"
    assert "3 of 4 downs are empty or missing" in finding.message
    assert 'strategy = "forward-only"' in finding.message


def test_forward_only_is_one_notice() -> None:
    trips = [RoundTrip(migration=migration(number, None), outcome=Outcome.NO_DOWN) for number in range(3)]
    (finding,) = judged(*trips, forward_only=True)
    assert (finding.rule, finding.severity) == ("forward-only", Severity.NOTICE)


def test_what_an_up_that_failed_leaves_is_said_with_what_diesel_does_next() -> None:
    one = migration()
    left = Difference(kind="table", name="batches", property="extra", before=None, after="…")
    trip = RoundTrip(migration=one, outcome=Outcome.UP_FAILED, error=refusal(one, Direction.UP), differences=(left,))
    (finding,) = judged(trip)
    assert finding.message.endswith(
        "\nIts version is not recorded, and what was committed by then stays: the next `diesel migration run` runs the "
        "whole file again on top of that, and `diesel migration revert` passes it by. Undo by hand first what stays:"
        "\ntable batches is left behind"
    )
    (finding,) = judged(trip, recorded=(one.version,))
    assert finding.message.endswith(
        "\nIts version is recorded all the same: `diesel migration run` never runs it again, and `diesel migration "
        "revert` runs its down.sql. Where it has run, compare what stays with what it should have made, and put the "
        "rest right by hand:\ntable batches is left behind"
    )


def test_a_version_that_is_recorded_though_nothing_stays_is_said() -> None:
    one = migration(down=None)
    (finding,) = judged(
        RoundTrip(migration=one, outcome=Outcome.UP_FAILED, error=refusal(one, Direction.UP)), recorded=(one.version,)
    )
    assert finding.message.endswith(
        "\nIts version is recorded all the same, though the schema is as before: `diesel migration run` never runs it "
        "again, and `diesel migration revert` fails at it, for it has no down.sql. Where it has run and left nothing, "
        "delete its row from __diesel_schema_migrations for another try."
    )


@pytest.mark.parametrize(
    ("up", "code", "said"),
    [
        (b"INSERT INTO t VALUES (1);\nCOMMIT;\nSELECT nope;", "42703", True),
        (b"INSERT INTO t VALUES (1);\nCOMMIT;\nSELEKT;", "42601", False),  # PostgreSQL reads all before it runs any
        (b"INSERT INTO t VALUES (1);\n\nSELECT nope;\nCOMMIT;", "42703", False),
        (b"INSERT INTO t VALUES (1);\nROLLBACK;\nSELECT nope;", "42703", False),
    ],
)
def test_rows_that_a_commit_kept_are_said_where_the_schema_shows_nothing(up: bytes, code: str, said: bool) -> None:
    one = structs.replace(migration(), up=up)
    error = StepError(
        direction=Direction.UP, file=one.file(Direction.UP), error=SqlError(code=code, message="no", line=3)
    )
    (finding,) = judged(RoundTrip(migration=one, outcome=Outcome.UP_FAILED, error=error))
    assert ("the rows that it had written and committed by then stay" in finding.message) is said
    assert finding.message.endswith("Undo by hand first what stays.") is said


def test_noise_is_told_by_its_reason() -> None:
    moved = [
        Noise(
            difference=Difference(kind="column", name=f"t.{name}", property="position", before="1", after="2"),
            reason="only the order of columns differs",
        )
        for name in "abcdef"
    ]
    trip = RoundTrip(migration=migration(), outcome=Outcome.RESTORED, second_up=SecondUp.EQUAL, noise=tuple(moved))
    (finding,) = judged(trip)
    assert finding.severity is Severity.NOTICE
    assert finding.message.splitlines()[1] == "only the order of columns differs: t.a, t.b, t.c, t.d, t.e, t.f"
    assert finding.brief is not None
    assert finding.brief.splitlines()[1] == "only the order of columns differs: t.a, t.b, t.c, t.d and 2 more"


def test_of_many_differences_and_long_ones_all_is_kept_and_the_first_said_in_brief() -> None:
    long = dataclasses.replace(LOST, property="definition", before="\n".join(map(str, range(30))), after="x\ny")
    left = [SchemaObject(kind="table", name=f"t{n}", properties={}) for n in range(20)]
    trip = RoundTrip(migration=migration(), outcome=Outcome.DIFFERS, differences=(long, *[LOST] * 14))
    found = judged(trip, down=ChainDown(outcome=WayDown.COMPLETE, reverted=1, left=tuple(left)))
    whole, brief = (
        [(one.message if form else one.brief or "").splitlines() for one in found] for form in (True, False)
    )
    assert [len(one) for one in whole] == [1 + 1 + 32 + 14 + 1, 1 + 20]
    assert [brief[0][-2], brief[1][-1]] == ["and 3 more", "and 8 more"]
    assert brief[0][-1].startswith("Let down.sql give this back")
    assert "  and 22 more lines" in brief[0]
    assert not [line for one in whole for line in one if "more" in line]


def test_errors_that_are_met_again_and_again_say_what_to_do() -> None:
    one = migration()
    for code, message, words in (
        ("25001", "CREATE INDEX CONCURRENTLY cannot run inside a transaction block", "run_in_transaction = false"),
        ("42704", 'role "reader" does not exist', "database_setup"),
        ("42883", "function unaccent(text) does not exist", "CREATE EXTENSION"),
        ("42704", 'type "geometry" does not exist', "CREATE EXTENSION"),
        ("P0001", "use the server (at Diesel's bookkeeping, after the file had run)", "session_setup"),
        ("HY000", 'Can\'t create table `x`.`y` (errno: 150 "Foreign key…") (1005)', "SET FOREIGN_KEY_CHECKS = 0"),
    ):
        error = StepError(
            direction=Direction.UP, file=one.file(Direction.UP), error=SqlError(code=code, message=message)
        )
        (finding,) = judged(RoundTrip(migration=one, outcome=Outcome.UP_FAILED, error=error))
        assert words in finding.message


def test_what_a_file_leaves_broken_is_an_error_of_that_file_in_the_servers_words() -> None:
    error = SqlError(code="42S02", message="Table 'db.audit' doesn't exist (1146)")
    broken = BrokenObject(kind="trigger", name="ai", table="items", error=error)
    view = BrokenObject(kind="view", name="v", error=error)
    up, down = judged(
        RoundTrip(
            migration=migration(),
            outcome=Outcome.RESTORED,
            second_up=SecondUp.EQUAL,
            leaves_broken=(broken, view),
            down_leaves_broken=(view,),
        )
    )
    assert (up.rule, up.severity, down.rule, down.severity) == ("leaves-broken", Severity.ERROR) * 2
    assert up.place is not None
    assert up.place.file == "migrations/20240101000001_m/up.sql"
    assert down.place is not None
    assert down.place.file == "migrations/20240101000001_m/down.sql"
    assert up.message.split("\n") == [
        "after up.sql there is what the server can't use as it could before:",
        (
            "trigger ai on items: a write that fires it fails where it comes to this: "
            "Table 'db.audit' doesn't exist (1146) [42S02]"
        ),
        "view v: every query of it fails: Table 'db.audit' doesn't exist (1146) [42S02]",
        "Drop them before the change and create them again after it, as they are to be from then on, in this file",
    ]
    assert "create it again" in down.message
    assert up.fingerprint != down.fingerprint


@pytest.mark.parametrize(
    ("up", "advice"),
    [
        (
            b"CREATE TRIGGER ai AFTER UPDATE ON items BEGIN UPDATE items SET at = 1; END;",
            "This file creates it: let it name what is there, or create first what is named",
        ),
        (
            b'CREATE TEMP TRIGGER IF NOT EXISTS main."ai" AFTER UPDATE ON items BEGIN SELECT 1; END;',
            "This file creates it: let it name what is there, or create first what is named",
        ),
        (
            b"CREATE TABLE n (a int); ALTER TABLE items DROP COLUMN at; -- trigger ai",
            "Drop it before the change and create it again after it, as it is to be from then on, in this file",
        ),
        (
            b"CREATE TRIGGER ai_too AFTER UPDATE ON items BEGIN SELECT 1; END;",
            "Drop it before the change and create it again after it, as it is to be from then on, in this file",
        ),
    ],
)
def test_what_a_file_itself_makes_broken_need_not_be_dropped_before_it(up: bytes, advice: str) -> None:
    broken = BrokenObject(kind="trigger", name="ai", table="items", error=SqlError(code=None, message="no column at"))
    one = structs.replace(migration(), up=up)
    (found,) = judged(RoundTrip(migration=one, outcome=Outcome.RESTORED, leaves_broken=(broken,)))
    assert found.message.split("\n")[-1] == advice
    assert ("as it could before" in found.message) is advice.startswith("Drop")


def test_what_could_not_be_asked_is_said_once_with_why_and_what_to_do() -> None:
    error = SqlError(code=None, message="too many connections")
    trigger = UnaskedObject(kind="trigger", name="ai", table="items", why="it is not read", new=True)
    function = UnaskedObject(kind="function", name="public.f()", why="no session", error=error)
    other = UnaskedObject(kind="function", name="public.g()", why="no session", error=error)
    up, down = judged(
        RoundTrip(
            migration=migration(),
            outcome=Outcome.RESTORED,
            second_up=SecondUp.EQUAL,
            leaves_unasked=(trigger, function, other),
            down_leaves_unasked=(trigger,),
        )
    )
    assert (up.rule, up.severity, down.rule, down.severity) == (
        *("broken-not-asked", Severity.WARNING),
        *("broken-not-asked", Severity.NOTICE),
    )
    assert up.place is not None
    assert up.place.file == "migrations/20240101000001_m/up.sql"
    assert up.message.split("\n") == [
        "whether these can be used after up.sql could not be asked:",
        "trigger ai on items: it is not read",
        "function public.f(), function public.g(): no session: too many connections",
        (
            "The file changed them, or what they name: use them once in the migration's test.sql, "
            "or by an [[assert]] of glowplug.toml"
        ),
    ]
    assert down.message.startswith("whether this can be used after down.sql could not be asked:")
    assert up.fingerprint != down.fingerprint


@pytest.mark.parametrize(
    ("later", "severity"),
    [
        (b'DROP VIEW "V"; CREATE VIEW v AS SELECT 1;', Severity.WARNING),
        (b"DROP VIEW vv; DROP FUNCTION public.g();", Severity.ERROR),
        (b"", Severity.ERROR),
    ],
)
def test_what_a_later_migration_speaks_of_may_be_mended(later: bytes, severity: Severity) -> None:
    error = SqlError(code="42S02", message="Table 'db.audit' doesn't exist (1146)")
    view = BrokenObject(kind="view", name="v", error=error)
    function = BrokenObject(kind="function", name="public.f(integer)", error=error)
    for broken, text in ((view, later), (function, later.replace(b"VIEW v", b"FUNCTION f"))):
        second = structs.replace(migration(2), up=text)
        trips = (
            RoundTrip(migration=migration(1), outcome=Outcome.RESTORED, leaves_broken=(broken,)),
            RoundTrip(migration=second, outcome=Outcome.RESTORED),
        )
        (finding,) = judged(*trips)
        assert (finding.rule, finding.severity) == ("leaves-broken", severity)
        assert ("a later migration speaks of" in finding.message) is (severity is Severity.WARNING)
