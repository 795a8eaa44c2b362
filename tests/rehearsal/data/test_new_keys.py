"""A new column that refers to a row which its default names: what it refers to has rows as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.rehearsal.measured import DataOutcome

if TYPE_CHECKING:
    from conftest import Measure

PARENTS = "CREATE TABLE t (id serial PRIMARY KEY, e text NOT NULL); CREATE TABLE u (id serial PRIMARY KEY);"
DOWN = "ALTER TABLE u DROP COLUMN t_id;"
REFERS = [
    "ALTER TABLE u ADD COLUMN t_id int NOT NULL DEFAULT {} REFERENCES t;",
    "ALTER TABLE u ADD COLUMN t_id int NOT NULL DEFAULT {}; ALTER TABLE u ADD FOREIGN KEY (t_id) REFERENCES t;",
    (
        "ALTER TABLE u ADD t_id int DEFAULT {};"
        "ALTER TABLE u ADD CONSTRAINT k FOREIGN KEY (t_id) REFERENCES t NOT VALID;"
        "ALTER TABLE u VALIDATE CONSTRAINT k;"
    ),
]


@pytest.mark.postgres
@pytest.mark.parametrize("up", REFERS)
def test_the_row_that_a_default_names_is_there(up: str, on_postgres: Measure) -> None:
    found = on_postgres(PARENTS, up.format(1), DOWN).data
    assert (found.outcome, found.refusals, found.why) == (DataOutcome.LOSSY, (), None)
    assert {loss.table for loss in found.losses} == {"public.u"}


@pytest.mark.postgres
@pytest.mark.parametrize("up", REFERS)
def test_one_that_no_row_has_is_refused(up: str, on_postgres: Measure) -> None:
    found = on_postgres(PARENTS, up.format(77777), DOWN).data
    assert [(refusal.error.code, refusal.table) for refusal in found.refusals] == [("23503", "public.u")]
