"""What is done to a table that the file has emptied writes no row, and misses none; what a DELETE leaves is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import postgres

if TYPE_CHECKING:
    from .proof import Servers

SEEN = "SELECT pg_relation_size('t'), pg_stat_get_xact_blocks_fetched('t'::regclass)"


@pytest.mark.postgres
@pytest.mark.parametrize(("empties", "reads"), [("DELETE FROM t", True), ("TRUNCATE t", False)])
@pytest.mark.parametrize(
    "alter", ["ALTER COLUMN a TYPE bigint", "ADD COLUMN b uuid DEFAULT gen_random_uuid()", "ADD COLUMN b text NOT NULL"]
)
def test_of_no_rows_none_is_written(servers: Servers, alter: str, empties: str, *, reads: bool) -> None:
    for major in sorted({postgres.available()[0], postgres.available()[-1]}):
        server = servers.get(f"postgres {major}", lambda major=major: postgres.administrator(major))
        server.execute("CREATE SCHEMA emptied; SET search_path = emptied")
        try:
            server.execute("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 20000)")
            with server.transaction():
                server.execute(empties)
                ((_, before),) = server.execute(SEEN).fetchall()
                server.execute(f"ALTER TABLE t {alter}")
                ((size, after),) = server.execute(SEEN).fetchall()
            assert size == 0 or "NOT NULL" in alter  # which leaves the file as it is
            assert isinstance(before, int)
            assert isinstance(after, int)
            assert (after > before) is reads
        finally:
            server.execute("RESET ALL; DROP SCHEMA emptied CASCADE")
