"""A scratch server for MySQL chains: where it comes from, what its databases start with, excursions, its end."""

from __future__ import annotations

import contextlib
import itertools
import os
from typing import TYPE_CHECKING

import psutil
import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.errors import ConfigurationError, NoServer
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.schema import diff
from glowplug.scratch import open_server
from glowplug.scratch.mysql.source import choose, find_all
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glowplug.database.interface import Connection, Run
    from glowplug.scratch.interface import Database, Server

pytestmark = pytest.mark.mysql

_numbers = itertools.count()


def request_for(
    chain: ChainSettings | None = None, *, environment: dict[str, str] | None = None, **settings: object
) -> Request:
    return Request(
        dialect=Dialect.MYSQL,
        chain=chain or ChainSettings(),
        settings=ScratchSettings(**settings),  # type: ignore[arg-type]
        statement_timeout=30,
        environment=dict(os.environ) | (environment or {}),
    )


@pytest.fixture(params=["own", "lent"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Servers from either source."""
    named = {"GLOWPLUG_SCRATCH_URL_MYSQL": request.getfixturevalue("lent_mysql")} if request.param == "lent" else {}
    with open_server(request_for(environment=named)) as opened:
        yield opened


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    made = server.create()
    yield made
    made.close()


def migration(up: str, down: str = "", version: str = "1") -> Migration:
    return Migration(
        version=version, name=version, path=f"migrations/{version}", up=up.encode(), down=down.encode() or None
    )


def run(connection: Connection, up: str, version: str = "1") -> Run:
    done = connection.run(migration(up, version=version), Direction.UP)
    assert done.error is None, done.error
    return done


def names(connection: Connection) -> set[str]:
    return {each.name for each in connection.snapshot() if each.kind in {"table", "view"}}


def rows(connection: Connection, question: str) -> bool:
    """Whether ``question``, a condition, holds there."""
    check = f"DO 1; BEGIN NOT ATOMIC IF NOT ({question}) THEN SIGNAL SQLSTATE '45000'; END IF; END"
    version = f"check{next(_numbers)}"
    return connection.run(migration(check, version=version), Direction.UP).error is None


def test_a_database_begins_empty_with_nothing_recorded(database: Database) -> None:
    assert database.connection.recorded() == ()
    assert [each.kind for each in database.connection.snapshot()] == ["database"]


def test_what_an_excursion_does_leaves_no_trace(database: Database) -> None:
    connection = database.connection
    run(connection, "CREATE TABLE a (i INT AUTO_INCREMENT PRIMARY KEY); INSERT INTO a VALUES (5)", "1")
    before = connection.snapshot()
    for _ in range(2):
        with database.excursion() as away:
            assert not diff(before, away.snapshot())
            assert away.recorded() == ("1",)
            assert rows(away, "(SELECT COUNT(*) FROM a) = 1 AND NOT EXISTS (SELECT * FROM a WHERE i <> 5)")
            run(away, "INSERT INTO a VALUES (); ALTER TABLE a ADD j INT; CREATE TABLE b (i INT)", "2")
        assert connection.snapshot() == before
        assert connection.recorded() == ("1",)


def test_an_excursion_begins_with_the_ups_alone(database: Database) -> None:
    """A down that restores badly must not show in the next migration's excursion."""
    connection = database.connection
    run(connection, "CREATE TABLE a (i INT NOT NULL, j INT)", "1")
    with database.excursion() as away:
        run(away, "ALTER TABLE a DROP i; ALTER TABLE a ADD i INT", "2")
    run(connection, "ALTER TABLE a ADD k INT", "3")
    with database.excursion() as away:
        assert not diff(connection.snapshot(), away.snapshot())
        assert away.recorded() == ("3", "1")


@pytest.mark.parametrize(
    "trace",
    [
        "INSERT INTO a (i) VALUES (9)",
        "UPDATE a SET j = 9",
        "INSERT INTO a (i) VALUES (9); DELETE FROM a WHERE i = 9",
        "ALTER TABLE a MODIFY j INT FIRST",
        "DELETE FROM __diesel_schema_migrations",
        "ALTER TABLE a COMMENT 'x'",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.j = 1",
        "DO NEXTVAL(s)",
        "ALTER DATABASE CHARACTER SET latin1",
        "SET sql_mode = ''",
        "SET @x = 5",
        "CREATE TEMPORARY TABLE a (other INT)",
        "LOCK TABLES a WRITE",
        "SET autocommit = 0; INSERT INTO a (i) VALUES (9)",
        "KILL CONNECTION_ID()",
    ],
)
def test_no_trace_is_too_small(database: Database, trace: str) -> None:
    connection = database.connection
    run(connection, "CREATE TABLE a (i INT AUTO_INCREMENT PRIMARY KEY, j INT); CREATE SEQUENCE s")
    run(connection, "INSERT INTO a VALUES (1, 1)", "1a")
    with database.excursion() as away:
        traced = migration(trace, "SELECT 1", version="0")
        away.run(traced, Direction.UP)
        away.run(traced, Direction.DOWN)  # nothing recorded: the trace alone must tell
    with database.excursion() as away:
        run(away, "INSERT INTO a (j) VALUES (2)", "2")
        assert rows(away, "(SELECT GROUP_CONCAT(i, '-', j ORDER BY i) FROM a) = '1-1,2-2'")
        assert rows(away, "NEXTVAL(s) = 1")
        assert rows(away, "@@sql_mode LIKE '%STRICT%' AND @x IS NULL")
        assert [each for each in away.recorded() if not each.startswith("check")] == ["2", "1a", "1"]


@pytest.mark.parametrize("settings", ["SET sql_mode = ''", "SET sql_mode = ''; SET @x = 5"])
def test_the_sessions_state_travels(database: Database, settings: str) -> None:
    connection = database.connection
    run(connection, f"CREATE TABLE a (i TINYINT NOT NULL); {settings}")
    for _ in range(2):
        with database.excursion() as away:
            run(away, "INSERT INTO a VALUES (1000); SET sql_mode = 'STRICT_ALL_TABLES'", "2")
            assert rows(away, "(SELECT i FROM a) = 127")
            assert rows(away, f"@x <=> {5 if '@x' in settings else 'NULL'}")


def test_rows_that_no_two_runs_agree_on(server: Server) -> None:
    """On servers of glowplug's own an excursion has the very same rows; on a lent one, as many."""
    database = server.create()
    connection = database.connection
    run(connection, "CREATE TABLE a (u CHAR(36) PRIMARY KEY, t TIMESTAMP(6) DEFAULT NOW(6))")
    run(connection, "INSERT INTO a (u) VALUES (UUID())", "1a")
    sums = "CREATE TABLE c{0} AS SELECT MD5(GROUP_CONCAT(u, t)) AS s FROM a"
    run(connection, sums.format(1), "2")
    own = server.describe().source == "machine"
    for number in ("3", "4"):
        with database.excursion() as away:
            assert rows(away, "(SELECT COUNT(*) FROM a) = 1")
            if own:
                run(away, sums.format(number), number)
                assert rows(away, f"(SELECT s FROM c1) = (SELECT s FROM c{number})")
            run(away, "DELETE FROM a", "9")
    database.close()


def test_a_failed_up_is_followed_too(database: Database) -> None:
    connection = database.connection
    run(connection, "CREATE TABLE a (i INT)", "1")
    assert connection.run(migration("CREATE TABLE b (i INT); CREATE TABLE a (i INT)", version="2"), Direction.UP).error
    with database.excursion() as away:
        assert names(away) == {"a", "b"}
        assert away.recorded() == ("1",)


def test_names_of_the_schema_do_not_show(database: Database) -> None:
    connection = database.connection
    run(connection, "CREATE TABLE a (i INT); CREATE VIEW v AS SELECT a.i FROM a WHERE a.i > 1")
    before = connection.snapshot()
    with database.excursion() as away:
        assert not diff(before, away.snapshot())
    (view,) = [each for each in before if each.kind == "view"]
    assert "glowplug" not in view.properties["definition"]


def test_setup_comes_before_the_first_migration_and_is_the_accounts_own(server: Server) -> None:
    del server
    chain = ChainSettings(
        database_setup=("CREATE TABLE given (i INT)", "CREATE VIEW seen AS SELECT * FROM given"),
        session_setup=("SET FOREIGN_KEY_CHECKS = 0",),
        encoding="latin1",
        collation="latin1_german1_ci",
    )
    with open_server(request_for(chain)) as opened:
        database = opened.create()
        run(database.connection, "CREATE OR REPLACE VIEW seen AS SELECT i + 1 AS j FROM given; CREATE TABLE c (t TEXT)")
        with database.excursion() as away:
            assert names(away) == {"given", "seen", "c"}
            assert rows(away, "@@foreign_key_checks = 0")
        tables = [each for each in database.connection.snapshot() if each.kind == "table"]
        collations = {each.properties.get("collation") for each in tables}
        assert collations == {"latin1_german1_ci"}
        denied = database.connection.run(migration("CREATE DATABASE other", version="2"), Direction.UP)
        assert denied.error is not None


def test_a_setup_that_fails_is_a_configuration_error() -> None:
    with (
        open_server(request_for(ChainSettings(database_setup=("CREATE NONSENSE",)))) as opened,
        pytest.raises(ConfigurationError, match="database_setup"),
    ):
        opened.create()


def test_a_collation_that_is_none_is_a_configuration_error() -> None:
    with (
        open_server(request_for(ChainSettings(collation="klingon_ci"))) as opened,
        pytest.raises(ConfigurationError, match="klingon"),
    ):
        opened.create()


def test_superuser_gives_everything() -> None:
    with open_server(request_for(superuser=True)) as opened:
        assert opened.describe().superuser
        database = opened.create()
        run(database.connection, "SET GLOBAL max_connections = 33; CREATE TABLE a (i INT)")
        with database.excursion() as away:
            assert rows(away, "@@GLOBAL.max_connections = 33")
            run(away, "SET GLOBAL max_connections = 44", "2")
        with database.excursion() as away:
            assert rows(away, "@@GLOBAL.max_connections = 33")


def test_a_lent_server_that_is_not_there_is_no_server() -> None:
    named = {"GLOWPLUG_SCRATCH_URL_MYSQL": "mysql://root:secret@127.0.0.1:9/x"}
    with pytest.raises(NoServer, match="GLOWPLUG_SCRATCH_URL_MYSQL") as raised:
        open_server(request_for(environment=named))
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("GLOWPLUG_SCRATCH_URL_MYSQL", "postgres://x"),
        ("GLOWPLUG_SCRATCH_URL_MYSQL", "mysql://[x"),
        ("GLOWPLUG_SCRATCH_URL_MYSQL", "mysql://x?ssl_mode=verify_ca"),
        ("GLOWPLUG_SCRATCH_URL_MYSQL", "mysql://x?ssl_mode="),
        ("GLOWPLUG_SCRATCH_URL", "mysq://x"),
        ("GLOWPLUG_SCRATCH_URL", "localhost"),
    ],
)
def test_what_is_no_mysql_url_is_a_configuration_error(variable: str, url: str) -> None:
    with pytest.raises(ConfigurationError, match=variable):
        open_server(request_for(environment={variable: url}))


