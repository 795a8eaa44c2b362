"""What is proposed for a table that SQLite rebuilds keeps its rows; where no SQL can be given, words are."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.finding import Severity
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

if TYPE_CHECKING:
    from glowplug.finding import Finding, SafeForm

SQLITE = Dialect.SQLITE
OMITS, DELETES = "rebuild-omits-columns", "drop-deletes-elsewhere"
PREFERENCES = "CREATE TABLE t (id INTEGER PRIMARY KEY, a BLOB, b TEXT)"
FILLED = "INSERT INTO t VALUES (1, 'x', 'p'), (2, 'y', 'q'), (3, 'z', 'r')"


def found(rule: str, before: str, up: str) -> list[Finding]:
    """What a rule says of ``up``."""
    files = (("1", before), ("2", up))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=SQLITE, migrations=migrations, settings=ChainSettings())
    terms = Terms(dialect=SQLITE, foreign_keys=True, foreign_keys_said=True)
    return [each for each in review(chain, terms, new={"2"}).findings if each.rule == rule]


def safe_form(rule: str, before: str, up: str) -> SafeForm:
    """What a rule proposes for ``up``."""
    (one,) = found(rule, before, up)
    assert one.safe_form is not None
    return one.safe_form


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


MIDDLE = (
    "CREATE TABLE new_s (id TEXT PRIMARY KEY, name TEXT, low TEXT);\n"
    "INSERT INTO new_s (id, name) SELECT id, name FROM s;\n"
    "DROP TABLE s;\nALTER TABLE new_s RENAME TO s;\nCREATE INDEX by_name ON s (name);\n"
)
OTHERS = (
    "CREATE TABLE log (n INTEGER);\nUPDATE s SET name = upper(name);\n",
    MIDDLE,
    "UPDATE s SET low = lower(name);\n",
)


def test_what_else_the_file_does_is_said_to_be_missing() -> None:
    (step,) = safe_form(DELETES, SERVICES, "".join(OTHERS)).steps
    said, _, procedure = step.up.partition("\n")
    where = "each belongs, in a migration of its own, before or behind it"
    assert said == f"-- of up.sql, lines 1, 2 and 8 are not in this: {where}"
    (alone,) = safe_form(DELETES, SERVICES, OTHERS[1]).steps
    assert alone.up == procedure
    shown = []
    for text in (f"PRAGMA foreign_keys = OFF; {''.join(OTHERS)}", f"{OTHERS[0]}{step.up}{OTHERS[2]}"):
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.executescript(f"PRAGMA foreign_keys = ON; {SERVICES}; {ROWS}; {text}")
        shown.append(
            [
                *connection.execute("SELECT type, name, tbl_name FROM sqlite_schema ORDER BY 1, 2"),
                "of",
                *connection.execute("SELECT * FROM s"),
                *connection.execute("SELECT * FROM p"),
            ]
        )
    assert shown[0] == shown[1]
    assert shown[0][-2] == ("a::b", "X", "x")


@pytest.mark.parametrize("columns", SAME_KEY.values(), ids=SAME_KEY)
def test_of_one_of_many_other_lines_the_rest_is_counted(columns: str) -> None:
    up = rebuild(columns, "INSERT INTO new_s (id, name) SELECT id, name FROM s", "s")
    (one,) = safe_form(DELETES, SERVICES, f"{up};\nUPDATE s SET name = 'x'").steps
    assert one.up.startswith("-- of up.sql, line 2 is not in this: each belongs, ")
    (many,) = safe_form(DELETES, SERVICES, f"{up};" + "\nUPDATE s SET name = 'x';" * 9).steps
    assert many.up.startswith("-- of up.sql, lines 2, 3, 4, 5, 6 and 4 more are not in this: ")


ROWID_KEYS = [
    "id INTEGER PRIMARY KEY NOT NULL, name TEXT",
    "id INTEGER NOT NULL PRIMARY KEY, name TEXT",
    "id INTEGER PRIMARY KEY, name TEXT",
    "id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, name TEXT",
    "id INTEGER NOT NULL CONSTRAINT its_key PRIMARY KEY AUTOINCREMENT, name TEXT",
    "id INTEGER NOT NULL, name TEXT, PRIMARY KEY (id)",
    "id INTEGER, name TEXT, PRIMARY KEY (id)",
    "id INTEGER PRIMARY KEY DESC, name TEXT",
    "id INT PRIMARY KEY NOT NULL, name TEXT",
]


@pytest.mark.parametrize("columns", ROWID_KEYS)
def test_the_way_back_has_the_key_as_it_was(columns: str) -> None:
    tables = f"CREATE TABLE s ({columns}); CREATE TABLE p (s INTEGER REFERENCES s (id))"
    up = rebuild(f"{columns.replace('name TEXT', 'name TEXT, more TEXT')}", "INSERT INTO new_s SELECT *, 1 FROM s", "s")
    (step,) = safe_form(DELETES, tables, up).steps
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(
        f"PRAGMA foreign_keys = ON; {tables}; INSERT INTO s VALUES (7, 'x'); INSERT INTO p VALUES (7)"
    )
    catalogue = "SELECT * FROM pragma_table_info('s')", "SELECT origin, partial FROM pragma_index_list('s')"
    before = [connection.execute(query).fetchall() for query in catalogue]
    connection.executescript(step.up)
    connection.executescript(step.down)
    assert [connection.execute(query).fetchall() for query in catalogue] == before
    assert connection.execute("SELECT * FROM s").fetchall() == [(7, "x")]


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


RENAMED = {
    "all of it, by order": ("id TEXT PRIMARY KEY, title TEXT, n INTEGER", "SELECT * FROM s"),
    "by order": ("id TEXT PRIMARY KEY, title TEXT, n INTEGER", "SELECT id, name, n FROM s"),
    "named on both sides": ("n INTEGER, id TEXT PRIMARY KEY, title TEXT", "(title, id, n) SELECT name, s.id, n FROM s"),
    "by another name of the table": (
        'id TEXT PRIMARY KEY, "order" TEXT, n INTEGER',
        '(id, "order", n) SELECT o.id, o."name", o.n FROM s AS o',
    ),
    "swapped": ("id TEXT PRIMARY KEY, n TEXT, name INTEGER", "(id, n, name) SELECT id, name, n FROM s"),
    "more than there was": ("id TEXT PRIMARY KEY, title TEXT, n INTEGER, more TEXT", "SELECT *, 'm' FROM s"),
}


@pytest.mark.parametrize(("columns", "copy"), RENAMED.values(), ids=RENAMED)
def test_the_way_back_takes_each_value_from_where_it_was_put(columns: str, copy: str) -> None:
    tables = (
        "CREATE TABLE s (id TEXT PRIMARY KEY, name TEXT NOT NULL, n INTEGER); CREATE TABLE p (s TEXT REFERENCES s (id))"
    )
    (step,) = safe_form(DELETES, tables, rebuild(columns, f"INSERT INTO new_s {copy}", "s")).steps
    assert "its down needs a value" not in (step.note or "")
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(f"PRAGMA foreign_keys = ON; {tables}; INSERT INTO s VALUES ('a', 'x', 1), ('b', 'y', 2)")
    connection.executescript(f"INSERT INTO p VALUES ('a'); {step.up}")
    connection.executescript(step.down)
    assert connection.execute("SELECT id, name, n FROM s").fetchall() == [("a", "x", 1), ("b", "y", 2)]
    assert connection.execute("SELECT count(*) FROM p").fetchall() == [(1,)]


def test_the_way_back_of_the_old_table_first_keeps_renamed_columns() -> None:
    tables = "CREATE TABLE s (id TEXT PRIMARY KEY, name TEXT); CREATE TABLE p (s TEXT REFERENCES s (id))"
    up = (
        "ALTER TABLE s RENAME TO o; CREATE TABLE s (id TEXT PRIMARY KEY, title TEXT); "
        "INSERT INTO s (id, title) SELECT id, name FROM o; DROP TABLE o"
    )
    (step,) = safe_form("rename-moves-references", tables, up).steps
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(f"PRAGMA foreign_keys = ON; {tables}; INSERT INTO s VALUES ('a', 'x')")
    connection.executescript(step.up)
    assert connection.execute("SELECT id, title FROM s").fetchall() == [("a", "x")]
    connection.executescript(step.down)
    assert connection.execute("SELECT id, name FROM s").fetchall() == [("a", "x")]


ACTS = "CREATE TABLE acts (id TEXT PRIMARY KEY, item TEXT, state INTEGER DEFAULT 7); CREATE TABLE map (o TEXT, n TEXT)"
SHAPE = "id TEXT PRIMARY KEY, item TEXT, state INTEGER DEFAULT 7"
PUT = {
    "a constant": ("(id, item, state) SELECT id, item, 4 FROM acts", ("state gets 4 in every row",), "a i 4"),
    "an expression": (
        "SELECT id, 'was ' || id, state FROM acts",
        ("item gets 'was ' || id",),
        "a was a 1",
    ),
    "an expression with comments": (
        "SELECT id, 'was -- ' || -- as it was\n id /* by number */, state FROM acts",
        ("item gets 'was -- ' || id",),
        "a was -- a 1",
    ),
    "another column": ("SELECT item, state, state FROM acts", ("id gets item",), "i 1 1"),
    "the default": ("(id, item) SELECT id, item FROM acts", ("state gets its default 7",), "a i 7"),
    "NULL": ("(id, item, state) SELECT id, item, NULL FROM acts", ("state gets NULL",), "a i -"),
    "nothing": ("(id, state) SELECT id, state FROM acts", ("item gets NULL",), "a - 1"),
    "what a query gives": (
        "SELECT r.k || '!', r.item, r.state FROM (SELECT acts.*, item AS k FROM acts) r",
        ("id gets r.k || '!'",),
        "i! i 1",
    ),
    "what is looked up": (
        "SELECT a.id, m.n, a.state FROM acts a LEFT JOIN map m ON m.o = a.item",
        ("item gets m.n", "it only looks up others by it"),
        "a I 1",
    ),
}


@pytest.mark.parametrize(("copy", "told", "row"), PUT.values(), ids=PUT)
def test_what_the_new_table_holds_instead_is_said_as_what_it_is(copy: str, told: tuple[str, ...], row: str) -> None:
    up = rebuild(SHAPE, f"INSERT INTO new_acts {copy}", "acts")
    (finding,) = found(OMITS, ACTS, up)
    for one in told:
        assert one in finding.message
    connection = sqlite3.connect(":memory:")
    connection.executescript(f"{ACTS}; INSERT INTO acts VALUES ('a', 'i', 1); INSERT INTO map VALUES ('i', 'I'); {up}")
    ask = "SELECT id || ' ' || coalesce(item, '-') || ' ' || coalesce(state, '-') FROM acts"
    assert connection.execute(ask).fetchall() == [(row,)]


def test_a_number_of_the_row_that_is_left_out_is_said_to_be_new() -> None:
    before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)"
    up = rebuild("id INTEGER PRIMARY KEY, a TEXT", "INSERT INTO new_t (a) SELECT a FROM t")
    assert "id gets a new number" in found(OMITS, before, up)[0].message
    connection = sqlite3.connect(":memory:")
    connection.executescript(f"{before}; INSERT INTO t VALUES (41, 'x'); {up}")
    assert connection.execute("SELECT id FROM t").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("copy", "severity"),
    [(PUT["what is looked up"][0], Severity.WARNING), (PUT["a constant"][0], Severity.ERROR)],
)
def test_the_old_value_is_not_proposed_where_something_else_was_meant(copy: str, severity: Severity) -> None:
    (finding,) = found(OMITS, ACTS, rebuild(SHAPE, f"INSERT INTO new_acts {copy}", "acts"))
    assert finding.severity is severity
    assert finding.safe_form is not None
    assert finding.safe_form.replacement is None
    assert "where the old values are to stay" in (finding.safe_form.note or "")
