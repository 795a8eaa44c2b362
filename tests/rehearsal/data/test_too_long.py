"""What does not end in time: it is told, and whatever came of it is not kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.database.interface import SqlError
from glowplug.dialect import Direction
from glowplug.project import Migration
from glowplug.rehearsal.doubtful import errors_of
from glowplug.rehearsal.met import Met
from glowplug.rehearsal.outcome import Outcome, RoundTrip
from glowplug.rehearsal.proved import may_be_kept

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Measurement

T = "CREATE TABLE t (id serial PRIMARY KEY, n integer NOT NULL, b boolean NOT NULL);"
SLOW = "CREATE FUNCTION slow(integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN {} RETURN $1; END $$;"
HANGS = SLOW.format("IF $1 = -1 THEN PERFORM pg_sleep(20); END IF;")
TRIGGER = (
    "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.5); RETURN NEW; END $$;"
    "CREATE TRIGGER s BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION slow();"
)


def trip(measurement: Measurement) -> RoundTrip:
    return RoundTrip(
        migration=Migration(version="2", name="2", path="2", up=b"", down=b""),
        outcome=Outcome.RESTORED,
        measurement=measurement,
    )


@pytest.mark.postgres
def test_an_up_that_hangs_on_an_odd_row_is_told_and_not_kept(on_impatient_postgres: Measure) -> None:
    found = on_impatient_postgres(T, HANGS + "UPDATE t SET n = slow(n);", "DROP FUNCTION slow(integer);")
    (refusal,) = found.data.refusals
    assert (refusal.direction, refusal.table) == (Direction.UP, "public.t")
    assert refusal.error.timed_out
    assert not may_be_kept(trip(found))


@pytest.mark.postgres
def test_what_hangs_does_not_hide_what_is_refused(on_impatient_postgres: Measure) -> None:
    before = (
        "CREATE TABLE a (id serial PRIMARY KEY, n integer NOT NULL); CREATE TABLE b (id serial PRIMARY KEY, v text);"
    )
    up = HANGS + "\nUPDATE a SET n = slow(n);\nALTER TABLE b ALTER COLUMN v TYPE varchar(30);"
    found = on_impatient_postgres(before, up, "SELECT 1;")
    assert {(each.table, each.error.timed_out) for each in found.data.refusals} == {
        ("public.a", True),
        ("public.b", False),
    }


@pytest.mark.postgres
def test_rows_that_are_not_written_in_time_are_not_kept_as_a_result(on_impatient_postgres: Measure) -> None:
    found = on_impatient_postgres(T + TRIGGER, "ALTER TABLE t ADD COLUMN c integer;", "ALTER TABLE t DROP COLUMN c;")
    assert [each.table for each in found.data.not_seeded] == ["public.t"]
    assert any(error.timed_out for error in errors_of(trip(found)))
    assert not may_be_kept(trip(found))


@pytest.mark.postgres
def test_what_ends_in_time_is_kept(on_impatient_postgres: Measure) -> None:
    found = on_impatient_postgres(T, "ALTER TABLE t ADD COLUMN c integer;", "ALTER TABLE t DROP COLUMN c;")
    assert found.met == ()
    assert may_be_kept(trip(found))


@pytest.mark.parametrize(
    ("error", "heard"),
    [
        (SqlError(code=None, message="took too long", timed_out=True), True),
        (SqlError(code="40P01", message="deadlock"), True),
        (SqlError(code="53100", message="disk full"), True),
        (SqlError(code="23505", message="duplicate key"), False),
        (SqlError(code=None, message="COPY is for psql alone"), False),
        (SqlError(code="XX000", message="parse error - invalid geometry"), False),
    ],
    ids=lambda each: each.message if isinstance(each, SqlError) else None,
)
def test_which_errors_of_rows_are_the_moments(error: SqlError, *, heard: bool) -> None:
    met = Met()
    met.of_rows(error)
    met.of_rows(error)
    assert met.errors == ((error,) if heard else ())
