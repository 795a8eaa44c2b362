"""A type that changes after the file has emptied the table writes no row; what a DELETE leaves of them is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import postgres

if TYPE_CHECKING:
    from .proof import Servers

SEEN = "SELECT pg_relation_size('t'), pg_stat_get_xact_blocks_fetched('t'::regclass)"


@pytest.mark.postgres
@pytest.mark.parametrize(("empties", "reads"), [("DELETE FROM t", True), ("TRUNCATE t", False)])
def test_of_no_rows_none_is_written(servers: Servers, empties: str, *, reads: bool) -> None:
    for major in sorted({postgres.available()[0], postgres.available()[-1]}):
        server = servers.get(f"postgres {major}", lambda major=major: postgres.administrator(major))
        server.execute("CREATE SCHEMA emptied; SET search_path = emptied")
        try:
            server.execute("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 20000)")
            with server.transaction():
                server.execute(empties)
                ((_, before),) = server.execute(SEEN).fetchall()
                server.execute("ALTER TABLE t ALTER COLUMN a TYPE bigint")
                ((size, after),) = server.execute(SEEN).fetchall()
            assert size == 0
            assert isinstance(before, int)
            assert isinstance(after, int)
            assert (after > before) is reads
        finally:
            server.execute("RESET ALL; DROP SCHEMA emptied CASCADE")
