"""The migrations' session on MariaDB runs files as Diesel does; where the real CLI is there, it is the judge."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.mysql import SnapshotReader
from glowplug.database.mysql.session import Session
from glowplug.dialect import Dialect, Direction
from glowplug.errors import MORE_TIME, ConfigurationError, LostConnection
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.area import Area, cache_directory
from glowplug.scratch.mysql.own import OwnServer
from glowplug.scratch.mysql.place import Account, Place
from glowplug.scratch.mysql.source import choose
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from glowplug.database.interface import Run

pytestmark = pytest.mark.mysql

_numbers = itertools.count()


def request_for(timeout: float = 30.0, session_setup: tuple[str, ...] = ()) -> Request:
    return Request(
        dialect=Dialect.MYSQL,
        chain=ChainSettings(session_setup=session_setup),
        settings=ScratchSettings(),
        statement_timeout=timeout,
        environment=dict(os.environ),
    )


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    request = request_for()
    with Area(room=2**30) as area:
        yield OwnServer.fresh(choose(request), area, cache=cache_directory(request.environment), name="m")


@pytest.fixture
def make_place(server: OwnServer) -> Iterator[Callable[..., Place]]:
    made = []

    def make(request: Request | None = None) -> Place:
        name = f"s{next(_numbers)}"
        account = Account.random(name, host="localhost")
        place = Place(request or request_for(), server.address, account, name, ran=lambda *_: None)
        made.append(place)
        place.create_account()
        place.furnish()
        return place

    yield make
    for place in made:
        place.close()


@pytest.fixture
def place(make_place: Callable[..., Place]) -> Place:
    return make_place()


def migration(
    up: bytes | str | None, down: bytes | str | None = None, *, version: str = "1", transaction: bool = True
) -> Migration:
    return Migration(
        version=version,
        name=f"{version}_x",
        path=f"migrations/{version}_x",
        up=up.encode() if isinstance(up, str) else up,
        down=down.encode() if isinstance(down, str) else down,
        run_in_transaction=transaction,
    )


def up(place: Place, sql: bytes | str | None, **how: object) -> Run:
    return place.connection.run(migration(sql, **how), Direction.UP)  # type: ignore[arg-type]


def names(place: Place, kind: str = "table") -> set[str]:
    return {each.name for each in place.connection.snapshot() if each.kind == kind}


def test_the_whole_file_is_one_batch_and_the_version_is_recorded(place: Place) -> None:
    run = up(place, "CREATE TABLE a (i INT); INSERT INTO a VALUES (1);\nSELECT * FROM a;", version="20240101")
    assert run.error is None
    assert run.seconds > 0
    assert place.connection.recorded() == ("20240101",)
    assert names(place) == {"a"}


def test_versions_come_back_in_the_order_of_reverting(place: Place) -> None:
    for version in ("2", "10", "1"):
        up(place, "SELECT 1", version=version)
    assert place.connection.recorded() == ("2", "10", "1")


def test_what_is_recorded_without_the_table_is_nothing(place: Place) -> None:
    run = up(place, "DROP TABLE __diesel_schema_migrations", transaction=False)
    assert run.error is not None
    assert run.error.code == "42S02"
    assert place.connection.recorded() == ()


def test_half_a_migration_stays_and_is_not_recorded(place: Place) -> None:
    run = up(place, "CREATE TABLE a (i INT);\n\nCREATE TABLE b (i INT PRIMARY);\nCREATE TABLE c (i INT)")
    assert run.error is not None
    assert (run.error.code, run.error.line) == ("42000", 3)
    assert names(place) == {"a"}
    assert place.connection.recorded() == ()


def test_rows_of_a_failed_migration_are_rolled_back(place: Place) -> None:
    up(place, "CREATE TABLE a (i INT PRIMARY KEY)", version="1")
    assert up(place, "INSERT INTO a VALUES (1); INSERT INTO a VALUES (1)", version="2").error is not None
    assert up(place, "INSERT INTO a VALUES (1)", version="3").error is None
    assert up(place, "INSERT INTO a VALUES (2); INSERT INTO a VALUES (2)", version="4", transaction=False).error
    assert up(place, "INSERT INTO a VALUES (2)", version="5").error is not None


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("SELECT 1;\n\nSELECT nope", 3),
        ("-- a\n-- b\nSELECT\n  1;\n-- c\nSELECT nope;", 6),
        ("SELECT 1;\nSELECT\n  FROM\n  x", 3),
        ("\n\n  SELECT 1;\n\nSELECT 'a\nb;' FROM\n;", 6),
        ("CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END;\nCALL p();\nSELECT nope;", 3),
        ("CREATE PROCEDURE q() SELECT 1;\nCALL q();\nCALL q();\nSELECT nope", 4),
        ("BEGIN NOT ATOMIC SELECT 1; SELECT 2; END;\nSELECT nope", 2),
        ("SELECT 1;\n;\nSELECT 2", 2),
        ("DELIMITER //\nSELECT 1//", 1),
        (
            (
                "CREATE TABLE t (i INT);\nCREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW\n"
                "IF NEW.i > 1 THEN SET NEW.i = IF(NEW.i > 2, 2, 1); END IF;\nSELECT nope"
            ),
            4,
        ),
    ],
)
def test_an_error_names_the_line(place: Place, sql: str, line: int) -> None:
    error = up(place, sql).error
    assert error is not None
    assert error.line == line, error.message


@pytest.mark.parametrize(
    ("sql", "message"),
    [(None, "there is no up.sql"), (b"", "0 bytes"), (b"SELECT 1;\n\xff", "UTF-8"), (b" \n", "Query was empty")],
)
def test_what_diesel_refuses_is_an_error(place: Place, sql: bytes | None, message: str) -> None:
    error = up(place, sql).error
    assert error is not None
    assert message in error.message
    assert place.connection.recorded() == ()


def test_comments_alone_are_accepted(place: Place) -> None:
    assert up(place, "-- nothing\n/* at all */").error is None
    assert place.connection.recorded() == ("1",)


def test_the_session_is_as_diesel_sets_it(place: Place) -> None:
    settings = place.connection.settings()
    assert settings is not None
    assert settings["time_zone"] == "+00:00"
    wanted = {"character_set_client", "character_set_connection", "character_set_results"}
    assert {settings[name] for name in wanted} == {"utf8mb4"}
    assert settings["autocommit"] == "ON"
    assert "STRICT_TRANS_TABLES" in (settings["sql_mode"] or "")


def test_session_setup_runs_on_every_session(make_place: Callable[..., Place]) -> None:
    place = make_place(request_for(session_setup=("SET FOREIGN_KEY_CHECKS = 0",)))
    child = "CREATE TABLE c{} (i INT, FOREIGN KEY (i) REFERENCES nowhere (i))"
    assert up(place, child.format(1), version="1").error is None
    assert up(place, "KILL CONNECTION_ID()", version="2").error is not None
    assert up(place, child.format(2), version="3").error is None


def test_session_setup_that_fails_is_a_configuration_error(make_place: Callable[..., Place]) -> None:
    with pytest.raises(ConfigurationError, match="session_setup"):
        make_place(request_for(session_setup=("SET nonsense = 1",)))


@pytest.mark.parametrize("held", ["the whole server", "Diesel's table"])
def test_what_takes_too_long_of_glowplugs_own_is_given_more_time(
    make_place: Callable[..., Place], server: OwnServer, held: str
) -> None:
    place = make_place(request_for(timeout=0.5))
    holder = Session(server.address)
    try:
        if held == "the whole server":
            place.disconnect()
            holder.rows(f"DROP TABLE `{place.schema}`.{BOOKKEEPING_TABLE}")
            holder.rows("FLUSH TABLES WITH READ LOCK")
            with pytest.raises(LostConnection, match="Diesel's own table can't be created: it ran longer") as caught:
                place.connect()
        else:
            holder.rows(f"LOCK TABLES `{place.schema}`.{BOOKKEEPING_TABLE} WRITE")
            with pytest.raises(LostConnection, match="the recorded versions can't be read: it ran longer") as caught:
                place.connection.recorded()
    finally:
        holder.close()
    assert caught.value.advice == MORE_TIME


def test_session_setup_that_takes_too_long_is_given_more_time(make_place: Callable[..., Place]) -> None:
    with pytest.raises(ConfigurationError, match="session_setup fails: it ran longer") as caught:
        make_place(request_for(timeout=0.5, session_setup=("SELECT SLEEP(9)",)))
    assert caught.value.advice == f"It is: SELECT SLEEP(9)\n{MORE_TIME}"


def test_a_session_that_kills_itself_is_made_again(place: Place) -> None:
    error = up(place, "CREATE TABLE a (i INT); KILL CONNECTION_ID(); CREATE TABLE b (i INT)").error
    assert error is not None
    assert place.connection.recorded() == ()
    assert names(place) == {"a"}
    assert up(place, "CREATE TABLE c (i INT)", version="2").error is None


def test_a_statement_that_lifts_its_own_limit_is_ended(make_place: Callable[..., Place]) -> None:
    place = make_place(request_for(timeout=0.5))
    started = time.monotonic()
    run = up(place, "SET STATEMENT max_statement_time = 0 FOR SELECT SLEEP(1000)")
    assert time.monotonic() - started < 20
    assert run.error is not None
    assert run.error.timed_out
    assert place.connection.recorded() == ()
    assert up(place, "SELECT 1", version="2").error is None


def test_a_statement_that_survives_a_killed_query_is_ended(make_place: Callable[..., Place]) -> None:
    place = make_place(request_for(timeout=0.5))
    loop = "DECLARE CONTINUE HANDLER FOR SQLEXCEPTION, 1317 BEGIN END; LOOP DO SLEEP(1); END LOOP;"
    run = up(place, f"BEGIN NOT ATOMIC {loop} END")
    assert run.error is not None
    assert run.error.timed_out
    assert up(place, "SELECT 1", version="2").error is None


def test_a_signal_is_answered_while_a_statement_runs(make_place: Callable[..., Place]) -> None:
    place = make_place()
    started = time.monotonic()
    thread = threading.Timer(0.5, signal.pthread_kill, [threading.get_ident(), signal.SIGINT])
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        up(place, "SELECT SLEEP(100)")
    assert time.monotonic() - started < 20
    thread.join()


def test_a_hundred_thousand_rows_and_warnings_are_dropped(place: Place) -> None:
    rows = "SELECT seq FROM seq_1_to_100000"
    assert up(place, f"CREATE TABLE a (i TINYINT); {rows}; INSERT IGNORE INTO a {rows}; {rows}").error is None


def test_a_session_with_other_character_sets_is_read_all_the_same(place: Place) -> None:
    sql = "SET NAMES latin1; CREATE TABLE a (i INT COMMENT 'x'); SELECT 'ä' AS `ä`, X'FF' AS b; SELECT 1 FROM nope"
    error = up(place, sql).error
    assert error is not None
    assert error.code == "42S02"
    assert place.connection.recorded() == ()


def test_a_file_of_five_megabytes_runs(place: Place) -> None:
    rows = ",\n".join(f"('{'x' * 90}')" for _ in range(50_000))
    assert up(place, f"CREATE TABLE a (t VARCHAR(100)); INSERT INTO a VALUES\n{rows};").error is None


def test_rights_that_are_lacking_are_named(place: Place) -> None:
    error = up(place, "SET GLOBAL max_connections = 5").error
    assert error is not None
    assert error.needs_superuser


DIESEL_CASES: dict[str, tuple[bytes | None, bytes | None, str | None]] = {
    "plain": (b"CREATE TABLE a (i INT)", b"DROP TABLE a", None),
    "half": (b"CREATE TABLE a (i INT); CREATE TABLE b (i NOSUCH)", b"DROP TABLE a", None),
    "comment-only": (b"-- up", b"/* down */", None),
    "comment-after": (b"CREATE TABLE a (i INT);\n-- done\n", b"DROP TABLE a;\n\n", None),
    "empty-up": (b"", b"SELECT 1", None),
    "empty-down": (b"SELECT 1", b"", None),
    "missing-down": (b"SELECT 1", None, None),
    "white-space": (b" \n", b"SELECT 1", None),
    "semicolon": (b";", b"SELECT 1", None),
    "semicolon-down": (b"SELECT 1", b";", None),
    "double-semicolon": (b"SELECT 1;; SELECT 2", b"SELECT 1", None),
    "nul": (b"SELECT 1;\0", b"SELECT 1", None),
    "not-utf8": (b"SELECT 1 -- \xff", b"SELECT 1", None),
    "bom": (b"\xef\xbb\xbfCREATE TABLE a (i INT)", b"SELECT 1", None),
    "crlf": (b"CREATE TABLE a (\r\n  i INT\r\n);\r\n", b"DROP TABLE a;\r\n", None),
    "commit": (b"CREATE TABLE a (i INT); INSERT INTO a VALUES (1); COMMIT; SELECT nope", b"SELECT 1", None),
    "rollback": (b"CREATE TABLE a (i INT); INSERT INTO a VALUES (1); ROLLBACK", b"DROP TABLE a", None),
    "no-transaction": (
        b"CREATE TABLE a (i INT PRIMARY KEY); INSERT INTO a VALUES (1); INSERT INTO a VALUES (1)",
        b"SELECT 1",
        "run_in_transaction = false",
    ),
    "transaction": (b"CREATE TABLE a (i INT PRIMARY KEY); INSERT INTO a VALUES (1), (1)", b"SELECT 1", None),
    "drops-bookkeeping": (b"DROP TABLE __diesel_schema_migrations", b"SELECT 1", None),
    "locks": (b"CREATE TABLE a (i INT); LOCK TABLES a WRITE", b"DROP TABLE a", None),
    "autocommit-off": (b"SET autocommit = 0; CREATE TABLE a (i INT); INSERT INTO a VALUES (1)", b"DROP TABLE a", None),
    "found-rows": (
        (
            b"CREATE TABLE a (i INT); INSERT INTO a VALUES (1); UPDATE a SET i = 1;"
            b" INSERT INTO a SELECT ROW_COUNT() + 10; ALTER TABLE a COMMENT 'x'"
        ),
        b"DROP TABLE a",
        None,
    ),
    "kills-itself": (b"CREATE TABLE a (i INT); KILL CONNECTION_ID()", b"SELECT 1", None),
    "procedure": (
        b"CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END; CALL p(); CREATE TABLE a (i INT)",
        b"DROP PROCEDURE p; DROP TABLE a",
        None,
    ),
    "delimiter": (b"DELIMITER //\nSELECT 1//", b"SELECT 1", None),
    "zero-time": (b"CREATE TABLE a (t TIMESTAMP NULL); INSERT INTO a VALUES (FROM_UNIXTIME(0))", b"DROP TABLE a", None),
    "names-latin1": (b"SET NAMES latin1; CREATE TABLE a (i INT COMMENT '\xc3\xa4')", b"DROP TABLE a", None),
    "down-fails": (b"CREATE TABLE a (i INT)", b"DROP TABLE a; DROP TABLE a", None),
}


@pytest.mark.diesel
@pytest.mark.parametrize("case", DIESEL_CASES)
def test_diesel_and_glowplug_agree(
    case: str, server: OwnServer, make_place: Callable[..., Place], diesel: Path, tmp_path: Path
) -> None:
    up_sql, down_sql, metadata = DIESEL_CASES[case]
    ours, theirs = make_place(), make_place()
    account = theirs.connection.access.address
    theirs.disconnect()
    directory = tmp_path / "migrations" / "2024-01-01-000000_x"
    directory.mkdir(parents=True)
    (tmp_path / "diesel.toml").write_text("")
    for name, content in (
        ("up.sql", up_sql),
        ("down.sql", down_sql),
        ("metadata.toml", metadata and metadata.encode()),
    ):
        if content is not None:
            (directory / name).write_bytes(content)
    subject = migration(up_sql, down_sql, version="20240101000000", transaction=metadata is None)
    url = f"mysql://{account.user}:{account.password}@localhost/{theirs.schema}?unix_socket={server.socket}"

    def run_diesel(verb: str) -> bool:
        command = [diesel, "migration", verb, "--database-url", url]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    def state(place: Place) -> str | None:
        reader = SnapshotReader(server.address, place.schema)
        try:
            found = reader.state()
            return found and found.replace(f"'{place.schema}@", "'account@")
        finally:
            reader.close()

    for direction, verb in ((Direction.UP, "run"), (Direction.DOWN, "revert")):
        ours.connect()  # as the CLI's process begins anew with each command
        did = ours.connection.run(subject, direction).error is None
        ours.disconnect()
        assert did == run_diesel(verb), (case, verb)
        assert state(ours) == state(theirs) is not None, (case, verb)
        if not did:
            break
