"""A SQLite session does what Diesel's own does."""

from __future__ import annotations

import sqlite3
import subprocess
from typing import TYPE_CHECKING

import pytest

from glowplug.database.sqlite.session import Session
from glowplug.database.sqlite.settings import SessionSettings
from glowplug.dialect import Direction
from glowplug.project import Migration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glowplug.database.interface import SqlError

pytestmark = pytest.mark.sqlite

UNIQUE = "SQLITE_CONSTRAINT_UNIQUE"
TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER NOT NULL UNIQUE);\n"


def migration(
    up: str | bytes | None, down: str | bytes | None = None, *, version: str = "1", transaction: bool = True
) -> Migration:
    return Migration(
        version=version,
        name=version,
        path=f"migrations/{version}",
        up=up.encode() if isinstance(up, str) else up,
        down=down.encode() if isinstance(down, str) else down,
        run_in_transaction=transaction,
    )


@pytest.fixture(name="session")
def _session(tmp_path: Path) -> Iterator[Session]:
    with Session(str(tmp_path / "main.db"), SessionSettings(foreign_keys=True)) as session:
        session.make_bookkeeping_table()
        yield session


def up(session: Session, sql: str | bytes | None, *, version: str = "1", transaction: bool = True) -> SqlError | None:
    return session.run(migration(sql, version=version, transaction=transaction), Direction.UP).error


def tables(session: Session) -> set[str]:
    return {name for kind, name in session.snapshot().objects if kind == "table"}


def test_up_and_down_are_recorded(session: Session) -> None:
    both = migration(TABLE, "DROP TABLE t;")
    assert session.run(both, Direction.UP).error is None
    assert session.recorded() == ("1",)
    assert session.run(both, Direction.DOWN).error is None
    assert session.recorded() == ()
    assert tables(session) == set()


def test_versions_come_as_diesel_would_revert_them(session: Session) -> None:
    for version in ("9", "10", "a", "B", ""):
        assert up(session, "SELECT 1;", version=version) is None
    assert session.recorded() == ("a", "B", "9", "10", "")


@pytest.mark.parametrize("transaction", [True, False])
def test_without_a_transaction_what_ran_before_the_error_stays(session: Session, *, transaction: bool) -> None:
    assert up(session, TABLE + "SELECT nothing;", transaction=transaction) is not None
    assert tables(session) == (set() if transaction else {"t"})
    assert session.recorded() == ()


def test_a_commit_in_the_file_leaves_it_applied_recorded_and_failed(session: Session) -> None:
    error = up(session, TABLE + "COMMIT;")
    assert error is not None
    assert error.message == "cannot commit - no transaction is active"
    assert error.hint is not None
    assert (tables(session), session.recorded()) == ({"t"}, ("1",))


def test_a_rollback_in_the_file_leaves_it_recorded_and_not_applied(session: Session) -> None:
    assert up(session, TABLE + "ROLLBACK;") is not None
    assert (tables(session), session.recorded()) == (set(), ("1",))


def test_a_transaction_left_open_is_an_error_and_gone(session: Session) -> None:
    error = up(session, "BEGIN;" + TABLE, transaction=False)
    assert error is not None
    assert "transaction open" in error.message
    assert (tables(session), session.recorded()) == (set(), ())


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (None, "there is no up.sql"),
        (b"", "up.sql is empty"),
        (b"SELECT '\xff';", "not valid UTF-8"),
        (b"SELECT 1;\nSELECT '\0';", "NUL"),
    ],
)
def test_files_that_diesel_refuses(session: Session, sql: bytes | None, message: str) -> None:
    error = up(session, sql)
    assert error is not None
    assert message in error.message
    assert session.recorded() == ()


@pytest.mark.parametrize("sql", ["-- nothing\n", "/* nothing", " ", ";", "\ufeffSELECT 1;", "\ufeff-- x", "SELECT 1"])
def test_files_that_diesel_accepts(session: Session, sql: str) -> None:
    assert up(session, sql) is None
    assert session.recorded() == ("1",)


