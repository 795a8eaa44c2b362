"""Branches of a scratch database on SQLite: rows, and the other world of foreign_keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.errors import LostConnection
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.interface import Connection
    from glowplug.scratch.interface import Server

pytestmark = pytest.mark.sqlite

REQUEST = Request(
    dialect=Dialect.SQLITE, chain=ChainSettings(), settings=ScratchSettings(), foreign_keys=(True, "Cargo.toml")
)
BUILD = """
CREATE TABLE p (id INTEGER PRIMARY KEY, a BLOB);
CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id) ON DELETE CASCADE);
INSERT INTO p VALUES (1, 'one'); INSERT INTO c VALUES (1, 1);
"""


def migration(up: str, *, version: str = "1") -> Migration:
    return Migration(version=version, name=version, path=version, up=up.encode(), down=b"SELECT 1;")


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with open_server(REQUEST) as server:
        yield server


def count(connection: Connection, table: str) -> str:
    answer = connection.rows.query(f"SELECT count(*) FROM {table}")
    assert answer.error is None
    return str(answer.rows[0][0])


def test_a_branch_is_a_database_of_its_own(server: Server) -> None:
    database = server.create()
    assert database.connection.run(migration(BUILD), Direction.UP).error is None
    for _ in range(3):
        with database.branch() as branch:
            p, c = branch.rows.tables()
            assert branch.rows.insert(p, ["id", "a"], [("2", b"\0\xff"), ("2", "twice")])[1] is not None
            assert branch.rows.insert(c, ["p"], [("2",), ("3",)])[1] is not None
            assert branch.rows.update(p, ["a"], [("INTEGER 5", "1")], by=["id"]) == (None,)
            assert branch.rows.read(p).rows == (("1", "INTEGER 5"), ("2", b"\0\xff"))
            assert branch.rows.execute("DELETE FROM p WHERE id = 1") is None
            assert count(branch, "c") == "1"
            assert branch.run(migration("DROP TABLE c;", version="2"), Direction.UP).error is None
            assert branch.recorded() == ("2", "1")
        with pytest.raises(LostConnection):
            branch.rows.tables()
    assert (count(database.connection, "p"), count(database.connection, "c")) == ("1", "1")
    assert database.connection.recorded() == ("1",)


def test_what_is_seen_in_another_process_is_what_happens(server: Server) -> None:
    database = server.create()
    assert database.connection.run(migration(BUILD), Direction.UP).error is None
    rebuild = "CREATE TABLE n (id INTEGER PRIMARY KEY); INSERT INTO n SELECT id FROM p;\nDROP TABLE p;"
    two = migration(rebuild + "ALTER TABLE n RENAME TO p;", version="2")
    with database.branch() as branch:
        trace = branch.observe(two, Direction.UP)
        assert trace.error is None
        assert [(one.line, one.rewritten, one.rows_written) for one in trace.statements] == [
            *((1, (), 0), (1, ("p",), 1), (2, (), 2), (2, (), 0)),
        ]
        assert count(branch, "c") == "0"
        refused = branch.observe(migration("SELECT absent;", version="3"), Direction.UP)
        assert refused.error == branch.run(migration("SELECT absent;", version="3"), Direction.UP).error


def test_the_other_world(server: Server) -> None:
    database = server.create()
    assert database.other_world == "foreign_keys = OFF"
    assert database.connection.run(migration(BUILD), Direction.UP).error is None
    for other, left in ((True, "1"), (False, "0"), (True, "1")):
        with database.branch(other_world=other) as branch:
            assert {key.enforced for table in branch.rows.tables() for key in table.foreign_keys} == {not other}
            assert branch.rows.execute("DELETE FROM p") is None
            assert count(branch, "c") == left
    assert database.connection.rows.query("PRAGMA foreign_keys").rows == (("1",),)


def test_the_other_world_is_on_where_foreign_keys_are_off() -> None:
    with open_server(replace(REQUEST, foreign_keys=(False, "its default"))) as server:
        database = server.create()
        assert database.other_world == "foreign_keys = ON"
        with database.branch(other_world=True) as branch:
            assert branch.rows.query("PRAGMA foreign_keys").rows == (("1",),)


@pytest.mark.parametrize(
    ("setup", "other"),
    [
        (("PRAGMA foreign_keys = OFF",), None),
        (("pragma main.Foreign_Keys(1);",), None),
        (("PRAGMA recursive_triggers = ON", "SELECT 'PRAGMA foreign_keys = OFF'"), "foreign_keys = OFF"),
    ],
)
def test_there_is_no_other_world_where_every_session_sets_it(setup: tuple[str, ...], other: str | None) -> None:
    with open_server(replace(REQUEST, chain=ChainSettings(session_setup=setup))) as server:
        assert server.create().other_world == other


def test_the_other_world_outlives_a_process_that_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glowplug.scratch.sqlite.server._GRACE", 0.1)
    with open_server(replace(REQUEST, statement_timeout=0.3)) as server:
        database = server.create()
        assert database.connection.run(migration(BUILD), Direction.UP).error is None
        endless = "SELECT instr(hex(zeroblob(60000000)), hex(zeroblob(29999999)) || '1');"
        with database.branch(other_world=True) as branch:
            error = branch.rows.execute(endless)
            assert error is not None
            assert branch.rows.query("PRAGMA foreign_keys").rows == (("0",),)
            trace = branch.observe(migration(endless, version="2"), Direction.UP)
            assert trace.error is not None
            assert branch.rows.execute("DELETE FROM p") is None
            assert count(branch, "c") == "1"
