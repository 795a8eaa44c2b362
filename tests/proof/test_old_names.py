"""What keeps a table's old name alive on SQLite is read and written as the table was; what can't be is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

from .sqlite import Apsw, Pythons

if TYPE_CHECKING:
    from glowplug.finding import Step

KINDS = pytest.mark.parametrize("kind", [Apsw, Pythons])
TABLES = {
    "a number as the key": "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, "
    "state INT NOT NULL DEFAULT 7, upper_name TEXT AS (upper(name)))",
    "a key of two": "CREATE TABLE users (id INT, name TEXT, state INT DEFAULT 7, upper_name TEXT AS (upper(name)), "
    "PRIMARY KEY (id, name))",
}


def step(before: str, new: str = "people") -> Step:
    """What is proposed for a rename."""
    files = (("1", before), ("2", f"ALTER TABLE users RENAME TO {new}"))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=Dialect.SQLITE, migrations=migrations, settings=ChainSettings())
    (one,) = (each for each in review(chain, Terms.of(chain), new={"2"}).findings if each.rule == "name-changed")
    assert one.safe_form is not None
    return one.safe_form.steps[0]


@KINDS
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_the_old_name_is_read_and_written(kind: type[Apsw | Pythons], table: str) -> None:
    one = step(table)
    database = kind()
    assert database.run(f"{table}; INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b')") is None
    assert database.run(f"BEGIN; {one.up} COMMIT") is None
    for statement, rows in (
        ("INSERT INTO users (id, name) VALUES (3, 'c')", "1 a 7 A,2 b 7 B,3 c 7 C"),
        ("INSERT INTO users (id, name, state) VALUES (4, 'd', 8)", "1 a 7 A,2 b 7 B,3 c 7 C,4 d 8 D"),
        ("UPDATE users SET name = 'x', state = 9 WHERE id = 2", "1 a 7 A,2 x 9 X,3 c 7 C,4 d 8 D"),
        ("UPDATE users SET id = 5 WHERE id = 4", "1 a 7 A,2 x 9 X,3 c 7 C,5 d 8 D"),
        ("DELETE FROM users WHERE id > 2", "1 a 7 A,2 x 9 X"),
        ("DELETE FROM users WHERE state IS NULL", "1 a 7 A,2 x 9 X"),
    ):
        assert database.run(statement) is None, statement
        every = "SELECT group_concat(id || ' ' || name || ' ' || state || ' ' || upper_name) FROM {0}"
        assert database.value(every.format("(SELECT * FROM people ORDER BY id)")) == rows
        assert database.value(every.format("(SELECT * FROM users ORDER BY id)")) == rows
    assert database.run(f"BEGIN; {one.down} COMMIT") is None
    assert database.value("SELECT count(*) FROM sqlite_master WHERE type IN ('view', 'trigger')") == "0"
    assert database.value("SELECT count(*) FROM users") == "2"
    database.close()


@KINDS
def test_a_number_is_given_through_the_view(kind: type[Apsw | Pythons]) -> None:
    table = TABLES["a number as the key"]
    database = kind()
    assert database.run(f"{table}; {step(table).up}") is None
    assert database.run("INSERT INTO users (name) VALUES ('a')") is None
    assert database.value("SELECT id FROM people") == "1"
    database.close()


@KINDS
def test_what_the_note_says_of_the_view_is_so(kind: type[Apsw | Pythons]) -> None:
    table = TABLES["a number as the key"]
    one = step(table)
    assert one.note is not None
    assert "ON CONFLICT fails" in one.note
    database = kind()
    assert database.run(f"{table}; {one.up}") is None
    upsert = "INSERT INTO users (id, name) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET name = 'b'"
    assert database.run(upsert) == "cannot UPSERT a view"
    assert database.run("INSERT INTO people VALUES (41, 'a', 1); INSERT INTO users (name) VALUES ('a')") is None
    assert database.value("SELECT last_insert_rowid() || ' ' || max(id) FROM people") == "41 42"
    assert database.run("UPDATE people SET name = 'x' WHERE id = 41; UPDATE users SET name = 'z'") is None
    assert database.value("SELECT changes() || ' ' || count(*) FROM people WHERE name = 'z'") == "0 2"
    if kind.version >= "3.35":
        assert database.value("INSERT INTO users (name) VALUES ('a') RETURNING coalesce(id, 'no id')") == "no id"
    database.close()


@KINDS
def test_without_a_key_the_view_is_read_only_and_that_is_said(kind: type[Apsw | Pythons]) -> None:
    table = "CREATE TABLE users (id INT, name TEXT)"
    one = step(table)
    assert "TRIGGER" not in one.up
    assert one.note is not None
    assert one.note.startswith("the old release reads through the view; it can't write there")
    database = kind()
    assert database.run(f"{table}; {one.up}") is None
    assert database.run("INSERT INTO users VALUES (1, 'a')") == "cannot modify users because it is a view"
    database.close()
