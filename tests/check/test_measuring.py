"""What is said of rows: one finding a cause, with real names, and nothing twice."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from glowplug.check.measuring import findings_of_rows, foretold
from glowplug.database.interface import SqlError
from glowplug.database.trace import Trace
from glowplug.dialect import Dialect, Direction
from glowplug.finding import Basis, Fault, Finding, Harm, Place, Severity
from glowplug.project import Migration
from glowplug.rehearsal import Outcome, RoundTrip
from glowplug.rehearsal.measured import (
    Cause,
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
    Reversibility,
    When,
)

MIGRATION = Migration(version="7", name="7_m", path="migrations/7_m", up=b"", down=b"")
ERROR = SqlError(code="23502", message='column "email" contains null values', line=3)
RAN = Trace(statements=(), error=None, seconds=0)


def loss(
    column: str | None = "email",
    *,
    by: Direction = Direction.UP,
    how: How = How.DROPPED,
    written: When = When.BEFORE,
    expected: bool = False,
    example: tuple[str | None, str | None] = ("a@b", None),
) -> Loss:
    return Loss(
        table="public.users",
        column=column,
        by=by,
        how=how,
        rows=43,
        of=50,
        written=written,
        expected=expected,
        examples=() if column is None else (Example(before=example[0], after=example[1]),),
    )


def found(data: Data, observed: Trace | None = RAN) -> list[Finding]:
    measurement = Measurement(observed=observed, observed_down=None, data=data)
    return list(findings_of_rows(measurement, MIGRATION, Dialect.POSTGRES))


def lossy(*losses: Loss, outcome: DataOutcome = DataOutcome.LOSSY) -> list[Finding]:
    return found(Data(outcome=outcome, losses=losses))


def test_nothing_is_said_of_a_migration_that_loses_nothing() -> None:
    assert found(Data(outcome=DataOutcome.LOSSLESS, text_says=Reversibility.LOSSLESS)) == []


def test_what_the_up_loses() -> None:
    (finding,) = lossy(loss(), loss(None, how=How.DELETED), outcome=DataOutcome.IRREVERSIBLE)
    assert (finding.rule, finding.severity, finding.basis) == ("rows-lost-by-up", Severity.WARNING, Basis.OBSERVED)
    assert finding.place == Place(file="migrations/7_m/up.sql")
    assert finding.message.splitlines() == [
        "the up loses what its down does not bring back:",
        "public.users.email: dropped in 43 of 50 rows, as 'a@b'",
        "public.users: 43 of 50 rows deleted",
    ]


def test_a_long_value_and_a_long_list_are_cut_in_brief_alone() -> None:
    one = loss(how=How.CHANGED, example=("x" * 100, None))
    row = replace(loss(None, how=How.DELETED), examples=(Example(before="k = " + "y" * 200, after=None),))
    (finding,) = lossy(one, row, *(loss(f"c{n}") for n in range(12)))
    assert finding.message.splitlines()[1].endswith(f", as {'x' * 100!r} to NULL")
    assert finding.message.splitlines()[2].endswith("y" * 200)
    assert finding.brief is not None
    _, first, second, *rest = finding.brief.splitlines()
    assert first.endswith(f", as '{'x' * 59}…' to NULL")
    assert second.endswith(f", as k = {'y' * 115}…")
    assert rest[-1] == "and 2 more"
    assert len(finding.message.splitlines()) == 15


def test_what_the_down_loses_of_rows_from_before_is_an_error_and_of_later_ones_a_warning() -> None:
    changed = loss("name", by=Direction.DOWN, how=How.CHANGED, example=("Ada King Lovelace", "Ada Lovelace"))
    (finding,) = lossy(changed)
    assert (finding.rule, finding.severity) == ("rows-lost-by-down", Severity.ERROR)
    assert "changed in 43 of 50 rows, as 'Ada King Lovelace' to 'Ada Lovelace'" in finding.message
    (finding,) = lossy(loss(by=Direction.DOWN, how=How.NULLED, written=When.AFTER))
    assert (finding.rule, finding.severity) == ("rows-lost-by-down", Severity.WARNING)


def test_a_time_that_a_trigger_moves_on_is_a_notice() -> None:
    moved = loss(
        "updated_at", by=Direction.DOWN, how=How.DEFAULTED, example=("2001-01-04 08:15:00", "2026-11-25 21:23:36")
    )
    (finding,) = lossy(moved)
    assert (finding.rule, finding.severity) == ("rows-lost-by-down", Severity.NOTICE)
    named = Migration(version="7", name="7_m", path="m", up=b"", down=b"UPDATE t SET updated_at = now();")
    measurement = Measurement(observed=RAN, observed_down=None, data=Data(outcome=DataOutcome.LOSSY, losses=(moved,)))
    (finding,) = findings_of_rows(measurement, named, Dialect.POSTGRES)
    assert finding.severity is Severity.ERROR


CHOSEN = "DELETE FROM users WHERE id = 1;"
LEFT_ALONE = [
    ("INSERT INTO users VALUES (1) ON CONFLICT DO NOTHING;", CHOSEN, Dialect.POSTGRES, Severity.WARNING),
    ("INSERT INTO public.users VALUES (1) ON CONFLICT DO NOTHING;", CHOSEN, Dialect.POSTGRES, Severity.WARNING),
    ("INSERT OR IGNORE INTO users VALUES (1);", CHOSEN, Dialect.SQLITE, Severity.WARNING),
    ("INSERT IGNORE INTO users VALUES (1);", CHOSEN, Dialect.MYSQL, Severity.WARNING),
    ("INSERT IGNORE INTO users VALUES (1); INSERT INTO users VALUES (2);", CHOSEN, Dialect.MYSQL, Severity.ERROR),
    ("INSERT OR IGNORE INTO other VALUES (1);", CHOSEN, Dialect.SQLITE, Severity.ERROR),
    ("INSERT INTO archive.users VALUES (1) ON CONFLICT DO NOTHING;", CHOSEN, Dialect.POSTGRES, Severity.ERROR),
    ("INSERT INTO users VALUES (1);", CHOSEN, Dialect.POSTGRES, Severity.ERROR),
    *(
        ("INSERT INTO users VALUES (1) ON CONFLICT DO NOTHING;", down, Dialect.POSTGRES, Severity.ERROR)
        for down in ("DELETE FROM users;", "TRUNCATE users;", f"{CHOSEN} DELETE FROM users WHERE true;")
    ),
]


@pytest.mark.parametrize(("up", "down", "dialect", "severity"), LEFT_ALONE)
def test_a_row_that_the_up_found_there_and_left_alone(up: str, down: str, dialect: Dialect, severity: Severity) -> None:
    migration = Migration(version="7", name="7_m", path="m", up=up.encode(), down=down.encode())
    for how, rows, weight in (
        (How.DELETED, 2, severity),
        (How.DELETED, 43, Severity.ERROR),
        (How.CHANGED, 2, Severity.ERROR),
    ):
        lost = replace(loss(None if how is How.DELETED else "email", by=Direction.DOWN, how=how), rows=rows)
        data = Data(outcome=DataOutcome.LOSSY, losses=(lost,))
        measurement = Measurement(observed=RAN, observed_down=None, data=data)
        (finding,) = findings_of_rows(measurement, migration, dialect)
        assert (finding.rule, finding.severity) == ("rows-lost-by-down", weight)


def test_what_is_expected_is_a_notice() -> None:
    (finding,) = lossy(loss("nick", by=Direction.DOWN, written=When.AFTER, expected=True))
    assert (finding.rule, finding.severity) == ("down-drops-new-rows", Severity.NOTICE)
    assert "public.users.nick" in finding.message


def test_why_the_up_is_said_to_lose_what_can_not_be_seen_to_be_lost() -> None:
    changed = loss(how=How.CHANGED, example=("", None))
    for cause, words in ((Cause.ALIKE, "makes others alike"), (Cause.UNTOLD, "the rows don't tell"), (None, "")):
        (finding,) = lossy(replace(changed, cause=cause), outcome=DataOutcome.IRREVERSIBLE)
        assert finding.rule == "rows-lost-by-up"
        assert finding.message.endswith(")") is bool(words)
        assert words in finding.message


def test_odd_rows_that_the_down_loses_without_an_error() -> None:
    after = {"by": Direction.DOWN, "written": When.AFTER}
    deleted = replace(
        loss(None, how=How.DELETED, **after), examples=(Example(before="name = NULL, id = '9'", after=None),)
    )
    data = Data(outcome=DataOutcome.LOSSLESS, odd_losses=(deleted, loss("v", how=How.CHANGED, **after)))
    (finding,) = found(data)
    assert (finding.rule, finding.severity, finding.hazards) == ("down-loses-on-rows", Severity.WARNING, (131,))
    assert finding.place == Place(file="migrations/7_m/down.sql")
    assert finding.message.splitlines()[1:] == [
        "public.users: 43 of 50 rows written after the up deleted, as name = NULL, id = '9'",
        "public.users.v: changed in 43 of 50 rows written after the up, as 'a@b' to NULL",
    ]


def test_what_the_down_loses_of_odd_rows_from_before_as_well_is_told_once() -> None:
    before = loss(by=Direction.DOWN, how=How.CHANGED)
    data = Data(outcome=DataOutcome.LOSSLESS, odd_losses=(before, replace(before, written=When.AFTER)))
    assert [(each.rule, "written after" in each.message) for each in found(data)] == [("loses-on-rows", False)]


def test_what_the_down_loses_of_the_ups_own_column_is_told_once_where_rows_from_before_show_it() -> None:
    before = loss("bio", by=Direction.DOWN, how=How.NULLED, example=("", None))
    after = replace(loss("about", by=Direction.DOWN, how=How.CHANGED, example=("", None)), written=When.AFTER)
    other = replace(after, examples=(Example(before="x", after=None),))

    def rules(*losses: Loss) -> list[str]:
        return [each.rule for each in found(Data(outcome=DataOutcome.LOSSLESS, odd_losses=losses))]

    assert rules(before, after) == ["loses-on-rows"]
    assert rules(before, other) == ["down-loses-on-rows", "loses-on-rows"]
    assert rules(after) == ["down-loses-on-rows"]


def test_a_row_that_is_refused() -> None:
    refusal = Refusal(
        direction=Direction.UP,
        error=ERROR,
        table="public.users",
        column="email",
        value="NULL",
        query="SELECT * FROM public.users WHERE email IS NULL",
    )
    (finding,) = found(Data(outcome=DataOutcome.LOSSLESS, refusals=(refusal,)))
    assert (finding.rule, finding.severity, finding.hazards) == ("fails-on-rows", Severity.WARNING, (54,))
    assert finding.message.startswith("up.sql fails on any row that has NULL in public.users.email: ")
    assert finding.message.endswith("it fails where this gives rows: SELECT * FROM public.users WHERE email IS NULL")
    assert finding.place == Place(file="migrations/7_m/up.sql", line=3)


def test_a_row_that_the_down_refuses() -> None:
    refusal = Refusal(direction=Direction.DOWN, error=ERROR, written=When.AFTER)
    (finding,) = found(Data(outcome=DataOutcome.LOSSLESS, refusals=(refusal,)))
    assert (finding.rule, finding.hazards) == ("down-fails-on-rows", (131,))
    assert "which can be written once the up has run" in finding.message


def test_rows_of_the_chain_that_are_refused() -> None:
    failure = Failure(direction=Direction.UP, error=ERROR)
    (finding,) = found(Data(outcome=DataOutcome.FAILS_ON_DATA, failure=failure))
    assert (finding.rule, finding.severity) == ("fails-on-data", Severity.ERROR)


def test_the_text_and_what_was_seen() -> None:
    said = Data(outcome=DataOutcome.LOSSLESS, text_says=Reversibility.IRREVERSIBLE)
    assert [each.rule for each in found(said)] == ["reversibility-differs"]
    unsure = Data(outcome=DataOutcome.LOSSLESS, text_says=Reversibility.UNKNOWN)
    assert found(unsure) == []
    without_rows = Data(
        outcome=DataOutcome.LOSSLESS,
        text_says=Reversibility.LOSSY,
        not_seeded=(NotSeeded(table="public.users", why="it can't be"),),
    )
    assert found(without_rows) == []


def test_the_other_world() -> None:
    other = OtherWorld(world="foreign_keys = ON", outcome=DataOutcome.IRREVERSIBLE, losses=(loss(None),))
    (finding,) = found(Data(outcome=DataOutcome.LOSSLESS, elsewhere=(other,)))
    assert (finding.rule, finding.severity) == ("other-world", Severity.WARNING)
    assert finding.message.startswith("under foreign_keys = ON, which production may have, more is lost:")
    failing = OtherWorld(
        world="w", outcome=DataOutcome.FAILS_ON_DATA, failure=Failure(direction=Direction.DOWN, error=ERROR)
    )
    (finding,) = found(Data(outcome=DataOutcome.LOSSLESS, elsewhere=(failing,)))
    assert finding.place == Place(file="migrations/7_m/down.sql", line=3)


def test_what_could_not_be_measured_unless_the_up_fails_anyway() -> None:
    data = Data(outcome=DataOutcome.NOT_MEASURED, why="it can't be copied")
    assert [each.rule for each in found(data, observed=None)] == ["rows-not-measured"]
    assert found(data, observed=Trace(statements=(), error=ERROR, seconds=0)) == []


def reviewed(rule: str, subject: str, *, file: str = "migrations/7_m/up.sql") -> Finding:
    place = Place(file=file, line=1)
    fault = Fault(rule=rule, hazards=(130,), severity=Severity.ERROR, harm=Harm.DATA_LOSS)
    return fault.found("", place=place, subject=subject)


def told(*losses: Loss, review: Finding) -> list[tuple[Severity, list[str]]]:
    data = Data(outcome=DataOutcome.IRREVERSIBLE, losses=losses)
    measurement = Measurement(observed=RAN, observed_down=None, data=data)
    trip = RoundTrip(migration=MIGRATION, outcome=Outcome.RESTORED, measurement=measurement)
    findings = foretold(found(data), [review], [trip], Dialect.POSTGRES)
    assert len({each.fingerprint for each in findings}) == len(findings)
    assert {(each.rule, each.basis) for each in findings} == {("rows-lost-by-up", Basis.OBSERVED)}
    return [(each.severity, [line.partition(":")[0] for line in each.message.splitlines()[1:]]) for each in findings]


NULLS = SqlError(code="23502", message='column "email" of relation "users" contains null values')
NO_DEFAULT = SqlError(code="SQLITE_ERROR", message="Cannot add a NOT NULL column with default value NULL")


@pytest.mark.parametrize(
    ("rule", "subject", "refusal", "severity"),
    [
        ("not-null-without-default", "users.email", Refusal(direction=Direction.UP, error=NULLS), Severity.NOTICE),
        ("not-null-without-default", "accounts.email", Refusal(direction=Direction.UP, error=NULLS), Severity.WARNING),
        ("not-null-without-default", "users.name", Refusal(direction=Direction.UP, error=NULLS), Severity.WARNING),
        ("not-null-without-default", "users.email", Refusal(direction=Direction.DOWN, error=NULLS), Severity.ERROR),
        ("column-add-refused", "users.email", Refusal(direction=Direction.UP, error=NO_DEFAULT), Severity.NOTICE),
        ("column-add-refused", "users.email", Refusal(direction=Direction.UP, error=NULLS), Severity.WARNING),
        ("column-drop-refused", "users.email", Refusal(direction=Direction.UP, error=NULLS), Severity.WARNING),
    ],
)
def test_that_a_file_fails_on_any_row_is_a_notice_where_the_review_says_so(
    rule: str, subject: str, refusal: Refusal, severity: Severity
) -> None:
    review = replace(reviewed(rule, subject), harm=Harm.FAILS)
    of_any, of_some = (
        replace(refusal, table="public.users", enough=1),
        replace(refusal, table="public.users", column="name", value="NULL"),
    )
    data = Data(outcome=DataOutcome.LOSSLESS, refusals=(of_any, of_some))
    measurement = Measurement(observed=RAN, observed_down=None, data=data)
    trip = RoundTrip(migration=MIGRATION, outcome=Outcome.RESTORED, measurement=measurement)
    findings = foretold(found(data), [review], [trip], Dialect.POSTGRES)
    assert [each.severity for each in findings] == [severity, Severity.WARNING]


def test_a_down_that_restores_no_database_in_use_weighs_more_than_the_warning_of_the_review() -> None:
    refusal = Refusal(direction=Direction.DOWN, error=NULLS, table="public.users", enough=1)
    data = Data(outcome=DataOutcome.LOSSLESS, refusals=(refusal,))
    measurement = Measurement(observed=RAN, observed_down=None, data=data)
    trip = RoundTrip(migration=MIGRATION, outcome=Outcome.RESTORED, measurement=measurement)
    review = replace(
        reviewed("not-null-without-default", "users.email", file="migrations/7_m/down.sql"), harm=Harm.FAILS
    )
    for severity, expected in ((Severity.WARNING, Severity.ERROR), (Severity.ERROR, Severity.NOTICE)):
        (finding,) = foretold(found(data), [replace(review, severity=severity)], [trip], Dialect.POSTGRES)
        assert finding.severity is expected


EMAIL = ["public.users.email"]


@pytest.mark.parametrize(
    ("rule", "subject"),
    [
        ("column-dropped", "users.email"),
        ("column-dropped", "public.users.Email"),
        ("type-narrowed", "users.email"),
        ("rebuild-omits-columns", "users.a, email and c"),
        ("rebuild-omits-columns", "users"),
        ("table-dropped", "users"),
    ],
)
def test_what_the_review_says_of_the_up_is_a_notice(rule: str, subject: str) -> None:
    assert told(loss(), review=reviewed(rule, subject)) == [(Severity.NOTICE, EMAIL)]


@pytest.mark.parametrize(
    "review",
    [
        reviewed("column-dropped", "users.email", file="migrations/8_m/up.sql"),
        reviewed("column-dropped", "users.name"),
        reviewed("column-dropped", "accounts.email"),
        reviewed("column-dropped", "other.users.email"),
        reviewed("table-dropped", "accounts"),
        reviewed("rows-without-where", "users"),
    ],
)
def test_what_the_review_says_of_another_thing_leaves_a_loss_what_it_is(review: Finding) -> None:
    assert told(loss(), review=review) == [(Severity.WARNING, EMAIL)]


def test_a_loss_that_is_foretold_hides_no_other_of_its_file() -> None:
    rows = loss(None, how=How.DELETED)
    assert told(loss(), loss("name"), rows, review=reviewed("column-dropped", "users.email")) == [
        (Severity.WARNING, ["public.users.name", "public.users"]),
        (Severity.NOTICE, EMAIL),
    ]


def test_what_the_down_puts_where_the_up_dropped_a_value() -> None:
    (finding,) = lossy(loss("name", example=("", " ")), outcome=DataOutcome.IRREVERSIBLE)
    assert finding.message.splitlines()[1] == (
        "public.users.name: dropped in 43 of 50 rows, as ''; down.sql puts ' ' there"
    )


@pytest.mark.parametrize(
    ("sql", "by_the_way"),
    [
        ("UPDATE users SET name = lower(name);", True),
        ("SELECT setval('users_id_seq', 9); UPDATE users SET name = lower(name);", True),
        ("INSERT INTO roles VALUES (1); UPDATE users SET name = 'a';", True),
        ("DO $$ BEGIN EXECUTE 'UPDATE users SET ' || (SELECT c FROM columns) || ' = now()'; END $$;", False),
        ("SELECT touch_all();", False),
        ("CREATE TABLE n AS SELECT * FROM users;", False),
        ("INSERT INTO n SELECT * FROM users; DROP TABLE users; ALTER TABLE n RENAME TO users;", False),
        ("UPDATE users SET updated_at = now();", False),
        ("UPDATE users SE name = 'a';", False),
    ],
)
def test_a_time_is_moved_on_by_the_way_only_where_the_file_can_be_followed(sql: str, *, by_the_way: bool) -> None:
    moved = loss("updated_at", how=How.CHANGED, example=("2001-01-04 08:15:00", "2026-11-25 21:23:36"))
    migration = Migration(version="7", name="7_m", path="m", up=sql.encode(), down=b"SELECT 1;")
    data = Data(outcome=DataOutcome.IRREVERSIBLE, losses=(moved,))
    measurement = Measurement(observed=RAN, observed_down=None, data=data)
    (finding,) = findings_of_rows(measurement, migration, Dialect.POSTGRES)
    assert finding.severity is (Severity.NOTICE if by_the_way else Severity.WARNING)


def test_what_takes_too_long_with_odd_rows() -> None:
    error = SqlError(code="57014", message="did not end within 2 s", timed_out=True)
    refusal = Refusal(direction=Direction.UP, error=error, table="public.users")
    (finding,) = found(Data(outcome=DataOutcome.LOSSLESS, refusals=(refusal,)))
    assert finding.rule == "fails-on-rows"
    assert finding.message.startswith(
        "up.sql takes too long with some of the rows that the schema allows in public.users"
    )
