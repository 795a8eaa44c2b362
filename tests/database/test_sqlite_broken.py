"""What SQLite can't compile any more is named, as its own use of it shows, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.database.sqlite.session import Session
from glowplug.database.sqlite.settings import SessionSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import apsw

pytestmark = pytest.mark.sqlite

TABLES = """
CREATE TABLE items (id INTEGER PRIMARY KEY, price INT NOT NULL DEFAULT 1, twice INT AS (price * 2));
CREATE TABLE audit (id INTEGER PRIMARY KEY, item INT);
"""
AFTER_INSERT = "CREATE TRIGGER ai AFTER INSERT ON items BEGIN INSERT INTO audit (item) VALUES (NEW.id); END;"
AFTER_UPDATE = "CREATE TRIGGER au AFTER UPDATE OF price ON items BEGIN UPDATE audit SET item = NEW.price; END;"
AFTER_DELETE = "CREATE TRIGGER ad AFTER DELETE ON items BEGIN DELETE FROM other WHERE item = OLD.id; END;"
CASES = {
    "nothing": (AFTER_INSERT + "CREATE VIEW v AS SELECT price FROM items;", "", {}),
    "a function that the application brings": (
        (
            "CREATE TABLE gone (v); CREATE VIEW v AS SELECT value FROM series(1, 3);"
            "CREATE VIEW w AS SELECT s.v FROM items, series (1, 2) AS s; CREATE VIEW x AS SELECT v FROM gone;"
        ),
        "DROP TABLE gone",
        {"view x": "no such table: main.gone"},
    ),
    "a view": ("CREATE VIEW v AS SELECT item FROM audit;", "DROP TABLE audit", {"view v": "no such table: main.audit"}),
    "a view's column": (
        "CREATE VIEW v AS SELECT item FROM audit;",
        "DROP TABLE audit; CREATE TABLE audit (id INT)",
        {"view v": "no such column: item"},
    ),
    "views on views": (
        "CREATE VIEW v AS SELECT item FROM audit; CREATE VIEW w AS SELECT * FROM v; CREATE VIEW x AS SELECT 1;",
        "DROP TABLE audit",
        {"view v": "no such table: main.audit", "view w": "no such table: main.audit"},
    ),
    "triggers, each by its own write": (
        AFTER_INSERT + AFTER_UPDATE + AFTER_DELETE.replace("other", "audit"),
        "DROP TABLE audit",
        {f"trigger {name}": "no such table: main.audit" for name in ("ai", "au", "ad")},
    ),
    "one of two triggers of one write": (
        "CREATE TABLE other (item INT);" + AFTER_INSERT + AFTER_INSERT.replace("ai", "ok").replace("audit", "other"),
        "DROP TABLE audit",
        {"trigger ai": "no such table: main.audit"},
    ),
    "the trigger that fails, and not the one that fires it": (
        AFTER_INSERT
        + "CREATE TABLE other (item INT); CREATE TRIGGER next AFTER INSERT ON audit BEGIN INSERT INTO other VALUES (1);"
        " END;",
        "DROP TABLE other",
        {"trigger next": "no such table: main.other"},
    ),
    "too few values": (
        AFTER_INSERT.replace("audit (item)", "audit"),
        "",
        {"trigger ai": "table audit has 2 columns but 1 values were supplied"},
    ),
    "a conflict's key": (
        "CREATE UNIQUE INDEX one ON audit (item);"
        + AFTER_INSERT.replace("(NEW.id)", "(NEW.id) ON CONFLICT (item) DO NOTHING"),
        "DROP INDEX one",
        {"trigger ai": "ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint"},
    ),
    "names in quotes": (
        (
            'CREATE TABLE "a ""b"" [c]" (x INT); CREATE VIEW "v ""w" AS SELECT * FROM "a ""b"" [c]";'
            'CREATE TRIGGER "insert" AFTER DELETE ON items BEGIN DELETE FROM "a ""b"" [c]"; END;'
        ),
        'DROP TABLE "a ""b"" [c]"',
        {'view v "w': 'no such table: main.a "b" [c]', "trigger insert": 'no such table: main.a "b" [c]'},
    ),
    "instead of a view": (
        (
            "CREATE VIEW v AS SELECT price FROM items;"
            "CREATE TRIGGER io INSTEAD OF INSERT ON v BEGIN INSERT INTO audit (item) VALUES (NEW.price); END;"
            "CREATE TRIGGER iu INSTEAD OF UPDATE ON v BEGIN UPDATE items SET price = NEW.price; END;"
        ),
        "DROP TABLE audit",
        {"trigger io": "no such table: main.audit"},
    ),
    "a write to a view that no trigger takes": (
        (
            "CREATE VIEW v AS SELECT item FROM audit;"
            "CREATE TRIGGER io INSTEAD OF INSERT ON v BEGIN INSERT INTO audit (item) VALUES (NEW.item); END;"
            "CREATE TRIGGER ai AFTER INSERT ON items BEGIN INSERT INTO v VALUES (NEW.id); END;"
        ),
        "DROP TRIGGER io",
        {"trigger ai": "cannot modify v because it is a view"},
    ),
    "a trigger on a broken view": (
        (
            "CREATE VIEW v AS SELECT item FROM audit;"
            "CREATE TRIGGER io INSTEAD OF INSERT ON v BEGIN INSERT INTO items (id) VALUES (NEW.item); END;"
        ),
        "DROP TABLE audit",
        {"view v": "no such table: main.audit"},
    ),
    "what foreign keys ask for": (
        (
            "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p INT REFERENCES parent (id));"
            "CREATE TRIGGER ci AFTER INSERT ON child BEGIN DELETE FROM audit; END;"
        ),
        "DROP TABLE parent",
        {},
    ),
    "functions and collations, which an application may bring": (
        (
            "CREATE VIEW v AS SELECT spherical(price) FROM items;"
            "CREATE VIEW w AS SELECT id FROM items ORDER BY id COLLATE k;"
            "CREATE TRIGGER ai AFTER INSERT ON items BEGIN SELECT spherical(1); END;"
            "CREATE TRIGGER vu INSTEAD OF UPDATE ON v BEGIN DELETE FROM audit; END;"
        ),
        "",
        {},
    ),
    "a trigger beside one that the application may complete": (
        "CREATE TRIGGER a0 AFTER INSERT ON items BEGIN SELECT spherical(1); END;" + AFTER_INSERT,
        "DROP TABLE audit",
        {"trigger ai": "no such table: main.audit"},
    ),
    "one of two instead of a view": (
        (
            "CREATE VIEW v AS SELECT price FROM items;"
            "CREATE TRIGGER io INSTEAD OF INSERT ON v BEGIN INSERT INTO audit (item) VALUES (NEW.price); END;"
            "CREATE TRIGGER ip INSTEAD OF INSERT ON v BEGIN INSERT INTO items (price) VALUES (NEW.price); END;"
        ),
        "DROP TABLE audit",
        {"trigger io": "no such table: main.audit"},
    ),
    "a view in a circle": ("", "CREATE VIEW v AS SELECT * FROM v", {"view v": "view v is circularly defined"}),
}


@pytest.fixture(name="session")
def _session(tmp_path: Path) -> Iterator[Session]:
    with Session(str(tmp_path / "main.db"), SessionSettings(foreign_keys=True)) as session:
        session.make_bookkeeping_table()
        session.set_up((TABLES,), "it")
        yield session


@pytest.mark.parametrize(("before", "change", "expected"), CASES.values(), ids=list(CASES))
def test_what_can_not_be_compiled_is_named(
    session: Session, before: str, change: str, expected: dict[str, str]
) -> None:
    session.set_up((before,), "it")
    named_before = {f"{each.kind} {each.name}" for each in session.broken().broken}
    session.set_up((change,), "it")
    found = {f"{each.kind} {each.name}": each.error.message for each in session.broken().broken}
    assert found == expected
    assert not named_before or not change


@pytest.mark.parametrize("legacy", ["ON", "OFF"])
def test_a_rebuild_that_leaves_a_view_behind(session: Session, legacy: str) -> None:
    session.set_up(("CREATE VIEW v AS SELECT price FROM items;" + AFTER_INSERT,), "it")
    rebuild = "CREATE TABLE new (id INTEGER PRIMARY KEY, cost INT); DROP TABLE items; ALTER TABLE new RENAME TO items;"
    session.set_up((f"PRAGMA legacy_alter_table = {legacy}; DROP TRIGGER ai",), "it")
    if legacy == "ON":
        session.set_up((rebuild,), "it")
        assert [(each.kind, each.name) for each in session.broken().broken] == [("view", "v")]
        assert error_of(session, "SELECT * FROM v") == "no such column: price"


def test_it_is_as_its_use_shows(session: Session) -> None:
    session.set_up((AFTER_INSERT + AFTER_UPDATE + "CREATE VIEW v AS SELECT item FROM audit; DROP TABLE audit",), "it")
    assert {each.name: each.table for each in session.broken().broken} == {"v": None, "ai": "items", "au": "items"}
    for sql in ("SELECT * FROM v", "INSERT INTO items (id) VALUES (1)", "UPDATE items SET price = 2"):
        assert error_of(session, sql) == "no such table: main.audit"
    assert error_of(session, "DELETE FROM items") is None
    session.set_up(("CREATE TABLE audit (id INTEGER PRIMARY KEY, item INT)",), "it")
    assert session.broken().broken == ()


def test_nothing_is_changed(session: Session) -> None:
    connection: apsw.Connection = session._connection  # noqa: SLF001 - what the file holds, byte by byte
    session.set_up(
        (AFTER_INSERT + "INSERT INTO items (id) VALUES (1); DROP TABLE audit", "PRAGMA recursive_triggers = ON"), "it"
    )
    before = connection.serialize("main")
    assert [each.name for each in session.broken().broken] == ["ai"]
    assert connection.serialize("main") == before
    assert session.foreign_keys
    assert not connection.in_transaction


def test_where_the_session_takes_no_writes_triggers_are_told_all_the_same(session: Session) -> None:
    session.set_up((AFTER_INSERT + "CREATE VIEW v AS SELECT item FROM audit; DROP TABLE audit",), "it")
    session.set_up(("PRAGMA query_only = ON",), "it")
    assert [each.name for each in session.broken().broken] == ["v", "ai"]
    assert error_of(session, "DELETE FROM items") == "attempt to write a readonly database"


def test_in_an_open_transaction_views_are_told_and_triggers_are_not_silent(session: Session) -> None:
    session.set_up((AFTER_INSERT + AFTER_DELETE + "CREATE VIEW v AS SELECT item FROM audit",), "it")
    session.set_up(("CREATE TABLE other (item INT)", "BEGIN", "DROP TABLE audit"), "it")
    asked = session.broken()
    assert [each.name for each in asked.broken] == ["v"]
    (trigger,) = asked.unasked
    assert (trigger.name, trigger.table) == ("ai", "items")
    assert "a transaction is open" in trigger.why
    session.set_up(("COMMIT",), "it")
    asked = session.broken()
    assert ([each.name for each in asked.broken], asked.unasked) == (["v", "ai"], ())


def test_what_the_application_may_bring_is_named_as_not_asked(session: Session) -> None:
    session.set_up(
        ("CREATE VIEW v AS SELECT spherical(price) FROM items;" + AFTER_INSERT.replace("NEW.id", "spherical(NEW.id)"),),
        "it",
    )
    asked = session.broken()
    assert asked.broken == ()
    assert [(each.kind, each.name, each.error and each.error.message) for each in asked.unasked] == [
        ("view", "v", "no such function: spherical"),
        ("trigger", "ai", "no such function: spherical"),
    ]


def error_of(session: Session, sql: str) -> str | None:
    error = session.rows.execute(sql)
    return None if error is None else error.message
