"""What a MariaDB schema holds and its server can't use is named, as its use shows, and nothing else is."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from glowplug.database.broken import Asked
from glowplug.database.mysql.broken import broken
from glowplug.database.mysql.session import Reply, ServerError, Session
from glowplug.rehearsal.doubtful import is_doubtful

from .mysql_place import own_server, place_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.scratch.mysql.own import OwnServer
    from glowplug.scratch.mysql.place import Place

pytestmark = pytest.mark.mysql

TABLES = """
CREATE TABLE items (id INT PRIMARY KEY, price INT NOT NULL DEFAULT 1);
CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, item INT NOT NULL);
"""
INSERT = "INSERT INTO items (id) VALUES (1)"
AI = "CREATE TRIGGER ai AFTER INSERT ON items FOR EACH ROW "
SIMPLE = AI + "INSERT INTO audit (item) VALUES (NEW.price)"
BLOCK = (
    AI
    + """BEGIN
  DECLARE n, total INT DEFAULT 0;
  DECLARE done BOOL DEFAULT FALSE;
  DECLARE c CURSOR FOR SELECT item FROM audit WHERE item > NEW.id;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = TRUE;
  SELECT COUNT(*), SUM(item) INTO n, total FROM audit WHERE item = NEW.id; -- it's a comment; with a ;
  IF n > 10 AND NOT EXISTS (SELECT 1 FROM audit WHERE id = n) THEN
    UPDATE audit SET item = CASE WHEN n > 5 THEN total ELSE COALESCE(n, NEW.price) END WHERE id = n LIMIT 1;
  ELSE
    outer_loop: LOOP
      REPLACE INTO audit (item) SELECT price + n FROM items WHERE items.price = NEW.`price`;
      LEAVE outer_loop;
    END LOOP;
  END IF;
  SET @seen = (SELECT MAX(item) FROM audit);
