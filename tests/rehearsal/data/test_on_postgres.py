"""What becomes of rows on a live PostgreSQL: each migration with its exact outcome and losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Direction
from glowplug.rehearsal.measured import DataOutcome, Example, How, Measurement, Reversibility, When

if TYPE_CHECKING:
    from conftest import Measure

pytestmark = pytest.mark.postgres

T = "CREATE TABLE t (id serial PRIMARY KEY, name text NOT NULL, age integer NOT NULL, email text);"


def told(measurement: Measurement) -> list[tuple[str, str | None, str, str, str, bool]]:
    return [
        (each.table, each.column, each.by.value, each.how.value, each.written.value, each.expected)
        for each in measurement.data.losses
    ]


SPLIT = """
ALTER TABLE t ADD COLUMN first text NOT NULL DEFAULT '', ADD COLUMN middle text NOT NULL DEFAULT '',
    ADD COLUMN last text NOT NULL DEFAULT '';
UPDATE t SET first = split_part(name, ' ', 1), middle = coalesce(substring(name FROM '^\\S+ (.*) \\S+$'), ''),
    last = coalesce(substring(name FROM ' (\\S+)$'), '');
ALTER TABLE t DROP COLUMN name;
"""
JOIN = """
ALTER TABLE t ADD COLUMN name text NOT NULL DEFAULT '';
UPDATE t SET name = {};
ALTER TABLE t ALTER COLUMN name DROP DEFAULT, DROP COLUMN first, DROP COLUMN middle, DROP COLUMN last;
"""


def test_a_split_name_whose_down_loses_the_middle(on_postgres: Measure) -> None:
    found = on_postgres(T, SPLIT, JOIN.format("first || ' ' || last"))
    before = [loss for loss in found.data.losses if loss.written is When.BEFORE]
    assert [(loss.table, loss.column, loss.by, loss.how.value) for loss in before] == [
        ("public.t", "name", Direction.DOWN, "changed")
    ]
    assert 0 < before[0].rows < before[0].of == 20
    assert found.data.outcome is DataOutcome.LOSSY
    assert found.data.text_says is Reversibility.UNKNOWN


def test_a_split_name_that_is_joined_again(on_postgres: Measure) -> None:
    found = on_postgres(
        T, SPLIT, JOIN.format("concat_ws(' ', nullif(first, ''), nullif(middle, ''), nullif(last, ''))")
    )
    assert [loss for loss in found.data.losses if loss.written is When.BEFORE] == []


def test_a_dropped_column(on_postgres: Measure) -> None:
    found = on_postgres(T, "ALTER TABLE t DROP COLUMN email;", "ALTER TABLE t ADD COLUMN email text;")
    assert told(found) == [("public.t", "email", "up", "dropped", "before", False)]
    assert found.data.outcome is DataOutcome.IRREVERSIBLE
    assert found.data.text_says is Reversibility.IRREVERSIBLE


def test_a_dropped_table(on_postgres: Measure) -> None:
    found = on_postgres(T, "DROP TABLE t;", T)
    assert told(found) == [("public.t", None, "up", "dropped", "before", False)]
    assert (found.data.losses[0].rows, found.data.losses[0].of) == (20, 20)


def test_a_truncated_table(on_postgres: Measure) -> None:
    found = on_postgres(T, "TRUNCATE t;", "SELECT 1;")
    assert told(found) == [("public.t", None, "up", "deleted", "before", False)]


def test_new_columns_and_tables_go_with_the_down(on_postgres: Measure) -> None:
    found = on_postgres(
        T,
        "ALTER TABLE t ADD COLUMN nick text;"
        "CREATE TABLE u (id serial PRIMARY KEY, t_id integer NOT NULL REFERENCES t);",
        "DROP TABLE u; ALTER TABLE t DROP COLUMN nick;",
    )
    assert sorted(told(found)) == [
        ("public.t", "nick", "down", "dropped", "after", True),
        ("public.u", None, "down", "dropped", "after", True),
    ]
    assert found.data.outcome is DataOutcome.LOSSY
    assert found.data.not_seeded == ()


def test_a_function_touches_no_rows(on_postgres: Measure) -> None:
    found = on_postgres(T, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';", "DROP FUNCTION f();")
    assert (found.data.outcome, found.data.seeded) == (DataOutcome.LOSSLESS, 0)
    assert found.observed_down is not None


def test_a_widened_type(on_postgres: Measure) -> None:
    found = on_postgres(T, "ALTER TABLE t ALTER age TYPE bigint;", "ALTER TABLE t ALTER age TYPE integer;")
    assert (found.data.outcome, found.data.losses) == (DataOutcome.LOSSLESS, ())
    (refusal,) = found.data.refusals
    assert (refusal.direction, refusal.table, refusal.column) == (Direction.DOWN, "public.t", "age")
    assert refusal.written is When.AFTER
    assert refusal.error.code == "22003"


def test_a_type_that_is_changed_by_using_and_back(on_postgres: Measure) -> None:
    found = on_postgres(
        "CREATE TABLE t (id serial PRIMARY KEY, age text NOT NULL CHECK (age ~ '^[1-9][0-9]{0,4}$'));",
        "ALTER TABLE t DROP CONSTRAINT t_age_check, ALTER age TYPE integer USING age::integer;",
        "ALTER TABLE t ALTER age TYPE text USING age::text, ADD CHECK (age ~ '^[1-9][0-9]{0,4}$');",
    )
    assert (found.data.outcome, found.data.losses) == (DataOutcome.LOSSLESS, ())
    assert found.data.text_says is Reversibility.UNKNOWN


def test_a_type_that_is_cut_short(on_postgres: Measure) -> None:
    found = on_postgres(
        T + "INSERT INTO t (name, age) VALUES ('Ada King Lovelace', 36);",
        "ALTER TABLE t ALTER name TYPE varchar(3) USING left(name, 3);",
        "ALTER TABLE t ALTER name TYPE text;",
    )
    assert told(found) == [("public.t", "name", "up", "changed", "before", False)]
    assert (found.data.losses[0].rows, found.data.losses[0].of) == (1, 21)
    assert found.data.outcome is DataOutcome.IRREVERSIBLE


def test_a_type_that_cuts_no_plain_row_and_odd_ones(on_postgres: Measure) -> None:
    found = on_postgres(
        T,
        "ALTER TABLE t ALTER name TYPE varchar(40) USING left(name, 40);",
        "ALTER TABLE t ALTER name TYPE text;",
    )
    assert (found.data.outcome, found.data.losses, found.data.seeded) == (DataOutcome.LOSSLESS, (), 1)
    assert [(each.column, each.by, each.how.value) for each in found.data.odd_losses] == [
        ("name", Direction.UP, "changed")
    ]


def test_a_rename_keeps_everything(on_postgres: Measure) -> None:
    found = on_postgres(
        T,
        "ALTER TABLE t RENAME COLUMN name TO title; ALTER TABLE t RENAME TO u;",
        "ALTER TABLE u RENAME TO t; ALTER TABLE t RENAME COLUMN title TO name;",
    )
    assert (found.data.outcome, found.data.losses, found.data.seeded) == (DataOutcome.LOSSLESS, (), 1)


def test_a_merging_update(on_postgres: Measure) -> None:
    found = on_postgres(T, "UPDATE t SET name = lower(name);", "SELECT 1;")
    assert told(found) == [("public.t", "name", "up", "changed", "before", False)]
    assert found.data.outcome is DataOutcome.IRREVERSIBLE


def test_values_that_move_to_a_table_of_their_own_and_back(on_postgres: Measure) -> None:
    found = on_postgres(
        T,
        "CREATE TABLE emails (t_id integer PRIMARY KEY REFERENCES t ON DELETE CASCADE, email text NOT NULL);"
        "INSERT INTO emails SELECT id, email FROM t WHERE email IS NOT NULL; ALTER TABLE t DROP COLUMN email;",
        "ALTER TABLE t ADD COLUMN email text;"
        "UPDATE t SET email = e.email FROM emails e WHERE e.t_id = t.id; DROP TABLE emails;",
    )
    assert (found.data.outcome, found.data.losses) == (DataOutcome.LOSSLESS, ())
    found = on_postgres(
        T,
        "CREATE TABLE emails (t_id integer PRIMARY KEY REFERENCES t ON DELETE CASCADE, email text NOT NULL);"
        "INSERT INTO emails SELECT id, email FROM t WHERE email IS NOT NULL; ALTER TABLE t DROP COLUMN email;",
        "ALTER TABLE t ADD COLUMN email text; DROP TABLE emails;",
    )
    assert ("public.t", "email", "down", "dropped", "before", False) not in told(found)
    assert ("public.t", "email", "down", "nulled", "before", False) in told(found)


def test_a_not_null_that_rows_of_production_break(on_postgres: Measure) -> None:
    found = on_postgres(T, "ALTER TABLE t ALTER email SET NOT NULL;", "ALTER TABLE t ALTER email DROP NOT NULL;")
    assert (found.data.outcome, found.data.losses) == (DataOutcome.LOSSLESS, ())
    up = [each for each in found.data.refusals if each.direction is Direction.UP]
    assert [(each.table, each.column, each.error.code) for each in up] == [("public.t", "email", "23502")]
    assert up[0].query is not None
    assert "email" in up[0].query


def test_an_enum_value_that_the_down_can_not_take_back(on_postgres: Measure) -> None:
    before = "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE p (id serial PRIMARY KEY, mood mood NOT NULL);"
    found = on_postgres(
        before,
        "ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');"
        "ALTER TABLE p ALTER mood TYPE mood USING mood::text::mood; DROP TYPE old;",
        "ALTER TYPE mood RENAME TO new; CREATE TYPE mood AS ENUM ('sad', 'ok');"
        "ALTER TABLE p ALTER mood TYPE mood USING mood::text::mood; DROP TYPE new;",
    )
    assert (found.data.outcome, found.data.losses) == (DataOutcome.LOSSLESS, ())
    (refusal,) = found.data.refusals
    assert (refusal.direction, refusal.table, refusal.column, refusal.written) == (
        Direction.DOWN,
        "public.p",
        "mood",
        When.AFTER,
    )


def test_duplicates_that_a_unique_index_refuses(on_postgres: Measure) -> None:
    found = on_postgres(T, "CREATE UNIQUE INDEX u ON t (email);", "DROP INDEX u;")
    (refusal,) = [each for each in found.data.refusals if each.direction is Direction.UP]
    assert (refusal.column, refusal.error.code) == ("email", "23505")


def test_rows_of_the_chain_break_the_up(on_postgres: Measure) -> None:
    found = on_postgres(
        T + "INSERT INTO t (name, age) VALUES ('a', 1);",
        "ALTER TABLE t ALTER email SET NOT NULL;",
        "ALTER TABLE t ALTER email DROP NOT NULL;",
    )
    assert found.data.outcome is DataOutcome.FAILS_ON_DATA


def test_code_that_can_not_be_followed_makes_every_table_count(on_postgres: Measure) -> None:
    found = on_postgres(T, "DO $$ BEGIN EXECUTE 'UPDATE t SET age = age + 1'; END $$;", "SELECT 1;")
    assert told(found) == [("public.t", "age", "down", "changed", "before", False)]
    assert found.data.text_says is Reversibility.UNKNOWN


def test_a_trigger_that_writes_elsewhere_is_seen(on_postgres: Measure) -> None:
    found = on_postgres(
        T + "CREATE TABLE log (id serial PRIMARY KEY, t_id integer, note text);"
        "CREATE FUNCTION clean() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN UPDATE log SET note = NULL; RETURN NEW; END $$;"
        "CREATE TRIGGER cleans AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION clean();",
        "UPDATE t SET age = age;",
        "SELECT 1;",
    )
    assert told(found) == [("public.log", "note", "up", "nulled", "before", False)]


def test_a_table_that_is_only_referred_to_is_not_looked_at(on_postgres: Measure) -> None:
    found = on_postgres(T, "CREATE TABLE u (t_id integer NOT NULL REFERENCES t ON DELETE CASCADE);", "DROP TABLE u;")
    assert told(found) == [("public.u", None, "down", "dropped", "after", True)]
    assert (found.data.seeded, found.data.not_seeded) == (1, ())


def test_a_swap_of_two_columns_that_the_down_forgets(on_postgres: Measure) -> None:
    before = "CREATE TABLE t (id serial PRIMARY KEY, a text NOT NULL, b text NOT NULL);"
    swap = "UPDATE t SET a = b, b = a;"
    assert on_postgres(before, swap, swap).data.outcome is DataOutcome.LOSSLESS
    found = on_postgres(before, swap, "SELECT 1;")
    assert {(each.column, each.written) for each in found.data.losses} == {("a", When.BEFORE), ("b", When.BEFORE)}


def test_what_the_rest_of_the_odd_rows_lose_is_told_where_some_are_refused(on_postgres: Measure) -> None:
    t = "CREATE TABLE t (id serial PRIMARY KEY, n integer);"
    data = on_postgres(t, "UPDATE t SET n = abs(n);", "SELECT 1;").data
    assert [(each.column, each.value) for each in data.refusals] == [("n", "the smallest integer")]
    (loss,) = data.odd_losses
    assert (loss.table, loss.column, loss.by, loss.how) == ("public.t", "n", Direction.UP, How.CHANGED)
    assert loss.examples == (Example(before="-1", after="1"),)


@pytest.mark.parametrize("number", ["currval('t_id_seq')", "lastval()"])
def test_a_file_runs_in_a_session_that_has_numbered_no_row(on_postgres: Measure, number: str) -> None:
    """What writes rows is another session in production: there is no number to ask for."""
    t = "CREATE TABLE t (id serial PRIMARY KEY, name text NOT NULL);"
    up = f"ALTER TABLE t ADD COLUMN n bigint NOT NULL DEFAULT {number};"
    data = on_postgres(t, up, "ALTER TABLE t DROP COLUMN n;").data
    (refused,) = data.refusals
    assert refused.table == "public.t"
    assert "not yet defined in this session" in refused.error.message


def test_a_file_that_numbers_a_row_may_ask_for_its_number(on_postgres: Measure) -> None:
    t = "CREATE TABLE t (id serial PRIMARY KEY, name text NOT NULL);"
    up = "INSERT INTO t (name) VALUES ('one'); ALTER TABLE t ADD COLUMN n bigint NOT NULL DEFAULT currval('t_id_seq');"
    data = on_postgres(t, up, "ALTER TABLE t DROP COLUMN n; DELETE FROM t WHERE name = 'one';").data
    assert data.refusals == ()
