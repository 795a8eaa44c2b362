"""An index made CONCURRENTLY takes one branch, and shows what it did with a branch of its own to foresee it."""

from __future__ import annotations

import importlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal.data import measure
from glowplug.rehearsal.data.files.foreseeable import foreseeable
from glowplug.rehearsal.measured import DataOutcome
from glowplug.rehearsal.seeding import DataSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.interface import Connection
    from glowplug.rehearsal.measured import Measurement
    from glowplug.scratch.interface import Database, Server

BEFORE = """
CREATE TABLE t (id serial PRIMARY KEY, name text NOT NULL, age integer);
CREATE INDEX t_age ON t (age);
CREATE TABLE p (id integer, at date) PARTITION BY RANGE (at);
CREATE TABLE p1 PARTITION OF p DEFAULT;
"""
MAKE, DROP = "CREATE INDEX CONCURRENTLY t_name ON t (name);", "DROP INDEX CONCURRENTLY t_name;"


def migration(up: str, down: str = "SELECT 1;", *, in_transaction: bool = False) -> Migration:
    return Migration(
        version="2", name="2", path="2", up=up.encode(), down=down.encode(), run_in_transaction=in_transaction
    )


@pytest.mark.parametrize(
    ("up", "words"),
    [
        (MAKE, "CREATE INDEX t_name ON t (name);"),
        ("create index\n concurrently if not exists i on t (name)", "create index\n if not exists i on t (name)"),
        ("DROP INDEX CONCURRENTLY IF EXISTS i", "DROP INDEX IF EXISTS i"),
        (f"{MAKE} SELECT 1;", None),
        ("REINDEX INDEX CONCURRENTLY i;", None),
        ("CREATE INDEX i ON t (name);", None),
        ("no SQL, INDEX CONCURRENTLY", None),
    ],
)
def test_the_words(up: str, words: str | None) -> None:
    subject = migration(up)
    expected = subject if words is None else replace(subject, up=words.encode(), run_in_transaction=True)
    found = foreseeable(subject, Dialect.POSTGRES)
    assert found == expected
    assert foreseeable(subject, Dialect.SQLITE) is subject
    assert foreseeable(migration(up, in_transaction=True), Dialect.POSTGRES).up == up.encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    request = Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(),
        settings=ScratchSettings(),
        environment=dict(os.environ),
        statement_timeout=30,
    )
    with open_server(request) as opened:
        yield opened


class Counting:
    """A database that counts its branches."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.other_world = database.other_world
        self.branches = 0

    @contextmanager
    def branch(self, *, other_world: bool = False) -> Iterator[Connection]:
        self.branches += 1
        with self._database.branch(other_world=other_world) as connection:
            yield connection


def told(found: Measurement) -> list[object]:
    """All that was seen but for how long it took, and what a refused statement had locked: it may be gone too soon."""
    shown: list[object] = [found.data]
    for trace in (found.observed, found.observed_down):
        if trace is not None:
            shown.append(trace.blind)
            shown += [
                (
                    each.line,
                    None if each.error is None else each.error.message,
                    [(lock.relation, lock.mode) for lock in each.locks if each.error is None],
                    each.rewritten,
                    each.scanned,
                    each.rebuilt_indexes,
                )
                for each in trace.statements
            ]
    return shown


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("up", "down", "saved"),
    [
        (MAKE, DROP, 1),
        ("CREATE UNIQUE INDEX CONCURRENTLY t_name ON t (name);", DROP, 1),
        ("DROP INDEX CONCURRENTLY t_age;", "CREATE INDEX CONCURRENTLY t_age ON t (age);", 1),
        (f"-- INDEX CONCURRENTLY\n{MAKE}", DROP, 0),  # the words are left as they are: nothing is foreseen
        ("CREATE INDEX CONCURRENTLY p_at ON p (at);", "DROP INDEX p_at;", -1),  # refused as it is, not in other words
        ("CREATE INDEX CONCURRENTLY t_no ON t (no_such);", "DROP INDEX t_no;", 0),
    ],
)
def test_it_shows_the_same(server: Server, monkeypatch: pytest.MonkeyPatch, up: str, down: str, saved: int) -> None:
    database = server.create()
    try:
        before = replace(migration(BEFORE, in_transaction=True), version="1")
        assert database.connection.run(before, Direction.UP).error is None
        subject, settings = migration(up, down), DataSettings(rows=10)
        at_once, apart = Counting(database), Counting(database)
        found = measure(at_once, subject, dialect=Dialect.POSTGRES, settings=settings)  # type: ignore[arg-type]
        module = importlib.import_module("glowplug.rehearsal.data.measure")
        monkeypatch.setattr(module, "foreseeable", lambda as_it_is, _dialect: as_it_is)
        other = measure(apart, subject, dialect=Dialect.POSTGRES, settings=settings)  # type: ignore[arg-type]
        assert told(found) == told(other)
        assert apart.branches - at_once.branches == saved
        refused = found.observed is not None and found.observed.error is not None
        assert refused is (found.data.outcome is DataOutcome.NOT_MEASURED)
    finally:
        database.close()
