"""What a MariaDB schema holds and its server can't use is named, as its use shows, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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


def test_a_lock_that_is_held_is_not_waited_for(place: Place) -> None:
    assert run(place, TABLES + SIMPLE + "; DROP TABLE audit") is None
    assert run(place, "LOCK TABLES items WRITE") is None
    assert set(named(place)) <= {"trigger ai"}