@pytest.mark.parametrize(
    ("sql", "code", "place"),
    [
        ("SELEC 1;", "SQLITE_ERROR", (1, 1)),
        ("-- é\n\nSELECT 1;\n  SELECT é FROM nowhere;", "SQLITE_ERROR", (4, 3)),
        ("SELECT 1; /* é */ SELECT 'é', nothing;", "SQLITE_ERROR", (1, 31)),
        (TABLE + "\nINSERT INTO t VALUES (1, 1);\n\n-- again\nINSERT INTO t VALUES (2, 1);", UNIQUE, (6, 1)),
        (TABLE + "INSERT INTO t (a) VALUES (NULL); SELECT nothing;", "SQLITE_CONSTRAINT_NOTNULL", (2, 1)),
        (TABLE + TABLE, "SQLITE_ERROR", (2, 14)),
        ("SELECT 1;\n\tBEGIN;", "SQLITE_ERROR", (2, 2)),
        ("\ufeffSELEC 1;", "SQLITE_ERROR", (1, 1)),
        ("SELECT 1;\nSELECT 'open", "SQLITE_ERROR", (2, 8)),
        ("CREATE TRIGGER x AFTER INSERT ON nowhere BEGIN SELECT 1; SELECT 2; END;", "SQLITE_ERROR", (1, 1)),
    ],
)  # fmt: skip
def test_an_error_has_its_code_and_place(session: Session, sql: str, code: str, place: tuple[int, int]) -> None:
    error = up(session, sql)
    assert error is not None
    assert (error.code, (error.line, error.column)) == (code, place)


def test_a_deferred_foreign_key_fails_at_diesels_commit(session: Session) -> None:
    sql = (
        "CREATE TABLE p (id INTEGER PRIMARY KEY);"
        "CREATE TABLE c (p INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED); INSERT INTO c VALUES (7);"
    )
    error = up(session, sql)
    assert error is not None
    assert error.code == "SQLITE_CONSTRAINT_FOREIGNKEY"
    assert error.line is None
    assert tables(session) == set()


def test_a_rebuild_cascades_where_foreign_keys_are_on(tmp_path: Path) -> None:
    setup = (
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p (id) ON DELETE CASCADE);"
        "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1);"
    )
    rebuild = (
        "PRAGMA foreign_keys = OFF; CREATE TABLE q (id INTEGER PRIMARY KEY); INSERT INTO q SELECT id FROM p;"
        "DROP TABLE p; ALTER TABLE q RENAME TO p;"
    )
    left = {}
    for foreign_keys in (True, False):
        path = tmp_path / f"{foreign_keys}.db"
        with Session(str(path), SessionSettings(foreign_keys=foreign_keys)) as session:
            session.make_bookkeeping_table()
            assert up(session, setup) is None
            assert up(session, rebuild, version="2") is None
        connection = sqlite3.connect(path)
        left[foreign_keys] = connection.execute("SELECT count(*) FROM c").fetchone()[0]
        connection.close()
    assert left == {True: 0, False: 1}


def test_diesel_manage_updated_at_makes_diesels_trigger(session: Session) -> None:
    sql = "CREATE TABLE u (id INTEGER PRIMARY KEY, updated_at TIMESTAMP);\nSELECT diesel_manage_updated_at('u');"
    assert up(session, sql) is None
    assert ("trigger", "u.__diesel_manage_updated_at_u") in session.snapshot().objects
    assert up(session, "SELECT diesel_manage_updated_at('nowhere');", version="2") is not None


def test_parameters_are_null_as_in_sqlite3_exec(session: Session) -> None:
    assert (
        up(session, "CREATE TABLE n (a, b); INSERT INTO n VALUES (?, :x); CREATE TABLE m AS SELECT * FROM n;") is None
    )
    assert tables(session) == {"n", "m"}
    assert up(session, "INSERT INTO n VALUES (?, ?) -- the last", version="2") is None
    error = up(session, "SELECT ?; SELECT ?1, :a, @b, $c;\n SELECT nothing", version="3")
    assert error is not None
    assert (error.line, error.column) == (2, 9)


def test_text_that_is_no_utf_8_hurts_nobody(session: Session) -> None:
    odd = "SELECT CAST(x'ff' AS TEXT), 1 UNION ALL SELECT CAST(x'fe' AS TEXT), 2;"
    assert up(session, f"{odd} CREATE TABLE after (a); {odd}") is None
    assert tables(session) == {"after"}
    sql = f"INSERT INTO __diesel_schema_migrations (version) VALUES (CAST(x'ff' AS TEXT)), (x'00'), (7); {odd}"
    assert up(session, sql, version="2") is None
    assert session.recorded() == ("\0", "\ufffd", "7", "2", "1")
    error = up(session, "CREATE TABLE gone (a); SELECT diesel_manage_updated_at(CAST(x'ff' AS TEXT));", version="3")
    assert error is not None
    assert tables(session) == {"after"}


