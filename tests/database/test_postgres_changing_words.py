"""Code is looked through for words by a pattern, and only where a quicker look finds one of them at all."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres.circumstances import may_change
from glowplug.database.postgres.quoting import literal
from glowplug.database.postgres.within import within
from glowplug.dialect import Dialect
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.postgres import PostgresConnection

pytestmark = pytest.mark.postgres

CHANGING = (
    "ALTER TABLE t ADD a int", "CALL p()", "COMMENT ON TABLE t IS ''", "comment/**/on table t is ''", "Create view v",
    "DO $$ $$", "DROP TABLE t", "EXECUTE s", "GRANT SELECT ON t TO r", "IMPORT FOREIGN SCHEMA s",
    "REASSIGN OWNED BY a TO b", "REVOKE ALL ON t FROM r", "SECURITY LABEL ON TABLE t IS ''", 'PERFORM U&"f"()',
    "BEGIN;drop TABLE t;END",
)  # fmt: skip
HARMLESS = (
    "SELECT 1", "NEW.at := now(); RETURN NEW;", "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
    "UPDATE comment SET a = 1", "SELECT created, dropped FROM windows", "",
)  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> Iterator[PostgresConnection]:
    wish = Request(
        dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
    )
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(open_server(wish))
        database = create_database(server.conninfo, request=wish, superuser=False, private=True)
        stack.callback(database.close)
        yield database.connection


def test_words(connection: PostgresConnection) -> None:
    rows = ", ".join(f"({literal(code)})" for code in (*CHANGING, *HARMLESS))
    reply = within(connection.session, f"SELECT {may_change('c.code')} FROM (VALUES {rows}) AS c (code)")
    assert reply.ok, reply.failure
    answer = reply.results[0]
    told = [answer.get_value(row, 0) == b"t" for row in range(answer.ntuples)]
    assert told == [True] * len(CHANGING) + [False] * len(HARMLESS)
