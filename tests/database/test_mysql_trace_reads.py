"""Which tables MariaDB's statements read through, as ``observe`` tells it, held against plans and the pages read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql.session import Session, text_of
from glowplug.database.mysql.trace_reads import Counted, ReadThrough, judge
from glowplug.dialect import Direction
from glowplug.project import Migration

from .mysql_place import own_server, place_on, request_for, unwatched_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.trace import Trace
    from glowplug.scratch.mysql.own import OwnServer
    from glowplug.scratch.mysql.place import Place

pytestmark = pytest.mark.mysql

ROWS = 50
SETUP = f"""
CREATE TABLE users (id int PRIMARY KEY, email varchar(50), city int, note text, KEY city (city))
  AS SELECT seq id, seq email, seq % 7 city, seq note FROM seq_1_to_{ROWS};
CREATE TABLE posts (id int PRIMARY KEY, user_id int, body text, KEY user_id (user_id))
  AS SELECT seq id, seq user_id, seq body FROM seq_1_to_{ROWS};
CREATE TABLE tally (id int PRIMARY KEY, n int) AS SELECT seq id, 0 n FROM seq_1_to_{ROWS};
CREATE TABLE empty (id int PRIMARY KEY, n int);
CREATE VIEW quiet AS SELECT id FROM users WHERE note <> ''
"""

PAGES = 2000 // 3
"""Of a table with 2,000 rows, three to a page; building or scanning it asks the buffer pool for each of them."""

BIG = """
CREATE TABLE big (id int PRIMARY KEY, n int, v varchar(20), f varchar(4000), KEY i (v))
  AS SELECT seq id, seq n, seq v, REPEAT('x', 4000) f FROM seq_1_to_2000
