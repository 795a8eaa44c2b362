"""A MySQL or MariaDB server that the user lends: what a run makes on it vanishes, however the run ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql import Administrator
from glowplug.database.mysql.session import Session
from glowplug.dialect import Dialect, Direction
from glowplug.errors import ConfigurationError, EnvironmentFailure, NoServer
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.lent import RunNames
from glowplug.scratch.mysql.claim import sweep
from glowplug.scratch.mysql.identity import lent_identity
from glowplug.scratch.mysql.url import find_lent_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.database.interface import Connection
    from glowplug.scratch.interface import Server

pytestmark = pytest.mark.mysql

ENDLESS = "INSERT INTO a VALUES (1); SELECT BENCHMARK(1000000000000, SHA2(i, 512)) FROM a"
"""Unlike SLEEP, it does not look whether its client is still there."""

A_RUN = """
import os, sys
from glowplug.dialect import Dialect, Direction
from glowplug.project import ChainSettings, Migration
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

request = Request(
    dialect=Dialect.MYSQL, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
)
slow = Migration(version="1", name="1", path="m/1", up=sys.argv[1].encode(), down=None)
with open_server(request) as server:
    database = server.create()
    with database.excursion():
        print("ready", flush=True)
        database.connection.run(slow, Direction.UP)
        sys.stdin.read()
