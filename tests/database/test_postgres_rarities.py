"""What few databases have is seen by the snapshot as well, on every major version."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres.snapshot import SnapshotReader
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.schema import diff
from glowplug.scratch.postgres import source
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.database.postgres import PostgresConnection
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

MAJORS = ("14", "15", "16", "17", "18")
SAID = "DO $$ BEGIN EXECUTE format('{} %I {}', current_database()); END $$"
BASE = """
CREATE TABLE t (id int PRIMARY KEY);
CREATE EXTENSION citext;
CREATE FUNCTION own() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; ALTER EXTENSION citext ADD FUNCTION own();
CREATE CONVERSION con FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE PUBLICATION pub FOR TABLE t;
SELECT lo_create(0);
CREATE FUNCTION free() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION free();
CREATE MATERIALIZED VIEW mv AS SELECT 1 AS a; ALTER MATERIALIZED VIEW mv DEPENDS ON EXTENSION plpgsql;
"""
OF_SUPERUSERS = """
CREATE LANGUAGE given HANDLER plpgsql_call_handler;
CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (password 'a');
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is done, and which property of what object tells it; ``name`` may hold the role's as "owner"."""

    change: str
    kind: str
    name: str
    seen: set[str] = field(default_factory=lambda: {"extra"})
    superuser: bool = False
    since: int = 14


CASES = [
    Case(change="COMMENT ON INDEX t_pkey IS 'x'", kind="constraint", name="public.t.t_pkey", seen={"index_comment"}),
    Case(change="COMMENT ON EXTENSION citext IS 'x'", kind="extension", name="citext", seen={"comment"}),
    Case(
        change="CREATE OR REPLACE FUNCTION own() RETURNS int LANGUAGE sql AS $$ SELECT 2 $$",
        kind="extension",
        name="citext",
        seen={"routines"},
    ),
    Case(change="ALTER FUNCTION own() SECURITY DEFINER", kind="extension", name="citext", seen={"routines"}),
    Case(change="REVOKE ALL ON FUNCTION own() FROM PUBLIC", kind="extension", name="citext", seen={"routines"}),
    Case(
        change="CREATE CONVERSION other FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
        kind="conversion",
        name="public.other",
    ),
    Case(
        change="DROP CONVERSION con; CREATE DEFAULT CONVERSION con FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
        kind="conversion",
        name="public.con",
        seen={"default"},
    ),
    Case(change="COMMENT ON CONVERSION con IS 'x'", kind="conversion", name="public.con", seen={"comment"}),
    Case(change="SELECT lo_create(0)", kind="large objects", name="owner", seen={"count"}),
    Case(
        change="SELECT lo_unlink(oid) FROM pg_largeobject_metadata",
        kind="large objects",
        name="owner",
        seen={"missing"},
    ),
    Case(
        change="DO $$ BEGIN EXECUTE (SELECT format('GRANT SELECT ON LARGE OBJECT %s TO PUBLIC', oid)"
        " FROM pg_largeobject_metadata); END $$",
        kind="large objects",
        name="owner",
        seen={"privileges"},
    ),
    Case(
        change="DO $$ BEGIN EXECUTE (SELECT format('COMMENT ON LARGE OBJECT %s IS %L', oid, 'x')"
        " FROM pg_largeobject_metadata); END $$",
        kind="large objects",
        name="owner",
        seen={"comments"},
    ),
    Case(
        change="ALTER FUNCTION free() DEPENDS ON EXTENSION citext",
        kind="dependency on an extension",
        name="function public.free() on citext",
    ),
    Case(
        change="ALTER TRIGGER tr ON t DEPENDS ON EXTENSION citext",
        kind="dependency on an extension",
        name="trigger tr on public.t on citext",
    ),
    Case(
        change="ALTER INDEX t_pkey DEPENDS ON EXTENSION citext",
        kind="dependency on an extension",
        name="index public.t_pkey on citext",
    ),
    Case(
        change="ALTER MATERIALIZED VIEW mv NO DEPENDS ON EXTENSION plpgsql",
        kind="dependency on an extension",
        name="materialized view public.mv on plpgsql",
        seen={"missing"},
    ),
    Case(change="ALTER ROLE CURRENT_USER SET work_mem = '9MB'", kind="setting", name="role.work_mem"),
    Case(change=SAID.format("COMMENT ON DATABASE", "IS ''x''"), kind="setting", name="database.comment"),
    Case(change=SAID.format("ALTER DATABASE", "CONNECTION LIMIT 30"), kind="setting", name="database.connection_limit"),
    Case(change=SAID.format("GRANT TEMP ON DATABASE", "TO PUBLIC"), kind="setting", name="database.privileges"),
    Case(
        change="ALTER PUBLICATION pub SET (publish_generated_columns = stored)",
        kind="publication",
        name="pub",
        seen={"generated_columns"},
        since=18,
    ),
    Case(
        change="CREATE LANGUAGE other HANDLER plpgsql_call_handler",
        kind="language",
        name="other",
        superuser=True,
    ),
    Case(
        change="CREATE OR REPLACE TRUSTED LANGUAGE given HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler",
        kind="language",
        name="given",
        seen={"trusted", "inline"},
        superuser=True,
    ),
    Case(
        change="ALTER USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (SET password 'b')",
        kind="user mapping",
        name="s.owner",
        seen={"options"},
        superuser=True,
    ),
    Case(
        change="CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false, slot_name = NONE)",
        kind="subscription",
        name="s",
        superuser=True,
    ),
]
NAMES = [f"{each.kind}, {'-'.join(sorted(each.seen))}, {each.change[:40]}" for each in CASES]


