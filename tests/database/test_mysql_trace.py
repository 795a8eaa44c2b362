"""What MariaDB's statements cost, as ``observe`` tells it, held against the server asked in another way."""

from __future__ import annotations

import itertools
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from glowplug.database.mysql.session import Session, text_of
from glowplug.dialect import Direction
from glowplug.project import Migration

from .mysql_place import own_server, place_on, request_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.database.mysql.session import Reply
    from glowplug.database.trace import Trace
    from glowplug.scratch.mysql.own import OwnServer
    from glowplug.scratch.mysql.place import Place
    from glowplug.scratch.settings import Request

pytestmark = pytest.mark.mysql

SETUP = """
CREATE TABLE p (id int PRIMARY KEY, code varchar(10), UNIQUE KEY pc (code));
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, n int, m int NOT NULL DEFAULT 0, v varchar(20), w varchar(60),
  x text, e enum('a','b'), d datetime, pid int, q varchar(20) CHARACTER SET latin1, KEY tn (n), UNIQUE KEY tv (v),
  CONSTRAINT ck CHECK (m >= 0));
CREATE TABLE c (id int PRIMARY KEY, tid int, KEY (tid), CONSTRAINT c_fk FOREIGN KEY (tid) REFERENCES p (id));
CREATE TABLE ch (id int PRIMARY KEY, pid int,
  CONSTRAINT chf FOREIGN KEY (pid) REFERENCES p (id) ON DELETE CASCADE);
CREATE TABLE my (id int PRIMARY KEY, n int) ENGINE=MyISAM;
CREATE TABLE part (id int PRIMARY KEY, n int)
  PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (100));
CREATE TABLE part2 (id int PRIMARY KEY, n int) PARTITION BY HASH (id) PARTITIONS 2;
CREATE TABLE nopk (a int, b int);
CREATE TABLE `od-d` (id int);
CREATE SQL SECURITY INVOKER VIEW vt AS SELECT a FROM nopk;
CREATE TRIGGER trg BEFORE INSERT ON nopk FOR EACH ROW SET NEW.b = 1;
INSERT INTO nopk VALUES (1, 2), (2, 3);
INSERT INTO p VALUES (1, 'a'), (2, 'b');
INSERT INTO t (n, m, v, w, x, e, d, pid, q) VALUES (1, 1, 'a', 'b', 'c', 'a', '2020-01-01', 1, 'q'),
  (2, 2, 'b', 'c', 'd', 'b', '2020-01-02', 2, 'r'), (3, 3, 'c', 'd', 'e', 'a', '2020-01-03', 1, 's');
INSERT INTO c VALUES (1, 1), (2, 2);
INSERT INTO ch VALUES (1, 1);
INSERT INTO my VALUES (1, 1), (2, 2);
INSERT INTO part VALUES (1, 1), (20, 2);
INSERT INTO part2 VALUES (1, 1), (2, 2);
INSERT INTO `od-d` VALUES (1)
"""
TABLES = ("p", "t", "c", "ch", "my", "part", "part2", "nopk", "od-d")
TIMED_OUT = 1205
PATIENCE = 30  # seconds
AGAINST_ALL = {"EXCLUSIVE", "SHARED_NO_READ_WRITE"}
AGAINST_WRITERS = {"SHARED_NO_WRITE", "SHARED_READ_ONLY"}
NOTHING_WRITTEN = "INSERT INTO `{0}` SELECT * FROM `{0}` WHERE false"  # but locked as by who writes


class Form(NamedTuple):
    """A statement, and what is expected of it."""

    statement: str
    algorithm: str | None
    lock: str | None
    rewritten: frozenset[str]
    locked: frozenset[str]
    kept: frozenset[str]
    read: frozenset[str]


def _forms() -> list[Form]:
    lines = Path(__file__).with_name("test_mysql_trace_forms.txt").read_text().splitlines()
    found = []
    for line in lines:
        if line.startswith("#"):
            continue
        statement, algorithm, lock, *sets = line.split(" | ")
        names = [frozenset() if each == "-" else frozenset(each.split(",")) for each in sets]
        found.append(Form(statement, _dash(algorithm), _dash(lock), *names))
    return found


def _dash(word: str) -> str | None:
    return None if word == "-" else word


FORMS = _forms()


