"""Stretches at once on a live PostgreSQL show what one database shows, whatever the migrations do to it."""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres import Administrator
from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.project.discovery import find_project
from glowplug.rehearsal import Outcome, rehearse, stretches
from glowplug.scratch import open_server
from glowplug.scratch.postgres.server import PostgresServer
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.rehearsal import Rehearsal

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).resolve().parents[2]
OF_ONE_RUN = re.compile(r"glowplug_[0-9a-f]+|'57(?:014|P01)'|\d\d:\d\d:\d\d\.\d+|\br[0-9a-f]{8}\b")
SEEDS = range(40)
SPECIAL = {
    "commit": ("CREATE TABLE c1 (id int); COMMIT; CREATE TABLE c2 (id int)", "DROP TABLE c2; DROP TABLE c1"),
    "commit in the down": ("CREATE TABLE c1 (id int)", "DROP TABLE c1; COMMIT; SELECT 1"),
    "no bookkeeping": ("DROP TABLE __diesel_schema_migrations", "SELECT 1"),
    "kills its connection": ("SELECT pg_terminate_backend(pg_backend_pid())", "SELECT 1"),
    "kills in the down": ("CREATE TABLE k (id int)", "SELECT pg_terminate_backend(pg_backend_pid())"),
    "leaves a transaction open": ("COMMIT; BEGIN; CREATE TABLE o (id int)", "DROP TABLE o"),
    "settings": ("SET search_path = other, public; CREATE SCHEMA other; CREATE TABLE s (id int)", "DROP SCHEMA other"),
    "role settings": ("ALTER ROLE CURRENT_USER SET work_mem = '2MB'", "ALTER ROLE CURRENT_USER RESET work_mem"),
    "another time in every run": (
        "DO $$ BEGIN EXECUTE format('CREATE VIEW w AS SELECT %L::text AS t', clock_timestamp()); END $$",
        "DROP VIEW w",
    ),
    "another name in every run": (
        "DO $$ BEGIN EXECUTE format('CREATE TABLE %I (id int)', 'r' || substr(md5(random()::text), 1, 8)); END $$",
        "SELECT 1",
    ),
    "a session's lock": ("SELECT pg_advisory_lock(7)", "SELECT pg_advisory_unlock(7)"),
    "two phases": ("PREPARE TRANSACTION 'p'", "SELECT 1"),
    "looks at the server": ("SELECT 1 / (count(*) - 1) FROM pg_database WHERE datname LIKE 'glowplug%'", "SELECT 1"),
}


def request(**settings: object) -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(),
        settings=ScratchSettings(**settings),  # type: ignore[arg-type]
        environment=dict(os.environ),
    )


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[PostgresServer]:
    with open_server(request()) as server:
        assert isinstance(server, PostgresServer)
        yield server


@pytest.fixture(autouse=True)
def _short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    short = stretches.Pace(start=0.0, rows=0.0, shortest=2, piece=1000)
    for name, value in (("SCHEMA", short), ("WITH_ROWS", short), ("WORTH_IT", 1.0)):
        monkeypatch.setattr(stretches, name, value)


def chain(*files: tuple[str, str]) -> Chain:
    migrations = tuple(
        Migration(
            version=f"{number:03}",
            name=f"{number:03}_m",
            path=f"m/{number:03}_m",
            up=up.encode(),
            down=down.encode(),
            run_in_transaction="CONCURRENTLY" not in up,
        )
        for number, (up, down) in enumerate(files)
    )
    return Chain(directory="m", dialect=Dialect.POSTGRES, migrations=migrations, settings=ChainSettings())