def request(major: str) -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version=major),
        settings=ScratchSettings(),
        environment=dict(os.environ),
    )


@pytest.fixture(scope="module")
def servers() -> Iterator[Callable[[str], PostgresServer]]:
    running: dict[str, PostgresServer] = {}
    with contextlib.ExitStack() as stack:

        def of(major: str) -> PostgresServer:
            if int(major) not in {each.major for each in source.find_all(os.environ, [])}:
                pytest.skip(f"no PostgreSQL {major}: glowplug server install {major}")
            if major not in running:
                running[major] = stack.enter_context(open_server(request(major)))
            return running[major]

        yield of


def up(connection: PostgresConnection, sql: str) -> None:
    version = os.urandom(8).hex()
    one = Migration(version=version, name=version, path=version, up=sql.encode(), down=None)
    error = connection.run(one, Direction.UP).error
    assert error is None, error


def prove_seen(server: PostgresServer, case: Case) -> None:
    database = create_database(server.conninfo, request=request("18"), superuser=case.superuser, private=True)
    with contextlib.closing(database):
        connection = database.connection
        up(connection, BASE + OF_SUPERUSERS * case.superuser)
        before = connection.snapshot()
        up(connection, case.change)
        after = connection.snapshot()
        assert after.objects == SnapshotReader(connection.session).read(None).objects  # memory and truth
        assert {(item.kind, item.name, item.property) for item in diff(before, after)} == {
            (case.kind, case.name, what) for what in case.seen
        }
        if case.kind == "subscription":  # a database that has one can't be dropped
            up(connection, "DROP SUBSCRIPTION s")


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_rare_change_is_seen(servers: Callable[[str], PostgresServer], case: Case) -> None:
    prove_seen(servers("18"), case)


@pytest.mark.full
@pytest.mark.parametrize("major", MAJORS[:-1])
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_it_is_seen_on_every_major(servers: Callable[[str], PostgresServer], case: Case, major: str) -> None:
    if int(major) >= case.since:
        prove_seen(servers(major), case)


def test_privileges_that_are_given_and_taken_are_no_change(servers: Callable[[str], PostgresServer]) -> None:
    there = "GRANT ALL ON FUNCTION own() TO pg_monitor; GRANT ALL ON LARGE OBJECT 7 TO pg_monitor"
    back = "REVOKE ALL ON FUNCTION own() FROM pg_monitor; REVOKE ALL ON LARGE OBJECT 7 FROM pg_monitor"
    database = create_database(servers("18").conninfo, request=request("18"), superuser=False, private=True)
    with contextlib.closing(database):
        up(database.connection, BASE.replace("lo_create(0)", "lo_create(7)"))
        before = database.connection.snapshot()
        up(database.connection, f"{there}; {back}; COMMENT ON EXTENSION citext IS NULL")
        after = database.connection.snapshot()
        assert {(item.kind, item.property) for item in diff(before, after)} == {("extension", "comment")}


def test_no_role_is_in_a_digest(servers: Callable[[str], PostgresServer]) -> None:
    """Two databases have two roles."""
    seen = []
    for _ in range(2):
        database = create_database(servers("18").conninfo, request=request("18"), superuser=False, private=True)
        with contextlib.closing(database):
            up(database.connection, BASE)
            seen.append(database.connection.snapshot())
    assert list(diff(*seen)) == []


def test_no_snapshot_holds_a_password(servers: Callable[[str], PostgresServer]) -> None:
    database = create_database(servers("18").conninfo, request=request("18"), superuser=True, private=True)
    with contextlib.closing(database):
        up(database.connection, OF_SUPERUSERS.replace("'a'", "'hunter2'"))
        schema = database.connection.snapshot()
        assert ("user mapping", "s.owner") in schema.objects
        assert "hunter2" not in repr(list(schema))
