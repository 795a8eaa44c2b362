"""Arrays of as many dimensions as a CHECK asks for; of more elements than are made, it is said."""

from __future__ import annotations

import pytest

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding import DataSettings, seed
from tests.rehearsal.seeding.servers import database

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ("array_ndims(a) = 1", None),
        ("array_ndims(a) = 2", None),
        ("array_ndims(a) = 3 AND b = 1", None),
        ("array_ndims(a) > 1", 'new row for relation "t" violates check constraint "c"'),
        ("cardinality(a) = 30000", "a is to have 30,000 elements or more, and none of more than 10,000 are made"),
    ],
)
def test_arrays(check: str, why: str | None) -> None:
    with database(Dialect.POSTGRES, f"CREATE TABLE t (a int[] NOT NULL, b int, CONSTRAINT c CHECK ({check}));") as rows:
        found = seed(rows, rows.tables(), dialect=Dialect.POSTGRES, settings=DataSettings(rows=5))
    assert [each.why.startswith(why or "?") for each in found.not_seeded] == ([] if why is None else [True])