END"""
)
GONE = "Table '{}.audit' doesn't exist (1146)"
CASES = {
    "nothing": (SIMPLE, "ALTER TABLE audit ADD COLUMN more INT", {}),
    "the row's names in backticks": (
        AI + "INSERT INTO audit (item) VALUES (`NEW`.`price`)",
        "ALTER TABLE audit ADD COLUMN more INT",
        {},
    ),
    "nothing, in a block": (BLOCK, "ALTER TABLE audit ADD COLUMN more INT", {}),
    "a trigger": (SIMPLE, "RENAME TABLE audit TO audit_log", {"trigger ai": GONE}),
    "a block": (BLOCK, "DROP TABLE audit", {"trigger ai": GONE}),
    "a block's column": (
        BLOCK,
        "ALTER TABLE audit CHANGE item thing INT",
        {"trigger ai": "Unknown column 'item' in 'SELECT' (1054)"},
    ),
    "a query in a condition": (
        AI + "BEGIN IF (SELECT COUNT(*) FROM audit) > 3 THEN SET @a = 1; END IF; END",
        "DROP TABLE audit",
        {"trigger ai": GONE},
    ),
    "a column of the row": (
        SIMPLE,
        "ALTER TABLE items CHANGE price cost INT",
        {"trigger ai": "Unknown column 'NEW.price' in 'SELECT' (1054)"},
    ),
    "too few values": (
        AI + "INSERT INTO audit VALUES (NULL, NEW.id)",
        "ALTER TABLE audit ADD COLUMN more INT",
        {"trigger ai": "Column count doesn't match value count at row 1 (1136)"},
    ),
    "a routine": (
        "CREATE FUNCTION f(a INT) RETURNS INT RETURN a + 1;" + AI + "INSERT INTO audit (item) VALUES (f(NEW.id))",
        "DROP FUNCTION f",
        {"trigger ai": "FUNCTION {}.f does not exist (1305)"},
    ),
    "one of two": (
        SIMPLE + "; CREATE TABLE other (x INT); CREATE TRIGGER a2 AFTER INSERT ON items FOR EACH ROW INSERT INTO other "
        "VALUES (NEW.id)",
        "DROP TABLE other",
        {"trigger a2": "Table '{}.other' doesn't exist (1146)"},
    ),
    "names in quotes": (
        ("CREATE TABLE `a ``b` (`c d` INT); CREATE VIEW `v ``w` AS SELECT `c d` FROM `a ``b`;"
        "CREATE TRIGGER `t ``u` BEFORE DELETE ON items FOR EACH ROW DELETE FROM `a ``b` WHERE `c d` = OLD.`id`"),
        "DROP TABLE `a ``b`",
        {
            "view v `w": "Table '{0}.a `b' doesn't exist; View '{0}.v `w' references invalid table(s) or column(s) or "
            "function(s) or definer/invoker of view lack rights to use them (1356)",
            "trigger t `u": "Table '{}.a `b' doesn't exist (1146)",
        },
    ),
    "names in double quotes": (
        f"""SET sql_mode = 'ANSI_QUOTES'; {AI} INSERT INTO "audit" ("item") SELECT NEW."price" FROM "items" """,
        "ALTER TABLE audit CHANGE item thing INT",
        {"trigger ai": "Unknown column 'item' in 'SELECT' (1054)"},
    ),
    "views on views": (
        "CREATE VIEW v AS SELECT item FROM audit; CREATE VIEW w AS SELECT * FROM v; CREATE VIEW x AS SELECT 1 AS a",
        "ALTER TABLE audit CHANGE item thing INT",
        {f"view {name}": f"Unknown column '{{0}}.audit.item' in 'SELECT'; View '{{0}}.{name}' references invalid "
         "table(s) or column(s) or function(s) or definer/invoker of view lack rights to use them (1356)"
         for name in ("v", "w")},
    ),
    "what a handler catches": (
        AI + "BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; DELETE FROM audit; END",
        "DROP TABLE audit",
        {},
    ),
    "strings that the mode ends elsewhere": (
        f"SET sql_mode = 'NO_BACKSLASH_ESCAPES'; {AI} INSERT INTO audit (item) SELECT 1 WHERE '\\' = NEW.price OR ''",
        "",
        {},
    ),
    "a table that is the trigger's own": (
        AI + "BEGIN CREATE TEMPORARY TABLE own (a INT); INSERT INTO own VALUES (NEW.id); DROP TEMPORARY TABLE own; END",
        "",
        {},
    ),
}  # fmt: skip
FAILS = {"a trigger", "a block", "a block's column", "a query in a condition", "a column of the row", "too few values"}


LOG = "CREATE TABLE log (num INT, who VARCHAR(20)); INSERT INTO log VALUES (1, 'a');"
F = "CREATE FUNCTION f(a INT) RETURNS INT RETURN a;"
PROCEDURE = """CREATE PROCEDURE p(IN x INT) BEGIN
  DECLARE y INT; SELECT MAX(num) INTO y FROM log WHERE num > x; CALL q();