def test_production_is_never_a_scratch_server() -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        open_server(request_for(url_env="DATABASE_URL", environment={"DATABASE_URL": "mysql://localhost/x"}))


def test_a_url_of_another_backend_is_passed_over() -> None:
    for url in ("postgres://localhost/x", "PostgreSQL://localhost/x"):
        with open_server(request_for(environment={"GLOWPLUG_SCRATCH_URL": url})) as opened:
            assert opened.describe().source == "machine"


def test_another_version_than_productions_is_said() -> None:
    for wanted in ("mariadb-5.3", "5.3"):
        with open_server(request_for(ChainSettings(server_version=wanted))) as opened:
            description = opened.describe()
            assert description.matches_production is False
            assert "5.3" in description.notes[0]
            assert "name one of production's in GLOWPLUG_SCRATCH_URL_MYSQL" in description.notes[0]


def test_productions_series_matches() -> None:
    version = choose(request_for()).version
    wanted = f"{version.vendor.lower()}-{version.series}"
    with open_server(request_for(ChainSettings(server_version=wanted))) as opened:
        assert opened.describe().matches_production is True
        assert opened.describe().server == f"{version.vendor} {version.number}"


def test_nothing_is_left_behind() -> None:
    own = psutil.Process()
    before = {each.pid for each in own.children(recursive=True)}
    with contextlib.suppress(KeyError), open_server(request_for()) as opened, opened.create().excursion():
        started = {each.pid for each in own.children(recursive=True)} - before
        assert len(started) >= 2
        raise KeyError
    assert not {each.pid for each in own.children(recursive=True)} - before


