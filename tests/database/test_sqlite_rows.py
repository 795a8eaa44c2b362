"""Rows written to SQLite and read from it, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from glowplug.database.sqlite import values
from glowplug.database.sqlite.declared import Affinity
from glowplug.database.sqlite.session import Session
from glowplug.database.sqlite.settings import SessionSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glowplug.schema.tables import Table

pytestmark = pytest.mark.sqlite

KINDS = {
    "i": Affinity.INTEGER,
    "t": Affinity.TEXT,
    "b": Affinity.BLOB,
    "r": Affinity.REAL,
    "n": Affinity.NUMERIC,
}
TABLE = "CREATE TABLE kinds (id INTEGER PRIMARY KEY, i INTEGER, t TEXT, b BLOB, r REAL, n NUMERIC, f BOOLEAN);"


@pytest.fixture(name="session", scope="module")
def _session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    path = tmp_path_factory.mktemp("rows") / "main.db"
    with Session(str(path), SessionSettings(foreign_keys=True)) as session:
        session.make_bookkeeping_table()
        assert session.rows.execute(TABLE) is None
        yield session


@pytest.fixture(name="fresh")
def _fresh(tmp_path: Path) -> Iterator[Session]:
    with Session(str(tmp_path / "main.db"), SessionSettings(foreign_keys=True)) as session:
        session.make_bookkeeping_table()
        yield session


def table(session: Session, name: str = "kinds") -> Table:
    return next(one for one in session.rows.tables() if one.name == name)


def first(session: Session, sql: str) -> tuple[values.Stored, ...]:
    answer = session.rows.query(sql)
    assert answer.error is None
    return answer.rows[0]


def test_text_goes_through_the_columns_affinity(session: Session) -> None:
    kinds = table(session)
    columns = ["id", *KINDS, "f"]
    rows = [("1", "5", "5", "5", "5", "5", "true"), ("2", "x", b"\xff", b"5", "5.5", "5.5", "0"), ("3", *[None] * 6)]
    assert session.rows.insert(kinds, columns, rows) == (None, None, None)
    typeof = ", ".join(f"typeof({name})" for name in [*KINDS, "f"])
    assert first(session, f"SELECT {typeof} FROM kinds WHERE id = 1") == (
        *("integer", "text", "text", "real", "integer", "integer"),
    )
    assert first(session, f"SELECT {typeof} FROM kinds WHERE id = 2") == (
        *("text", "blob", "blob", "real", "real", "integer"),
    )
    contents = session.rows.read(kinds)
    assert contents.columns == tuple(columns)
    assert contents.rows == (("1", "5", "5", "5", "5", "5", "1"), rows[1], rows[2])
    assert contents.complete
    assert session.rows.execute("DELETE FROM kinds") is None


@pytest.mark.parametrize("name", KINDS)
def test_what_sqlite_tells_apart_reads_differently(session: Session, name: str) -> None:
    """Integer 5, real 5.5, text 5, blob 5, the text of a mark: as many texts as SQLite keeps values."""
    literals = ["5", "5.5", "'5'", "'5.0'", "x'35'", "'INTEGER 5'", "'TEXT ''5'''", "NULL", "9e999", "-0.0", "''"]
    literals += ["9223372036854775807", "'TEXT '''", "CAST(x'ff' AS TEXT)", "CAST(x'fe' AS TEXT)", "'TEXT x''ff'''"]
    assert session.rows.execute(f"INSERT INTO kinds ({name}) VALUES ({'), ('.join(literals)})") is None
    distinct = first(session, f"SELECT count(*) FROM (SELECT DISTINCT typeof({name}), {name} FROM kinds)")
    read = {
        row[session.rows.read(table(session)).columns.index(name)] for row in session.rows.read(table(session)).rows
    }
    assert session.rows.execute("DELETE FROM kinds") is None
    assert distinct == (str(len(read)),)


def test_a_number_in_a_column_without_affinity_is_marked(session: Session) -> None:
    assert session.rows.execute("INSERT INTO kinds (b) VALUES (5), (5.5), ('5'), (x'35'), ('INTEGER 5')") is None
    position = session.rows.read(table(session)).columns.index("b")
    read = [row[position] for row in session.rows.read(table(session)).rows]
    assert session.rows.execute("DELETE FROM kinds") is None
    assert read == ["INTEGER 5", "REAL 5.5", "5", b"5", "TEXT 'INTEGER 5'"]


VALUES = st.one_of(
    st.none(),
    st.binary(max_size=20),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.floats(allow_nan=False).map(repr),
    st.sampled_from(
        ["INTEGER 5", "REAL 0.5", "REAL 9e999", "TEXT '5'", "TEXT 'it's'", "inf", "nan", "0x10", " 5 ", "1e3"]
    ),
)


@given(row=st.tuples(*[VALUES] * 5))
def test_what_is_read_can_be_written_again_and_reads_the_same(session: Session, row: tuple[values.Stored, ...]) -> None:
    kinds = table(session)
    assert session.rows.insert(kinds, list(KINDS), [row]) == (None,)  # type: ignore[list-item]
    (read,) = (one[1:6] for one in session.rows.read(kinds).rows)
    stored = first(session, "SELECT quote(i), quote(t), quote(b), quote(r), quote(n) FROM kinds")
    assert session.rows.execute("DELETE FROM kinds") is None
    assert session.rows.insert(kinds, list(KINDS), [read]) == (None,)
    again = first(session, "SELECT quote(i), quote(t), quote(b), quote(r), quote(n) FROM kinds")
    read_again = session.rows.read(kinds).rows[0][1:6]
    assert session.rows.execute("DELETE FROM kinds") is None
    assert read_again == read
    assert again == stored


@given(value=st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_equal_numbers_have_one_text(value: float) -> None:
    assume(abs(value) < 2**53)
    assert values.read(float(value), Affinity.REAL) == values.read(
        int(value) if float(value).is_integer() else value, Affinity.NUMERIC
    )


def test_what_sqlite_refuses_is_left_out_and_told(fresh: Session) -> None:
    sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL UNIQUE CHECK (a <> 'no'));"
    assert fresh.rows.execute(sql) is None
    t = table(fresh, "t")
    errors = fresh.rows.insert(t, ["a"], [("x",), (None,), ("x",), ("no",), ("y",)])
    assert [error and error.code for error in errors] == [
        *(None, "SQLITE_CONSTRAINT_NOTNULL", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_CHECK", None),
    ]
    assert [row[1] for row in fresh.rows.read(t).rows] == ["x", "y"]
    assert fresh.rows.insert(t, ["a"], []) == ()


def test_rows_that_need_each_other_are_written_at_once(fresh: Session) -> None:
    sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, other INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED);"
    assert fresh.rows.execute(sql) is None
    t = table(fresh, "t")
    assert fresh.rows.insert(t, ["id", "other"], [("1", "2"), ("2", "1")]) == (None, None)
    errors = fresh.rows.insert(t, ["id", "other"], [("3", "9"), ("4", "4")])
    assert [error and error.code for error in errors] == ["SQLITE_CONSTRAINT_FOREIGNKEY", None]
    assert [row[0] for row in fresh.rows.read(t).rows] == ["1", "2", "4"]


def test_a_row_of_defaults(fresh: Session) -> None:
    assert fresh.rows.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a DEFAULT 'x', g AS (id + 1));") is None
    t = table(fresh, "t")
    assert fresh.rows.insert(t, [], [(), ()]) == (None, None)
    assert fresh.rows.read(t).rows == (("1", "x", "INTEGER 2"), ("2", "x", "INTEGER 3"))


def test_updates(fresh: Session) -> None:
    assert fresh.rows.execute("CREATE TABLE t (a TEXT, b INTEGER, c TEXT UNIQUE);") is None
    t = table(fresh, "t")
    assert set(fresh.rows.insert(t, ["a", "b", "c"], [("x", None, "1"), ("y", "2", "2"), ("z", "3", "3")])) == {None}
    assert fresh.rows.update(t, ["c"], [("one", "x", None), ("two", "y", "2")], by=["a", "b"]) == (None, None)
    errors = fresh.rows.update(t, ["c"], [("one", "z"), ("three", "z"), ("four", "nobody")], by=["a"])
    assert [error and error.code for error in errors] == ["SQLITE_CONSTRAINT_UNIQUE", None, None]
    assert fresh.rows.read(t).rows == (("x", None, "one"), ("y", "2", "two"), ("z", "3", "three"))


def test_reading_ends_at_the_limit(fresh: Session) -> None:
    assert fresh.rows.execute("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2), (3);") is None
    t = table(fresh, "t")
    assert (fresh.rows.read(t, limit=2).rows, fresh.rows.read(t, limit=2).complete) == ((("1",), ("2",)), False)
    assert fresh.rows.read(t, limit=3).complete
    answer = fresh.rows.query("SELECT a FROM t", limit=2)
    assert (answer.rows, answer.complete) == ((("1",), ("2",)), False)


def test_text_that_is_no_utf8_is_read_all_the_same(fresh: Session) -> None:
    assert (
        fresh.rows.execute("CREATE TABLE t (a TEXT, b TEXT); INSERT INTO t VALUES (CAST(x'61ff' AS TEXT), 'é');")
        is None
    )
    assert fresh.rows.read(table(fresh, "t")).rows == (("TEXT x'61ff'", "é"),)


def test_a_table_that_can_not_be_read_is_not_complete(fresh: Session) -> None:
    sql = "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('no json'); ALTER TABLE t ADD b AS (json(a));"
    assert fresh.rows.execute(sql) is None
    contents = fresh.rows.read(table(fresh, "t"))
    assert (contents.rows, contents.complete) == ((), False)


def test_a_query_leaves_nothing_behind(fresh: Session) -> None:
    assert fresh.rows.execute("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1);") is None
    answer = fresh.rows.query("DELETE FROM t RETURNING a, a + 0.5 AS more, 'x' AS text, x'00' AS bytes")
    assert (answer.columns, answer.rows) == (("a", "more", "text", "bytes"), (("1", "1.5", "x", b"\0"),))
    assert len(fresh.rows.read(table(fresh, "t")).rows) == 1


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT absent", "no such column: absent"),
        ("SELECT 1; DELETE FROM t", "more than one statement"),
        ("SELECT abs(-9223372036854775808)", "integer overflow"),
        ("ATTACH 'x.db' AS x", "not authorized"),
        ("SELECT CAST(x'ff' AS TEXT)", "utf-8"),
    ],
)
def test_a_query_that_fails_says_why(fresh: Session, sql: str, message: str) -> None:
    assert fresh.rows.execute("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1);") is None
    answer = fresh.rows.query(sql)
    assert answer.error is not None
    assert message in answer.error.message
    assert len(fresh.rows.read(table(fresh, "t")).rows) == 1


def test_a_batch_is_committed_statement_by_statement(fresh: Session) -> None:
    assert fresh.rows.execute("BEGIN; CREATE TABLE t (a INTEGER); COMMIT; PRAGMA foreign_keys = OFF;") is None
    assert not fresh.foreign_keys
    error = fresh.rows.execute("INSERT INTO t VALUES (1); SELECT absent; INSERT INTO t VALUES (2);")
    assert error is not None
    assert error.message == "no such column: absent"
    left_open = fresh.rows.execute("BEGIN; INSERT INTO t VALUES (3);")
    assert left_open is not None
    assert "transaction open" in left_open.message
    assert fresh.rows.read(table(fresh, "t")).rows == (("1",),)


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    settings = SessionSettings(foreign_keys=True, statement_timeout=0.05)
    with Session(str(tmp_path / "main.db"), settings) as session:
        answer = session.rows.query(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        )
        assert answer.error is not None
        assert answer.error.timed_out
