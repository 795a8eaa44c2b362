"""What is not read again: on a live PostgreSQL, against the same measured with nothing known."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from glowplug.database.postgres.rows import PostgresRows
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal.data import measure
from glowplug.rehearsal.data.files.steady import is_steady, leave, take
from glowplug.rehearsal.data.files.text import Text
from glowplug.rehearsal.data.subject import Subject
from glowplug.rehearsal.seeding import DataSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.database.postgres.session import Session
    from glowplug.rehearsal.measured import Measurement
    from glowplug.schema.tables import Table
    from glowplug.scratch.interface import Database, Server


def migration(version: str, up: str, down: str | None) -> Migration:
    return Migration(
        version=version, name=version, path=version, up=up.encode(), down=None if down is None else down.encode()
    )


T = "CREATE TABLE t (id serial PRIMARY KEY, name text NOT NULL, age integer);"


@pytest.mark.parametrize(
    ("sql", "whatever_it_writes", "if_it_writes_none"),
    [
        ("ALTER TABLE t ADD COLUMN x text;", True, True),
        ("ALTER TABLE t RENAME TO u;", True, True),
        ("CREATE INDEX CONCURRENTLY i ON t (name);", True, True),
        ("UPDATE t SET name = lower(name);", True, False),
        ("INSERT INTO t (name) SELECT name FROM t WHERE random() < 0.5;", True, False),
        ("DO $$ BEGIN IF EXISTS (SELECT FROM t) THEN DROP TABLE t; END IF; END $$;", False, False),
        ("SELECT make_partitions();", False, False),
        ("ALTER TABLE t ADD COLUMN x text DEFAULT of_the_users_own();", False, False),
        ("SET ROLE somebody; ALTER TABLE t ADD COLUMN x text;", False, False),
        ("SELECT set_config('role', 'somebody', false);", False, False),
        ("no SQL", False, False),
    ],
)
def test_what_is_steady(sql: str, whatever_it_writes: bool, if_it_writes_none: bool) -> None:
    text = Text.of(migration("1", sql, None), Dialect.POSTGRES)
    assert is_steady(text.up, Dialect.POSTGRES) is whatever_it_writes
    assert is_steady(text.up, Dialect.POSTGRES, rows=False) is if_it_writes_none
    assert not is_steady(text.down, Dialect.POSTGRES)


def test_another_backend_is_never_steady() -> None:
    text = Text.of(migration("1", "ALTER TABLE t ADD COLUMN x text;", None), Dialect.SQLITE)
    assert not is_steady(text.up, Dialect.SQLITE)


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


@contextmanager
def database_of(server: Server, before: Migration) -> Iterator[Database]:
    database = server.create()
    try:
        assert database.connection.run(before, Direction.UP).error is None
        yield database
    finally:
        database.close()


class Readings:
    """Counts how often all tables are read, and in each session how often all but some are."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.all = 0
        self.some: Counter[Session] = Counter()
        of_all, of_some = PostgresRows.tables, PostgresRows.tables_but

        def tables(rows: PostgresRows) -> tuple[Table, ...]:
            self.all += 1
            self.some[rows.session()] -= 1
            return of_all(rows)

        def tables_but(rows: PostgresRows, unchanged: Sequence[Table]) -> tuple[Table, ...]:
            self.some[rows.session()] += 1
            return of_some(rows, unchanged)

        monkeypatch.setattr(PostgresRows, "tables", tables)
        monkeypatch.setattr(PostgresRows, "tables_but", tables_but)


def measured(database: Database, what: Migration, previous: Migration | None = None) -> Measurement:
    return measure(
        database, what, dialect=Dialect.POSTGRES, settings=DataSettings(rows=10), earlier=[previous] if previous else []
    )


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("up", "down", "most"),
    [
        ("ALTER TABLE t ALTER name TYPE varchar(9);", "ALTER TABLE t ALTER name TYPE text;", 2),
        # The column comes back as the last: so the tables are others, until the next down leaves the same again.
        ("ALTER TABLE t DROP COLUMN name;", "ALTER TABLE t ADD COLUMN name text NOT NULL DEFAULT '';", 3),
    ],
)
def test_what_a_down_has_left_is_read_until_it_is_known(
    server: Server, monkeypatch: pytest.MonkeyPatch, up: str, down: str, most: int
) -> None:
    readings = Readings(monkeypatch)
    with database_of(server, migration("1", T, "DROP TABLE t;")) as database:
        measured(database, migration("2", up, down))
    assert readings.all == 1
    assert max(readings.some.values()) == most  # one is of what the up leaves, where that was foreseen