def test_no_program_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glowplug.scratch.mysql.source._PROGRAMS", ("no-such-program",))
    with pytest.raises(NoServer) as raised:
        open_server(request_for())
    assert "mariadb-server-core" in str(raised.value)
    assert "GLOWPLUG_SCRATCH_URL_MYSQL" in str(raised.value)


def test_a_program_that_does_not_run_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glowplug.scratch.mysql.source._ANSWERS_WITHIN", 0.5)
    real = choose(request_for()).program
    contents = {"garbage": b"\0", "failing": b"#!/bin/sh\nexit 1\n", "hanging": b"#!/bin/sh\nexec sleep 60\n"}
    for name, content in contents.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "mariadbd").write_bytes(content)
        (tmp_path / name / "mariadbd").chmod(0o755)
    (tmp_path / "mysqld").symlink_to("mysqld")
    path = ":".join(map(str, (*(tmp_path / name for name in contents), tmp_path, real.parent)))
    assert real in {each.program for each in find_all({"PATH": path}, root=tmp_path)}


DROPPED = "SET @s = CONCAT('DROP DATABASE ', DATABASE()); PREPARE p FROM @s; EXECUTE p"


@pytest.mark.parametrize("end", ["", "; KILL CONNECTION_ID()"])
def test_a_database_that_a_migration_dropped_is_empty(server: Server, end: str) -> None:
    """Its failure is the migration's, and no failure of the server's."""
    with contextlib.closing(server.create()) as database:
        connection = database.connection
        run(connection, "CREATE TABLE a (i INT)")
        assert connection.run(migration(DROPPED + end, version="2"), Direction.UP).error
        assert connection.recorded() == ()
        assert list(connection.snapshot()) == []


def test_the_next_excursion_has_what_the_last_dropped(database: Database) -> None:
    run(database.connection, "CREATE TABLE a (i INT)")
    for end in ("", "; KILL CONNECTION_ID()", ""):
        with database.excursion() as away:
            assert names(away) == {"a"}
            assert away.run(migration(DROPPED + end, version="2"), Direction.UP).error
            assert away.recorded() == ()
