"""A scratch "server" for SQLite: what it is, what it leaves behind, how it ends."""

from __future__ import annotations

import importlib.metadata
import os
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.errors import ConfigurationError, LostConnection
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.scratch.sqlite.server import identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.scratch.interface import Server

pytestmark = pytest.mark.sqlite

REQUEST = Request(
    dialect=Dialect.SQLITE, chain=ChainSettings(), settings=ScratchSettings(), foreign_keys=(True, "Cargo.toml")
)


def migration(up: str, down: str = "SELECT 1;", *, version: str = "1") -> Migration:
    return Migration(version=version, name=version, path=version, up=up.encode(), down=down.encode())


def with_chain(**settings: object) -> Request:
    return replace(REQUEST, chain=ChainSettings(**settings))  # type: ignore[arg-type]


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with open_server(REQUEST) as server:
        yield server


def test_it_says_what_it_is(server: Server) -> None:
    description = server.describe()
    version = ".".join(importlib.metadata.version("apsw").split(".")[:3])
    assert description.server == f"SQLite {version}"
    assert (description.source, description.matches_production, description.superuser) == ("embedded", None, False)
    assert description.foreign_keys is True
    assert description.notes == ("foreign_keys = ON: Cargo.toml",)


def test_a_fresh_database_is_set_up_and_otherwise_empty() -> None:
    request = with_chain(
        database_setup=("CREATE TABLE made (a)", "INSERT INTO made VALUES (1)"),
        session_setup=("PRAGMA foreign_keys = OFF",),
    )
    with open_server(request) as server:
        first, second = server.create(), server.create()
        assert first.connection.run(migration("UPDATE made SET a = 2;"), Direction.UP).error is None
        assert first.connection.recorded() == ("1",)
        assert second.connection.recorded() == ()
        assert {name for kind, name in second.connection.snapshot().objects if kind == "table"} == {"made"}
        assert server.describe().foreign_keys is False
        assert "session_setup" in server.describe().notes[0]


@pytest.mark.parametrize("setting", ["database_setup", "session_setup"])
def test_a_setup_that_fails_is_a_fault_of_the_configuration(setting: str) -> None:
    expected = f"{setting} fails: no such column: nowhere, in: SELECT nowhere"
    with (
        open_server(with_chain(**{setting: ("SELECT 1", "SELECT nowhere")})) as server,
        pytest.raises(ConfigurationError, match=expected),
    ):
        server.create()


def test_an_excursion_leaves_no_trace(server: Server) -> None:
    database = server.create()
    both = migration("CREATE TABLE t (a); INSERT INTO t VALUES (1);", "DROP TABLE t;")
    assert database.connection.run(both, Direction.UP).error is None
    before = database.connection.snapshot()
    for _ in range(3):
        with database.excursion() as away:
            assert away.snapshot() == before
            assert away.recorded() == ("1",)
            assert away.run(both, Direction.DOWN).error is None
            assert ("table", "t") not in away.snapshot().objects
            assert away.run(migration("CREATE TABLE u (a);"), Direction.UP).error is None
        with pytest.raises(LostConnection):
            away.snapshot()
    assert database.connection.snapshot() == before
    assert database.connection.recorded() == ("1",)


def test_an_excursion_that_fails_comes_back(server: Server) -> None:
    database = server.create()
    with pytest.raises(RuntimeError, match="on the way"), database.excursion():
        raise RuntimeError("on the way")
    with database.excursion() as away:
        assert away.recorded() == ()


def test_a_closed_database_is_lost(server: Server) -> None:
    database = server.create()
    database.close()
    database.close()
    with pytest.raises(LostConnection):
        database.connection.run(migration("SELECT 1;"), Direction.UP)


def test_nothing_is_left() -> None:
    before = {child.pid for child in psutil.Process().children()}
    with open_server(REQUEST) as server:
        database = server.create()
        assert database.connection.run(migration("CREATE TABLE t (a);"), Direction.UP).error is None
        processes = [child for child in psutil.Process().children() if child.pid not in before]
        areas = {Path(child.cwd()) for child in processes}
        assert all(area.exists() for area in areas)
    assert not any(child.is_running() for child in processes)
    assert not any(area.exists() for area in areas)


def test_a_signal_is_answered_while_a_call_runs_that_sqlite_does_not_interrupt() -> None:
    endless = "SELECT instr(hex(zeroblob(16000000)), hex(zeroblob(8000000)) || 'x');"
    started = time.monotonic()
    others = set(psutil.Process().children())
    with open_server(REQUEST) as server:
        connection = server.create().connection
        (child,) = (one for one in psutil.Process().children() if one not in others and works_for_sqlite(one))
        threading.Thread(target=interrupt_once_busy, args=(child,)).start()
        with pytest.raises(KeyboardInterrupt):
            connection.run(migration(endless), Direction.UP)
    assert time.monotonic() - started < 20
    assert not child.is_running()