def generated(seed: int, count: int = 9) -> list[tuple[str, str]]:
    """Tables, what is done to them, and downs of which some do not restore, or fail, as do some ups."""
    lot = random.Random(seed)
    files: list[tuple[str, str]] = []
    for number in range(count):
        table = f"t{lot.randrange(number)}" if number else ""
        create = (f"CREATE TABLE t{number} (id serial PRIMARY KEY, a text)", f"DROP TABLE t{number}")
        choices = [
            create,
            (f"ALTER TABLE {table} ADD c{number} int", f"ALTER TABLE {table} DROP c{number}"),
            (f"INSERT INTO {table} (a) VALUES ('x')", f"DELETE FROM {table}"),
            (f"CREATE INDEX i{number} ON {table} (a)", f"DROP INDEX i{number}"),
            (f"CREATE INDEX CONCURRENTLY i{number} ON {table} (a)", f"DROP INDEX i{number}"),
            (f"CREATE TYPE e{number} AS ENUM ('a', 'b')", f"DROP TYPE e{number}"),
            (f"CREATE VIEW v{number} AS SELECT id FROM {table}", f"DROP VIEW v{number}"),
            (f"CREATE TABLE t{number} (id int); CREATE TABLE u{number} (id int)", f"DROP TABLE t{number}"),
            (f"CREATE TABLE t{number} (id int)", "DROP TABLE nowhere"),
            (f"{create[0]}; COMMIT", create[1]),
        ]
        files.append(lot.choice(choices) if number > 1 else create)
    if lot.random() < 0.5:
        files[lot.randrange(count)] = lot.choice([("CREATE TABLE broken (id nothing)", "SELECT 1"), ("", "SELECT 1")])
    return files


def shape(rehearsal: Rehearsal) -> object:
    """All of it, but for the names and the moments of one run."""

    def text(value: object) -> str:
        return OF_ONE_RUN.sub("?", str(value))

    trips = [
        (
            trip.migration.version,
            trip.outcome,
            trip.second_up,
            trip.empty_down_runs,
            text(trip.error),
            sorted(map(text, trip.differences)),
            sorted(map(text, trip.second_up_differences)),
            sorted(text(noise.difference) for noise in trip.noise),
        )
        for trip in rehearsal.round_trips
    ]
    down = rehearsal.chain_down
    left = sorted(text(item.name) for item in down.left)
    back = (down.outcome, down.reverted, down.failed_at, text(down.error), left, sorted(map(text, down.lost)))
    return trips, back, rehearsal.recorded, rehearsal.forgotten


def same(subject: Chain, server: PostgresServer, jobs: int = 3) -> Rehearsal:
    one = rehearse(subject, server, forward_only=False)
    other = rehearse(subject, server, forward_only=False, jobs=jobs)
    assert shape(other) == shape(one)
    assert databases(server) == []
    return other


def databases(server: PostgresServer) -> list[str | None]:
    with Administrator(server.conninfo) as administrator:
        return [
            name
            for (name,) in administrator.rows(
                "SELECT datname FROM pg_database WHERE datname LIKE 'glowplug%' UNION ALL"
                " SELECT usename FROM pg_stat_activity WHERE usename LIKE 'glowplug_%' AND usename !~ 'administrator'"
            )
        ]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.full
def test_the_same_on_generated_chains(seed: int, server: PostgresServer) -> None:
    same(chain(*generated(seed)), server, jobs=2 + seed % 3)


@pytest.mark.parametrize("place", [0, 3, 7])
@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.full
def test_the_same_whatever_a_migration_does(name: str, place: int, server: PostgresServer) -> None:
    files = [(f"CREATE TABLE g{number} (id int)", f"DROP TABLE g{number}") for number in range(8)]
    files.insert(place, SPECIAL[name])
    same(chain(*files), server)


def test_the_bookshop(server: PostgresServer) -> None:
    (shop,) = find_project(ROOT / "examples" / "bookshop", environment={}).chains
    same(shop, server)


