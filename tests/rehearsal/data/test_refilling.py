"""A branch is filled as another was: the same rows with the same numbers, and what was refused is not asked again."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal.data import measure
from glowplug.rehearsal.data.refilling import Keeping
from glowplug.rehearsal.met import Met
from glowplug.rehearsal.passed_on import PassedOn
from glowplug.rehearsal.seeding import DataSettings, seed
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.database.interface import Connection, SqlError
    from glowplug.database.rows import Rows, Value
    from glowplug.schema.tables import Table
    from glowplug.scratch.interface import Database

ON_POSTGRES = """
CREATE TABLE ranked (id serial PRIMARY KEY, place integer NOT NULL, title text NOT NULL);
CREATE TABLE log (id bigserial PRIMARY KEY, said text NOT NULL);
CREATE TABLE child (id serial PRIMARY KEY, ranked_id integer NOT NULL REFERENCES ranked (id));
CREATE FUNCTION takes_its_place() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO log (said) VALUES (NEW.title);
  IF NEW.place % 7 <> 3 THEN RAISE EXCEPTION 'no place %', NEW.place; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER takes_its_place BEFORE INSERT ON ranked FOR EACH ROW EXECUTE FUNCTION takes_its_place();
"""
ON_SQLITE = """
CREATE TABLE ranked (id INTEGER PRIMARY KEY, place INTEGER NOT NULL, title TEXT NOT NULL);
CREATE TABLE child (id INTEGER PRIMARY KEY, ranked_id INTEGER NOT NULL REFERENCES ranked (id));
CREATE TRIGGER takes_its_place BEFORE INSERT ON ranked
WHEN NEW.place % 7 <> 3
BEGIN SELECT RAISE(ABORT, 'no place'); END;
"""
ON_MYSQL = """
CREATE TABLE ranked (id INT AUTO_INCREMENT PRIMARY KEY, place INT NOT NULL, title VARCHAR(80) NOT NULL);
CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, ranked_id INT NOT NULL, FOREIGN KEY (ranked_id)
 REFERENCES ranked (id));
CREATE TRIGGER takes_its_place BEFORE INSERT ON ranked FOR EACH ROW
IF NEW.place % 7 <> 3 THEN
 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no place'; END IF;
"""
SCHEMAS = {Dialect.POSTGRES: ON_POSTGRES, Dialect.SQLITE: ON_SQLITE, Dialect.MYSQL: ON_MYSQL}
BY_TURNS = """
CREATE SEQUENCE turn;
CREATE TABLE t (id uuid PRIMARY KEY, name text NOT NULL);
CREATE FUNCTION every_other_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('turn') % 3 = 1 THEN RAISE EXCEPTION 'not now'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER every_other_one BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION every_other_one();
"""
SETTINGS = DataSettings(rows=20)


class Refusing(PassedOn):
    """Keeps the rows that a server refuses."""

    def __init__(self, rows: Rows, refused: list[object]) -> None:
        super().__init__(rows)
        self._refused = refused

    def insert(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        errors = super().insert(table, columns, rows)
        self._refused += [
            (table.name, tuple(columns), tuple(row))
            for row, error in zip(rows, errors, strict=True)
            if error is not None
        ]
        return errors


class Listening(Met):
    """Hears which rows are refused."""

    def __init__(self, refused: list[object]) -> None:
        super().__init__()
        self._refused = refused

    def listen(self, connection: Connection) -> Connection:
        heard = super().listen(connection)
        refused = self._refused

        class Counted(type(heard)):  # type: ignore[misc]
            @property
            def rows(self) -> Rows:
                return Refusing(heard.rows, refused)

        return Counted(connection, self)  # type: ignore[no-any-return]


class Watched:
    """A database that keeps which rows were refused on each of its branches."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.other_world = None
        self.refused: list[list[object]] = []

    @contextmanager
    def branch(self, *, other_world: bool = False) -> Iterator[Connection]:
        self.refused.append([])
        with self._database.branch(other_world=other_world) as connection:
            yield Listening(self.refused[-1]).listen(connection)


def migration(version: str, up: str, down: str = "SELECT 1;") -> Migration:
    return Migration(version=version, name=version, path=version, up=up.encode(), down=down.encode())


