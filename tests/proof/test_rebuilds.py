"""What is proposed for a table that SQLite rebuilds keeps its rows; where no SQL can be given, words are."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

if TYPE_CHECKING:
    from glowplug.finding import SafeForm

SQLITE = Dialect.SQLITE
OMITS, DELETES = "rebuild-omits-columns", "drop-deletes-elsewhere"
PREFERENCES = "CREATE TABLE t (id INTEGER PRIMARY KEY, a BLOB, b TEXT)"
FILLED = "INSERT INTO t VALUES (1, 'x', 'p'), (2, 'y', 'q'), (3, 'z', 'r')"


def safe_form(rule: str, before: str, up: str) -> SafeForm:
    """What a rule proposes for ``up``."""
    files = (("1", before), ("2", up))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=SQLITE, migrations=migrations, settings=ChainSettings())
    terms = Terms(dialect=SQLITE, foreign_keys=True, foreign_keys_said=True)
    (one,) = (each.safe_form for each in review(chain, terms, new={"2"}).findings if each.rule == rule)
    assert one is not None
    return one


def rebuild(columns: str, copy: str, table: str = "t") -> str:
    """A table is rebuilt."""
    return (
        f"CREATE TABLE new_{table} ({columns}); {copy}; DROP TABLE {table}; ALTER TABLE new_{table} RENAME TO {table}"
    )


@pytest.mark.parametrize(
    "up",
    [
        rebuild("id INTEGER PRIMARY KEY, a BLOB, b TEXT", "INSERT INTO new_t (id, a) SELECT id, a FROM t"),
        rebuild(
            "id INTEGER PRIMARY KEY, a BLOB, b TEXT", "INSERT INTO new_t (id, a, b) SELECT id, a, NULL FROM t AS o"
        ),
        rebuild(
            "id INTEGER PRIMARY KEY, a BLOB, b TEXT, c TEXT NOT NULL",
            "INSERT INTO new_t (id, a, c) SELECT id, a, 1 FROM t",
        ),
        rebuild("id INTEGER PRIMARY KEY, a BLOB, b TEXT, c TEXT NOT NULL DEFAULT ''", "SELECT 1"),
    ],
)
def test_a_copy_that_can_be_given_keeps_all(up: str) -> None:
    safe = safe_form(OMITS, PREFERENCES, up)
    assert safe.replacement is not None
    copy = next((each for each in up.split("; ") if each.startswith("INSERT")), "DROP TABLE t")
    connection = sqlite3.connect(":memory:")
    connection.executescript(f"{PREFERENCES}; {FILLED}; {up.replace(copy, safe.replacement)}")
    rows = connection.execute("SELECT id, a, b FROM t").fetchall()
    assert rows == [(1, "x", "p"), (2, "y", "q"), (3, "z", "r")]


ONE_ROW = "INSERT INTO new_t (id, a, b) SELECT 0, a, b FROM t ORDER BY id DESC LIMIT 1"
NOT_GIVEN = {
    "one row of all": rebuild("id INTEGER PRIMARY KEY DEFAULT 0 CHECK (id = 0), a BLOB, b TEXT", ONE_ROW),
    "some rows": rebuild(
        "id INTEGER PRIMARY KEY, a BLOB, b TEXT", "INSERT INTO new_t (id, a) SELECT id, a FROM t WHERE a > 1"
    ),
    "each once": rebuild(
        "id INTEGER PRIMARY KEY, a BLOB, b TEXT", "INSERT INTO new_t (a, b) SELECT DISTINCT a, b FROM t"
    ),
    "a check that is new": rebuild(
        "id INTEGER PRIMARY KEY DEFAULT 0 CHECK (id = 0), a BLOB, b TEXT",
        "INSERT INTO new_t (id, a, b) SELECT 0, a, b FROM t",
    ),
    "NULL no longer": rebuild(
        "id INTEGER PRIMARY KEY, a BLOB, b TEXT NOT NULL", "INSERT INTO new_t (id, a, b) SELECT id, a, '' FROM t"
    ),
    "no rows, and one more column": rebuild("id INTEGER PRIMARY KEY, a BLOB, b TEXT, c TEXT NOT NULL", "SELECT 1"),
    "a name with its table": rebuild(
        "id INTEGER PRIMARY KEY, a BLOB, b TEXT, c TEXT",
        "INSERT INTO new_t (id, a, c) SELECT o.id, o.a, o.a FROM t AS o",
    ),
}


@pytest.mark.parametrize("up", NOT_GIVEN.values(), ids=NOT_GIVEN)
def test_a_copy_that_cannot_be_given_is_told_in_words(up: str) -> None:
    safe = safe_form(OMITS, PREFERENCES, up)
    assert safe.replacement is None
    assert safe.note


SERVICES = (
    "CREATE TABLE s (id TEXT PRIMARY KEY, name TEXT); "
    "CREATE TABLE p (s TEXT, n INTEGER, PRIMARY KEY (s, n), FOREIGN KEY (s) REFERENCES s (id))"
)
ROWS = "INSERT INTO s VALUES ('a::b', 'x'); INSERT INTO p VALUES ('a::b', 1)"
KEYS = {
    "another key": rebuild(
        "circuit TEXT, id TEXT, name TEXT, PRIMARY KEY (circuit, id)",
        "INSERT INTO new_s SELECT substr(id, 1, 1), substr(id, 4), name FROM s",
        "s",
    ),
    "the key is no key": rebuild("id TEXT, name TEXT", "INSERT INTO new_s (id, name) SELECT id, name FROM s", "s"),
    "no index any more": rebuild(
        "id TEXT, name TEXT, UNIQUE (name)", "INSERT INTO new_s (id, name) SELECT id, name FROM s", "s"
    ),
}


KEYS["if it is not there"] = KEYS["another key"].replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS")


@pytest.mark.parametrize("up", KEYS.values(), ids=KEYS)
def test_a_table_whose_key_changes_is_not_rebuilt_alone(up: str) -> None:
    safe = safe_form(DELETES, SERVICES, up)
    assert not safe.steps
    assert safe.note is not None
    assert safe.note.endswith("; the key changes: rebuild s together with p")
    connection = sqlite3.connect(":memory:")
    connection.executescript(f"{SERVICES}; {ROWS}; PRAGMA foreign_keys = OFF; {up}")
    with pytest.raises(sqlite3.OperationalError, match="foreign key mismatch"):
        connection.execute("SELECT count(*) FROM pragma_foreign_key_check")


SAME_KEY = {
    "the primary key": "id TEXT PRIMARY KEY, name TEXT NOT NULL",
    "another constraint": "id TEXT, name TEXT NOT NULL, UNIQUE (id)",
}


@pytest.mark.parametrize("columns", SAME_KEY.values(), ids=SAME_KEY)
def test_a_table_whose_key_stays_is_rebuilt_forth_and_back(columns: str) -> None:
    up = rebuild(columns, "INSERT INTO new_s (id, name) SELECT id, name FROM s", "s")
    (step,) = safe_form(DELETES, SERVICES, up).steps
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(f"PRAGMA foreign_keys = ON; {SERVICES}; {ROWS}")
    for text in (step.up, step.down):
        connection.executescript(text)
        assert connection.execute("SELECT * FROM s JOIN p ON p.s = s.id").fetchall() == [("a::b", "x", "a::b", 1)]


def test_a_copy_that_needs_what_the_file_did_before_is_not_given_alone() -> None:
    up = "ALTER TABLE s ADD COLUMN more TEXT; " + rebuild(
        "id TEXT PRIMARY KEY, name TEXT, more TEXT",
        "INSERT INTO new_s (id, name, more) SELECT id, name, more FROM s",
        "s",
    )
    assert not safe_form(DELETES, SERVICES, up).steps
    joined = "CREATE TABLE q (id TEXT); " + rebuild(
        "id TEXT PRIMARY KEY, name TEXT",
        "INSERT INTO new_s (id, name) SELECT s.id, name FROM s JOIN q ON q.id = s.id",
        "s",
    )
    assert not safe_form(DELETES, SERVICES, joined).steps
