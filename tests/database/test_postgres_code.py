"""What is known of the user's code: where it is tame, no file on the way down is suspected of more than it says."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres import bookkeeping, entry
from glowplug.database.postgres.circumstances import Circumstances
from glowplug.database.postgres.code import UsersCode
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.sql.postgres_locality import locality

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.postgres import PostgresConnection
    from glowplug.scratch.postgres.server import PostgresServer

REQUEST = Request(
    dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
)
TAME = Circumstances(answered=False, forbidding=False, triggering=False, hidden_code=False, guarded=False)
CODE = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {} RETURN OLD; END'"
TRIGGER = "CREATE TRIGGER f BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()"
AGAIN = (
    "CREATE OR REPLACE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN"
    " INSERT INTO __diesel_schema_migrations (version) VALUES (OLD.version); RETURN NULL; END'"
)
OF_RECORDS = "AFTER DELETE ON __diesel_schema_migrations FOR EACH ROW EXECUTE FUNCTION again()"
PLAIN = "ALTER TABLE t DROP COLUMN IF EXISTS e"


@pytest.mark.parametrize(
    ("sql", "known"),
    [
        ("DELETE FROM t", True),
        ("DROP TABLE t", True),
        ("CREATE INDEX i ON t (c)", True),
        ("DROP TRIGGER f ON t; DROP FUNCTION f()", True),
        (CODE, False),
        (TRIGGER, False),
        ("CREATE VIEW v AS SELECT 1", False),
        ("CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING", False),
        ("DO $$BEGIN END$$", False),
    ],
)
def test_what_is_known_is_known_until_a_file_may_make_code(sql: str, *, known: bool) -> None:
    code = UsersCode()
    assert not code.is_tame
    assert not code.hides(lambda: TAME)
    assert code.is_tame
    code.runs(locality(sql), sql)
    assert code.is_tame is known


@pytest.mark.parametrize("what", ["answered", "triggering", "hidden_code", "guarded"])
def test_code_that_may_do_more_is_not_tame(what: str) -> None:
    code = UsersCode()
    assert code.hides(lambda: replace(TAME, **{what: True})) is (what == "hidden_code")
    assert not code.is_tame


@pytest.mark.parametrize(
    ("what", "left"),
    [
        ("answered", False),
        ("forbidding", False),
        ("triggering", False),
        ("hidden_code", False),
        ("guarded", True),
        ("counting", True),
    ],
)
def test_code_that_may_answer_to_the_bookkeeping(what: str, *, left: bool) -> None:
    code = UsersCode()
    assert not code.leaves_bookkeeping
    code.hides(lambda: replace(TAME, **{what: True}))
    assert code.leaves_bookkeeping is left
    code.forget()
    assert not code.leaves_bookkeeping


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[PostgresServer]:
    with open_server(REQUEST) as server:
        yield server


@pytest.fixture(name="connection")
def _connection(server: PostgresServer) -> Iterator[PostgresConnection]:
    database = create_database(server.conninfo, request=REQUEST, superuser=False, private=True)
    yield database.connection
    database.close()


def chain(*downs: str) -> list[Migration]:
    """Migrations with these downs; the first makes a table."""
    ups = ["CREATE TABLE t (id int, c int, d int)", *(["INSERT INTO t VALUES (1, 1, 1)"] * len(downs))]
    return [
        Migration(
            version=f"{number:02}",
            name=f"{number:02}",
            path=f"{number:02}",
            up=up.encode(),
            down=down.encode(),
            run_in_transaction="CONCURRENTLY" not in down,
        )
        for number, (up, down) in enumerate(zip(ups, ["DROP TABLE t", *downs], strict=True))
    ]


def down(connection: PostgresConnection, migrations: list[Migration]) -> None:
    """Go the way down, and see after each step that the versions are the ones that the database has."""
    left = [each.version for each in migrations]
    while left:
        files = [migrations[number] for number in range(len(left) - 1, -1, -1)]
        runs = connection.run_several(files, Direction.DOWN)
        assert all(run.error is None for run in runs)
        del left[-len(runs) :]
        reply = connection.session.batch(b"SELECT version FROM __diesel_schema_migrations ORDER BY 1 DESC", rows=True)
        rows = reply.results[0]
        assert connection.recorded() == tuple((rows.get_value(row, 0) or b"").decode() for row in range(rows.ntuples))
        assert list(connection.recorded()) == left[::-1]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("SELECT 1", False),
        (f"{CODE.format('OLD.c := 2;')}; {TRIGGER}", False),
        (f"{CODE.format('UPDATE t SET d = 3 WHERE id = 9;')}; {TRIGGER}", True),
    ],
)
def test_what_a_down_says_is_believed_where_code_is_tame(
    connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch, code: str, *, asked: bool
) -> None:
    migrations = chain("DELETE FROM t WHERE c = 1", PLAIN, PLAIN)
    for each in migrations:
        assert connection.run(each, Direction.UP).error is None
    connection.require(code)
    connection.snapshot()
    connection.recorded()
    readings: list[str] = []
    for module, name in ((bookkeeping, "recorded"), (entry, "read_entry")):
        whole = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda session, name=name, whole=whole: readings.append(name) or whole(session)
        )
    runs = connection.run_several(migrations[:1:-1], Direction.DOWN)
    assert [run.error for run in runs] == [None, None]
    connection.recorded()
    readings.clear()
    assert connection.run(migrations[1], Direction.DOWN).error is None
    assert connection.recorded() == ("00",)
    assert readings == (["read_entry", "recorded"] if asked else [])


@pytest.mark.postgres
def test_an_index_that_goes_concurrently_says_that_its_version_went(
    connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations = chain("DROP INDEX CONCURRENTLY i", PLAIN)
    connection.snapshot()
    for each in migrations:
        up = Migration(version=each.version, name=each.name, path=each.path, up=each.up, down=each.down)
        assert connection.run(up, Direction.UP).error is None
    connection.require("CREATE INDEX i ON t (d)")
    assert len(connection.recorded()) == len(migrations)
    monkeypatch.setattr(bookkeeping, "recorded", lambda _: pytest.fail("it is known"))
    monkeypatch.setattr(entry, "read_entry", lambda _: pytest.fail("an index shuts no door"))
    assert connection.run(migrations[2], Direction.DOWN).error is None
    assert connection.recorded() == ("01", "00")
    assert connection.run(migrations[1], Direction.DOWN).error is None
    assert connection.recorded() == ("00",)


@pytest.mark.postgres
def test_the_way_down_is_told_as_it_is(connection: PostgresConnection) -> None:
    migrations = chain(
        "DELETE FROM t WHERE c = 1", PLAIN, f"{CODE.format('')}; {TRIGGER}", PLAIN, "DELETE FROM t", PLAIN
    )
    for each in migrations:
        assert connection.run(each, Direction.UP).error is None
    down(connection, migrations)


@pytest.mark.postgres
@pytest.mark.parametrize("by_hand", [False, True])
def test_in_another_session_too_the_versions_are_read_once(
    connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch, *, by_hand: bool
) -> None:
    migrations = chain("DROP TABLE IF EXISTS other", PLAIN, "DROP TABLE IF EXISTS other", PLAIN)
    for each in migrations:
        assert connection.run(each, Direction.UP).error is None
    if by_hand:
        connection.require(f"{AGAIN}; CREATE TRIGGER again {OF_RECORDS}")
    connection.close()
    assert len(connection.recorded()) == len(migrations)
    readings: list[object] = []
    whole = bookkeeping.recorded
    monkeypatch.setattr(bookkeeping, "recorded", lambda session: readings.append(session) or whole(session))
    assert len(connection.run_several(migrations[::-1], Direction.DOWN)) == len(migrations)
    assert connection.recorded() == (("04", "03", "02", "01", "00") if by_hand else ())
    assert len(readings) == by_hand
