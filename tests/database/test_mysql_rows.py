"""Rows on MariaDB: written and read back as they are, refused one by one, in the migrations' session as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .mysql_place import own_server, place_on, request_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.mysql.rows import MysqlRows
    from glowplug.schema.tables import Table
    from glowplug.scratch.mysql.own import OwnServer
    from glowplug.scratch.mysql.place import Place

pytestmark = pytest.mark.mysql


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    with own_server() as started:
        yield started


@pytest.fixture(params=["strict", "lenient"])
def place(server: OwnServer, request: pytest.FixtureRequest) -> Iterator[Place]:
    lenient = request_for(("SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'", "SET time_zone = '+05:00'"))
    made = place_on(server, lenient if request.param == "lenient" else None)
    made.furnish()
    yield made
    made.close()


@pytest.fixture
def strict(server: OwnServer) -> Iterator[Place]:
    made = place_on(server)
    made.furnish()
    yield made
    made.close()


def make(place: Place, sql: str, name: str = "t") -> tuple[MysqlRows, Table]:
    rows = place.connection.rows
    assert rows.execute(sql) is None
    return rows, next(each for each in rows.tables() if each.name == name)


VALUES = [
    ("int", ["0", "-5"]),
    ("bigint unsigned", ["18446744073709551615"]),
    ("int zerofill", ["5"]),
    ("decimal(20,5)", ["1.50000", "-99999999999999.99999"]),
    ("float", ["0.10000000149011612", "-1.1754943508222875e-38", "3.4028234663852886e38"]),
    ("double", ["0.1", "5e-324", "1.7976931348623157e308", "-0.3333333333333333"]),
    ("varchar(40)", ["", 'it\'s \\ "x"; -- `', "\N{GRINNING FACE}\n\t\0", " a  "]),
    ("varchar(9) CHARACTER SET latin1", ["é"]),
    ("text", ["x" * 3000]),
    ("varbinary(9)", [b"", b"\x00\xff'\\"]),
    ("binary(3)", [b"ab\x00"]),
    ("blob", [bytes(range(256))]),
    ("bit(9)", ["000000101", "111111111"]),
    ("bit", ["1"]),
    ("date", ["2024-02-29", "1000-01-01"]),
    ("time(3)", ["-838:59:59.000", "00:00:01.250"]),
    ("datetime(6)", ["9999-12-31 23:59:59.999999"]),
    ("year", ["2155"]),
    ("json", ['{"b": 1,  "a": [null, "\\u00e9"]}', "3"]),
    ("uuid", ["123e4567-e89b-12d3-a456-426614174000"]),
    ("inet6", ["::ffff:1.2.3.4"]),
    ("inet4", ["1.2.3.4"]),
    ("enum('', 'it''s')", ["it's"]),
    ("set('x', 'y')", ["x,y", ""]),
    ("point", ["POINT(1 2.5)"]),
    ("polygon", ["POLYGON((0 0,1 0,1 1,0 0))"]),
]


@pytest.mark.parametrize(("kind", "values"), VALUES)
def test_what_is_written_is_read_again(place: Place, kind: str, values: list[str | bytes]) -> None:
    rows, table = make(place, f"CREATE TABLE t (id int PRIMARY KEY, c {kind})")
    written = [(str(number), value) for number, value in enumerate([*values, None])]
    assert rows.insert(table, ["id", "c"], written) == (None,) * len(written)
    contents = rows.read(table)
    assert contents.columns == ("id", "c")
    assert contents.complete
    assert contents.rows == tuple(written)
    assert rows.insert(table, ["id", "c"], [(f"1{number}", value) for number, value in written]) == (None,) * len(
        written
    )
    assert [value for _, value in rows.read(table).rows] == [*values, None] * 2


def test_a_timestamp_is_read_in_utc(place: Place) -> None:
    rows, table = make(place, "CREATE TABLE t (c timestamp NULL)")
    assert rows.execute("SET time_zone = '+00:00'; INSERT INTO t VALUES ('2024-01-01 12:00:00')") is None
    assert rows.read(table).rows == (("2024-01-01 12:00:00",),)


def test_those_that_are_refused_are_left_out(place: Place) -> None:
    rows, table = make(
        place, "CREATE TABLE t (id int PRIMARY KEY, n tinyint NOT NULL CHECK (n < 100), s varchar(3), d date)"
    )
    given = [
        ("1", "1", "abc", "2024-01-01"),
        ("1", "2", "abc", "2024-01-01"),  # the key is there
        ("2", "100", "abc", None),  # CHECK
        ("3", "1", "abcd", None),  # too long
        ("4", "300", None, None),  # out of range
        ("5", None, None, None),
        ("6", "1", None, "2024-02-31"),
        ("7", "x", None, None),
        ("8", "1", None, None),
    ]
    said = rows.insert(table, ["id", "n", "s", "d"], given)
    assert [error is None for error in said] == [True, *(False,) * 7, True]
    assert rows.read(table).rows == (("1", "1", "abc", "2024-01-01"), ("8", "1", None, None))
    assert all(error is not None and error.code and error.message for error in said[1:8])
    without = rows.insert(table, ["id"], [("9",)])
    assert without[0] is not None  # n has no default
    assert len(rows.read(table).rows) == 2


def test_updates(place: Place) -> None:
    rows, table = make(place, "CREATE TABLE t (id int PRIMARY KEY, s varchar(3), k int UNIQUE)")
    assert rows.insert(table, ["id", "s"], [("1", "a"), ("2", None), ("3", None)]) == (None,) * 3
    said = rows.update(table, ["s", "k"], [("x", "1", "1"), ("long", "2", "2"), ("y", "1", "3")], by=["id"])
    assert [error is None for error in said] == [True, False, False]
    assert rows.update(table, ["k"], [("7", None)], by=["s"]) != (None,)  # two rows with one key
    assert rows.read(table).rows == (("1", "x", "1"), ("2", None, None), ("3", None, None))


def test_a_table_without_transactions_keeps_none_twice(strict: Place) -> None:
    rows, table = make(strict, "CREATE TABLE t (id int PRIMARY KEY) ENGINE=MyISAM")
    said = rows.insert(table, ["id"], [("1",), ("1",), ("2",)])
    assert [error is None for error in said] == [True, False, True]
    assert rows.read(table).rows == (("1",), ("2",))


def test_triggers_and_generated_columns_do_their_part(place: Place) -> None:
    rows, table = make(
        place,
        """CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, n int, g int AS (n * 2) STORED, at int DEFAULT 9);
        CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.n = NEW.n + 1""",
    )
    assert rows.insert(table, ["n"], [("1",), ("2",)]) == (None, None)
    assert rows.insert(table, [], [(), ()]) == (None, None)
    assert rows.read(table).rows == (
        ("1", "2", "4", "9"),
        ("2", "3", "6", "9"),
        ("3", None, None, "9"),
        ("4", None, None, "9"),
    )
    assert rows.insert(table, ["n"], []) == ()


def test_a_read_has_a_limit(strict: Place) -> None:
    rows, table = make(strict, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT seq FROM seq_1_to_1200")
    assert table.rows == 1000  # counting ends there
    assert not rows.read(table, limit=1199).complete
    assert rows.read(table, limit=1200).complete
    assert len(rows.read(table).rows) == 1200


def test_a_locked_table_is_not_told(strict: Place) -> None:
    rows, table = make(strict, "CREATE TABLE t (id int)")
    assert strict.reader is not None
    strict.reader.ask("SET lock_wait_timeout = 1")
    assert rows.execute("LOCK TABLES t WRITE") is None
    assert not rows.read(table).complete


def test_a_query_leaves_nothing(place: Place) -> None:
    rows, table = make(place, "CREATE TABLE t (id int PRIMARY KEY, b varbinary(3)); INSERT INTO t VALUES (1, x'00ff')")
    answer = rows.query("INSERT INTO t VALUES (2, NULL) RETURNING id, id + 1 AS `nächste`")
    assert (answer.columns, answer.rows, answer.error) == (("id", "nächste"), (("2", "3"),), None)
    assert rows.query("SELECT b, 'text', NULL, id FROM t").rows == ((b"\x00\xff", "text", None, "1"),)
    assert rows.query("DELETE FROM t").error is None
    assert len(rows.read(table).rows) == 1
    failed = rows.query("SELECT\n nothing FROM t")
    assert failed.error is not None
    assert failed.error.code == "42S22"
    assert not rows.query("SELECT seq FROM seq_1_to_5", limit=4).complete
    assert rows.query("SELECT seq FROM seq_1_to_5", limit=5).complete


def test_a_file_of_statements_is_committed(place: Place) -> None:
    rows, table = make(place, "CREATE TABLE t (id int PRIMARY KEY)")
    assert rows.execute("SET autocommit = 0; INSERT INTO t VALUES (1)") is None
    assert rows.read(table).rows == (("1",),)
    failed = rows.execute("INSERT INTO t VALUES (2);\nINSERT INTO t VALUES (2)")
    assert failed is not None
    assert failed.line == 2
    assert rows.insert(table, ["id"], [("3",)]) == (None,)
    assert rows.read(table).rows == (("1",), ("3",))


def test_settings_stay_as_they_are(place: Place) -> None:
    before = place.connection.settings()
    rows, table = make(place, "CREATE TABLE t (id int PRIMARY KEY)")
    rows.insert(table, ["id"], [("1",), ("1",)])
    rows.update(table, ["id"], [("5", "1")], by=["id"])
    rows.read(table)
    rows.query("SELECT 1")
    after = place.connection.settings()
    assert before is not None
    assert after is not None
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"error_count", "warning_count", "in_transaction", "timestamp", "rand_seed1", "rand_seed2"}


def test_what_was_planted_in_a_table_s_place_is_not_run(strict: Place) -> None:
    rows, table = make(strict, "CREATE TABLE t (id int); CREATE TABLE seen (w text)")
    plant = """DROP TABLE t; CREATE FUNCTION f() RETURNS int SQL SECURITY INVOKER
        BEGIN INSERT INTO seen VALUES (CURRENT_USER()); RETURN 1; END;
        CREATE SQL SECURITY INVOKER VIEW t AS SELECT f() AS id"""
    assert rows.execute(plant) is None
    contents = rows.read(table)
    assert (contents.rows, contents.complete) == ((), False)
    assert {each.name: each.rows for each in rows.tables()} == {"seen": 0}
    assert rows.execute("DROP VIEW t") is None
    assert not rows.read(table).complete
