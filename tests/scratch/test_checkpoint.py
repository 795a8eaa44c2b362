"""States that are kept: another run begins where one stood, or at the beginning, and never anywhere else."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal.leaving_broken import State
from glowplug.rehearsal.round_trip import round_trip
from glowplug.schema import diff
from glowplug.scratch import checkpoint as module
from glowplug.scratch import identity, open_server
from glowplug.scratch.checkpoint import Checkpoints, Manifest, shelf_of
from glowplug.scratch.mysql import database as mysql
from glowplug.scratch.mysql import kept as mysql_kept
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.scratch.sqlite import server as sqlite_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.scratch.interface import Database, Server

RUN = Path(__file__).with_name("kept_run.py")
CHECKOUT = Path(__file__).resolve().parent.parent.parent
BACKENDS = [
    pytest.param(Dialect.POSTGRES, marks=pytest.mark.postgres),
    pytest.param(Dialect.MYSQL, marks=pytest.mark.mysql),
    pytest.param(Dialect.SQLITE, marks=pytest.mark.sqlite),
]


class Bench(NamedTuple):
    """A backend with a cache of its own, in which the servers are initialised already."""

    dialect: Dialect
    cache: Path

    def request(self, *, resume: tuple[str, ...] = (), **settings: object) -> Request:
        return Request(
            dialect=self.dialect,
            chain=ChainSettings(),
            settings=ScratchSettings(**settings),  # type: ignore[arg-type]
            environment={**os.environ, "GLOWPLUG_CACHE_DIR": str(self.cache)},
            resume=resume,
        )

    def kept(self) -> list[str]:
        return sorted(path.name for path in (self.cache / "checkpoints").glob("*"))


@pytest.fixture(params=BACKENDS)
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(mysql, "WORTH_KEEPING", 0.0)
    shared = Path(os.environ["GLOWPLUG_CACHE_DIR"])
    (shared / "data").mkdir(parents=True, exist_ok=True)
    for name in ("data", "postgres"):
        (tmp_path / name).symlink_to(shared / name)
    return Bench(request.param, tmp_path)


def migration(number: int, up: str, down: str | None = None) -> Migration:
    name = f"{number:02}"
    return Migration(
        version=name, name=name, path=f"m/{name}", up=up.encode(), down=None if down is None else down.encode()
    )


def chain_of(bench: Bench, *migrations: Migration) -> Chain:
    return Chain(directory="m", dialect=bench.dialect, migrations=migrations, settings=ChainSettings())


FIRST = migration(1, "CREATE TABLE t (id int PRIMARY KEY, a varchar(20)); INSERT INTO t VALUES (1, 'x'), (2, NULL);")
SECOND = migration(2, "CREATE INDEX t_a ON t (a); CREATE VIEW v AS SELECT a FROM t;")
THIRD = migration(3, "ALTER TABLE t ADD COLUMN b int;", "ALTER TABLE t DROP COLUMN b;")


def up(database: Database, *migrations: Migration) -> None:
    for each in migrations:
        assert database.connection.run(each, Direction.UP).error is None


def keep(bench: Bench, key: str, *migrations: Migration, note: bytes = b"note") -> None:
    with open_server(bench.request()) as server:
        database = server.create()
        up(database, *migrations)
        database.keep(chain_of(bench, *migrations), key, note)
        database.close()


def resumed(server: Server) -> Database:
    found = server.resume()
    assert found is not None
    return found.database


def test_another_run_stands_where_one_stood(bench: Bench) -> None:
    with open_server(bench.request()) as server:
        database = server.create()
        up(database, FIRST, SECOND)
        schema, recorded = database.connection.snapshot(), database.connection.recorded()
        database.keep(chain_of(bench, FIRST, SECOND), "k", b"note")
        assert diff(database.connection.snapshot(), schema) == ()
        expected = round_trip(database, THIRD, State(schema=schema), bench.dialect).round_trip
        up(database, migration(4, "DROP VIEW v; DELETE FROM t;"))  # what comes later is not in it
        database.close()
    with open_server(bench.request(resume=("lacks", "k"))) as server:
        found = server.resume()
        assert found is not None
        assert (found.key, found.note) == ("k", b"note")
        again = found.database
        assert diff(again.connection.snapshot(), schema) == ()
        assert again.connection.recorded() == recorded
        assert round_trip(again, THIRD, State(schema=schema), bench.dialect).round_trip == expected
        up(again, migration(5, "INSERT INTO t (id, a) SELECT id + 10, a FROM t;"))
        refused = again.connection.run(migration(6, "INSERT INTO t (id) VALUES (12);"), Direction.UP)
        assert refused.error is not None  # both rows were there
        again.restart_session()
        assert again.connection.recorded() == ("05", "03", *recorded)
        assert server.resume() is None
        again.close()
        fresh = server.create()
        assert fresh.connection.recorded() == ()
        assert not [each for each in fresh.connection.snapshot() if each.kind in {"table", "view"}]


def test_who_does_not_ask_begins_at_the_beginning(bench: Bench) -> None:
    keep(bench, "k", FIRST)
    for asked in ((), ("k",)):
        with open_server(bench.request(resume=asked)) as server:
            assert server.create().connection.recorded() == ()


def test_of_one_run_the_last_state_is_kept(bench: Bench) -> None:
    with open_server(bench.request()) as server:
        database = server.create()
        up(database, FIRST)
        database.keep(chain_of(bench, FIRST), "k", b"one")
        up(database, SECOND)
        database.keep(chain_of(bench, FIRST, SECOND), "k", b"two")
        database.close()
    with open_server(bench.request(resume=("k",))) as server:
        found = server.resume()
        assert found is not None
        assert found.note == b"two"
        assert found.database.connection.recorded() == ("02", "01")


LEFT_BEHIND = {
    Dialect.POSTGRES: [
        "SET search_path = public",
        "SET app.who = 'me'",
        "CREATE TEMPORARY TABLE w (a int)",
        "PREPARE p AS SELECT 1",
        "LISTEN c",
        "SELECT pg_advisory_lock(1)",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    ],
    Dialect.MYSQL: [
        "SET sql_mode = ''",
        "SET @v = 1",
        "CREATE TEMPORARY TABLE w (a int)",
        "SET foreign_key_checks = 0",
    ],
    Dialect.SQLITE: [
        "CREATE TEMPORARY TABLE w (a int)",
        "PRAGMA case_sensitive_like = 1",
        "PRAGMA recursive_triggers = 1",
        "PRAGMA ignore_check_constraints = 1",
    ],
}


def test_nothing_is_kept_where_the_session_holds_what_another_would_not(bench: Bench) -> None:
    with open_server(bench.request()) as server:
        for number, statement in enumerate(LEFT_BEHIND[bench.dialect]):
            database = server.create()
            up(database, FIRST, migration(2, statement))
            database.keep(chain_of(bench, FIRST, migration(2, statement)), f"k{number}", b"")
            up(database, migration(3, "SELECT 1"))  # the session goes on
            database.close()
    assert bench.kept() == []


def test_what_a_superuser_may_have_done_to_a_server_is_not_kept(bench: Bench) -> None:
    with open_server(bench.request(superuser=True)) as server:
        database = server.create()
        up(database, FIRST)
        database.keep(chain_of(bench, FIRST), "k", b"")
    assert bench.kept() == (["k"] if bench.dialect is Dialect.SQLITE else [])  # a file is no server


def flip(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 2)
        byte = opened.read(1)
        opened.seek(-1, os.SEEK_CUR)
        opened.write(bytes((byte[0] ^ 1,)))


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def forge(file: Path) -> None:
    """Something else, with the right checksum."""
    directory = file.parent.parent / "forged"
    (directory / "data").mkdir(parents=True)
    for name in ("data/PG_VERSION", "unloadable", "main.db"):
        (directory / name).write_text("no database at all" * 100)
    shelf = module.shelf_of({"GLOWPLUG_CACHE_DIR": str(file.parent.parent)})
    names = dict.fromkeys(("name", "password", "user", "users_password", "host"), "x")
    assert Checkpoints(shelf=shelf).keep(file.name, Manifest(names=names), directory, ["data", "unloadable", "main.db"])


def forge_manifest(file: Path) -> None:
    shelf = module.shelf_of({"GLOWPLUG_CACHE_DIR": str(file.parent.parent)})
    assert shelf.store(file.name, b"\0\0\0\5nonsense")


def test_what_was_tampered_with_is_not_taken(bench: Bench) -> None:
    keep(bench, "k", FIRST)
    file = bench.cache / "checkpoints" / "k"
    whole = file.read_bytes()
    damages: list[Callable[[Path], None]] = [flip, cut, empty, forge, forge_manifest]
    for damage in damages:
        file.write_bytes(whole)
        damage(file)
        with open_server(bench.request(resume=("k",))) as server:
            assert server.resume() is None, damage
            database = server.create()
            assert database.connection.recorded() == ()
            up(database, FIRST)
    keep(bench, "k", FIRST)
    with open_server(bench.request(resume=("k",))) as server:
        assert resumed(server).connection.recorded() == ("01",)


def test_a_place_that_can_not_be_written_is_no_failure(bench: Bench) -> None:
    (bench.cache / "checkpoints").write_text("a file")
    keep(bench, "k", FIRST)
    with open_server(bench.request(resume=("k",))) as server:
        assert server.resume() is None
        assert server.create().connection.recorded() == ()


def test_what_is_large_is_not_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (module, mysql_kept, sqlite_server):
        monkeypatch.setattr(place, "LARGEST", 4096)
    keep(bench, "k", FIRST)
    assert bench.kept() == []


def test_only_so_many_are_kept_and_the_unused_go_first(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    for number, key in enumerate(("a", "b")):
        keep(bench, key, FIRST)
        os.utime(bench.cache / "checkpoints" / key, (number, number))
    with open_server(bench.request(resume=("a",))) as server:
        resumed(server)
        keep(bench, "c", FIRST)  # while "a" is in use
        assert bench.kept() == ["a", "c"]


def test_two_at_once_begin_at_one_state_and_go_their_own_ways(bench: Bench) -> None:
    keep(bench, "k", FIRST)
    request = bench.request(resume=("k",))
    with open_server(request) as one, open_server(request) as other:
        mine, its = resumed(one), resumed(other)
        up(mine, SECOND)
        up(its, THIRD)
        assert (mine.connection.recorded(), its.connection.recorded()) == (("02", "01"), ("03", "01"))


def test_a_cache_that_is_cleared_meanwhile_disturbs_no_run(bench: Bench) -> None:
    """MySQL's twin begins with what was kept, too, when it is asked for and after each branch."""
    keep(bench, "k", FIRST)
    with open_server(bench.request(resume=("k",))) as server:
        database = resumed(server)
        assert shelf_of({"GLOWPLUG_CACHE_DIR": str(bench.cache)}).clear().files == 1
        for _ in range(2):
            with database.branch() as branch:
                assert branch.recorded() == ("01",)
                assert branch.run(SECOND, Direction.UP).error is None
        with database.excursion() as away:
            assert away.recorded() == ("01",)
            assert away.run(SECOND, Direction.UP).error is None
    assert bench.kept() == []


