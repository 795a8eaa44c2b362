"""A stranger's SQL on a MySQL scratch server: none of it becomes files, connections, rights, or a lie."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.interface import Connection, Run
    from glowplug.scratch.interface import Database, Server

pytestmark = pytest.mark.mysql


def request_for(timeout: float = 30.0, **settings: object) -> Request:
    return Request(
        dialect=Dialect.MYSQL,
        chain=ChainSettings(),
        settings=ScratchSettings(**settings),  # type: ignore[arg-type]
        statement_timeout=timeout,
        environment=dict(os.environ),
    )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with open_server(request_for()) as opened:
        yield opened


@pytest.fixture(scope="module")
def powerful() -> Iterator[Server]:
    with open_server(request_for(superuser=True)) as opened:
        yield opened


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    made = server.create()
    yield made
    made.close()


@pytest.fixture
def attacked(database: Database) -> Connection:
    return database.connection


@pytest.fixture
def open_directory(tmp_path: Path) -> Iterator[Path]:
    """A directory that whoever the server runs as could write to."""
    directory = Path("/tmp") / f"glowplug-attack-{os.getpid()}-{tmp_path.name}"  # noqa: S108 - it has to be open
    directory.mkdir()
    directory.chmod(0o777)
    yield directory
    for each in directory.iterdir():
        each.unlink()
    directory.rmdir()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        yield listening


def up(connection: Connection, sql: str, version: str = "1") -> Run:
    migration = Migration(version=version, name=version, path=f"migrations/{version}", up=sql.encode(), down=None)
    return connection.run(migration, Direction.UP)


def holds(connection: Connection, condition: str, version: str = "9") -> bool:
    check = f"BEGIN NOT ATOMIC IF NOT ({condition}) THEN SIGNAL SQLSTATE '45000'; END IF; END"
    return up(connection, check, version).error is None


def nobody_came(listening: socket.socket) -> bool:
    try:
        listening.accept()
    except BlockingIOError:
        return True
    return False


@pytest.mark.parametrize("form", ["OUTFILE", "DUMPFILE"])
def test_no_file_is_written(attacked: Connection, open_directory: Path, form: str) -> None:
    error = up(attacked, f"SELECT 'owned' INTO {form} '{open_directory}/owned'").error
    assert error is not None
    assert error.needs_superuser
    assert not list(open_directory.iterdir())


@pytest.mark.parametrize("form", ["OUTFILE", "DUMPFILE"])
def test_no_file_is_written_by_a_superuser_either(powerful: Server, open_directory: Path, form: str) -> None:
    database = powerful.create()
    assert up(database.connection, f"SELECT 'owned' INTO {form} '{open_directory}/owned'").error is not None
    assert not list(open_directory.iterdir())
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "LOAD DATA INFILE '{}' INTO TABLE a",
        "LOAD DATA LOCAL INFILE '{}' INTO TABLE a",
        "LOAD XML INFILE '{}' INTO TABLE a",
    ],
)
def test_no_file_is_read(attacked: Connection, open_directory: Path, statement: str) -> None:
    secret = open_directory / "secret"
    secret.write_text("secret\n")
    secret.chmod(0o644)
    assert up(attacked, "CREATE TABLE a (t TEXT)", "0").error is None
    assert up(attacked, statement.format(secret)).error is not None
    assert holds(attacked, "NOT EXISTS (SELECT * FROM a)")


def test_load_file_gives_nothing(attacked: Connection, powerful: Server, open_directory: Path) -> None:
    secret = open_directory / "secret"
    secret.write_text("secret\n")
    secret.chmod(0o644)
    assert holds(attacked, f"LOAD_FILE('{secret}') IS NULL")
    database = powerful.create()
    assert holds(database.connection, f"LOAD_FILE('{secret}') IS NULL")
    database.close()


@pytest.mark.parametrize("engine", ["InnoDB", "MyISAM", "Aria", "CSV"])
@pytest.mark.parametrize("rights", ["plain", "superuser"])
def test_no_table_lies_outside(
    attacked: Connection, powerful: Server, open_directory: Path, engine: str, rights: str
) -> None:
    made = powerful.create() if rights == "superuser" else None
    connection = made.connection if made else attacked
    up(
        connection,
        f"CREATE TABLE a (i INT NOT NULL) ENGINE={engine} DATA DIRECTORY='{open_directory}'"
        f" INDEX DIRECTORY='{open_directory}'",
    )
    up(
        connection,
        f"CREATE TABLE b (i INT NOT NULL) ENGINE={engine}"
        f" PARTITION BY HASH (i) (PARTITION p DATA DIRECTORY='{open_directory}')",
        "2",
    )
    assert not list(open_directory.iterdir())
    if made:
        made.close()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE FUNCTION f RETURNS STRING SONAME 'lib_mysqludf_sys.so'",
        "INSTALL PLUGIN x SONAME 'ha_connect.so'",
        "INSTALL SONAME 'ha_spider'",
        "SET GLOBAL general_log_file = '/tmp/owned'",
        "SET GLOBAL event_scheduler = ON",
        "SET GLOBAL local_infile = 1",
        "SET @@GLOBAL.init_connect = 'DROP TABLE a'",
        "GRANT ALL ON *.* TO CURRENT_USER()",
        "GRANT FILE ON *.* TO CURRENT_USER()",
        "CREATE USER other",
        "CREATE ROLE other",
        "SET PASSWORD FOR root@localhost = ''",
        "INSERT INTO mysql.global_priv VALUES ('localhost', 'other', '{}')",
        "UPDATE mysql.global_priv SET priv = '{}'",
        "INSERT INTO mysql.plugin VALUES ('x', 'x.so')",
        "SELECT * FROM mysql.global_priv",
        "DROP DATABASE mysql",
        "CREATE DATABASE other",
        "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')",
        "CHANGE MASTER TO MASTER_HOST = '127.0.0.1'; START SLAVE",
        "SHUTDOWN",
        "FLUSH TABLES WITH READ LOCK",
        "RESET MASTER",
        "CREATE DEFINER = root@localhost PROCEDURE p() SET GLOBAL max_connections = 1",
        "CREATE DEFINER = root@localhost VIEW v AS SELECT * FROM mysql.global_priv",
        "CREATE DEFINER = root@localhost EVENT e ON SCHEDULE EVERY 1 SECOND DO SELECT 1",
        "CREATE TABLE a (i INT); CREATE DEFINER = root@localhost TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN END",
        "SET SESSION sql_log_bin = 0",
        "SET SESSION debug_dbug = '+d'",
        "SET SESSION max_heap_table_size = 1; SET GLOBAL max_heap_table_size = 1",
    ],
)
def test_what_needs_more_rights_is_refused(attacked: Connection, statement: str) -> None:
    assert up(attacked, statement).error is not None
    assert attacked.recorded() == ()
    assert up(attacked, "SELECT 1").error is None


def test_no_library_is_loaded_for_a_superuser_either(powerful: Server) -> None:
    database = powerful.create()
    for number, statement in enumerate(("INSTALL SONAME 'ha_connect'", "INSTALL PLUGIN a SONAME '../ha_spider.so'")):
        assert up(database.connection, statement, str(number)).error is not None
    database.close()


@pytest.mark.parametrize("engine", ["FEDERATED", "CONNECT", "SPIDER", "S3"])
def test_no_engine_connects_elsewhere(attacked: Connection, listener: socket.socket, engine: str) -> None:
    port = listener.getsockname()[1]
    up(
        attacked,
        "SET sql_mode = ''; SET SESSION enforce_storage_engine = NULL;"
        f"CREATE TABLE a (i INT) ENGINE={engine} CONNECTION='mysql://root@127.0.0.1:{port}/d/t'"
        f' COMMENT=\'wrapper "mysql", host "127.0.0.1", port "{port}", table "t"\'; SELECT * FROM a',
    )
    assert nobody_came(listener)


def test_no_event_runs(attacked: Connection) -> None:
    event = "CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO a VALUES (1)"
    assert up(attacked, f"CREATE TABLE a (i INT); {event}").error is None
    assert ("event", "e") in attacked.snapshot().objects
    assert holds(attacked, "@@event_scheduler = 'OFF' AND SLEEP(2) = 0 AND NOT EXISTS (SELECT * FROM a)")


def test_other_sessions_can_not_be_killed(attacked: Connection) -> None:
    kills = "".join(f"KILL {number};" for number in range(1, 60))
    handler = "DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;"
    up(attacked, f"BEGIN NOT ATOMIC {handler} KILL USER root@localhost; END; CREATE TABLE a (i INT)", "0")
    up(attacked, f"CREATE PROCEDURE p() BEGIN {handler} {kills} END; CALL p()")
    assert up(attacked, "CREATE TABLE b (i INT)", "2").error is None
    assert ("table", "b") in attacked.snapshot().objects


def test_a_trigger_on_the_bookkeeping_table_is_the_migrations_own_affair(database: Database) -> None:
    attacked = database.connection
    trigger = "CREATE TRIGGER t BEFORE INSERT ON __diesel_schema_migrations FOR EACH ROW"
    assert up(attacked, f"CREATE TABLE a (w TEXT); {trigger} INSERT INTO a VALUES (CURRENT_USER())").error is None
    assert up(attacked, "SELECT 1", "2").error is None
    with database.excursion() as away:
        assert up(away, "SELECT 1", "3").error is None
    assert holds(attacked, "NOT EXISTS (SELECT * FROM a WHERE w LIKE 'root%') AND EXISTS (SELECT * FROM a)")
    assert up(attacked, f"{trigger.replace(' t ', ' u ')} SIGNAL SQLSTATE '45000'", "4").error is not None


def test_glowplug_never_runs_what_was_planted_with_its_own_rights(database: Database) -> None:
    """A view in the place of the bookkeeping table calls a function with the rights of whoever reads it."""
    attacked = database.connection
    plant = """
        CREATE TABLE log (w TEXT); CREATE TABLE real_one (version VARCHAR(50) PRIMARY KEY, run_on TIMESTAMP NULL);
        CREATE FUNCTION f(v TEXT) RETURNS TEXT SQL SECURITY INVOKER
        BEGIN INSERT INTO log VALUES (CURRENT_USER()); RETURN v; END;
        DROP TABLE __diesel_schema_migrations;
        CREATE SQL SECURITY INVOKER VIEW __diesel_schema_migrations AS
        SELECT f(version) AS version, run_on FROM real_one;
    """
    up(attacked, plant)
    up(attacked, "INSERT INTO real_one (version) VALUES ('1'); COMMIT; SELECT nope", "2")
    assert attacked.recorded() == ("1",)
    attacked.snapshot()
    with database.excursion() as away:
        away.snapshot()
        away.recorded()
    check = (
        "IF EXISTS (SELECT * FROM log WHERE w LIKE 'root%') OR NOT EXISTS (SELECT * FROM log) THEN SELECT nope; END IF"
    )
    error = up(attacked, f"BEGIN NOT ATOMIC {check}; END; SELECT missing", "3").error
    assert error is not None
    assert "missing" in error.message


def test_names_can_not_leave_their_quotes(database: Database) -> None:
    attacked = database.connection
    name = "``; DROP TABLE kept; -- `` ' \" \\\\ ../../x"
    assert (
        up(attacked, f"CREATE TABLE kept (i INT); CREATE TABLE `{name}` (`{name}` INT, KEY `{name}` (`{name}`))").error
        is None
    )
    plain = name.replace("``", "`")
    schema = attacked.snapshot()
    assert {("table", "kept"), ("table", plain), ("column", f"{plain}.{plain}")} <= set(schema.objects)
    assert ("index", f"{plain}.{plain}") in schema.objects
    with database.excursion() as away:
        assert set(away.snapshot().objects) == set(schema.objects)


def test_a_hostile_version_is_only_a_version(attacked: Connection) -> None:
    version = "1'); DROP TABLE a; -- \\' \""
    assert up(attacked, "CREATE TABLE a (i INT)", version).error is None
    assert attacked.recorded() == (version,)
    assert up(attacked, "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'; SELECT 1", "2\\' \"").error is None
    assert attacked.recorded() == ("2\\' \"", version)


@pytest.mark.parametrize(
    "filling",
    [
        "CREATE TABLE a AS SELECT REPEAT('x', 1000) AS x FROM seq_1_to_100000000",
        "CREATE TABLE a (t LONGTEXT) ENGINE=MyISAM; INSERT INTO a SELECT REPEAT('x', 1000000) FROM seq_1_to_1000000",
        "CREATE TEMPORARY TABLE a AS SELECT REPEAT('x', 1000) AS x FROM seq_1_to_100000000",
        "SELECT COUNT(*) FROM (SELECT DISTINCT seq, REPEAT(seq, 200) FROM seq_1_to_100000000) AS x",
    ],
)
def test_the_disk_is_not_filled(filling: str) -> None:
    with open_server(request_for(size_limit="60 MiB")) as server:
        database = server.create()
        started = time.monotonic()
        error = up(database.connection, filling).error
        assert error is not None
        assert "size_limit = 60 MiB" in error.message
        assert "glowplug.toml" in (error.hint or "")
        assert time.monotonic() - started < 60
        database.close()


def test_memory_tables_are_bounded(attacked: Connection) -> None:
    sql = """
        SET SESSION max_heap_table_size = 1 << 40; SET SESSION tmp_table_size = 1 << 40;
        CREATE TABLE a (x CHAR(250)) ENGINE=MEMORY; INSERT INTO a SELECT REPEAT('x', 250) FROM seq_1_to_10000000
    """
    error = up(attacked, sql).error
    assert error is not None
    assert "full" in error.message


def test_an_endless_calculation_is_ended(server: Server) -> None:
    del server
    with open_server(request_for(timeout=1.0)) as opened:
        database = opened.create()
        run = up(database.connection, "DO BENCHMARK(1 << 60, SHA2(REPEAT('x', 1000), 512))")
        assert run.error is not None
        assert run.error.timed_out
        database.close()