"""


def _pages_asked_for(session: Session) -> int:
    return int(text_of(session.rows("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_read_requests'")[0][0][1]) or 0)


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[OwnServer]:
    with own_server() as started:
        yield started


@pytest.fixture(name="place")
def _place(server: OwnServer) -> Iterator[Place]:
    place = place_on(server)
    place.furnish()
    yield place
    place.disconnect()
    place.administrator.drop_schema(place.schema)
    place.close()


def observe(place: Place, sql: str, *, transaction: bool = True) -> Trace:
    migration = Migration(
        version="1", name="1_x", path="m/1_x", up=sql.encode(), down=None, run_in_transaction=transaction
    )
    return place.connection.observe(migration, Direction.UP)


@pytest.mark.parametrize(
    ("statement", "reads"),
    [
        ("ALTER TABLE big ADD COLUMN z int", False),
        ("ALTER TABLE big ADD z int AS (n + 1) VIRTUAL", False),
        ("ALTER TABLE big ADD INDEX (n)", True),
        ("ALTER TABLE big ADD UNIQUE (n)", True),
        ("CREATE INDEX another ON big (n)", True),
        ("CREATE FULLTEXT INDEX another ON big (v)", True),
        ("ALTER TABLE big DROP INDEX i", False),
        ("ALTER TABLE big RENAME INDEX i TO j", False),
        ("ALTER TABLE big DROP COLUMN v", False),
        ("ALTER TABLE big FORCE", True),
        ("ALTER TABLE big RENAME TO large, ADD INDEX (n)", True),
        ("ALTER TABLE big MODIFY n bigint", True),
        ("ALTER TABLE big MODIFY v varchar(20) COLLATE utf8mb4_bin", True),
        ("ALTER TABLE big ADD CONSTRAINT c CHECK (n > 0)", True),
        ("OPTIMIZE TABLE big", True),
        ("TRUNCATE big", False),
        ("RENAME TABLE big TO large", False),
        ("DROP TABLE big", False),
        ("CREATE TRIGGER t BEFORE INSERT ON big FOR EACH ROW SET @n = 1", False),
        ("SELECT COUNT(f) FROM big", True),
        ("SELECT f FROM big WHERE id = 7", False),
        ("SELECT f FROM big LIMIT 10", False),
        ("UPDATE big SET n = 0 WHERE f LIKE '%y'", True),
    ],
)
def test_what_is_read_through_has_its_pages_read(
    server: OwnServer, place: Place, statement: str, *, reads: bool
) -> None:
    assert place.connection.rows.execute(BIG) is None
    trace = observe(place, statement)
    assert trace.error is trace.blind is None
    assert [seen.scanned for seen in trace.statements] == [("big",) if reads else ()]
    session = Session(server.address.to(place.schema))
    session.rows(f"DROP TABLE IF EXISTS big, large; {BIG}")
    before = None
    while (now := _pages_asked_for(session)) != before:  # by what the server does in the background
        before = now
        time.sleep(0.1)
    session.rows(statement)
    pages = _pages_asked_for(session) - now
    session.close()
    assert (pages > PAGES * 0.9) is reads
    assert (pages < PAGES * 0.5) is not reads


@pytest.mark.parametrize(
    ("statement", "reads"),
    [
        ("UPDATE users SET city = 1", {"users"}),
        ("UPDATE users SET city = 1 WHERE id = 3", set()),
        ("UPDATE users SET city = 1 WHERE id > 45", set()),
        ("UPDATE users SET note = 'x' WHERE note LIKE 'y%'", {"users"}),
        ("UPDATE quiet SET id = id + 100", {"users"}),
        ("DELETE FROM posts", {"posts"}),
        ("DELETE FROM posts WHERE user_id = 3", set()),
        ("INSERT INTO empty SELECT id, city FROM users", {"users"}),
        ("INSERT INTO empty SELECT id, city FROM users WHERE id < 3", set()),
        ("INSERT INTO tally VALUES (1, 1) ON DUPLICATE KEY UPDATE n = 1", set()),
        ("INSERT INTO empty SELECT COUNT(*), 1 FROM empty", set()),
        ("SELECT * FROM users JOIN posts ON posts.body = users.note", {"users", "posts"}),
        ("SELECT COUNT(*) FROM posts", {"posts"}),
        ("SELECT MAX(id) FROM posts", set()),
        ("SELECT * FROM quiet", {"users"}),
        ("CREATE TABLE copy AS SELECT * FROM users", {"users"}),
        ("CREATE TABLE copy LIKE users", set()),
        ("SET @n = (SELECT MAX(note) FROM users)", {"users"}),
        ("BEGIN NOT ATOMIC UPDATE users SET city = 1; DELETE FROM posts WHERE body = 'x'; END", {"users", "posts"}),
    ],
)
def test_what_rows_are_counted_of_is_read_through(place: Place, statement: str, reads: set[str]) -> None:
    assert place.connection.rows.execute(SETUP) is None
    trace = observe(place, statement)
    assert trace.error is None
    assert {name for seen in trace.statements for name in seen.scanned} == reads
    assert trace.blind is None


def test_what_others_rows_were_looked_up_in_is_not_called_read_through(place: Place) -> None:
    assert place.connection.rows.execute(SETUP) is None
    trace = observe(place, "SELECT 1;\nUPDATE posts JOIN users ON users.id = posts.user_id SET posts.body = users.note")
    assert trace.statements[1].scanned == ("posts",)
    assert trace.blind == "line 2 reads users by an index: whether all of it can't be told"


def test_what_a_trigger_reads_is_told(place: Place) -> None:
    trigger = "CREATE TRIGGER counts AFTER INSERT ON empty FOR EACH ROW UPDATE tally SET n = n + 1"
    assert place.connection.rows.execute(f"{SETUP}; {trigger}") is None
    trace = observe(place, "INSERT INTO empty VALUES (1, 1); INSERT INTO posts VALUES (99, 1, '');")
    assert [seen.scanned for seen in trace.statements] == [("tally",), ()]
    assert trace.blind is None


def test_a_trigger_that_looks_rows_up_is_not_called_to_read_through(place: Place) -> None:
    trigger = "CREATE TRIGGER counts AFTER UPDATE ON users FOR EACH ROW UPDATE tally SET n = n + 1 WHERE id = NEW.id"
    assert place.connection.rows.execute(SETUP) is None
    trace = observe(place, f"{trigger}; BEGIN;\nUPDATE users SET city = 1;\nUPDATE tally SET n = 7 WHERE id > 0")
    assert [seen.scanned for seen in trace.statements] == [(), (), ("users",), ("tally",)]
    assert trace.blind == "line 2 reads tally by an index: whether all of it can't be told"


def test_rows_that_are_not_committed_count(place: Place) -> None:
    assert place.connection.rows.execute(SETUP) is None
    trace = observe(
        place, "DELETE FROM users WHERE id > 5; UPDATE users SET city = 2 WHERE note <> ''; DELETE FROM users"
    )
    assert trace.error is trace.blind is None
    assert [seen.scanned for seen in trace.statements] == [(), ("users",), ("users",)]


def test_names_are_those_before_the_file_and_new_tables_are_left_out(place: Place) -> None:
    assert place.connection.rows.execute(SETUP) is None
    renamed = "RENAME TABLE users TO people; CREATE TABLE users AS SELECT * FROM people"
    trace = observe(place, f"{renamed}; DELETE FROM users; DELETE FROM people")
    assert [seen.scanned for seen in trace.statements] == [(), ("users",), (), ("users",)]


def test_what_a_lock_hides_is_said_and_not_waited_for(server: OwnServer) -> None:
    place = place_on(server, request_for(timeout=2))
    place.furnish()
    assert place.connection.rows.execute(SETUP) is None
    trace = observe(place, "LOCK TABLES users WRITE;\nUPDATE users SET city = 1;\nUNLOCK TABLES", transaction=False)
    place.close()
    assert trace.error is None
    assert "what line 2 reads was not counted: Lock wait timeout exceeded" in (trace.blind or "")


def test_what_is_not_counted_is_said() -> None:
    with unwatched_server() as plain:
        place = place_on(plain)
        place.furnish()
        assert place.connection.rows.execute(SETUP) is None
        trace = observe(place, "ALTER TABLE users ADD INDEX (email)")
        assert trace.statements[0].scanned == ("users",)
        assert trace.blind is None
        trace = observe(place, "SELECT COUNT(note) FROM users")
        assert trace.statements[0].scanned == ()
        assert "the server does not count what is read (userstat)" in (trace.blind or "")
        place.close()


def test_rows_of_an_index_may_be_looked_up() -> None:
    read = Counted(tables={"a": 50, "b": 50, "c": 2}, indexes={("b", "PRIMARY"): 50})
    rows = {"a": 50, "b": 50, "c": 50}
    assert judge(read, rows, alone=None) == ReadThrough(tables=frozenset("a"), unclear=frozenset("b"))
    assert judge(read, rows, alone="b") == ReadThrough(tables=frozenset("ab"))
    assert judge(read, {"a": 51, "b": 0}, alone="b") == ReadThrough()