def test_there_are_forms_enough_of_every_kind() -> None:
    assert len(FORMS) >= 200
    assert len({form.statement for form in FORMS}) == len(FORMS)
    assert {form.algorithm for form in FORMS} == {"INSTANT", "NOCOPY", "INPLACE", "COPY", None}
    assert {form.lock for form in FORMS} == {"NONE", "SHARED", None}


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    with own_server() as started:
        yield started


@pytest.fixture(scope="module")
def template(server: OwnServer) -> Iterator[Place]:
    """The tables, from which those of a test are made."""
    place = place_on(server)
    place.furnish()
    assert place.connection.rows.execute(SETUP) is None
    yield place
    place.close()


@pytest.fixture
def make_place(server: OwnServer, template: Place) -> Iterator[Callable[..., Place]]:
    made = []

    def make(request: Request | None = None) -> Place:
        place = place_on(server, request)
        made.append(place)
        place.furnish()
        assert place.take_after(template)
        return place

    yield make
    for place in made:
        place.disconnect()
        place.administrator.drop_schema(place.schema)
        place.close()


@pytest.fixture(scope="module")
def two_places(server: OwnServer) -> Iterator[tuple[Place, Place]]:
    """Places that many tests use, one after the other."""
    pair = place_on(server), place_on(server)
    for place in pair:
        place.furnish()
    yield pair
    for place in pair:
        place.close()


@pytest.fixture
def anew(two_places: tuple[Place, Place], template: Place) -> tuple[Place, Place]:
    """Two with the tables as they are at first."""
    for place in two_places:
        assert place.take_after(template)
    return two_places


def observe(place: Place, sql: str | bytes, *, transaction: bool = True) -> Trace:
    return place.connection.observe(migration(sql, transaction=transaction), Direction.UP)


def migration(sql: str | bytes, *, transaction: bool = True) -> Migration:
    return Migration(
        version="1",
        name="1_x",
        path="migrations/1_x",
        up=sql.encode() if isinstance(sql, str) else sql,
        down=None,
        run_in_transaction=transaction,
    )


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.statement)
def test_a_form_is_told_as_the_server_does_it(anew: tuple[Place, Place], server: OwnServer, form: Form) -> None:
    place, other = anew
    if "SEQUENCE" in form.statement:
        for each in anew:
            assert each.connection.rows.execute("CREATE SEQUENCE sq") is None
    trace = observe(place, form.statement)
    assert trace.blind == ("what ANALYZE TABLE in line 1 reads is not counted" if "ANALYZE" in form.statement else None)
    (seen,) = trace.statements
    assert seen.error is None  # what it locks, Diesel can't write to
    assert (seen.algorithm, seen.lock) == (form.algorithm, form.lock)
    assert set(seen.rewritten) == form.rewritten
    assert {each.relation for each in seen.locks if each.mode in AGAINST_ALL} == form.locked
    assert {each.relation for each in seen.locks if each.mode in AGAINST_WRITERS} == form.kept
    assert {each.mode for each in seen.locks} <= AGAINST_ALL | AGAINST_WRITERS | {"SHARED_READ", "SHARED_WRITE"}
    assert set(seen.scanned) == form.read
    place.disconnect()
    _ask_the_server(other, server, form)