def works_for_sqlite(process: psutil.Process) -> bool:
    return "glowplug.database.sqlite.worker" in " ".join(process.cmdline())


def interrupt_once_busy(child: psutil.Process) -> None:
    idle = child.cpu_times().user
    while child.cpu_times().user < idle + 0.2:
        time.sleep(0.01)  # a wait for a condition: the child works
    os.kill(os.getpid(), signal.SIGINT)


def test_a_process_that_dies_fails_the_file_and_the_database_lives_on(server: Server) -> None:
    database = server.create()
    assert database.connection.run(migration("CREATE TABLE t (a);"), Direction.UP).error is None
    for child in psutil.Process().children():
        if works_for_sqlite(child):
            child.kill()
    error = database.connection.run(migration("SELECT 1;", version="2"), Direction.UP).error
    assert error is not None
    assert "signal 9" in error.message
    assert database.connection.recorded() == ("1",)


KILLED = """
import psutil
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

with open_server(Request(dialect=Dialect.SQLITE, chain=ChainSettings(), settings=ScratchSettings())) as server:
    connection = server.create().connection
    print(psutil.Process().children()[-1].pid, flush=True)
    endless = b"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    connection.run(Migration(version="1", name="1", path="1", up=endless, down=b""), Direction.UP)
"""


def test_a_process_whose_parent_was_killed_ends_by_itself() -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        idle = child.cpu_times().user
        while child.cpu_times().user < idle + 0.2:
            time.sleep(0.01)  # a wait for a condition: the child works
        parent.kill()
    gone, _ = psutil.wait_procs([child], timeout=20)
    assert gone == [child]


def cache_with(version: str, directory: Path) -> dict[str, str]:
    """A cache in which the installed apsw stands under another version."""
    home = directory / "apsw" / str(sysconfig.get_config_var("SOABI")) / version
    home.mkdir(parents=True)
    for each in Path(str(importlib.metadata.distribution("apsw").locate_file(""))).glob("apsw*"):
        (home / each.name).symlink_to(each)
    return {"GLOWPLUG_CACHE_DIR": str(directory)}


def test_productions_version_comes_from_the_cache(tmp_path: Path) -> None:
    installed = ".".join(importlib.metadata.version("apsw").split(".")[:2])
    request = replace(with_chain(server_version=installed), environment=cache_with(f"{installed}.0", tmp_path))
    with open_server(request) as server:
        assert (server.describe().source, server.describe().matches_production) == ("cache", True)


def test_another_version_than_productions_is_said(tmp_path: Path) -> None:
    request = replace(with_chain(server_version="3.1"), environment={"GLOWPLUG_CACHE_DIR": str(tmp_path)})
    with open_server(request) as server:
        assert (server.describe().source, server.describe().matches_production) == ("embedded", False)


def test_a_version_is_read_as_everywhere_else(tmp_path: Path) -> None:
    installed = ".".join(importlib.metadata.version("apsw").split(".")[:2])
    environment = cache_with(f"{installed}.0", tmp_path)
    request = replace(with_chain(server_version=f"SQLite {installed}"), environment=environment)
    with open_server(request) as server:
        assert (server.describe().source, server.describe().matches_production) == ("cache", True)
    assert identity(request) == f"SQLite {installed}.0 cache"


def test_a_version_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"mariadb-10\.11"):
        open_server(with_chain(server_version="mariadb-10.11"))


def test_a_link_in_the_place_of_a_log_overwrites_nothing(tmp_path: Path) -> None:
    """With superuser = true a migration can run code there, as the servers' user; glowplug may be root."""
    precious = tmp_path / "precious"
    precious.write_text("kept")
    with open_server(REQUEST) as server:
        database = server.create()
        directory = database._directory  # type: ignore[attr-defined]  # noqa: SLF001 - where SQLite works
        for name in ("log", "stderr"):
            (directory / name).unlink(missing_ok=True)
            (directory / name).symlink_to(precious)
        database.restart_session()
        assert database.connection.recorded() == ()
    assert precious.read_text() == "kept"


@pytest.mark.parametrize(
    ("wanted", "step"),
    [("3.46", "; `glowplug server install sqlite-3.46` gets production's"), ("3.1", "; none of it can be installed")],
)
def test_what_is_not_productions_version_has_a_next_step(tmp_path: Path, wanted: str, step: str) -> None:
    request = replace(with_chain(server_version=wanted), environment={"GLOWPLUG_CACHE_DIR": str(tmp_path)})
    with open_server(request) as server:
        (note,) = (each for each in server.describe().notes if "production" in each)
    assert note.startswith(f"production runs SQLite {wanted}, the scratch server is 3.")
    assert note.endswith(step)