def test_it_is_divided(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[PostgresServer] = []
    apart = PostgresServer.apart

    def counted(self: PostgresServer) -> object:
        made.append(self)
        return apart(self)

    monkeypatch.setattr(PostgresServer, "apart", counted)
    files = [(f"CREATE TABLE g{number} (id int)", f"DROP TABLE g{number}") for number in range(9)]
    answer = rehearse(chain(*files), server, forward_only=False, jobs=3)
    assert len(made) == 3
    assert {trip.outcome for trip in answer.round_trips} == {Outcome.RESTORED}


@pytest.mark.parametrize(
    "up",
    [
        "PREPARE TRANSACTION 'x'",
        "SELECT count(*) FROM pg_stat_activity",
        "SELECT 1 FROM pg_catalog.pg_locks",
        "CREATE EXTENSION dblink",
        "ALTER DATABASE x RENAME TO y",
    ],
)
def test_what_reaches_beyond_its_database_goes_one_by_one(up: str, server: PostgresServer) -> None:
    assert server.dividing(chain((up, "SELECT 1"))) is None
    assert server.dividing(chain(("CREATE TABLE pg_locksmith (id int)", "DROP TABLE pg_locksmith"))) is server
    assert server.dividing(chain(("ALTER DATABASE x SET search_path = y", "SELECT 1"))) is server


@pytest.mark.parametrize(
    ("setup", "divided"), [("CREATE EXTENSION hstore", True), ("CREATE ROLE app", False), ("SELECT 1", False)]
)
def test_a_setup_that_may_reach_further(setup: str, divided: bool, server: PostgresServer) -> None:
    settings = ChainSettings(database_setup=(setup,))
    subject = Chain(directory="m", dialect=Dialect.POSTGRES, migrations=(), settings=settings)
    assert (server.dividing(subject) is not None) is divided


def test_a_superuser_s_migrations_go_one_by_one() -> None:
    with open_server(request(superuser=True)) as server:
        assert server.dividing(chain(("SELECT 1", "SELECT 1"))) is None


@pytest.mark.parametrize(("end", "outcomes"), [("SELECT nope", "sfn"), ("RESET ROLE", "sfs")])
def test_who_gave_up_its_rights_before_it_failed_has_failed_and_nothing_more(end: str, outcomes: str) -> None:
    files = [(f"CREATE TABLE t{number} (id int)", f"DROP TABLE t{number}") for number in range(3)]
    files[1] = (f"CREATE TABLE t1 (id int); SET ROLE pg_monitor; COMMIT; {end}", "DROP TABLE t1")
    with open_server(request(superuser=True)) as server:
        trips = rehearse(chain(*files), server, forward_only=False).round_trips
    found = {Outcome.RESTORED: "s", Outcome.UP_FAILED: "f", Outcome.NOT_REACHED: "n"}
    assert "".join(found[trip.outcome] for trip in trips) == outcomes


@pytest.mark.parametrize("place", [1, 8])
def test_what_grows_too_large(place: int) -> None:
    files = [(f"CREATE TABLE g{number} (id int)", f"DROP TABLE g{number}") for number in range(8)]
    grow = "CREATE TABLE big AS SELECT repeat(md5(i::text), 40) FROM generate_series(1, 2000000) i"
    files.insert(place, (grow, "DROP TABLE big"))
    with open_server(request(size_limit="120 MiB")) as server:
        assert isinstance(server, PostgresServer)
        answer = same(chain(*files), server)
    failed = next(trip for trip in answer.round_trips if trip.outcome is Outcome.UP_FAILED)
    assert failed.error is not None
    assert "size_limit" in failed.error.error.message


def test_a_statement_that_takes_too_long() -> None:
    files = [(f"CREATE TABLE g{number} (id int)", f"DROP TABLE g{number}") for number in range(8)]
    files.insert(4, ("SELECT pg_sleep(60)", "SELECT 1"))
    short = Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(),
        settings=ScratchSettings(),
        statement_timeout=0.7,
        environment=dict(os.environ),
    )
    with open_server(short) as server:
        assert isinstance(server, PostgresServer)
        same(chain(*files), server)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("place", [1, 7])
def test_an_interruption_leaves_nothing(number: signal.Signals, place: int, server: PostgresServer) -> None:
    files = [(f"CREATE TABLE g{each} (id int)", f"DROP TABLE g{each}") for each in range(8)]
    files.insert(place, ("SELECT pg_sleep(60)", "SELECT 1"))

    class Ended(KeyboardInterrupt):
        pass

    def end(_number: int, _frame: object) -> None:
        raise Ended

    handler = signal.signal(number, end)
    timer = threading.Timer(1.5, signal.pthread_kill, [threading.main_thread().ident, number])
    timer.start()
    started = time.monotonic()
    try:
        with pytest.raises(Ended):
            rehearse(chain(*files), server, forward_only=False, jobs=3)
    finally:
        timer.join()
        signal.signal(number, handler)
    assert time.monotonic() - started < 40
    assert databases(server) == []
    assert multiprocessing.active_children() == []