def _ask_the_server(place: Place, server: OwnServer, form: Form) -> None:
    """Let others read or write a table while it runs, climb the ladder by hand, look at plan, rows and files."""
    session, reader = (Session(server.address.to(place.schema)) for _ in range(2))
    try:
        before = _files(session, place.schema)
        session.rows("SET lock_wait_timeout = 0")
        shut_out = [f"SELECT * FROM `{table}`" for table in form.locked]
        shut_out += map(NOTHING_WRITTEN.format, form.kept)
        for doing in shut_out:
            reader.rows(f"BEGIN; {doing}")
            reply = session.batch(form.statement.encode(), rows=True)
            waited = reply.error is not None and reply.error.number == TIMED_OUT
            assert waited or "timeout" in str(reply.rows), f"it does not wait for: {doing}"
            reader.rows("COMMIT")
        session.rows("SET lock_wait_timeout = 5")
        _assert_the_plan_reads(session, form)
        free = [table for table in TABLES if table not in form.locked and "vt" not in form.locked]
        if form.locked & {"c", "ch"}:
            free.remove("p")  # who writes to a parent locks its children, to look there
        let_in = [f"SELECT * FROM `{each}`" if each in form.kept else NOTHING_WRITTEN.format(each) for each in free]
        reader.rows(";".join(["BEGIN", *let_in]))
        algorithm, lock, changed = _climb(session, form)
        reader.rows("COMMIT")
        if changed and form.statement.startswith("ALTER") and algorithm != "COPY":
            algorithm, lock = "COPY", None  # it took it for cheaper, and moved every row
        assert (algorithm, lock) == (form.algorithm, form.lock)
        session.rows("UNLOCK TABLES")
        after = _files(session, place.schema)
        moved = {table for table, files in before.items() if table in after and _is_another(files, after[table])}
        renamed = set(re.findall(r"(\w+) TO \w+", form.statement))
        replaced = set(re.findall(r"OR REPLACE TABLE (\w+)", form.statement))
        copied = (
            {form.statement.split()[2].strip("`")} if algorithm == "COPY" and "INDEX i" not in form.statement else set()
        )
        if form.statement in {"TRUNCATE my", "CREATE INDEX i ON my (n)"}:
            copied = {"my"}  # MyISAM's files have no number
        assert moved - renamed - replaced | copied == form.rewritten
    finally:
        session.close()
        reader.close()


def _assert_the_plan_reads(session: Session, form: Form) -> None:
    """Ask the server for its plan, where there is one: types ALL and index go from one end to the other."""
    if not form.statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "REPLACE")):
        return
    plan = session.batch(f"EXPLAIN {form.statement}".encode(), rows=True)
    at = {name: number for number, name in enumerate(plan.columns[0])}
    steps = [[text_of(value) for value in row] for row in plan.rows[0]]
    through = {step[at["table"]] for step in steps if step[at["type"]] in {"ALL", "index"}} - {None}
    if any("Deleting all rows" in step for step in steps):
        through.add(form.statement.split()[2])
    if "INTO" in form.statement:
        through -= {each for each in through if form.statement.split()[2] == each}  # what it inserts into
    if "LIMIT" in form.statement or "PARTITION" in form.statement:
        through = set()  # it stops, or leaves out partitions
    assert through == form.read


def _climb(session: Session, form: Form) -> tuple[str | None, str | None, int]:
    """Run it as cheaply as the server lets; without the clauses where they prove nothing or are there already."""
    statement, separator = form.statement, ", "
    if dropped := re.fullmatch(r"DROP INDEX (IF EXISTS )?(\S+) ON (\S+)", statement):
        statement = f"ALTER TABLE {dropped[3]} DROP INDEX {dropped[1] or ''}{dropped[2]}"
    elif re.match(r"CREATE (UNIQUE |FULLTEXT )?INDEX", statement):
        separator = " "
    said = re.search(r"ALGORITHM=(\w+)(?:, LOCK=(\w+))?", statement)
    if not statement.startswith(("ALTER TABLE", "ALTER ONLINE", "CREATE")) or form.algorithm is None or said:
        reply = session.batch(statement.encode())
        assert reply.error is None
        return (said[1], said[2], sum(reply.changed)) if said else (None, None, sum(reply.changed))
    engine = re.search(r"(\w+) ENGINE=(\w+)", statement)
    algorithms = (
        ("COPY",) if engine and (engine[1], engine[2]) != ("t", "InnoDB") else ("INSTANT", "NOCOPY", "INPLACE", "COPY")
    )
    for algorithm, lock in itertools.product(algorithms, ("NONE", "SHARED", "EXCLUSIVE")):
        asked = f"{statement}{separator}ALGORITHM={algorithm}" + (
            "" if algorithm == "INSTANT" else f"{separator}LOCK={lock}"
        )
        reply = session.batch(asked.encode())
        if reply.error is None:
            return algorithm, lock, sum(reply.changed)
        if reply.error.number not in {1845, 1846}:
            break
    reply = _run(session, form.statement)
    assert reply.error is None
    return None, None, sum(reply.changed)


def _run(session: Session, sql: str) -> Reply:
    """Run it; what a refused ALTER made of a partition is dropped in the background, and in the way until then."""
    end = time.monotonic() + PATIENCE
    reply = session.batch(sql.encode())
    while reply.error is not None and "Temporary Partition" in reply.error.message and time.monotonic() < end:
        time.sleep(0.1)
        reply = session.batch(sql.encode())
    return reply