END; CREATE PROCEDURE q() INSERT INTO audit (item) VALUES (1);"""
PARTS = "CREATE TABLE pp (a INT) PARTITION BY LIST (a) (PARTITION p1 VALUES IN (1), PARTITION p2 VALUES IN (2));"
ADD_ITEM = "ALTER TABLE log ADD item INT"
ADD_MORE = "ALTER TABLE log ADD more INT"
AS_VIEW = "RENAME TABLE log TO old; CREATE VIEW log AS SELECT "
NAMES = "ALTER TABLE log MODIFY who VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_"
TRIGGERS = {
    "nothing": ("INSERT INTO log (num) VALUES (1)", ADD_MORE, 0),
    "an ambiguous column": ("SET @a = (SELECT MAX(item) FROM audit, log)", ADD_ITEM, 1052),
    "an ambiguous column, in an UPDATE": ("UPDATE audit, log SET who = 'x' WHERE item = num", ADD_ITEM, 1052),
    "what an UPDATE of several sets": (
        "UPDATE audit JOIN log ON num = item SET item = who WHERE item = NEW.id",
        "ALTER TABLE log DROP who",
        1054,
    ),
    "a column in a query that fills": (
        "INSERT INTO audit (item) WITH q AS (SELECT num FROM log) SELECT num FROM q",
        "ALTER TABLE log DROP num",
        1054,
    ),
    "too few values": ("INSERT INTO log VALUES (1, 'x')", ADD_MORE, 1136),
    "too few columns of a query": ("INSERT INTO log SELECT id, 'x' FROM audit WHERE id = NEW.id", ADD_MORE, 1222),
    "as many columns of a query": ("INSERT INTO log (num) SELECT id FROM audit WHERE id = NEW.id", ADD_MORE, 0),
    "too few columns of a union": (
        "SET @a = (SELECT COUNT(*) FROM (SELECT * FROM log UNION SELECT 1, 'x') q)",
        ADD_MORE,
        1222,
    ),
    "too few columns to compare": ("DELETE FROM audit WHERE (item, 'x') IN (SELECT * FROM log)", ADD_MORE, 1241),
    "a view that takes no DELETE": ("DELETE FROM log", f"{AS_VIEW} DISTINCT num FROM old", 1288),
    "a view that takes no INSERT": ("INSERT INTO log (num) VALUES (2)", f"{AS_VIEW} num + 1 AS num FROM old", 1471),
    "a function, in a statement": ("INSERT INTO log (num) VALUES (f(1))", "DROP FUNCTION f", 1305),
    "a function, in SET": ("SET @a = f(NEW.id)", "DROP FUNCTION f", 1305),
    "a function, in IF": ("BEGIN IF NEW.id = 1 AND f(1) THEN SET @a = 1; END IF; END", "DROP FUNCTION f", 1305),
    "a function, in DECLARE": ("BEGIN DECLARE x INT(3) DEFAULT f(1); SET @a = x; END", "DROP FUNCTION f", 1305),
    "what a function reads": ("SET @a = g(NEW.id)", "DROP TABLE log", 1146),
    "a procedure": ("CALL q()", "DROP PROCEDURE q", 1305),
    "a procedure that a procedure calls": ("BEGIN CALL `p`(NEW.id); END", "DROP PROCEDURE q", 1305),
    "what a procedure reads": ("CALL p(NEW.id)", "ALTER TABLE log CHANGE num n INT", 1054),
    "what a procedure's procedure fills": ("CALL p(NEW.id)", "ALTER TABLE audit CHANGE item n INT", 1054),
    "an index": ("INSERT INTO audit (item) SELECT num FROM log FORCE INDEX (ix)", "DROP INDEX ix ON log", 1176),
    "a partition": ("DELETE FROM pp PARTITION (p2)", "ALTER TABLE pp DROP PARTITION p2", 1735),
    "partitions": ("DELETE FROM pp PARTITION (p2)", "ALTER TABLE pp REMOVE PARTITIONING", 1747),
    "a sequence": ("INSERT INTO log (num) VALUES (NEXTVAL(s))", "DROP SEQUENCE s; CREATE TABLE s (a INT)", 4089),
}
VIEWS = {
    "an ambiguous column": ("SELECT item FROM audit, log", ADD_ITEM, 0),
    "a column that joins": ("SELECT price FROM audit JOIN items USING (id)", "ALTER TABLE audit CHANGE id i INT", 1356),
    "collations that don't mix": (
        "SELECT num FROM log, items WHERE log.who = items.name",
        f"{NAMES}german2_ci; {NAMES.replace('log', 'items').replace('who', 'name')}spanish_ci",
        1267,
    ),
    "a partition": ("SELECT a FROM pp PARTITION (p2)", "ALTER TABLE pp DROP PARTITION p2", 1735),
    "a default": ("SELECT DEFAULT(num) AS d FROM log", "ALTER TABLE log MODIFY num INT NOT NULL", 1423),
    "versions": (
        "SELECT a FROM versioned FOR SYSTEM_TIME ALL",
        "ALTER TABLE versioned DROP SYSTEM VERSIONING",
        4124,
    ),
}
ONLY_A_RUN_TELLS = {
    "an argument more": ("CALL q()", "DROP PROCEDURE q; CREATE PROCEDURE q(a INT) SET @a = 1", 1318),
    "a value": ("INSERT INTO log (num) VALUES (1)", "ALTER TABLE log MODIFY who VARCHAR(10) NOT NULL", 1364),
}
SET_UP = (
    f"{TABLES} {LOG} {F} {PROCEDURE} {PARTS} ALTER TABLE items ADD name VARCHAR(20); CREATE INDEX ix ON log (num);"
    "CREATE FUNCTION g(a INT) RETURNS INT RETURN (SELECT MAX(num) FROM log WHERE num > a); CREATE SEQUENCE s;"
    "CREATE TABLE versioned (a INT) WITH SYSTEM VERSIONING;"
)


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[OwnServer]:
    with own_server() as server:
        yield server


@pytest.fixture(name="place")
def _place(server: OwnServer) -> Iterator[Place]:
    made = place_on(server)
    made.furnish()
    yield made
    made.close()


def run(place: Place, sql: str) -> str | None:
    error = place.connection.rows.execute(sql) if sql else None
    place.connection.reader.forget()
    return None if error is None else error.message


def named(place: Place) -> dict[str, str]:
    return {f"{each.kind} {each.name}": each.error.message for each in place.connection.broken().broken}


@pytest.mark.parametrize("case", CASES)
def test_what_can_not_be_used_is_named(place: Place, case: str) -> None:
    before, change, expected = CASES[case]
    schema = str(place.connection.access.address.database)
    assert run(place, TABLES + before) is None
    assert named(place) == {}
    assert run(place, change) is None
    assert named(place) == {name: message.format(schema) for name, message in expected.items()}
    if case in FAILS:
        assert run(place, INSERT) is not None
    elif not expected:
        assert run(place, INSERT) is None


def used(server: OwnServer, place: Place, sql: str) -> int:
    """Use it in a session that begins now, on tables that are opened now; the number of the error, 0 for none."""
    with contextlib.closing(Session(server.address)) as administrator:
        administrator.batch(b"FLUSH TABLES")
    with contextlib.closing(Session(place.connection.access.address)) as session:
        reply = session.batch(f"BEGIN; {sql}; ROLLBACK".encode(), rows=True)
    return 0 if reply.error is None else reply.error.number


@pytest.mark.parametrize("case", TRIGGERS)
def test_a_trigger_is_broken_where_a_write_fails_that_did_not(server: OwnServer, place: Place, case: str) -> None:
    body, change, number = TRIGGERS[case]
    assert run(place, SET_UP + AI + body) is None
    assert used(server, place, INSERT) == 0
    assert place.connection.broken() == Asked()
    assert run(place, change) is None
    assert used(server, place, INSERT) == (COUNTED.get(case) or number)
    asked = place.connection.broken()
    assert [(each.name, each.error.message.endswith(f"({number})")) for each in asked.broken if each.name == "ai"] == (
        [("ai", True)] if number else []
    )
    assert asked.unasked == ()


COUNTED = {"too few columns of a query": 1136}
"""Where the server says another thing of the query that counts the columns."""


@pytest.mark.parametrize("case", VIEWS)
def test_a_view_is_broken_where_a_query_fails_that_did_not(server: OwnServer, place: Place, case: str) -> None:
    query, change, number = VIEWS[case]
    assert run(place, f"{SET_UP} CREATE VIEW v AS {query}") is None
    assert used(server, place, "SELECT * FROM v") == 0
    assert place.connection.broken() == Asked()
    assert run(place, change) is None
    assert used(server, place, "SELECT * FROM v") == number
    asked = place.connection.broken()
    assert [each.error.message.endswith(f"({number})") for each in asked.broken] == ([True] if number else [])
    assert asked.unasked == ()


@pytest.mark.parametrize("case", ONLY_A_RUN_TELLS)
def test_what_only_a_run_tells_is_not_told(server: OwnServer, place: Place, case: str) -> None:
    body, change, number = ONLY_A_RUN_TELLS[case]
    assert run(place, SET_UP + AI + body) is None
    assert run(place, change) is None
    assert used(server, place, INSERT) == number
    assert place.connection.broken() == Asked()


OTHERS = """CREATE TABLE c1 (k INT, a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin);
CREATE TABLE c2 (k INT, b VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_spanish_ci);"""
SOUND = {
    "columns with a parameter's name": """CREATE PROCEDURE r(item INT) BEGIN
        INSERT INTO audit (item) VALUES (item), (f(item)); INSERT INTO audit SET item = item;
        INSERT INTO audit (id, item) VALUES (1, item) ON DUPLICATE KEY UPDATE item = VALUES(item);
        UPDATE audit SET id = id, item = ABS(item) WHERE item = id; END; {AI} CALL r(NEW.id)""",
    "an alias with a parameter's name": """CREATE PROCEDURE r(item INT, OUT n INT)
        SELECT COUNT(item) AS item INTO n FROM audit; {AI} BEGIN DECLARE n INT; CALL r(NEW.id, n); END""",
    "a parameter among columns": """CREATE PROCEDURE r(x INT) BEGIN INSERT INTO log SELECT ABS(x), who FROM log
        WHERE num IN (x, 1); INSERT INTO audit SET item = f(x); END; {AI} CALL r(NEW.id)""",
    "columns of other types and collations": """{AI} BEGIN INSERT INTO log (who) SELECT item FROM audit;
        INSERT INTO c1 (a) SELECT b FROM c2; UPDATE c1 JOIN c2 USING (k) SET a = b; END""",
    "queries in parentheses, and what is behind them": """{AI} BEGIN INSERT INTO log (SELECT num, who FROM log l2);
        INSERT INTO audit (item) (SELECT num FROM log); INSERT INTO audit (item) SELECT 1 UNION SELECT NEW.id LIMIT 1;
        INSERT INTO audit (item) SELECT num FROM log ON DUPLICATE KEY UPDATE item = VALUES(item); END""",
    "types and keywords that look like functions": """{AI} BEGIN
        DECLARE d DATETIME(6) DEFAULT CAST(NOW(3) AS DATETIME(3)); DECLARE b BIT(1); DECLARE e ENUM('a', 'b');
        SET d = TIMESTAMP('2020-01-01'), b = 1, @y = CONVERT(1, CHAR(3)), @j = f (1);
        IF (NEW.id IN (1, 2)) AND (NEW.id BETWEEN 1 AND 2) THEN SET @x = IF(1, 2, 3); END IF; END""",
    "a routine that calls itself": """CREATE PROCEDURE r(x INT) BEGIN IF x > 0 THEN CALL r(x - 1); END IF; END;
        {AI} CALL r(0)""",
    "several tables that change": """{AI} UPDATE audit a, log AS l SET a.item = l.num, l.who = DEFAULT
        WHERE a.id = l.num AND a.item = NEW.id""",
}


@pytest.mark.parametrize("case", SOUND)
def test_a_trigger_that_a_write_fires_well_is_not_named(server: OwnServer, place: Place, case: str) -> None:
    assert run(place, SET_UP + OTHERS + SOUND[case].format(AI=AI)) is None
    assert used(server, place, INSERT) == 0
    assert place.connection.broken() == Asked()


ORACLE = "SET sql_mode = 'ORACLE'; CREATE TRIGGER ai AFTER INSERT ON items FOR EACH ROW BEGIN DELETE FROM audit; END"
STRINGS = f"SET sql_mode = 'NO_BACKSLASH_ESCAPES'; {AI} INSERT INTO audit (item) SELECT 1 FROM audit WHERE '\\' = ''"
HANDLER = AI + "BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; DELETE FROM audit; END"
CALLED = HANDLER.replace(AI, "CREATE PROCEDURE h() ") + f"; {AI} CALL h()"


@pytest.mark.parametrize(
    ("trigger", "why"),
    [
        (ORACLE, "Oracle"),
        (STRINGS, "NO_BACKSLASH_ESCAPES"),
        (HANDLER, "handles errors"),
        (CALLED, "of the procedure h that it calls: its body handles errors"),
    ],
)
def test_a_trigger_that_is_not_read_is_named_as_not_asked(place: Place, trigger: str, why: str) -> None:
    assert run(place, TABLES + trigger) is None
    asked = place.connection.broken()
    assert asked.broken == ()
    assert [(each.kind, each.name, each.table) for each in asked.unasked] == [("trigger", "ai", "items")]
    assert why in asked.unasked[0].why


def test_an_account_that_gets_no_session_is_said(place: Place) -> None:
    assert run(place, TABLES + SIMPLE + "; CREATE VIEW v AS SELECT 1 AS a") is None
    assert run(place, "SET PASSWORD = PASSWORD('another')") is None
    asked = place.connection.broken()
    assert [(each.kind, each.name) for each in asked.unasked] == [("view", "v"), ("trigger", "ai")]
    assert all(each.error is not None and "(1045)" in each.error.message for each in asked.unasked)


def test_functions_are_not_called_and_nothing_is_written(place: Place) -> None:
    function = "CREATE FUNCTION f(a INT) RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO audit (item) VALUES (a); "
    view = "CREATE VIEW v AS SELECT f(5) AS x, (SELECT f(6)) AS y FROM (SELECT f(7) AS z) AS q WHERE f(8) = 5"
    trigger = AI + "INSERT INTO audit (item) SELECT f(1) FROM (SELECT f(2)) AS q WHERE f(3) = 5"
    assert run(place, f"{TABLES} {function} RETURN 5; END; {view}; {trigger}") is None
    state = place.state()
    assert named(place) == {}
    assert place.state() == state
    assert run(place, "DROP FUNCTION f") is None
    assert set(named(place)) == {"view v", "trigger ai"}


@pytest.mark.parametrize("gone", [True, False])
def test_a_lock_that_is_held_keeps_nothing_back(place: Place, *, gone: bool) -> None:
    assert run(place, f"{TABLES} {LOG} {SIMPLE}; CREATE VIEW v AS SELECT item FROM audit") is None
    assert run(place, "RENAME TABLE audit TO old" if gone else "") is None
    place.connection.reader.parts()
    assert run(place, f"LOCK TABLES items WRITE, {'old' if gone else 'audit'} WRITE, log WRITE") is None
    assert set(named(place)) == ({"trigger ai", "view v"} if gone else set())


def test_a_server_that_does_not_answer_is_said_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    views = "CREATE VIEW v AS SELECT item FROM audit; CREATE VIEW w AS SELECT 1 AS a"
    assert run(place, f"{TABLES} {SIMPLE}; {SIMPLE.replace('ai AFTER', 'bi BEFORE')}; {views}") is None
    asked = []

    def locked(_: Session, sql: bytes, *, rows: bool = False) -> Reply:
        assert not rows
        asked.append(sql)
        error = ServerError(number=1205, sqlstate="HY000", message="Lock wait timeout exceeded")
        return Reply(error=error if b"PREPARE" in sql else None)

    catalogue = place.connection.reader.parts()[0]
    with contextlib.closing(Session(place.connection.access.address)) as session:
        monkeypatch.setattr(Session, "batch", locked)
        said = broken(session, "schema", catalogue)
    assert said.broken == ()
    assert {each.name for each in said.unasked} == {"ai", "bi", "v", "w"}
    assert all(each.error is not None and is_doubtful(each.error) for each in said.unasked)
    assert sum(b"PREPARE" in each for each in asked) == len({"views", "triggers"})