def test_a_copy_is_in_the_same_state_and_leaves_no_trace(session: Session, tmp_path: Path) -> None:
    assert (
        up(session, TABLE + "INSERT INTO t (a) VALUES (5); CREATE TEMP TABLE seen (a); PRAGMA user_version = 3;")
        is None
    )
    assert (
        up(
            session,
            "PRAGMA foreign_keys = OFF; PRAGMA recursive_triggers = ON; PRAGMA case_sensitive_like = ON;",
            version="2",
            transaction=False,
        )
        is None
    )
    with session.copy(str(tmp_path / "copy.db")) as copy:
        assert copy.snapshot() == session.snapshot()
        assert copy.recorded() == session.recorded()
        assert not copy.foreign_keys
        assert up(copy, "CREATE TABLE l (a CHECK ('a' NOT LIKE 'A')); INSERT INTO l VALUES (1);", version="4") is None
        assert up(copy, "INSERT INTO seen VALUES (1); UPDATE t SET a = 6; DROP TABLE t;", version="3") is None
    assert tables(session) == {"t"}
    assert session.recorded() == ("2", "1")
    assert up(session, "CREATE TABLE five AS SELECT 1 / (SELECT a - 5 IS 0 FROM t) AS x;", version="3") is None


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_copy_of_a_database_in_this_journal_mode(session: Session, tmp_path: Path, mode: str) -> None:
    assert up(session, f"PRAGMA journal_mode = {mode};" + TABLE, transaction=False) is None
    with session.copy(str(tmp_path / "copy.db")) as copy:
        assert copy.snapshot() == session.snapshot()
        assert up(copy, "DROP TABLE t", version="2") is None
    assert tables(session) == {"t"}


FILES = [
    (TABLE, "DROP TABLE t;"),
    ("-- nothing", "-- nothing"),
    ("", ""),
    ("\ufeff" + TABLE, ";"),
    (TABLE + "SELECT nothing;", "SELECT 1;"),
    (TABLE + "COMMIT;", "DROP TABLE t; COMMIT;"),
    (TABLE + "COMMIT; BEGIN; CREATE TABLE w (a);", "DROP TABLE t;"),
    (TABLE + "ROLLBACK;", "SELECT 1;"),
    ("BEGIN;" + TABLE, "SELECT 1;"),
    ("VACUUM;", "VACUUM;"),
    (TABLE + "INSERT INTO t (a) VALUES (1), (1);", "SELECT 1;"),
    ("CREATE TABLE u (updated_at TIMESTAMP); SELECT diesel_manage_updated_at('u');", "DROP TABLE u;"),
    ("PRAGMA user_version = 4; SELECT ?;", "PRAGMA user_version = 5;"),
    ('CREATE TABLE d (a TEXT DEFAULT "abc");', "DROP TABLE d;"),
    ("DROP TABLE __diesel_schema_migrations;", "SELECT 1;"),
    ("SELECT 1;;;; ;", "/* open"),
    (TABLE + "SELECT 'open", "SELECT 1;"),
]


@pytest.mark.diesel
@pytest.mark.parametrize("transaction", [True, False])
@pytest.mark.parametrize(("up_sql", "down_sql"), FILES)
def test_the_real_diesel_does_the_same(
    tmp_path: Path, diesel: Path, up_sql: str, down_sql: str, *, transaction: bool
) -> None:
    directory = tmp_path / "migrations" / "1_x"
    directory.mkdir(parents=True)
    (directory / "up.sql").write_text(up_sql, encoding="utf-8")
    (directory / "down.sql").write_text(down_sql, encoding="utf-8")
    if not transaction:
        (directory / "metadata.toml").write_text("run_in_transaction = false\n", encoding="utf-8")
    theirs, ours = tmp_path / "theirs.db", tmp_path / "ours.db"
    both = migration(up_sql, down_sql, transaction=transaction)

    def run_theirs(verb: str) -> bool:
        done = subprocess.run(
            [diesel, "migration", verb, "--database-url", str(theirs), "--migration-dir", str(directory.parent)],
            check=False,
            capture_output=True,
            cwd=tmp_path,
        )
        return done.returncode == 0

    with Session(str(ours), SessionSettings(foreign_keys=False)) as session:
        session.make_bookkeeping_table()
        succeeded = session.run(both, Direction.UP).error is None
        open_at_end = not transaction and up_sql.startswith("BEGIN")
        assert run_theirs("run") == (succeeded or open_at_end)
        assert dump(theirs) == dump(ours)
        if session.recorded():
            assert run_theirs("revert") == (session.run(both, Direction.DOWN).error is None)
            assert dump(theirs) == dump(ours)


def dump(path: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
        found = [row for row in rows if row[2] != "__diesel_schema_migrations"]
        if len(found) < len(rows):
            found += connection.execute("SELECT version FROM __diesel_schema_migrations").fetchall()
        found += connection.execute("PRAGMA user_version").fetchall()
        return found
    finally:
        connection.close()
