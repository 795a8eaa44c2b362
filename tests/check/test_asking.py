"""What is said of a query for production is no more than it tells."""

from __future__ import annotations

import pytest

from glowplug.check.asking import in_production
from glowplug.database.interface import SqlError
from glowplug.dialect import Direction
from glowplug.rehearsal.measured import Finds, Refusal

ERROR = SqlError(code="22003", message="integer out of range")
QUERY = "SELECT * FROM l WHERE qty = 2147483647"


@pytest.mark.parametrize(
    ("finds", "said"),
    [
        (Finds.ALL, f"\nit fails where this gives rows: {QUERY}"),
        (
            Finds.SOME,
            (
                f"\nit fails where this gives rows: {QUERY}\nthat asks for what was tried: other values may be refused"
                " as well, and no query is known for all"
            ),
        ),
        (
            Finds.PERHAPS,
            (
                "\nit may fail where this gives rows (up.sql may pick rows by conditions, and they are not"
                f" asked): {QUERY}"
            ),
        ),
    ],
)
def test_as_much_as_it_finds(finds: Finds, said: str) -> None:
    refusal = Refusal(direction=Direction.UP, error=ERROR, query=QUERY, finds=finds)
    assert in_production(refusal, "fails") == said


def test_that_there_may_be_more_is_said_without_a_query_too() -> None:
    refusal = Refusal(direction=Direction.UP, error=ERROR, more=True)
    assert in_production(refusal, "fails") == "\nthere may be more that it refuses: not all rows were tried apart"
