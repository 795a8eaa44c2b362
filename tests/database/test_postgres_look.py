"""What looks at every file: what it tells, and that it reads no catalogue whole when the schema has grown.

It is planned on an empty database, and stays as it was planned.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres.questions import FREQUENT, Wanted
from glowplug.dialect import Dialect
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glowplug.database.postgres import PostgresConnection
    from glowplug.database.postgres.watch import Watch
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres


def request() -> Request:
    return Request(
        dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
    )


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with open_server(request()) as running:
        yield running


@pytest.fixture(scope="module")
def connection(server: PostgresServer) -> Iterator[PostgresConnection]:
    database = create_database(server.conninfo, request=request(), superuser=False, private=True)
    database.connection.snapshot()
    yield database.connection
    database.close()


@pytest.fixture(scope="module")
def plans(server: PostgresServer) -> Mapping[str, str]:
    """How each is executed, by its key; in a session that makes no schema, for which the server would plan anew."""
    database = create_database(server.conninfo, request=request(), superuser=False, private=True)
    connection = database.connection
    connection.snapshot()
    watching = connection.watching(Wanted(beside=tuple(key for key in FREQUENT if key != "look")))
    assert watching is not None
    settings, *statements = watching.ending
    plans: dict[str, str] = {}
    for key, statement in zip(FREQUENT, statements, strict=True):
        reply = connection.session.batch(b"BEGIN;" + settings + b";EXPLAIN " + statement + b";ROLLBACK", rows=True)
        assert reply.ok
        lines = reply.results[-1]
        plans[key] = "\n".join((lines.get_value(row, 0) or b"").decode() for row in range(lines.ntuples))
    database.close()
    return plans


@pytest.mark.parametrize(
    ("key", "catalogues"),
    [
        ("look", ("pg_class", "pg_depend", "pg_index", "pg_type")),
        ("circumstances", ("pg_class", "pg_depend", "pg_proc")),
        ("guards", ("pg_proc", "pg_rewrite")),
        ("types", ("pg_class", "pg_constraint", "pg_depend", "pg_description", "pg_type")),
        ("routines", ("pg_depend", "pg_description", "pg_proc")),
    ],
)
def test_no_catalogue_that_grows_is_read_whole(plans: Mapping[str, str], key: str, catalogues: tuple[str, ...]) -> None:
    assert "Index Scan" in plans[key]
    assert [name for name in catalogues if f"Seq Scan on {name} " in plans[key]] == []
    assert "Bitmap" not in plans[key]


@pytest.mark.parametrize("key", ["types", "routines"])
def test_comments_on_other_objects_are_not_looked_through(plans: Mapping[str, str], key: str) -> None:
    assert "(objoid >= " not in plans[key]


def test_constraints_of_tables_are_not_looked_at_for_those_of_domains(plans: Mapping[str, str]) -> None:
    assert "conrelid = '0'::oid" in plans["types"]


def test_the_statement_that_looks_says_whether_the_settings_are_as_wanted(
    connection: PostgresConnection,
) -> None:
    watching = connection.watching(Wanted(("tables",)))
    assert watching is not None
    for setting, reads in (("SELECT 1", True), ("SET LOCAL intervalstyle = sql_standard", False)):
        reply = connection.session.batch(
            b";".join((b"BEGIN", setting.encode(), *watching.looking, b"ROLLBACK")), rows=True
        )
        assert reply.ok
        _, answer = watching.answers(reply.results)
        assert (answer is not None) is reads


def test_a_session_that_is_set_otherwise_is_looked_at_as_well(server: PostgresServer) -> None:
    database = create_database(server.conninfo, request=request(), superuser=False, private=True)
    connection = database.connection
    connection.require("SET intervalstyle = sql_standard; CREATE TABLE t (a int DEFAULT 1)")
    connection.snapshot()
    watching = connection.watching(Wanted(("tables",), ("types",)))
    assert watching is not None
    message = (b"BEGIN", watching.count, b"ALTER TABLE t ADD b int", *watching.looking, *watching.looking, b"ROLLBACK")
    reply = connection.session.batch(b";".join(message), rows=True)
    assert reply.ok
    assert len(reply.results) == 1 + 2 * watching.size
    for results in (reply.results[: -watching.size], reply.results):
        watch, answer = watching.answers(results)
        seen = connection.watched(reply.results[0], watch)
        assert seen is not None
        assert seen.catalogues >= {"pg_attribute"}
        assert answer is not None
        assert answer.result is not None
        assert answer.result.ntuples
    database.close()


LOCKS = "ALTER TABLE t ADD b int"
TAKES_ROWS = "CREATE FUNCTION f({}) RETURNS int LANGUAGE sql AS 'SELECT 1'"


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ((LOCKS,), set()),
        ((TAKES_ROWS.format("t"), LOCKS), {"of_rows"}),
        ((TAKES_ROWS.format("t[]"), LOCKS), {"of_rows"}),
        (("CREATE TABLE u (a t)", LOCKS), {"of_rows"}),
        (("CREATE TABLE u (a t[])", LOCKS), {"of_rows"}),
        (("LOCK TABLE __diesel_schema_migrations IN SHARE MODE",), {"bookkeeping"}),
        (("CREATE TEMP TABLE u (a int)",), {"temporary"}),
    ],
)
def test_what_is_told_of_what_is_locked(
    connection: PostgresConnection, statements: tuple[str, ...], told: set[str]
) -> None:
    seen = look(connection, *statements)
    assert {name for name in ("of_rows", "bookkeeping", "temporary") if getattr(seen, name)} == told


def test_with_an_index_goes_its_table(connection: PostgresConnection) -> None:
    relations = look(connection, "ALTER INDEX t_pkey RENAME TO renamed").relations
    assert {kind for _, kind in relations} == {"r", "i"}


def test_what_is_no_more_has_no_kind(connection: PostgresConnection) -> None:
    assert {kind for _, kind in look(connection, "DROP TABLE t").relations} == {""}


def look(connection: PostgresConnection, *statements: str) -> Watch:
    """What is seen of statements in a transaction that is rolled back, of which all is as it was."""
    watching = connection.watching(Wanted(("tables",)))
    assert watching is not None
    made = (b"BEGIN", watching.count, b"CREATE TABLE t (a int PRIMARY KEY)", b"COMMIT", b"BEGIN", watching.count)
    looked = (*(each.encode() for each in statements), *watching.looking, b"ROLLBACK", b"DROP TABLE t")
    reply = connection.session.batch(b";".join((*made, *looked)), rows=True)
    assert reply.ok
    watch, _ = watching.answers(reply.results)
    seen = connection.watched(reply.results[1], watch)
    assert seen is not None
    return seen