def _files(session: Session, schema: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    question = f"SELECT name, space FROM information_schema.innodb_sys_tables WHERE name LIKE '{schema}/%'"
    for name, space in session.rows(question)[0]:
        table, _, partition = (text_of(name) or "").partition("/")[2].replace("@002d", "-").partition("#")
        found.setdefault(table, {})[partition] = text_of(space) or ""
    return found


def _is_another(before: dict[str, str], after: dict[str, str]) -> bool:
    return any(after.get(each, space) != space for each, space in before.items()) or not before.keys() & after.keys()


FILES = [
    "",
    "-- nothing but a comment\n",
    ";",
    "CREATE TABLE a (i int);\nINSERT INTO a VALUES (1);\n-- the end",
    "CREATE TABLE a (i int);\n\n  INSERT INTO nothing VALUES (1);\nDROP TABLE t",
    "CREATE TABLE a (i int);\nFOO BAR;\nDROP TABLE t",
    "CREATE TABLE a (i int);;\nDROP TABLE c",
    "CREATE TABLE a (i int); -- a comment\n; DROP TABLE c",
    "CREATE TABLE a (i int); /* a comment */ ; DROP TABLE c; SELECT nothing",
    "SELECT 1;\nALTER TABLE t ADD z int, ADD z int;\nSELECT 2",
    "ALTER TABLE t ADD z int; ALTER TABLE t ADD UNIQUE (e); ALTER TABLE t ADD y int",
    "UPDATE t SET n = 7; SELECT ROW_COUNT() INTO @r; UPDATE t SET n = @r",
    "INSERT INTO t (v) VALUES ('x;y'); UPDATE t SET w = LAST_INSERT_ID() WHERE v = 'x;y'",
    "BEGIN NOT ATOMIC DECLARE i int DEFAULT 0; WHILE i < 3 DO SET i = i + 1; END WHILE; UPDATE t SET n = i; END; DO 1",
    "CREATE PROCEDURE pr() BEGIN SELECT 1; SELECT 2; END; CALL pr(); FOO",
    "SET @s = 'ALTER TABLE t ADD z int'; PREPARE q FROM @s; EXECUTE q; DEALLOCATE PREPARE q; DROP TABLE nothing",
    "SET @s = 'FOO BAR'; PREPARE q FROM @s; SELECT 1",
    "/*!50000 ALTER TABLE t ADD z int */; INSERT INTO t (v, z) VALUES ('new', 1)",
    'SET sql_mode = \'ANSI_QUOTES\'; ALTER TABLE "t" ADD z int; UPDATE "t" SET z = 1; SELECT "nothing"',
    "SET sql_mode = 'NO_BACKSLASH_ESCAPES'; UPDATE t SET w = '\\'; DROP TABLE c -- ' \n",
    "INSERT INTO t (v) VALUES ('a')",
    "CREATE TABLE a (i int); COMMIT; INSERT INTO t (v) VALUES ('committed'); FOO",
    "UPDATE t SET n = 5; ROLLBACK; UPDATE t SET m = 5",
    "LOCK TABLES t WRITE; ALTER TABLE t ADD z int; UPDATE p SET code = 'no'",
    "CREATE TEMPORARY TABLE t (i int); ALTER TABLE t ADD j int; INSERT INTO t VALUES (1, 2)",
    "ALTER TABLE t ENGINE=MyISAM; ALTER TABLE t ADD z int; INSERT INTO t (v, z) VALUES ('m', 1)",
    "ALTER TABLE t\n  ADD z int -- with a comment\n;\nDROP INDEX tn ON t;\nCREATE INDEX tn ON t (n, z)",
    "SET alter_algorithm = 'COPY'; ALTER TABLE t ADD z int",
    b"\xff",
]


@pytest.mark.parametrize("transaction", [True, False])
@pytest.mark.parametrize("sql", FILES)
def test_it_has_the_effect_and_the_answer_of_a_run(
    anew: tuple[Place, Place], sql: str | bytes, transaction: bool
) -> None:
    ran, seen = anew
    run = ran.connection.run(migration(sql, transaction=transaction), Direction.UP)
    trace = observe(seen, sql, transaction=transaction)
    assert _without(ran.schema, trace.error) == _without(ran.schema, run.error)
    for place in anew:
        place.connect()  # the last session may have locked what it left
    assert seen.connection.recorded() == ran.connection.recorded()
    assert not _state(ran) ^ _state(seen)
    if trace.statements and trace.statements[-1].error is not None:
        assert trace.statements[-1].error == trace.error


def test_a_session_that_ends_itself_is_told_as_by_a_run(anew: tuple[Place, Place]) -> None:
    ran, seen = anew
    sql = "KILL CONNECTION_ID(); DROP TABLE t"
    run, trace = ran.connection.run(migration(sql), Direction.UP), observe(seen, sql)
    assert _without(ran.schema, trace.error) == _without(ran.schema, run.error) != "None"


def _without(schema: str, error: object) -> str:
    return re.sub(rf"\bs\d+\b|{schema}|connection \d+|#sql-\w+-\w+", "…", str(error))


def _state(place: Place) -> set[str]:
    assert place.reader is not None
    place.reader.forget()
    state = place.state()
    assert state is not None
    return set(state.replace(place.schema, "…").split("'"))


def test_names_are_those_before_the_file(make_place: Callable[..., Place]) -> None:
    sql = """
CREATE TABLE new (i int);
RENAME TABLE t TO moved, new TO t;
ALTER TABLE moved MODIFY n bigint;
ALTER TABLE t ADD j int;
DROP TABLE moved;
CREATE TABLE moved (i int);
ALTER TABLE moved FORCE;
UPDATE p SET code = NULL
"""
    trace = observe(make_place(), sql)
    assert trace.error is None
    told = [(each.line, {lock.relation for lock in each.locks}, each.rewritten) for each in trace.statements]
    assert told == [
        (2, set(), ()),
        (3, {"t"}, ()),
        (4, {"t"}, ("t",)),
        (5, set(), ()),
        (6, {"t"}, ()),
        (7, set(), ()),
        (8, set(), ()),
        (9, set(), ()),
    ]
    assert [each.rows_written for each in trace.statements][-2:] == [None, 2]


def test_it_is_asked_under_the_session_s_settings(make_place: Callable[..., Place]) -> None:
    sql = "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (pid) REFERENCES p (id)"
    off = make_place(request_for(("SET foreign_key_checks = 0",)))
    assert [(each.algorithm, each.lock) for each in observe(off, sql).statements] == [("NOCOPY", "NONE")]


def test_what_a_setting_decides_is_not_asked(make_place: Callable[..., Place]) -> None:
    place = make_place()
    trace = observe(place, "SET alter_algorithm = 'COPY'; ALTER TABLE t ADD z int")
    assert [each.algorithm for each in trace.statements] == [None, "COPY"]
    assert trace.statements[1].rewritten == ("t",)
    again = observe(place, "ALTER TABLE t ADD y int")
    assert [each.algorithm for each in again.statements] == ["COPY"]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DELIMITER //\nDROP TABLE t//", "client"),
        ("SET sql_mode = 'NO_BACKSLASH_ESCAPES'; UPDATE t SET w = '\\'", "each statement ends"),
    ],
)
def test_what_can_not_be_told_apart_is_said(make_place: Callable[..., Place], sql: str, why: str) -> None:
    trace = observe(make_place(), sql)
    assert trace.blind is not None
    assert why in trace.blind
    assert trace.statements == ()


def test_what_is_not_in_the_file_is_said(make_place: Callable[..., Place]) -> None:
    trace = observe(make_place(), "SET @s = 'ALTER TABLE t MODIFY n bigint'; EXECUTE IMMEDIATE @s")
    assert trace.blind == "line 1 runs SQL that is not in the file: what that locks is not told"
    assert trace.statements[1].rewritten == ("t",)  # its files tell


def test_what_runs_too_long_is_its_last_statement_s_error(make_place: Callable[..., Place]) -> None:
    trace = observe(make_place(request_for(timeout=0.5)), "SELECT 1; UPDATE t SET n = SLEEP(20); DROP TABLE t")
    assert trace.error is not None
    assert trace.error.timed_out
    assert [each.error is not None for each in trace.statements] == [False, True]
