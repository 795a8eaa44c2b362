"""What reads some relations looks nothing up but by index, planned in an empty database as it is: it grows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres.questions import OF_VIEWS

if TYPE_CHECKING:
    from glowplug.database.postgres import PostgresConnection
    from tests.database.conftest import Major

pytestmark = pytest.mark.postgres

KEYS = (
    "tables",
    "keys",
    "triggers",
    "tables_keys_triggers_sequences_views",
    "all_tables_keys_triggers_sequences_views",
    OF_VIEWS,
    "depends",
)
FEW = {"pg_namespace", "pg_foreign_server"}
FIRST_ALONE = "pg_inherits"
"""Asked whether it holds anything."""

SCAN = re.compile(r"(\w+ )*Scan .*on (pg_\w+)")


@pytest.fixture(scope="module")
def connection(each_major: Major) -> PostgresConnection:
    connection = each_major.connect()
    connection.snapshot()
    return connection


@pytest.mark.parametrize("key", KEYS)
def test_no_catalogue_is_looked_through(connection: PostgresConnection, key: str) -> None:
    prepared = connection._reader._prepared  # noqa: SLF001 - the plan that is used is the one to look at
    prepared.prepare([(key, "")])
    settings = "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL plan_cache_mode = force_generic_plan"
    explained = f"EXPLAIN (COSTS OFF) {prepared.execute(key)} ('{{1}}')"
    reply = connection.session.batch(f"BEGIN; {settings}; {explained}; ROLLBACK".encode(), rows=True)
    assert reply.ok, reply.failure
    answer = reply.results[-1]
    plan = [(answer.get_value(row, 0) or b"").decode() for row in range(answer.ntuples)]
    scans = {number: found[2] for number, line in enumerate(plan) if (found := SCAN.search(line))}
    assert scans
    assert [
        plan[number]
        for number, catalogue in scans.items()
        if "Index Cond" not in "".join(plan[number + 1 : number + 2]) and catalogue not in {*FEW, FIRST_ALONE}
    ] == []
