"""Branches on MariaDB: a copy in exactly the reference's state, whatever was done to the one before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.schema import diff
from glowplug.scratch import open_server
from glowplug.scratch.mysql.place import Place
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.interface import Connection
    from glowplug.database.rows import Answer
    from glowplug.scratch.interface import Database, Server

pytestmark = pytest.mark.mysql

UPS = (
    """CREATE TABLE p (id int AUTO_INCREMENT PRIMARY KEY, name varchar(20) UNIQUE, f float, b bit(9), raw varbinary(9),
      at timestamp NULL, u varchar(36) DEFAULT (uuid()), n int DEFAULT 6, g int AS (n + 1) STORED, pt point, j json);
    CREATE TABLE c (id int PRIMARY KEY, pid int NOT NULL, FOREIGN KEY (pid) REFERENCES p (id) ON DELETE CASCADE);
    INSERT INTO p (id, name, f, b, raw, at, pt, j) VALUES (3, 'it''s', 0.1, b'101', x'00ff', '2024-01-01', POINT(1, 2),
      '{"a":  1}'), (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO c VALUES (1, 3)""",
    """CREATE VIEW b_view AS SELECT * FROM p; CREATE VIEW a_view AS SELECT name FROM b_view;
    CREATE TRIGGER stamp BEFORE INSERT ON p FOR EACH ROW SET NEW.name = COALESCE(NEW.name, 'stamped');
    CREATE FUNCTION twice(i int) RETURNS int DETERMINISTIC RETURN i * 2;
    CREATE PROCEDURE clear_all() BEGIN DELETE FROM c; DELETE FROM p; END""",
    "ALTER TABLE p ADD COLUMN k int NOT NULL DEFAULT 7 FIRST; DELETE FROM p WHERE id = 5",
)
HARM = (
    "DELETE FROM c",
    "UPDATE p SET f = 5",
    "INSERT INTO p (name) VALUES ('x'); DELETE FROM p WHERE name = 'x'",
    "DROP TABLE c; DROP VIEW a_view",
    "ALTER TABLE p DROP COLUMN f",
    "ALTER TABLE p CHANGE id other int AUTO_INCREMENT",
    "CREATE TABLE more (i int); INSERT INTO more VALUES (1)",
    "DROP FUNCTION twice; DROP TRIGGER stamp",
    "CREATE OR REPLACE VIEW a_view AS SELECT 1 AS name",
    "ALTER DATABASE CHARACTER SET latin1",
    "DELETE FROM __diesel_schema_migrations",
    "SET sql_mode = '', @x = 5; CREATE TEMPORARY TABLE p (i int)",
    "LOCK TABLES p WRITE",
    "SET autocommit = 0; DELETE FROM c",
)


def request_for(environment: dict[str, str] | None = None, **chain: object) -> Request:
    return Request(
        dialect=Dialect.MYSQL,
        chain=ChainSettings(**chain),  # type: ignore[arg-type]
        settings=ScratchSettings(),
        statement_timeout=30,
        environment=dict(os.environ) | (environment or {}),
    )


@pytest.fixture(params=["own", "lent"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Servers from either source."""
    named = {"GLOWPLUG_SCRATCH_URL_MYSQL": request.getfixturevalue("lent_mysql")} if request.param == "lent" else {}
    with open_server(request_for(named)) as opened:
        yield opened


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    made = server.create()
    yield made
    made.close()


def up(connection: Connection, sql: str, version: str) -> None:
    made = Migration(version=version, name=version, path=f"migrations/{version}", up=sql.encode(), down=None)
    run = connection.run(made, Direction.UP)
    assert run.error is None, run.error


def go(database: Database) -> None:
    for number, sql in enumerate(UPS):
        up(database.connection, sql, str(number))


def contents(connection: Connection) -> dict[str, object]:
    return {each.name: connection.rows.read(each).rows for each in connection.rows.tables()}


def ask(connection: Connection, question: str) -> tuple[object, ...]:
    answer: Answer = connection.rows.query(question)
    assert answer.error is None, answer.error
    return answer.rows[0]


def test_a_branch_is_the_reference(database: Database) -> None:
    go(database)
    wanted, rows = database.connection.snapshot(), contents(database.connection)
    for harm in HARM:
        with database.branch() as away:
            assert not diff(wanted, away.snapshot())
            assert contents(away) == rows
            assert away.recorded() == ("2", "1", "0")
            assert ask(away, "SELECT twice(2), @x, @@autocommit, @@sql_mode LIKE '%STRICT%'") == ("4", None, "1", "1")
            assert away.rows.execute(harm) is None
    with database.branch() as away:
        assert ask(away, "INSERT INTO p () VALUES () RETURNING id, k, name, g") == ("6", "7", "stamped", "7")
    assert database.connection.snapshot() == wanted
    assert contents(database.connection) == rows


def test_it_is_made_of_what_the_reference_has(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by running everything again: that takes ten times as long, and gives other UUIDs."""
    go(database)
    with database.branch():
        pass  # the first time it is made by running everything again
    furnished: list[Place] = []
    monkeypatch.setattr(Place, "furnish", furnished.append)
    for harm in HARM:
        with database.branch() as away:
            assert away.rows.execute(harm) is None
    assert furnished == []


def test_a_key_that_the_server_made_goes_as_it_does_in_the_reference(database: Database) -> None:
    """A foreign key's own index is no other to look at, and is dropped once another will do."""
    up(
        database.connection,
        """CREATE TABLE p (id int PRIMARY KEY);
        CREATE TABLE by_column (a int, FOREIGN KEY (a) REFERENCES p (id));
        CREATE TABLE by_name (a int, b int, CONSTRAINT named FOREIGN KEY (a) REFERENCES p (id),
          FOREIGN KEY (b) REFERENCES p (id));
        CREATE TABLE explicit (a int, KEY a (a), FOREIGN KEY (a) REFERENCES p (id))""",
        "1",
    )
    more = """ALTER TABLE by_column ADD KEY k (a); ALTER TABLE by_name ADD KEY k (a), ADD KEY l (b);
        ALTER TABLE explicit ADD KEY k (a)"""
    with database.branch() as away:
        up(away, more, "2")
        wanted = away.snapshot()
    assert {each.name for each in wanted if each.kind == "index"} == {
        *("by_column.k", "by_name.k", "by_name.l", "explicit.a", "explicit.k"),
    }
    for _ in range(2):
        with database.branch() as away:  # of tables that were made anew
            up(away, more, "2")
            assert not diff(wanted, away.snapshot())


def test_excursions_and_branches_take_turns(database: Database) -> None:
    for number, sql in enumerate(UPS):
        before = database.connection.snapshot()
        with database.branch() as away:
            assert not diff(before, away.snapshot())
            up(away, sql, str(number))
            assert away.rows.execute("DROP TABLE c, p") is None
        with database.excursion() as away:
            assert not diff(before, away.snapshot())
            up(away, sql, str(number))
        up(database.connection, sql, str(number))
        with database.branch() as away:
            assert not diff(database.connection.snapshot(), away.snapshot())
            assert contents(away) == contents(database.connection)


def test_a_session_goes_along_with_its_settings_and_variables(database: Database) -> None:
    sql = "SET @text = 'it''s', @number = 5, @real = 0.1e0, @exact = 0.10, @none = NULL, sql_mode = 'ANSI_QUOTES'"
    go(database)
    up(database.connection, f"{sql}; PREPARE s FROM 'DO 1'; EXECUTE s; DEALLOCATE PREPARE s", "3")
    for _ in range(3):
        with database.branch() as away:
            assert ask(away, "SELECT @text, @number + 1, @real, @exact, @none, @@sql_mode, @other") == (
                "it's",
                "6",
                "0.1",
                "0.10",
                None,
                "ANSI_QUOTES",
                None,
            )
            assert away.rows.execute("SET @other = 1, @text = 2, sql_mode = ''; DELETE FROM c") is None


def test_what_a_new_session_can_not_be_given_is_run_again(database: Database) -> None:
    up(database.connection, "CREATE TABLE t (i int); CREATE TEMPORARY TABLE u (i int); INSERT INTO u VALUES (3)", "1")
    up(database.connection, "CREATE SEQUENCE s; DO NEXTVAL(s)", "2")
    for _ in range(2):
        with database.branch() as away:
            assert ask(away, "SELECT i, NEXTVAL(s) FROM u") == ("3", "2")
            assert away.rows.execute("DROP TEMPORARY TABLE u; DO NEXTVAL(s); INSERT INTO t VALUES (1)") is None


def test_very_many_rows_are_not_written_anew_one_by_one(database: Database) -> None:
    up(database.connection, "CREATE TABLE t (i int); INSERT INTO t SELECT seq FROM seq_1_to_6000", "1")
    for _ in range(2):
        with database.branch() as away:
            assert ask(away, "SELECT COUNT(*) FROM t") == ("6000",)
            assert away.rows.execute("DELETE FROM t") is None


def test_the_other_world_is_in_its_branch_alone(database: Database) -> None:
    assert database.other_world == "strict mode off"
    up(database.connection, "CREATE TABLE t (c varchar(3))", "1")
    strict = "SELECT @@sql_mode LIKE '%STRICT%', @@sql_mode LIKE '%ERROR_FOR_DIVISION%'"
    for _ in range(2):
        with database.branch(other_world=True) as away:
            assert ask(away, strict) == ("0", "1")
            up(away, "INSERT INTO t VALUES ('long')", "2")
            assert away.rows.execute("KILL CONNECTION_ID()") is not None
            assert ask(away, strict) == ("0", "1")
        for lend in (database.branch, database.excursion):
            with lend() as away:
                assert ask(away, strict) == ("1", "1")
                refused = Migration(version="2", name="2", path="m", up=b"INSERT INTO t VALUES ('long')", down=None)
                assert away.run(refused, Direction.UP).error is not None


@pytest.mark.parametrize(
    "chain",
    [
        {"session_setup": ("SET sql_mode = 'STRICT_ALL_TABLES'",)},
        {"database_setup": ("SET @@SESSION.SQL_MODE = ''",)},
    ],
)
def test_where_the_settings_say_there_is_no_other_world(chain: dict[str, tuple[str, ...]]) -> None:
    with open_server(request_for(**chain)) as server:
        assert server.create().other_world is None


def test_a_server_that_is_lenient_may_be_strict_elsewhere(lent_mysql: str) -> None:
    with open_server(request_for({"GLOWPLUG_SCRATCH_URL_MYSQL": lent_mysql})) as server:
        database = server.create()
        administrator = database._database._home.administrator  # type: ignore[attr-defined]  # noqa: SLF001
        mode = administrator.sql_mode()
        administrator._session.rows("SET GLOBAL sql_mode = 'NO_ENGINE_SUBSTITUTION'")  # noqa: SLF001
        try:
            assert database.other_world == "strict mode on"
            with database.branch(other_world=True) as away:
                assert ask(away, "SELECT @@sql_mode LIKE '%STRICT_TRANS%'") == ("1",)
        finally:
            administrator._session.rows(f"SET GLOBAL sql_mode = '{mode}'")  # noqa: SLF001
