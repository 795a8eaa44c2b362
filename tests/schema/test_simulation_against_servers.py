"""The Simulation against the truth: what a scratch server says after each migration, for all that is modelled.

``GLOWPLUG_REAL`` names checkouts of real projects (with ``:`` between them) to try as well.
"""

from __future__ import annotations

import os
import random
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration, find_project
from glowplug.project.configuration import ChainSettings
from glowplug.schema.simulation import Simulation
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.sql.parts import Name
from glowplug.sql.reader import read

from .simulation_cases import BASES, CASES
from .simulation_chains import Maker
from .simulation_projection import Projection, differences, of_simulation, of_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.interface import Connection
    from glowplug.scratch.interface import Database, Server

    Servers = dict[tuple[Dialect, bool], Server]

    class Follow(Protocol):
        def __call__(self, dialect: Dialect, *, real: bool = False) -> Follower: ...


BACKENDS = [pytest.param(dialect, marks=getattr(pytest.mark, dialect.value)) for dialect in Dialect]
REAL = [Path(name) for name in os.environ.get("GLOWPLUG_REAL", "").split(os.pathsep) if name]
STATEMENTS = {Dialect.POSTGRES: 60, Dialect.MYSQL: 60, Dialect.SQLITE: 150}
SEEDS = range(20)
REFUSED = {"inventory": ["2024-11-18-150000_track_batches"]}  # what the example is there to show


@dataclass(kw_only=True)
class Follower:
    """A connection and a Simulation that both run the same files; ``database`` where it is this one's own."""

    dialect: Dialect
    connection: Connection
    simulation: Simulation
    count: int = 0
    database: Database | None = None

    @classmethod
    def on(cls, server: Server, dialect: Dialect) -> Follower:
        vendor, _, numbers = server.describe().server.partition(" ")
        version = tuple(map(int, re.findall(r"\d+", numbers)[:3]))
        database = server.create()
        return cls(
            dialect=dialect,
            connection=database.connection,
            database=database,
            simulation=Simulation(dialect, server_version=version, foreign_keys=True, mariadb=vendor == "MariaDB"),
        )

    def run(self, migration: Migration) -> str | None:
        """Run an up on both; where the server refuses, its message, and the Simulation stays where it was."""
        run = self.connection.run(migration, Direction.UP)
        if run.error is not None:
            return run.error.message
        text = (migration.up or b"").decode()
        self.count += 1
        self.simulation.begin(
            index=self.count,
            version=migration.version,
            migration=migration.name,
            file=migration.file(Direction.UP),
            text=text,
        )
        for statement in read(text, self.dialect).statements:
            self.simulation.run(statement)
        return None

    def close(self) -> None:
        if self.database is not None:
            self.database.close()

    def differences(self) -> list[str]:
        return differences(self.live(), of_simulation(self.simulation, self.dialect))

    def undeclared(self) -> list[str]:
        """The differences in tables of which the Simulation does not say that it is in doubt."""
        return [line for line in self.differences() if not self._doubted(line)]

    def _doubted(self, line: str) -> bool:
        name = re.search(r"(?:column|constraint|index|trigger|table|view|type) (\S+)", line)
        assert name is not None, line
        parts = name.group(1).split(".")
        table = Name(parts[1] if self.dialect is Dialect.POSTGRES else parts[0])
        doubt = self.simulation.doubt_about(table)
        return doubt is not None and "may have been there" not in doubt  # it was not: the database was empty

    def live(self) -> Projection:
        return of_snapshot(self.connection.snapshot(), self.dialect)


def request_for(dialect: Dialect, *, real: bool) -> Request:
    setup = ("SET FOREIGN_KEY_CHECKS = 0",) if dialect is Dialect.MYSQL and real else ()  # as applications do
    return Request(
        dialect=dialect,
        chain=ChainSettings(session_setup=setup),
        settings=ScratchSettings(),
        environment=dict(os.environ),
        foreign_keys=(True, "a test") if dialect is Dialect.SQLITE else None,
    )


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    running: Servers = {}
    yield running
    for server in running.values():
        server.__exit__(None, None, None)


def opened(servers: Servers, dialect: Dialect, *, real: bool = False) -> Server:
    if (dialect, real) not in servers:
        servers[dialect, real] = open_server(request_for(dialect, real=real)).__enter__()
    return servers[dialect, real]


def migration(sql: str, number: int) -> Migration:
    name = f"{number:04}"
    return Migration(version=name, name=name, path=name, up=sql.encode(), down=b"")