def test_which_server_it_is_is_known_before_it_starts(bench: Bench) -> None:
    told = identity(bench.request())
    assert told is not None
    with open_server(bench.request()) as server:
        assert server.identity() == told
        assert server.describe().server.split()[1] in told


@pytest.mark.mysql
def test_a_lent_server_keeps_nothing_and_is_told_when_it_is_reached(lent_mysql: str, tmp_path: Path) -> None:
    bench = Bench(Dialect.MYSQL, tmp_path)
    environment = {**os.environ, "GLOWPLUG_CACHE_DIR": str(tmp_path), "GLOWPLUG_SCRATCH_URL_MYSQL": lent_mysql}
    request = Request(dialect=Dialect.MYSQL, chain=ChainSettings(), settings=ScratchSettings(), environment=environment)
    assert identity(request) is None
    told = set()
    for _ in range(2):
        with open_server(request) as server:
            told.add(server.identity())
            database = server.create()
            up(database, FIRST)
            database.keep(chain_of(bench, FIRST), "k", b"")
            assert server.resume() is None
    assert len(told) == 1
    assert None not in told
    assert bench.kept() == []


def start(bench: Bench, key: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "GLOWPLUG_CACHE_DIR": str(bench.cache), "PYTHONPATH": str(CHECKOUT / "src")}
    return subprocess.Popen(
        [sys.executable, str(RUN), bench.dialect.value, key], stdout=subprocess.PIPE, env=environment
    )


@pytest.mark.full
@pytest.mark.parametrize("number", range(10))
def test_a_run_that_is_killed_keeps_all_or_nothing(bench: Bench, number: int) -> None:
    chance = random.Random(f"{bench.dialect} {number}")
    with start(bench, "k") as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"ready\n"
        time.sleep(chance.random() * 0.4)
        run.send_signal(signal.SIGKILL)
        run.wait()
    with open_server(bench.request(resume=("k",))) as server:
        found = server.resume()
        database = server.create() if found is None else found.database
        assert database.connection.recorded() == (() if found is None else ("1",))
        assert (found is not None) is (bench.kept()[-1:] == ["k"])  # a draft that was left begins with a dot