"""


def request_for(url: str, **chain: tuple[str, ...]) -> Request:
    return Request(
        dialect=Dialect.MYSQL,
        chain=ChainSettings(**chain),  # type: ignore[arg-type]
        settings=ScratchSettings(),
        statement_timeout=30,
        environment={**os.environ, "GLOWPLUG_SCRATCH_URL": url},
    )


@pytest.fixture
def administrator(lent_mysql: str) -> Iterator[Administrator]:
    found = find_lent_server(request_for(lent_mysql))
    assert found is not None
    administrator = Administrator(found.address)
    yield administrator
    administrator.close()


def ours(administrator: Administrator) -> set[str]:
    return {each for each in (*administrator.schemas(), *administrator.accounts()) if "glowplug" in each}


def migration(up: str) -> Migration:
    return Migration(version="1", name="1", path="m/1", up=up.encode(), down=None)


@contextlib.contextmanager
def another_run(url: str, up: str, administrator: Administrator) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start another run on the server, which runs ``up`` and then waits; give it and its schema's name."""
    before = ours(administrator)
    environment = {**os.environ, "GLOWPLUG_SCRATCH_URL": url}
    with subprocess.Popen(
        [sys.executable, "-c", A_RUN, up], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as run:
        try:
            assert run.stdout is not None
            assert run.stdout.readline() == "ready\n"
            yield run, min(ours(administrator) - before)
        finally:
            run.kill()


def use(server: Server) -> Connection:
    connection = server.create().connection
    assert connection.run(migration("CREATE TABLE a (i INT)"), Direction.UP).error is None
    return connection


def test_a_run_leaves_nothing(lent_mysql: str, administrator: Administrator) -> None:
    with open_server(request_for(lent_mysql)) as server:
        description = server.describe()
        assert description.source == "url"
        assert lent_mysql.split(":")[2].split("@", maxsplit=1)[0] not in repr(description)
        database = server.create()
        with database.excursion():
            assert len(ours(administrator)) == 2
        database.close()
        assert ours(administrator) == set()
        server.create()
    assert ours(administrator) == set()


@pytest.mark.parametrize("up", ["SELECT 1", f"CREATE TABLE a (i INT); {ENDLESS}"], ids=["idle", "at work"])
def test_what_a_killed_run_left_is_removed_by_the_next(lent_mysql: str, administrator: Administrator, up: str) -> None:
    """Also while the server still runs the dead run's statement, which holds the table."""
    with another_run(lent_mysql, up, administrator) as (run, name):
        time.sleep(0.3)
        run.kill()
        run.wait()
    assert ours(administrator) == {name, f"{name}_twin"}
    with open_server(request_for(lent_mysql)) as server:
        assert f"removed {name}, which a killed run had left on the server" in server.describe().notes
        assert ours(administrator) == set()
        use(server)


def test_a_living_runs_database_stays(lent_mysql: str, administrator: Administrator) -> None:
    with another_run(lent_mysql, "SELECT 1", administrator) as (run, name):
        with open_server(request_for(lent_mysql)) as server:
            use(server)
            assert {name, f"{name}_twin"} < ours(administrator)
        assert ours(administrator) == {name, f"{name}_twin"}
        run.communicate("", timeout=30)
        assert run.returncode == 0
    assert ours(administrator) == set()


def test_other_runs_may_start_at_any_moment(
    lent_mysql: str, administrator: Administrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep before each statement of glowplug's own, from the first to the last, finds nothing to remove."""
    rows, found, sweeping = Session.rows, [], threading.Lock()

    def rows_after_a_sweep(session: Session, sql: str) -> object:
        if threading.current_thread() is threading.main_thread() and sweeping.acquire(blocking=False):
            try:
                found.append(sweep(administrator.address))
            finally:
                sweeping.release()
        return rows(session, sql)

    monkeypatch.setattr(Session, "rows", rows_after_a_sweep)
    with open_server(request_for(lent_mysql, database_setup=("CREATE TABLE given (i INT)",))) as server:
        database = server.create()
        with database.excursion() as away:
            assert away.run(migration("DROP TABLE given"), Direction.UP).error is None
        assert database.connection.run(migration("DROP TABLE given"), Direction.UP).error is None
        database.close()
    assert len(found) > 20
    assert set(found) == {()}


XA = "CREATE TABLE t (i INT);\nXA START 'g'; INSERT INTO t VALUES (1); XA END 'g';\nXA # now\nPREPARE 'g'"


@pytest.mark.parametrize(
    ("up", "line"),
    [
        (XA, 3),
        ("DO 0;\nCREATE PROCEDURE p() BEGIN XA START 'g'; XA END 'g'; XA PREPARE 'g'; END; CALL p()", 2),
        ("SELECT 1;\nSET @s = 'xa prepare ''g'''; EXECUTE IMMEDIATE @s", 2),
        ("/*!50000 XA PREPARE 'g' */", 1),
    ],
    ids=["a statement", "a procedure", "a text", "a conditional comment"],
)
def test_what_would_outlive_the_run_is_not_begun(
    lent_mysql: str, administrator: Administrator, up: str, line: int
) -> None:
    """Nobody can tell whose a prepared transaction is, and a killed run could not end it."""
    with open_server(request_for(lent_mysql)) as server:
        error = server.create().connection.run(outside(up), Direction.UP).error
        assert error is not None
        assert error.line == line
        assert "XA PREPARE is not run on a server that is lent" in error.message
    assert administrator._session.rows("XA RECOVER") == [[]]  # noqa: SLF001 - glowplug itself never asks


def test_what_ends_with_the_run_is_run(lent_mysql: str) -> None:
    up = (
        "/* no XA PREPARE */ CREATE TABLE said (t TEXT); INSERT INTO said VALUES ('XA PREPARE');"
        "XA START 'g'; INSERT INTO said VALUES ('in it'); XA END 'g'; XA COMMIT 'g' ONE PHASE"
    )
    with open_server(request_for(lent_mysql)) as server:
        assert server.create().connection.run(outside(up), Direction.UP).error is None


def outside(up: str) -> Migration:
    """A file that is run in no transaction."""
    return Migration(version="1", name="1", path="m/1", up=up.encode(), down=None, run_in_transaction=False)


@pytest.mark.parametrize("beside", ["_probe", "_twin_probe"])
def test_what_a_killed_run_left_beside_its_schemas_is_removed(
    lent_mysql: str, administrator: Administrator, beside: str
) -> None:
    """Keys that the server made are told by a table in a schema of its own: it may be all that is left."""
    name = RunNames(server=administrator.identity(), suffix="_twin").new()
    administrator.create_schema(name + beside, charset=None, collation=None)
    with open_server(request_for(lent_mysql)) as server:
        assert f"removed {name}, which a killed run had left on the server" in server.describe().notes
        assert ours(administrator) == set()


def test_a_run_that_is_interrupted_while_it_asks_for_keys_leaves_nothing(
    lent_mysql: str, administrator: Administrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the exception ends is the very session that made the schema."""
    rows, made = Session.rows, set()

    def rows_until_there_is_a_probe(session: Session, sql: str) -> object:
        if "probe LIKE" in sql:
            rows(session, sql.partition(";")[0])
            made.update(name for name in administrator.schemas() if name.endswith("_probe"))
            session.close()
            raise KeyboardInterrupt
        return rows(session, sql)

    monkeypatch.setattr(Session, "rows", rows_until_there_is_a_probe)
    up = "CREATE TABLE a (i INT PRIMARY KEY); CREATE TABLE b (i INT, FOREIGN KEY (i) REFERENCES a (i))"
    with contextlib.suppress(KeyboardInterrupt), open_server(request_for(lent_mysql)) as server:
        database = server.create()
        with database.branch():  # so that the twin has to be made anew
            pass
        assert database.connection.run(migration(up), Direction.UP).error is None
        with database.excursion():
            pytest.fail("nothing interrupted it")
    assert len(made) == 1
    assert ours(administrator) == set()


@pytest.mark.parametrize(
    "name",
    ["glowplug_production", "glowplug_0123456789", "glowplug_0123456789abcdef", "{0}x", "x{0}", "{0}_twins", "{0}_"],
)
def test_what_merely_resembles_ours_stays(lent_mysql: str, administrator: Administrator, name: str) -> None:
    """The third has the form of ours, as another server's runs make it: a replica shows it, and not its lock."""
    resembling = name.format(RunNames(server=administrator.identity(), suffix="_twin").new())
    administrator.create_schema(resembling, charset=None, collation=None)
    try:
        with open_server(request_for(lent_mysql)) as server:
            use(server)
        assert ours(administrator) == {resembling}
    finally:
        administrator.drop_schema(resembling)


def test_a_setup_that_fails_leaves_nothing(lent_mysql: str, administrator: Administrator) -> None:
    for setting in ("database_setup", "session_setup"):
        with (
            open_server(request_for(lent_mysql, **{setting: ("CREATE NONSENSE",)})) as server,
            pytest.raises(ConfigurationError, match=setting),
        ):
            server.create()
        assert ours(administrator) == set()


def test_what_an_interrupted_run_still_does_on_the_server_is_ended(
    lent_mysql: str, administrator: Administrator
) -> None:
    """Else the schema could not be dropped, and would stay."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with contextlib.suppress(KeyboardInterrupt), open_server(request_for(lent_mysql)) as server:
            connection = use(server)
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            connection.run(migration(ENDLESS), Direction.UP)
            pytest.fail("nothing interrupted it")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert ours(administrator) == set()


def test_the_rights_on_the_database_outlast_the_twins_setup(lent_mysql: str) -> None:
    """Both have one account on a lent server."""
    setup = ("CREATE TABLE given (i INT)",)
    with open_server(request_for(lent_mysql, database_setup=setup)) as server:
        database = server.create()
        with database.excursion() as away:
            assert away.run(migration("DROP TABLE given"), Direction.UP).error is None
        database.restart_session()
        assert database.connection.recorded() == ()
        assert database.connection.run(migration("DROP TABLE given"), Direction.UP).error is None
        denied = database.connection.run(migration("CREATE DATABASE other"), Direction.UP).error
        assert denied is not None
        assert denied.needs_superuser


def test_ups_that_fail_the_second_time_are_no_fault_of_a_down(lent_mysql: str) -> None:
    """There is nothing to try a down on; with the twin half made, it would fail though it is right."""
    up = "SET @s = IF(DATABASE() LIKE '%twin', 'nonsense', 'CREATE TABLE a (i INT)'); PREPARE p FROM @s; EXECUTE p"
    with open_server(request_for(lent_mysql)) as server:
        database = server.create()
        assert database.connection.run(migration(up), Direction.UP).error is None
        with pytest.raises(EnvironmentFailure, match="don't run a second time"), database.excursion():
            pass


def test_an_administrator_of_glowplugs_own_schemas_alone_will_do(lent_mysql: str, administrator: Administrator) -> None:
    """What it may not read or end, it leaves."""
    session = administrator._session  # noqa: SLF001 - to make an account that glowplug itself never makes
    session.rows("CREATE USER 'lender'@'localhost' IDENTIFIED BY 'x'; GRANT CREATE USER ON *.* TO 'lender'@'localhost'")
    session.rows("GRANT ALL PRIVILEGES ON `glowplug\\_%`.* TO 'lender'@'localhost' WITH GRANT OPTION")
    _, _, socket = lent_mysql.partition("@")
    url = f"mysql://lender:x@{socket}"
    try:
        with another_run(url, "SELECT 1", administrator) as (run, name):
            run.kill()
            run.wait()
        with open_server(request_for(url)) as server:
            assert f"removed {name}, which a killed run had left on the server" in server.describe().notes
            use(server)
        assert ours(administrator) == set()
    finally:
        administrator.drop_account("lender", host="localhost")


CHANGES = {
    "a time zone": (
        "INSERT INTO mysql.time_zone_name VALUES ('Here', 1)",
        "DELETE FROM mysql.time_zone_name WHERE name = 'Here'",
    ),
    "when a time zone changes": (
        "INSERT INTO mysql.time_zone_transition VALUES (1, 0, 1)",
        "DELETE FROM mysql.time_zone_transition WHERE time_zone_id = 1",
    ),
    "an account": ("CREATE USER app@localhost", "DROP USER app@localhost"),
    "a role": ("CREATE ROLE app", "DROP ROLE app"),
    "what an account may do": (
        "GRANT SELECT ON elsewhere.* TO other@localhost",
        "REVOKE ALL ON elsewhere.* FROM other@localhost",
    ),
    "what a role may do": ("GRANT reader TO other@localhost", "REVOKE reader FROM other@localhost"),
    "a database": ("CREATE DATABASE another", "DROP DATABASE another"),
    "a table elsewhere": ("CREATE TABLE elsewhere.t (i INT)", "DROP TABLE elsewhere.t"),
    "a routine elsewhere": (
        "CREATE FUNCTION elsewhere.f() RETURNS INT DETERMINISTIC RETURN 1",
        "DROP FUNCTION elsewhere.f",
    ),
    "a function of a library": (
        "INSERT INTO mysql.func VALUES ('f', 0, 'f.so', 'function')",
        "DELETE FROM mysql.func WHERE name = 'f'",
    ),
    "a variable": ("SET GLOBAL innodb_strict_mode = OFF", "SET GLOBAL innodb_strict_mode = ON"),
}


def test_a_lent_server_is_told_by_what_it_is_and_not_by_what_runs_make_on_it(
    lent_mysql: str, administrator: Administrator
) -> None:
    session = administrator._session  # noqa: SLF001 - to change what glowplug itself never changes
    session.rows("CREATE DATABASE elsewhere; CREATE USER other@localhost; CREATE ROLE reader")
    try:
        told = lent_identity(administrator)
        assert told is not None
        with open_server(request_for(lent_mysql)) as server:
            assert server.identity() == told
            use(server)
            assert lent_identity(administrator) == told
        for what, (change, back) in CHANGES.items():
            session.rows(change)
            changed = lent_identity(administrator)
            session.rows(back)
            assert changed not in {None, told}, what
        assert lent_identity(administrator) == told
    finally:
        session.rows("DROP DATABASE elsewhere; DROP USER other@localhost; DROP ROLE reader")


@pytest.mark.parametrize(
    "rights", ["", "GRANT SELECT ON mysql.user TO 'lender'@'localhost'"], ids=["nothing", "accounts alone"]
)
def test_a_server_that_does_not_show_all_that_it_is_can_not_be_told(
    lent_mysql: str, administrator: Administrator, rights: str
) -> None:
    session = administrator._session  # noqa: SLF001 - to make an account that glowplug itself never makes
    session.rows("CREATE USER 'lender'@'localhost' IDENTIFIED BY 'x'; GRANT CREATE USER ON *.* TO 'lender'@'localhost'")
    session.rows("GRANT ALL PRIVILEGES ON `glowplug\\_%`.* TO 'lender'@'localhost' WITH GRANT OPTION")
    session.rows(rights or "DO 0")
    _, _, socket = lent_mysql.partition("@")
    try:
        with open_server(request_for(f"mysql://lender:x@{socket}")) as server:
            assert server.identity() is None
    finally:
        administrator.drop_account("lender", host="localhost")


@pytest.fixture
def account(administrator: Administrator) -> Iterator[Callable[[str], None]]:
    """Something that makes an account as an administrator may have made it, and removes it at the end."""
    session, made = administrator._session, []  # noqa: SLF001 - to make an account that glowplug itself never makes

    def make(name: str) -> None:
        session.rows(f"CREATE USER {name} IDENTIFIED BY 'x'")
        made.append(name)

    yield make
    for name in made:
        session.rows(f"DROP USER IF EXISTS {name}")


def test_an_anonymous_account_that_stands_in_the_way_is_named_with_what_removes_it(
    lent_mysql: str, administrator: Administrator, account: Callable[[str], None]
) -> None:
    account("''@'localhost'")
    with open_server(request_for(lent_mysql)) as server, pytest.raises(EnvironmentFailure) as caught:
        server.create()
    assert "It has an anonymous account, ''@'localhost', and takes who comes from there for that one" in str(
        caught.value
    )
    step = "DROP USER ''@'localhost';"
    assert caught.value.advice == f"Remove it, on the scratch server: {step}"
    assert ours(administrator) == set()
    administrator._session.rows(step)  # noqa: SLF001 - as its administrator would
    with open_server(request_for(lent_mysql)) as server:
        use(server)
    account("''@'%'")
    with open_server(request_for(lent_mysql)) as server:
        use(server)


def test_an_account_without_the_rights_that_are_needed_is_told_which_they_are(
    lent_mysql: str, account: Callable[[str], None]
) -> None:
    account("'lender'@'localhost'")
    url = f"mysql://lender:x@{lent_mysql.partition('@')[2]}"
    with open_server(request_for(url)) as server, pytest.raises(EnvironmentFailure) as caught:
        server.create()
    assert "CREATE USER" in str(caught.value)
    assert "it needs CREATE USER, and all rights on `glowplug\\_%`.* WITH GRANT OPTION" in (caught.value.advice or "")


def test_a_server_that_lets_nobody_in_is_not_told_to_be_started(lent_mysql: str) -> None:
    url = f"mysql://root:wrong@{lent_mysql.partition('@')[2]}"
    with pytest.raises(NoServer, match=r"lets glowplug not in: .*Access denied for user 'root'") as caught:
        open_server(request_for(url))
    assert caught.value.advice == "See to the user, the password and the database in GLOWPLUG_SCRATCH_URL, or unset it."
    with pytest.raises(NoServer, match="can't be reached") as caught:
        open_server(request_for("mysql://root@localhost?unix_socket=/nowhere"))
    assert caught.value.advice == "Start it, or unset GLOWPLUG_SCRATCH_URL."
