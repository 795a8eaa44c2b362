"""What is odd about a row is said to be refused where the same row is taken without it, and no plain one has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Refusal

pytestmark = pytest.mark.postgres

T = "CREATE TABLE t (id UUID PRIMARY KEY, owner UUID NOT NULL, n INTEGER, note TEXT);"
RAISED = "DO $$ BEGIN IF {} THEN RAISE EXCEPTION 'not so'; END IF; END $$;"
UP = RAISED + "UPDATE t SET note = note || 'x';"
DOWN = "UPDATE t SET note = left(note, -1);"


def said(refusal: Refusal | None) -> tuple[str | None, str | None, str | None]:
    assert refusal is not None
    return refusal.column, refusal.value, refusal.query


def test_a_value_that_is_refused_wherever_it_is(on_postgres: Measure) -> None:
    nil = "'00000000-0000-0000-0000-000000000000'"
    found = on_postgres(T, UP.format(f"EXISTS (SELECT 1 FROM t WHERE owner = {nil})"), DOWN).data
    (refusal,) = found.refusals
    assert said(refusal) == ("owner", "the nil UUID", f"SELECT * FROM public.t WHERE owner = {nil}")


def test_a_row_that_is_refused_with_other_values_as_well(on_postgres: Measure) -> None:
    found = on_postgres(T, UP.format("(SELECT count(*) FROM t) > 20"), DOWN).data
    (refusal,) = found.refusals
    assert (refusal.table, *said(refusal)) == ("public.t", None, None, None)


def test_a_value_that_plain_rows_have_that_are_taken(on_postgres: Measure) -> None:
    found = on_postgres(
        T,
        "CREATE TABLE w (t UUID, n INTEGER NOT NULL); INSERT INTO w SELECT id, n FROM t WHERE note IS NOT NULL;",
        "DROP TABLE w;",
    ).data
    (refusal,) = found.refusals
    assert (refusal.error.code, *said(refusal)) == ("23502", "n", None, None)


def test_a_value_that_the_tables_ask_for_later_is_not_doubted(on_postgres: Measure) -> None:
    found = on_postgres(T, "ALTER TABLE t ALTER n SET NOT NULL;", "ALTER TABLE t ALTER n DROP NOT NULL;").data
    (refusal,) = found.refusals
    assert said(refusal) == ("n", "NULL", "SELECT * FROM public.t WHERE n IS NULL")


def test_a_row_on_which_the_up_does_not_run_again_with_other_values_either(on_postgres: Measure) -> None:
    odd = "EXISTS (SELECT 1 FROM t WHERE n BETWEEN 2000 AND 100000 AND md5(note) = md5('done'))"
    found = on_postgres(T, RAISED.format(odd) + "UPDATE t SET note = 'done';", "SELECT 1;").data
    assert said(found.up_again) == (None, "some of the odd rows that the schema allows", None)
