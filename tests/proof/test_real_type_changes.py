"""Every change of type in real projects costs what ``type-rewrites-table`` thinks; what servers take is understood.

``GLOWPLUG_REAL`` names checkouts, with ``:`` between them; a glowplug.toml in them says which server they need
and what the application runs first on its connection. Each chain runs statement by statement, in a session like
Diesel's.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import find_project
from glowplug.review.rules.rewrite.default_rewrites_table import rewrites
from glowplug.review.type_change import Work, work_of
from glowplug.schema.simulation import Simulation
from glowplug.scratch.postgres.source import production_major
from glowplug.sql.actions import AddColumn, AlterColumnType
from glowplug.sql.quoting import quoted
from glowplug.sql.reader import read

from .postgres import administrator, available

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.project import Chain, Migration
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name
    from glowplug.sql.statement import Statement

    from .postgres import Session
    from .proof import Servers

REAL = [Path(name) for name in os.environ.get("GLOWPLUG_REAL", "").split(os.pathsep) if name]
USUAL = 15
BOOKKEEPING = (
    "CREATE TABLE __diesel_schema_migrations"
    " (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"
)


@pytest.mark.postgres
@pytest.mark.skipif(not REAL, reason="GLOWPLUG_REAL names no checkouts, with colons between them")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_every_change_of_type_of_a_real_project(
    path: Path, servers: Servers, record_property: Callable[[str, object], None]
) -> None:
    chains = [chain for chain in find_project(path, environment={}).chains if chain.dialect is Dialect.POSTGRES]
    if not chains:
        pytest.skip(f"{path.name} has no chain of PostgreSQL's")
    for chain in chains:
        major = _major(chain)
        server = servers.get(f"postgres {major}", lambda major=major: administrator(major))
        with _empty(server) as session:
            walk = Walk(session=session, simulation=Simulation(Dialect.POSTGRES, server_version=(major,)))
            walk.run(chain)
        record_property(chain.directory, dict(walk.counted))
        assert walk.wrong == []
        assert walk.counted["statements"] >= len(chain.migrations)


def _major(chain: Chain) -> int:
    """The one that the project names, else one with the extensions of a distribution."""
    named = production_major(chain.settings.server_version)
    wanted = USUAL if named is None else named
    return wanted if wanted in available() else available()[-1]


@contextlib.contextmanager
def _empty(server: Session) -> Iterator[Session]:
    server.execute("DROP DATABASE IF EXISTS real_project")
    server.execute("CREATE DATABASE real_project TEMPLATE template0 ENCODING 'UTF8'")
    try:
        with psycopg.connect(server.info.dsn, dbname="real_project", autocommit=True) as session:
            session.execute("SET TIME ZONE 'UTC'")
            session.execute("SET client_encoding TO 'UTF8'")
            yield session
    finally:
        server.execute("DROP DATABASE real_project WITH (FORCE)")


@dataclass(slots=True, kw_only=True)
class Walk:
    """A chain on its way up, and what was judged otherwise than the server did."""

    session: Session
    simulation: Simulation
    wrong: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def run(self, chain: Chain) -> None:
        """Run every up; every down that the server takes must be understood."""
        for setup in chain.settings.session_setup:
            self.session.execute(setup.encode())
        self.session.execute(BOOKKEEPING)
        for index, migration in enumerate(chain.migrations):
            self._up(index, migration)
            self._down(migration)

    def _up(self, index: int, migration: Migration) -> None:
        text = (migration.up or b"").decode()
        file = migration.file(Direction.UP)
        self.simulation.begin(index=index, version=migration.version, migration=migration.name, file=file, text=text)
        script = read(text, Dialect.POSTGRES)
        with self.session.transaction() if migration.run_in_transaction else contextlib.nullcontext():
            for statement in script.statements:
                self._statement(statement, script.text_of(statement.span), file)
            self.session.execute(
                "INSERT INTO public.__diesel_schema_migrations (version) VALUES (%s)", (migration.version,)
            )
        self.session.execute("SET search_path TO DEFAULT")

    def _statement(self, statement: Statement, text: str, file: str) -> None:
        actions = list(_actions(statement))
        changes = [each for each in actions if isinstance(each, AlterColumnType)]
        tables = {each.table for each in changes}
        said = {table: self._said(table, actions) for table in tables}
        before = {table: self._filenode(table) for table in tables}
        self.session.execute(text.encode())
        self.counted["statements"] += 1
        if statement.unparsed is not None:
            self.wrong.append(f"{file}: not understood: {text}")
        for table in tables:
            rewritten = self._filenode(table) != before[table]
            count = sum(each.table == table for each in changes)
            self.counted["changes"] += count
            self.counted["rewritten"] += count if rewritten else 0
            if said[table] is not rewritten:
                self.wrong.append(f"{file}: {text}: said to be rewritten: {said[table]}, is: {rewritten}")
            else:
                self.counted["agreed"] += count
        self.simulation.run(statement)

    def _said(self, table: Name, actions: list[Action]) -> bool:
        fork = self.simulation.fork()
        return any(
            (isinstance(each, AlterColumnType) and work_of(each, fork) is Work.REWRITE)
            or (isinstance(each, AddColumn) and rewrites(each, fork))
            for each in actions
            if getattr(each, "table", None) == table
        )

    def _filenode(self, table: Name) -> object:
        row = self.session.execute(
            "SELECT pg_relation_filenode(to_regclass(%s))", (quoted(table, Dialect.POSTGRES),)
        ).fetchone()
        assert row is not None
        assert row[0] is not None, table
        return row[0]

    def _down(self, migration: Migration) -> None:
        if not migration.down or not migration.run_in_transaction:
            return
        text = migration.down.decode()
        try:
            with self.session.transaction(force_rollback=True):
                self.session.execute(migration.down)
        except psycopg.Error:
            self.counted["downs refused"] += 1
            return
        self.counted["downs"] += 1
        strange = [each for each in read(text, Dialect.POSTGRES).statements if each.unparsed is not None]
        self.wrong += [f"{migration.file(Direction.DOWN)}: not understood: {each.unparsed}" for each in strange]


def _actions(statement: Statement) -> Iterator[Action]:
    yield from statement.actions
    for inner in statement.body:
        yield from _actions(inner)
