"""What of a kept database is the server's, and what a chain can see beyond its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from msgspec.structs import replace

from glowplug.database.postgres import Administrator
from glowplug.dialect import Dialect, Direction
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.postgres.identity import lent_identity
from glowplug.scratch.postgres.server import PostgresServer
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.scratch.wheel import cached_postgres

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.postgres


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    shared = Path(os.environ["GLOWPLUG_CACHE_DIR"])
    (shared / "data").mkdir(parents=True, exist_ok=True)
    for name in ("data", "postgres"):
        (tmp_path / name).symlink_to(shared / name)
    return tmp_path


def chain_of(*ups: str, **settings: tuple[str, ...]) -> Chain:
    migrations = tuple(
        Migration(version=f"{number}", name=f"{number}", path=f"m/{number}", up=up.encode(), down=None)
        for number, up in enumerate(ups, 1)
    )
    return Chain(
        directory="m",
        dialect=Dialect.POSTGRES,
        migrations=migrations,
        settings=ChainSettings(**settings),  # type: ignore[arg-type]
    )


def request_for(chain: Chain, cache: Path, *, resume: tuple[str, ...] = ()) -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=chain.settings,
        settings=ScratchSettings(),
        environment={**os.environ, "GLOWPLUG_CACHE_DIR": str(cache)},
        resume=resume,
    )


def keep(chain: Chain, cache: Path) -> None:
    with open_server(request_for(chain, cache)) as server:
        database = server.create()
        for each in chain.migrations:
            assert database.connection.run(each, Direction.UP).error is None
        database.keep(chain, "k", b"")
        database.close()


def fails(chain: Chain, cache: Path, up: str) -> str | None:
    """Resume, and say why ``up`` fails there."""
    with open_server(request_for(chain, cache, resume=("k",))) as server:
        found = server.resume()
        assert found is not None
        later = Migration(version="9", name="9", path="m/9", up=up.encode(), down=None)
        error = found.database.connection.run(later, Direction.UP).error
        return None if error is None else error.message


ASSERTIONS = """
DO $$ BEGIN
  ASSERT current_setting('work_mem') = '5MB', 'a setting of the database';
  ASSERT current_setting('temp_buffers') = '6MB', 'a setting of the role in it';
  ASSERT shobj_description((SELECT oid FROM pg_database WHERE datname = current_database()), 'pg_database') = 'ours',
    'a comment';
  ASSERT (SELECT definition FROM names) = current_database(), 'the name';
  ASSERT (SELECT owner FROM names) = current_user, 'the role';
  ASSERT has_database_privilege('pg_monitor', current_database(), 'CREATE'), 'a privilege';
  ASSERT nextval('numbers') = 6, 'a sequence';
  ASSERT lo_get((SELECT loid FROM files)) = 'large', 'a large object';
END $$
"""


def test_what_was_said_of_the_database_is_there(cache: Path) -> None:
    chain = chain_of(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''5MB''', current_database());"
        " EXECUTE format('ALTER ROLE %I IN DATABASE %I SET temp_buffers = ''6MB''', current_user, current_database());"
        " EXECUTE format('COMMENT ON DATABASE %I IS ''ours''', current_database());"
        " EXECUTE format('GRANT CREATE ON DATABASE %I TO pg_monitor', current_database()); END $$",
        "CREATE TABLE names AS SELECT current_database()::text AS definition, current_user::text AS owner;"
        "CREATE SEQUENCE numbers; SELECT setval('numbers', 5);"
        "CREATE TABLE files AS SELECT lo_from_bytea(0, 'large') AS loid;",
    )
    keep(chain, cache)
    assert fails(chain, cache, ASSERTIONS) is None
    assert fails(chain, cache, ASSERTIONS.replace("= 6", "= 7")) == "a sequence"


def test_what_database_setup_made_is_there(cache: Path) -> None:
    chain = chain_of("CREATE TABLE t (a int)", database_setup=("CREATE SCHEMA app",))
    keep(chain, cache)
    assert fails(chain, cache, "CREATE TABLE app.taken AS SELECT a FROM t") is None


def test_where_database_setup_makes_a_role_no_second_database_could_be_made_so_nothing_is_kept(cache: Path) -> None:
    keep(chain_of("CREATE TABLE t (a int)", database_setup=("CREATE ROLE app",)), cache)
    assert not (cache / "checkpoints").exists()


@pytest.mark.parametrize(
    "up", ["CREATE TABLE n AS SELECT count(*) FROM pg_database", "CREATE TABLE n AS SELECT txid_current() AS now"]
)
def test_a_chain_that_looks_beyond_its_database_is_not_kept(cache: Path, up: str) -> None:
    keep(chain_of(up), cache)
    assert not (cache / "checkpoints").exists()


def test_a_role_that_is_changed_later_is_the_servers_so_nothing_is_kept(cache: Path) -> None:
    chain = chain_of("CREATE TABLE t (a int)")
    later = "DO $$ BEGIN EXECUTE format('ALTER ROLE %I SET work_mem = ''5MB''', current_user); END $$"
    with open_server(request_for(chain, cache)) as server:
        database = server.create()
        database.connection.run(chain.migrations[0], Direction.UP)
        database.keep(chain, "k", b"")
        run = database.connection.run(chain_of(later).migrations[0], Direction.DOWN)
        assert run.error is not None  # it has no down
        up = Migration(version="2", name="2", path="m/2", up=later.encode(), down=None)
        assert database.connection.run(up, Direction.UP).error is None
    assert not (cache / "checkpoints").exists()


@pytest.mark.parametrize("major", ["14", "15", "16", "17"])
@pytest.mark.full
def test_every_major_starts_from_what_it_kept(cache: Path, major: str, missing: Callable[[str, str], NoReturn]) -> None:
    if not any(found.name.startswith(f"{major}.") for found in cached_postgres({"GLOWPLUG_CACHE_DIR": str(cache)})):
        missing("postgres", f"no PostgreSQL {major}: glowplug server install {major}")
    plain = chain_of("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    chain = replace(plain, settings=ChainSettings(server_version=major))
    keep(chain, cache)
    assert fails(chain, cache, "DO $$ BEGIN ASSERT (SELECT a FROM t) = 1; END $$") is None


def test_a_lent_server_is_told_by_what_it_is_and_not_by_what_runs_make_on_it(cache: Path) -> None:
    chain = chain_of("CREATE TABLE t (a int)")
    with open_server(request_for(chain, cache)) as server:
        assert isinstance(server, PostgresServer)
        with Administrator(server.conninfo) as administrator:
            told = [lent_identity(administrator)]
            database = server.create()
            database.connection.run(chain.migrations[0], Direction.UP)
            told.append(lent_identity(administrator))
            administrator.execute("CREATE ROLE app")
            told.append(lent_identity(administrator))
            administrator.execute("CREATE DATABASE other")
            told.append(lent_identity(administrator))
        assert told[0] == told[1]
        assert len(set(told)) == 3
