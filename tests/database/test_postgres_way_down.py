"""The recorded versions on the way down are told as the database has them, whatever answers to what is run."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.postgres import PostgresConnection
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

REQUEST = Request(
    dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
)
RECORDS = "'public.__' || 'diesel_schema_migrations"
"""In SQL, the beginning of a text whose beginning no file may name."""

BEFORE = "CREATE TABLE flag (id int); CREATE TABLE t (id int, c int, d int); INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)"
AGAIN = (
    "CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN IF OLD.version = '03' THEN"
    " INSERT INTO public.__diesel_schema_migrations (version) VALUES (OLD.version); END IF; RETURN NULL; END $f$"
)
PLANTS = (
    f"EXECUTE 'CREATE OR REPLACE TRIGGER again AFTER DELETE ON ' || {RECORDS}"
    " FOR EACH ROW EXECUTE FUNCTION public.again()'"
)
TAME = (
    "CREATE OR REPLACE FUNCTION tame() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.c := 3; RETURN NEW; END $f$;"
    "CREATE OR REPLACE TRIGGER tame BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tame()"
)
WILD = (
    f"CREATE OR REPLACE FUNCTION wild() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {PLANTS}; RETURN OLD; END $f$;"
    "CREATE OR REPLACE TRIGGER wild BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION wild()"
)
HIDDEN = (
    f"CREATE OR REPLACE FUNCTION plants() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN {PLANTS}; RETURN 1; END $f$;"
    "CREATE OR REPLACE FUNCTION hidden(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $f$ BEGIN"
    " IF EXISTS (SELECT FROM public.flag) THEN PERFORM public.plants(); END IF; RETURN 1; END $f$;"
    "CREATE INDEX IF NOT EXISTS hidden ON t (hidden(id))"
)
THERE = (TAME, WILD, HIDDEN, f"DO $$ BEGIN {PLANTS}; END $$", "CREATE TEMP TABLE temporary (id int)")
TELLING = (
    "ALTER TABLE t ADD COLUMN IF NOT EXISTS e int",
    "ALTER TABLE t ALTER COLUMN c TYPE bigint",
    "CREATE INDEX IF NOT EXISTS i ON t (c)",
    "CREATE TABLE IF NOT EXISTS u (id int)",
    "DROP TABLE IF EXISTS u",
)
"""These change what they say."""
FIRING = (
    "ALTER TABLE t ALTER COLUMN d TYPE bigint",
    "DROP TRIGGER IF EXISTS wild ON t",
    "DROP INDEX IF EXISTS hidden",
    "UPDATE t SET d = 5 WHERE id = 1",
    "DELETE FROM t WHERE id = 1",
    "INSERT INTO flag VALUES (1)",
    "CREATE OR REPLACE VIEW v AS SELECT id FROM t",
    *THERE,
)


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[PostgresServer]:
    with open_server(REQUEST) as server:
        yield server


@pytest.fixture(name="connection")
def _connection(server: PostgresServer) -> Iterator[PostgresConnection]:
    database = create_database(server.conninfo, request=REQUEST, superuser=False, private=True)
    yield database.connection
    database.close()


def truth(connection: PostgresConnection) -> tuple[str, ...]:
    reply = connection.session.batch(b"SELECT version FROM __diesel_schema_migrations ORDER BY 1 DESC", rows=True)
    found = reply.results[0]
    return tuple((found.get_value(row, 0) or b"").decode() for row in range(found.ntuples))


@pytest.mark.full
@pytest.mark.parametrize("seed", range(400))
def test_random_ways_down(connection: PostgresConnection, seed: int) -> None:
    chance = random.Random(seed)
    connection.require(f"{BEFORE}; {AGAIN}")
    for statement in chance.sample(THERE, chance.choice((0, 1, 1, 2))):
        connection.require(statement)
    firing = [chance.choice((*TELLING, *FIRING)) for _ in range(chance.choice((0, 1, 2, 3)))]
    downs = [*chance.choices(TELLING, k=4), *firing, *chance.choices(TELLING, k=2)]
    migrations = [
        Migration(version=f"{number:02}", name="", path="", up=b"SELECT 1", down=down.encode())
        for number, down in enumerate(downs)
    ]
    for migration in migrations:
        assert connection.run(migration, Direction.UP).error is None
    connection.close()
    left = list(connection.recorded())
    while left:
        runs = connection.run_several([migrations[int(version)] for version in left], Direction.DOWN)
        gone, left = left[: len(runs)], left[len(runs) :]
        assert connection.recorded() == truth(connection)
        if runs[-1].error is not None or not set(gone).isdisjoint(truth(connection)):
            return