@contextmanager
def database_with(dialect: Dialect, before: str) -> Iterator[Database]:
    request = Request(
        dialect=dialect,
        chain=ChainSettings(),
        settings=ScratchSettings(),
        environment=dict(os.environ),
        foreign_keys=(True, "said") if dialect is Dialect.SQLITE else None,
    )
    with open_server(request) as server:
        made = server.create()
        assert made.connection.run(migration("1", before), Direction.UP).error is None
        yield made
        made.close()


def contents(rows: Rows, dialect: Dialect) -> dict[str, object]:
    found: dict[str, object] = {table.name: rows.read(table).rows for table in rows.tables()}
    if dialect is Dialect.POSTGRES:
        found["counters"] = rows.query("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1").rows
    return found


@pytest.mark.parametrize(
    "dialect",
    [
        pytest.param(Dialect.POSTGRES, marks=pytest.mark.postgres),
        pytest.param(Dialect.SQLITE, marks=pytest.mark.sqlite),
        pytest.param(Dialect.MYSQL, marks=pytest.mark.mysql),
    ],
)
def test_the_same_rows_without_asking_for_those_that_were_refused(dialect: Dialect) -> None:
    refused: tuple[list[object], list[object]] = ([], [])
    with database_with(dialect, SCHEMAS[dialect]) as database:
        with database.branch() as one:
            keeping = Keeping(Refusing(one.rows, refused[0]), dialect)
            seed(keeping, one.rows.tables(), dialect=dialect, settings=SETTINGS)
            kept = keeping.kept()
            first = contents(one.rows, dialect)
        assert kept is not None
        with database.branch() as two:
            assert kept.write(Refusing(two.rows, refused[1]))
            assert _but_for_the_log(contents(two.rows, dialect)) == _but_for_the_log(first)
    assert len(refused[0]) > SETTINGS.rows
    assert (
        dialect is Dialect.MYSQL or len(refused[1]) < len(refused[0]) / 3
    )  # there, numbers are given to refused rows too


def _but_for_the_log(found: dict[str, object]) -> dict[str, object]:
    """Leave out what triggers have numbered, which nothing refers to."""
    return {name: each for name, each in found.items() if name != "public.log"}


@pytest.mark.postgres
def test_what_a_server_takes_by_turns_is_not_taken_to_be_the_same() -> None:
    with database_with(Dialect.POSTGRES, BY_TURNS) as database:
        with database.branch() as one:
            keeping = Keeping(one.rows, Dialect.POSTGRES)
            seed(keeping, one.rows.tables(), dialect=Dialect.POSTGRES, settings=SETTINGS)
            kept = keeping.kept()
        assert kept is not None
        with database.branch() as two:
            assert not kept.write(two.rows)


@pytest.mark.postgres
def test_a_file_that_refuses_rows_is_found_all_the_same_where_they_are_taken_by_turns() -> None:
    with database_with(Dialect.POSTGRES, BY_TURNS) as database:
        watched = Watched(database)
        found = measure(
            watched,  # type: ignore[arg-type]
            migration("2", "ALTER TABLE t ADD CHECK (name <> '');", "ALTER TABLE t DROP CONSTRAINT t_name_check;"),
            dialect=Dialect.POSTGRES,
            settings=SETTINGS,
        )
    assert {(each.table, each.column) for each in found.data.refusals} == {("public.t", "name")}
    assert len(watched.refused) < 10  # one for nothing, and no more


@pytest.mark.postgres
def test_only_the_first_branch_is_filled_by_trial() -> None:
    with database_with(Dialect.POSTGRES, ON_POSTGRES) as database:
        watched = Watched(database)
        found = measure(
            watched,  # type: ignore[arg-type]
            migration(
                "2",
                "ALTER TABLE child ADD COLUMN title varchar(9);\n"
                "UPDATE child SET title = (SELECT r.title FROM ranked r WHERE r.id = ranked_id);\n"
                "ALTER TABLE ranked ALTER COLUMN title TYPE varchar(9);",
                "ALTER TABLE ranked ALTER COLUMN title TYPE text;\nALTER TABLE child DROP COLUMN title;",
            ),
            dialect=Dialect.POSTGRES,
            settings=SETTINGS,
        )
    assert {(each.table, each.column) for each in found.data.refusals} == {("public.ranked", "title")}
    *others, filled = sorted(watched.refused, key=len)
    assert len(others) > 2
    assert len(filled) > 10 * SETTINGS.rows
    assert len(others[-1]) < len(filled) / 5
    assert all(len(each) == len(set(each)) for each in others)  # nor is an odd row asked for twice