@pytest.mark.postgres
def test_what_may_be_otherwise_each_time_is_read_each_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    readings = Readings(monkeypatch)
    up, down = "DO $$ BEGIN ALTER TABLE t ADD x text; END $$;", "ALTER TABLE t DROP COLUMN x;"
    with database_of(server, migration("1", T, "DROP TABLE t;")) as database:
        measured(database, migration("2", up, down))
    assert max(readings.some.values()) > 2


CHAIN = [
    migration("2", "ALTER TABLE t ADD COLUMN x text UNIQUE;", "ALTER TABLE t DROP COLUMN x;"),
    migration("3", "CREATE TABLE u (t integer REFERENCES t);", "DROP TABLE u;"),
    migration("4", "ALTER TABLE u ADD PRIMARY KEY (t);", "ALTER TABLE u DROP CONSTRAINT u_pkey;"),
    migration("5", "INSERT INTO t (name) VALUES ('a');", "DELETE FROM t WHERE name = 'a';"),
    migration("6", "ALTER TABLE t DROP COLUMN age;", "ALTER TABLE t ADD COLUMN age integer;"),
]


@pytest.mark.postgres
def test_what_an_up_has_left_is_not_read_for_the_next(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    first = migration("1", T, "DROP TABLE t;")
    with database_of(server, first) as known, database_of(server, first) as unknown:
        previous = first
        read = []
        for each in CHAIN:
            with monkeypatch.context() as patched:
                readings = Readings(patched)
                found = measured(known, each, previous)
                read.append(readings.all)
            assert found.data == measured(unknown, each).data
            for database in (known, unknown):
                assert database.connection.run(each, Direction.UP).error is None
            previous = each
    assert read == [1, 0, 0, 0, 1]  # the first is behind what nobody measured, the last behind one that wrote rows


@pytest.mark.postgres
def test_only_behind_the_migration_that_was_measured_last(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third, fourth = migration("1", T, "DROP TABLE t;"), *CHAIN[:3]
    with database_of(server, first) as database:
        measured(database, second, first)
        for each in (second, third):  # the third was proved earlier, and so not measured
            assert database.connection.run(each, Direction.UP).error is None
        readings = Readings(monkeypatch)
        assert measured(database, fourth, third).data.outcome.value == "lossless"
    assert readings.all == 1


def test_it_is_of_one_database_and_given_once() -> None:
    class Fake:
        pass

    one, another = Fake(), Fake()
    was = migration("1", T, None)
    leave(was, one, ())  # type: ignore[arg-type]
    assert take(was, another) is None  # type: ignore[arg-type]
    assert take(was, one) == ()  # type: ignore[arg-type]
    assert take(was, one) is None  # type: ignore[arg-type]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("up", "down"),
    [
        ("ALTER TABLE t ALTER name TYPE varchar(9);", "ALTER TABLE t ALTER name TYPE text;"),
        ("ALTER TABLE t ALTER age TYPE bigint;", "ALTER TABLE t ALTER age TYPE integer;"),
        ("ALTER TABLE t ALTER age SET NOT NULL;", "ALTER TABLE t ALTER age DROP NOT NULL;"),
    ],
)
def test_what_a_down_has_left_on_one_branch_is_not_read_on_another(
    server: Server, monkeypatch: pytest.MonkeyPatch, up: str, down: str
) -> None:
    what = migration("2", up, down)
    with database_of(server, migration("1", T, "DROP TABLE t;")) as database:
        with monkeypatch.context() as patched:
            readings = Readings(patched)
            found = measured(database, what)
        assert sum(readings.some.values()) + readings.all == 3  # before the up, after it, and what the down left
        monkeypatch.setattr(Subject, "is_steady", lambda *_, **__: False)
        readings = Readings(monkeypatch)
        assert measured(database, what).data == found.data
        assert sum(readings.some.values()) + readings.all > 3