@pytest.fixture
def follow(servers: Servers) -> Iterator[Follow]:
    """Call it for a database with a Simulation beside it."""
    made: list[Follower] = []

    def follower(dialect: Dialect, *, real: bool = False) -> Follower:
        made.append(Follower.on(opened(servers, dialect, real=real), dialect))
        return made[-1]

    yield follower
    for each in made:
        each.close()


@pytest.mark.parametrize(
    ("example", "dialect"),
    [
        pytest.param("bookshop", Dialect.POSTGRES, marks=pytest.mark.postgres),
        pytest.param("inventory", Dialect.MYSQL, marks=pytest.mark.mysql),
        pytest.param("ledgerbook", Dialect.SQLITE, marks=pytest.mark.sqlite),
    ],
)
def test_the_examples(follow: Follow, checkout: Path, example: str, dialect: Dialect) -> None:
    both = follow(dialect)
    (chain,) = find_project(checkout / "examples" / example, environment={}).chains
    assert chain.dialect is dialect
    refused = []
    for each in chain.migrations:
        if both.run(each) is not None:
            refused.append(each.name)
            break  # half of it may be there, as MySQL has it
        assert both.differences() == [], each.name
    assert both.simulation.doubt is None
    assert refused == REFUSED.get(example, [])
    assert both.count == len(chain.migrations) - len(refused) > 0


@pytest.fixture(scope="module")
def bases() -> Iterator[dict[Dialect, Follower]]:
    """A database a dialect that all cases start from, with a Simulation beside it."""
    made: dict[Dialect, Follower] = {}
    yield made
    for each in made.values():
        each.close()


@pytest.mark.parametrize(
    ("dialect", "sql"), [pytest.param(each[0], each[1], marks=getattr(pytest.mark, each[0].value)) for each in CASES]
)
def test_each_action(servers: Servers, bases: dict[Dialect, Follower], dialect: Dialect, sql: str) -> None:
    if dialect not in bases:
        bases[dialect] = Follower.on(opened(servers, dialect), dialect)
        assert bases[dialect].run(migration(BASES[dialect], 0)) is None
    base = bases[dialect]
    assert base.differences() == []
    with base.database.excursion() as connection:
        fork = Follower(dialect=dialect, connection=connection, simulation=base.simulation.fork(), count=base.count)
        assert fork.run(migration(sql, 1)) is None
        assert fork.differences() == []
        assert fork.simulation.doubt is None
    assert base.differences() == []


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (a INTEGER PRIMARY KEY)",
        "CREATE TABLE t (a INTEGER PRIMARY KEY DESC)",
        "CREATE TABLE t (a INT PRIMARY KEY)",
        "CREATE TABLE t (a TEXT PRIMARY KEY)",
        "CREATE TABLE t (a INTEGER, PRIMARY KEY (a))",
        "CREATE TABLE t (a INTEGER, b INT, PRIMARY KEY (a, b))",
        "CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE t (a INT PRIMARY KEY) STRICT",
        "CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT",
        "CREATE TABLE t (a TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
        "CREATE TABLE t (a TEXT NOT NULL)",
        "CREATE TABLE t (a TEXT UNIQUE)",
    ],
)
def test_which_keys_of_sqlite_hold_no_null(sql: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(sql)
        try:
            connection.execute("INSERT INTO t (a) VALUES (NULL)")
            (held,) = connection.execute("SELECT count(*) FROM t WHERE a IS NULL").fetchone()
        except sqlite3.IntegrityError:
            held = 0
    simulation = Simulation(Dialect.SQLITE)
    simulation.begin(index=0, version="0", migration="m", file="m/up.sql", text=sql)
    for statement in read(sql, Dialect.SQLITE).statements:
        simulation.run(statement)
    assert (simulation.proven_not_null(Name("t"), "a") is not None) is (held == 0)


@pytest.mark.full
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dialect", BACKENDS)
def test_made_up_chains(follow: Follow, dialect: Dialect, seed: int) -> None:
    both = follow(dialect)
    maker = Maker(dialect, random.Random(f"{seed} {dialect}"), both.simulation)
    run: list[str] = []
    for number in range(STATEMENTS[dialect]):
        sql = maker.statement()
        if both.run(migration(sql, number)) is None:
            run.append(sql)
            assert both.undeclared() == [], ";\n".join(run)
    assert len(run) > STATEMENTS[dialect] // 3


@pytest.mark.skipif(not REAL, reason="GLOWPLUG_REAL names no checkouts")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_projects(follow: Follow, path: Path) -> None:
    for chain in find_project(path, environment={}).chains:
        both = follow(chain.dialect, real=True)
        for each in chain.migrations:
            assert both.run(each) is None, each.name
            assert both.undeclared() == [], each.name
        assert both.count == len(chain.migrations) > 0
