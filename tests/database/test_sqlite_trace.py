"""A session that looks on sees what happens, and what happens is what happens without it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glowplug.database.sqlite.session import Session
from glowplug.database.sqlite.settings import SessionSettings
from glowplug.dialect import Direction
from glowplug.project import Migration
from glowplug.scratch import wheel

from . import sqlite_forms
from .sqlite_forms import FORMS, Bench, Form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glowplug.database.trace import Trace

pytestmark = pytest.mark.sqlite

ROOT = Path(__file__).parents[2]
REAL = [Path(name) for name in os.environ.get("GLOWPLUG_REAL", "").split(os.pathsep) if name]
FENCE = re.compile(r"^```sql[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)

NOW = {"run_on", "updated_at"}
"""Columns that hold the time."""

WITH_ROWS = """
CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b);
CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id) ON DELETE CASCADE, updated_at TIMESTAMP);
CREATE TABLE log (line);
CREATE INDEX p_b ON p (b);
CREATE TRIGGER counting AFTER DELETE ON p BEGIN INSERT INTO log VALUES ('deleted ' || old.id); END;
INSERT INTO p (a, b) VALUES ('one', 1), ('two', 2), ('three', x'03');
INSERT INTO c (p) VALUES (1), (1), (3);
"""

STATEMENTS = (
    "UPDATE p SET b = b + 1",
    "UPDATE p SET a = 'one'",
    "INSERT INTO log SELECT changes()",
    "INSERT INTO log SELECT changes() || a FROM p",
    "CREATE TABLE IF NOT EXISTS asked AS SELECT changes() AS n FROM p",
    "CREATE TRIGGER IF NOT EXISTS asks AFTER UPDATE ON p BEGIN INSERT INTO log VALUES (changes()); END",
    "INSERT INTO log VALUES (total_changes() || ' ' || last_insert_rowid())",
    "UPDATE log SET line = line || changes()",
    "DELETE FROM p WHERE id = 1",
    "DELETE FROM c",
    "INSERT INTO p (a) VALUES ('four'), (NULL) RETURNING id",
    "INSERT OR REPLACE INTO p (id, a) VALUES (1, 'two')",
    "INSERT INTO log VALUES (?), (?2)",
    "ALTER TABLE p ADD COLUMN d TEXT NOT NULL",
    "ALTER TABLE p ADD COLUMN d TEXT DEFAULT 'x'",
    "ALTER TABLE p DROP COLUMN b",
    "ALTER TABLE p RENAME TO q",
    "ALTER TABLE q RENAME TO p",
    "ALTER TABLE p RENAME COLUMN a TO z",
    "CREATE TABLE n (id, a); INSERT INTO n SELECT id, a FROM p; DROP TABLE p; ALTER TABLE n RENAME TO p",
    "DROP TABLE p",
    "DROP TABLE IF EXISTS c",
    "CREATE TABLE p (id INTEGER PRIMARY KEY, a)",
    "CREATE TABLE IF NOT EXISTS extra AS SELECT * FROM p",
    "CREATE TEMP TABLE kept AS SELECT * FROM p",
    "CREATE INDEX IF NOT EXISTS i ON c (p)",
    "CREATE VIRTUAL TABLE words USING fts5(text)",
    "INSERT INTO words VALUES ('something to find')",
    "CREATE VIEW v AS SELECT changes() AS n",
    "SELECT diesel_manage_updated_at('c')",
    "BEGIN",
    "BEGIN IMMEDIATE",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT s",
    "RELEASE s",
    "ROLLBACK TO s",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA foreign_keys = ON",
    "PRAGMA defer_foreign_keys = ON",
    "PRAGMA user_version = 7",
    "PRAGMA foreign_key_check",
    "PRAGMA writable_schema = ON",
    "PRAGMA query_only = ON",
    "PRAGMA temp_store_directory = '/tmp'",
    "ATTACH ':memory:' AS other",
    "VACUUM",
    "VACUUM INTO 'elsewhere.db'",
    "REINDEX",
    "ANALYZE",
    "EXPLAIN DELETE FROM p",
    "EXPLAIN QUERY PLAN DELETE FROM p",
    "SELECT load_extension('x')",
    "SELECT nothing",
    "SELEC",
    "SELECT 'open",
    "-- a word",
    "/* open",
    "\ufeff",
    "",
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) INSERT INTO log SELECT i FROM n",
    "INSERT INTO log VALUES (CAST(x'ff' AS TEXT))",
    "SELECT line FROM log",
)


def migration(up: str, *, transaction: bool = True, version: str = "1") -> Migration:
    return Migration(
        version=version, name=version, path=version, up=up.encode(), down=None, run_in_transaction=transaction
    )


def session(path: Path, *, foreign_keys: bool = True) -> Session:
    made = Session(str(path), SessionSettings(foreign_keys=foreign_keys))
    made.make_bookkeeping_table()
    return made


@pytest.fixture(name="bench", scope="module")
def _bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("forms"))


@pytest.mark.parametrize("form", FORMS, ids=[form.sql[:60] for form in FORMS])
def test_what_is_seen_is_what_the_file_shows(bench: Bench, form: Form) -> None:
    if form.since > sqlite_forms.version():
        pytest.skip(f"SQLite {apsw.sqlite_lib_version()} does not run it")
    assert list(sqlite_forms.disagreements(bench, form)) == []


def test_the_same_is_seen_on_other_versions() -> None:
    found = wheel.cached_apsws(os.environ)
    if not found:
        pytest.skip("no other SQLite is cached: a chain with server_version brings one")
    for directory in found:
        run = subprocess.run(
            [sys.executable, sqlite_forms.__file__],
            env={"PYTHONPATH": str(directory)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr


def observe(tmp_path: Path, sql: str, *, before: str = WITH_ROWS, transaction: bool = True) -> Trace:
    with session(tmp_path / "o.db") as one:
        assert one.run(migration(before, version="0"), Direction.UP).error is None
        return one.observe(migration(sql, transaction=transaction), Direction.UP)


def test_statements_have_their_lines_and_errors(tmp_path: Path) -> None:
    trace = observe(tmp_path, "\n-- first\nSELECT 1; SELECT 2;\n\n  UPDATE p\nSET a = 'one';\nSELECT 3;")
    assert [one.line for one in trace.statements] == [3, 3, 5]
    assert [one.error for one in trace.statements] == [None, None, trace.error]
    assert trace.error is not None
    assert trace.error.code == "SQLITE_CONSTRAINT_UNIQUE"


@pytest.mark.parametrize("text", ["SELECT 1;\n\nSELECT nothing;", "SELECT 1;\n\nSELEC;", "SELECT 1;\n\nSELECT 'open"])
def test_a_statement_that_can_not_even_begin_is_there_with_its_error(tmp_path: Path, text: str) -> None:
    trace = observe(tmp_path, text)
    assert [(one.line, one.error is None) for one in trace.statements] == [(1, True), (3, False)]
    assert trace.statements[1].error == trace.error


def test_what_a_failed_statement_would_have_done_is_not_told(tmp_path: Path) -> None:
    (vacuum,) = observe(tmp_path, "VACUUM;").statements
    assert vacuum.error is not None
    assert vacuum.rewritten == vacuum.scanned == vacuum.rebuilt_indexes == ()
    assert vacuum.rows_written is None


def test_a_copy_that_fails_rewrites_nothing(tmp_path: Path) -> None:
    sql = "ALTER TABLE p RENAME TO o; CREATE TABLE p (id CHECK (id > 9)); INSERT INTO p SELECT id FROM o;"
    trace = observe(tmp_path, sql)
    assert trace.error is not None
    assert [one.rewritten for one in trace.statements] == [(), (), ()]


def test_an_error_of_diesels_own_commit_is_no_statements(tmp_path: Path) -> None:
    trace = observe(tmp_path, "PRAGMA defer_foreign_keys = ON; INSERT INTO c (p) VALUES (99);")
    assert trace.error is not None
    assert [one.error for one in trace.statements] == [None, None]


def test_a_statement_that_takes_too_long_is_told(tmp_path: Path) -> None:
    endless = "WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO log SELECT max(i) FROM n;"
    settings = SessionSettings(foreign_keys=True, statement_timeout=0.05)
    with Session(str(tmp_path / "o.db"), settings) as one:
        one.make_bookkeeping_table()
        trace = one.observe(migration(f"CREATE TABLE log (line);\n{endless}\nSELECT 1;"), Direction.UP)
        assert one.recorded() == ()
    assert [(seen.line, seen.error and seen.error.timed_out) for seen in trace.statements] == [(1, None), (2, True)]


def test_nothing_is_seen_of_a_file_that_diesel_refuses(tmp_path: Path) -> None:
    trace = observe(tmp_path, "")
    assert trace.statements == ()
    assert trace.error is not None


@pytest.mark.parametrize(
    ("sql", "transaction", "holders"),
    [
        ("SELECT 1; UPDATE p SET b = 0; UPDATE c SET p = 2; SELECT 2;", True, [1]),
        ("BEGIN IMMEDIATE; SELECT 1; UPDATE p SET b = 0; COMMIT; SELECT 1; UPDATE p SET b = 1;", False, [0, 5]),
        ("UPDATE p SET b = 0; SELECT 1; CREATE TABLE n (a);", False, [0, 2]),
        ("PRAGMA user_version = 3; UPDATE p SET b = 0;", True, [0]),
        ("CREATE TEMP TABLE n (a); SELECT * FROM p;", True, []),
        ("UPDATE p SET b = 0; SELECT nothing;", True, [0]),
        ("VACUUM;", False, [0]),
        ("PRAGMA user_version = 3; SELECT 1; PRAGMA main.application_id = 3; PRAGMA user_version;", False, [0, 2]),
        ("BEGIN EXCLUSIVE; SELECT 1; COMMIT; SELECT 1;", False, [0]),
        ("BEGIN; SELECT * FROM p; UPDATE p SET b = 0; ROLLBACK; BEGIN; SELECT 1; COMMIT;", False, [2]),
        ("SAVEPOINT s; UPDATE p SET b = 0; ROLLBACK TO s; SELECT 1; RELEASE s; SELECT 1;", False, [1]),
        ("UPDATE p SET a = 'one';", True, [0]),
        ("PRAGMA query_only = ON; UPDATE p SET b = 0;", True, []),
    ],
)
def test_the_write_lock_is_told_of_whoever_takes_it(
    tmp_path: Path, sql: str, holders: list[int], *, transaction: bool
) -> None:
    trace = observe(tmp_path, sql, transaction=transaction)
    held = [one.write_lock_seconds for one in trace.statements]
    assert [index for index, seconds in enumerate(held) if seconds is not None] == holders


def test_the_write_lock_is_held_to_the_end_of_the_transaction(tmp_path: Path) -> None:
    slow = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT max(i) FROM n;"
    one, two, three = observe(tmp_path, f"UPDATE p SET b = 0; {slow} SELECT 1;").statements
    assert one.write_lock_seconds is not None
    assert one.write_lock_seconds > two.seconds > one.seconds
    assert two.write_lock_seconds is three.write_lock_seconds is None


SLOW = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT max(i) FROM n;"


@pytest.mark.parametrize(
    ("sql", "transaction"),
    [
        (f"{SLOW} SELECT others(); UPDATE p SET b = 0; SELECT others(); {SLOW} SELECT others(); {SLOW}", True),
        (f"BEGIN IMMEDIATE; SELECT others(); {SLOW} SELECT others(); COMMIT; SELECT others(); {SLOW}", False),
        (f"{SLOW} SELECT others(); CREATE TABLE n (a); {SLOW} SELECT others(); UPDATE p SET a = 'one';", True),
        (f"PRAGMA user_version = 3; SELECT others(); {SLOW} SELECT others(); SELECT 1;", True),
        (f"BEGIN; SELECT others(); SAVEPOINT s; DELETE FROM c; ROLLBACK TO s; SELECT others(); {SLOW}", False),
        (f"SAVEPOINT s; DELETE FROM c; SELECT others(); {SLOW} RELEASE s; SELECT others(); {SLOW}", False),
        (f"UPDATE p SET b = 0; SELECT others(); {SLOW} DELETE FROM c; SELECT others();", False),
    ],
)
def test_the_time_under_the_write_lock_is_when_others_can_not_write(
    tmp_path: Path, sql: str, *, transaction: bool
) -> None:
    moments: list[tuple[float, bool]] = []
    with session(tmp_path / "o.db") as one:
        other = apsw.Connection(str(tmp_path / "o.db"))

        def others() -> int:
            try:
                other.execute("BEGIN IMMEDIATE; ROLLBACK")
                moments.append((time.perf_counter(), False))
            except apsw.BusyError:
                moments.append((time.perf_counter(), True))
            return 0

        one._connection.create_scalar_function("others", others, 0)  # noqa: SLF001 - called between two statements
        assert one.run(migration(WITH_ROWS, version="0"), Direction.UP).error is None
        began = time.perf_counter()
        trace = one.observe(migration(sql, transaction=transaction), Direction.UP)
        ended = time.perf_counter()
        other.close()
    shut = [moment for moment, waits in moments if waits]
    held = [seen.write_lock_seconds for seen in trace.statements if seen.write_lock_seconds is not None]
    if not shut:
        assert all(seen.write_lock_seconds in {None, seen.seconds} for seen in trace.statements)
        return
    (longest,) = [seconds for seconds in held if seconds == max(held)]
    free_before = max((moment for moment, waits in moments if not waits and moment < shut[0]), default=began)
    free_after = min((moment for moment, waits in moments if not waits and moment > shut[-1]), default=ended)
    looking = ended - began - trace.seconds  # takes no time of the file's
    assert shut[-1] - shut[0] - looking <= longest <= free_after - free_before


def test_where_changes_are_asked_for_all_is_seen_and_nothing_is_changed_by_looking(tmp_path: Path) -> None:
    sql = "UPDATE p SET b = 0; INSERT INTO log SELECT changes() FROM p; CREATE INDEX i ON c (p);"
    trace = observe(tmp_path, sql)
    assert trace.error is trace.blind is None
    assert [one.scanned for one in trace.statements] == [("p",), ("p",), ("c",)]
    assert [one.rows_written for one in trace.statements] == [3, 3, 0]


def test_where_a_trigger_asks_for_changes_all_is_seen(tmp_path: Path) -> None:
    sql = (
        "CREATE TEMP TABLE kept AS SELECT id FROM c; CREATE TEMP TABLE asked (n);"
        "CREATE TEMP TRIGGER asks AFTER UPDATE ON c BEGIN INSERT INTO asked SELECT changes() FROM log; END;"
        "ALTER TABLE p RENAME TO people; UPDATE c SET p = 2; DELETE FROM people WHERE id IN (SELECT id FROM kept);"
        "CREATE TABLE p AS SELECT * FROM people; INSERT INTO p SELECT * FROM people;"
    )
    trace = observe(tmp_path, sql)
    assert trace.error is trace.blind is None
    assert [one.scanned for one in trace.statements] == [
        ("c",), (), (), (), ("c", "log"), ("c",), ("p",), ("p",)
    ]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=[form.sql[:60] for form in FORMS])
def test_the_same_is_seen_where_the_schema_may_ask_for_changes(bench: Bench, form: Form) -> None:
    """In the copy, root pages and plans are those of the session itself."""
    if form.since > sqlite_forms.version():
        pytest.skip(f"SQLite {apsw.sqlite_lib_version()} does not run it")
    before, _ = bench.observe(form)
    after, _ = bench.observe(form, before="CREATE VIEW asks AS SELECT changes();")
    assert after.blind is None
    assert [(one.scanned, one.rewritten, one.rebuilt_indexes) for one in after.statements] == [
        (one.scanned, one.rewritten, one.rebuilt_indexes) for one in before.statements
    ]


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_where_changes_are_asked_for_in_any_journal_mode_all_is_seen(tmp_path: Path, mode: str) -> None:
    before = f"PRAGMA journal_mode = {mode};"
    with session(tmp_path / "o.db") as one:
        for sql, transaction in ((WITH_ROWS, True), (before, False)):
            assert one.run(migration(sql, version=sql, transaction=transaction), Direction.UP).error is None
        trace = one.observe(migration("DELETE FROM c; INSERT INTO log SELECT changes() FROM p;"), Direction.UP)
    assert trace.error is trace.blind is None
    assert [one.scanned for one in trace.statements] == [("c",), ("p",)]


def test_what_can_not_be_copied_to_be_looked_at_is_said(tmp_path: Path) -> None:
    settings = SessionSettings(foreign_keys=True, sandboxed=False)
    with Session(str(tmp_path / "o.db"), settings) as one:
        one.make_bookkeeping_table()
        sql = "ATTACH ':memory:' AS other; CREATE TABLE other.t (n); INSERT INTO t SELECT changes();"
        trace = one.observe(migration(sql, transaction=False), Direction.UP)
    assert trace.error is None
    assert trace.blind == "not everything could be looked at: no such table: t"


def test_old_names_are_told_and_new_tables_are_not(tmp_path: Path) -> None:
    sql = (
        "ALTER TABLE p RENAME TO people; CREATE TABLE n AS SELECT * FROM people;"
        "ALTER TABLE n DROP COLUMN b; CREATE INDEX i ON n (a); SELECT * FROM people; REINDEX i; REINDEX p_b;"
    )
    trace = observe(tmp_path, sql)
    assert trace.error is None
    assert [one.scanned for one in trace.statements] == [(), ("p",), (), (), ("p",), (), ("p",)]
    assert [one.rewritten for one in trace.statements] == [()] * 7
    assert [one.rebuilt_indexes for one in trace.statements] == [()] * 6 + [("p_b",)]


def test_a_rollback_to_brings_old_tables_back(tmp_path: Path) -> None:
    sql = "SAVEPOINT s; DROP TABLE c; CREATE TABLE c (x); ROLLBACK TO s; SELECT * FROM c;"
    assert observe(tmp_path, sql).statements[-1].scanned == ("c",)


def state(one: Session, path: Path) -> list[object]:
    """Everything that a later file could tell by."""
    asked = (
        "SELECT type, name, tbl_name, sql FROM sqlite_master",
        "SELECT type, name, tbl_name, sql FROM sqlite_temp_master",
        "SELECT changes(), total_changes(), last_insert_rowid()",
        *(
            f"PRAGMA {name}"
            for name in ("foreign_keys", "query_only", "writable_schema", "user_version", "journal_mode")
        ),
    )
    found: list[object] = [one.rows.query(query) for query in asked]
    connection = apsw.Connection(str(path))
    for (table,) in list(connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")):
        try:
            columns = [name for _, name, *_ in connection.execute(f'PRAGMA table_xinfo("{table}")')]
            texts = ", ".join(f'quote(CAST("{name}" AS BLOB))' for name in columns if name not in NOW)
            found.append((table, connection.execute(f'SELECT {texts} FROM "{table}"').fetchall()))
        except apsw.Error as error:
            found.append((table, str(error)))
    connection.close()
    return found


def alike(directory: Path, files: Sequence[tuple[str, bool]], *, foreign_keys: bool, before: str = WITH_ROWS) -> None:
    """Run ``files`` in two sessions, one of them looked at, and compare what comes of each."""
    paths = [directory / "run.db", directory / "observed.db"]
    for path in paths:
        path.unlink(missing_ok=True)
    ran, observed = (session(path, foreign_keys=foreign_keys) for path in paths)
    with ran, observed:
        for number, (sql, transaction) in enumerate([(before, True), *files]):
            one = migration(sql, transaction=transaction, version=str(number))
            run, trace = ran.run(one, Direction.UP), observed.observe(one, Direction.UP)
            assert trace.error == run.error, sql
            failed = [seen.error for seen in trace.statements if seen.error is not None]
            assert failed in ([], [run.error]), sql
            assert state(observed, paths[1]) == state(ran, paths[0]), sql


@pytest.fixture(name="directory", scope="module")
def _directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("alike")


@given(
    files=st.lists(
        st.tuples(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=8).map(";\n".join), st.booleans()),
        min_size=1,
        max_size=3,
    ),
    foreign_keys=st.booleans(),
)
def test_looking_changes_nothing(directory: Path, files: list[tuple[str, bool]], *, foreign_keys: bool) -> None:
    alike(directory, files, foreign_keys=foreign_keys)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_looking_at_a_statement_changes_nothing(tmp_path: Path, statement: str) -> None:
    for transaction in (True, False):
        alike(tmp_path, [(f"UPDATE p SET b = 1;\n{statement};\nINSERT INTO log SELECT changes();", transaction)],
              foreign_keys=transaction)  # fmt: skip


def test_looking_changes_nothing_in_the_reviews_cases(
    tmp_path: Path, thorough: Callable[[Sequence[str]], Sequence[str]]
) -> None:
    texts = [
        text for file in sorted((ROOT / "tests" / "review").rglob("*.md")) for text in FENCE.findall(file.read_text())
    ]
    assert len(texts) > 100
    for number, text in enumerate(thorough(texts)):
        alike(tmp_path, [(text, True), (text, False)], foreign_keys=bool(number % 2), before=text)


def chains() -> Iterator[Path]:
    yield ROOT / "examples" / "ledgerbook" / "migrations"
    for checkout in REAL:
        yield from sorted(checkout.glob("**/migrations/sqlite"))


@pytest.mark.parametrize("chain", [pytest.param(chain, id=chain.parent.parent.name) for chain in chains()])
def test_looking_changes_nothing_in_a_chain(tmp_path: Path, chain: Path) -> None:
    for foreign_keys in (True, False):
        files = []
        for directory in sorted(path for path in chain.iterdir() if path.is_dir()):
            up, down = (directory / "up.sql").read_text(), directory / "down.sql"
            files += [(up, True), *([(down.read_text(), True), (up, True)] if down.is_file() else [])]
        alike(tmp_path, files, foreign_keys=foreign_keys, before="SELECT 1;")
