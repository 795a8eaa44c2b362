"""Statements for SQLite: what 3.40 and newer run alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sql import Author, Pair

if TYPE_CHECKING:
    from collections.abc import Callable


def _table(author: Author) -> Pair:
    name = author.new_table()
    return Pair(
        kind="table",
        up=(
            f"CREATE TABLE {name} (\n  id INTEGER PRIMARY KEY NOT NULL, -- key; yes\n  name TEXT DEFAULT 'a;b')",
            f"INSERT INTO {name} (id, name) VALUES (1, 'one'), (2, 'two')",
        ),
        down=(f"DROP TABLE {name}",),
    )


def _index(author: Author) -> Pair:
    table, name = author.table(), f"i{author.next_number()}"
    return Pair(kind="index", up=(f"CREATE INDEX {name} ON {table} (name)",), down=(f"DROP INDEX {name}",))


def _column(author: Author) -> Pair:
    table, name = author.table(), f"c{author.next_number()}"
    return Pair(
        kind="column",
        up=(f"ALTER TABLE {table} ADD COLUMN {name} INTEGER NOT NULL DEFAULT 7", f"UPDATE {table} SET {name} = id"),
        down=(f"ALTER TABLE {table} DROP COLUMN {name}",),
    )


def _rename(author: Author) -> Pair:
    table, name = author.table(), f"c{author.next_number()}"
    return Pair(
        kind="rename",
        up=(f"ALTER TABLE {table} RENAME COLUMN name TO {name}", f"ALTER TABLE {table} RENAME COLUMN {name} TO name"),
        down=(f"ALTER TABLE {table} RENAME TO {name}", f"ALTER TABLE {name} RENAME TO {table}"),
    )


def _child(author: Author) -> Pair:
    parent, name = author.table(), author.new_table()
    action = author.random.choice(("ON DELETE CASCADE", "ON DELETE SET NULL", "DEFERRABLE INITIALLY DEFERRED", ""))
    key = author.random.choice((1, 1, 1, 99))
    return Pair(
        kind="child",
        up=(
            f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, name TEXT, parent INT REFERENCES {parent} (id) {action})",
            f"INSERT INTO {name} VALUES (1, 'child', {key})",
        ),
        down=(f"DROP TABLE {name}",),
    )


def _rebuild(author: Author) -> Pair:
    table, name = author.table(), f"new{author.next_number()}"
    pragma = author.random.choice(("PRAGMA foreign_keys = OFF", "PRAGMA defer_foreign_keys = ON", "SELECT 1"))
    steps = (
        pragma,
        f"CREATE TABLE {name} (id INTEGER PRIMARY KEY NOT NULL, name TEXT, extra TEXT)",
        f"INSERT INTO {name} (id, name) SELECT id, name FROM {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE {name} RENAME TO {table}",
        "PRAGMA foreign_key_check",
    )
    return Pair(kind="rebuild", up=steps, down=steps)


def _foreign_keys(author: Author) -> Pair:
    state = author.random.choice(("ON", "OFF", "1"))
    return Pair(
        kind="foreign-keys",
        up=(f"PRAGMA foreign_keys = {state}",),
        down=(f"PRAGMA foreign_keys = {author.random.choice(('ON', 'OFF'))}",),
    )


def _pragma(author: Author) -> Pair:
    number = author.next_number()
    return Pair(
        kind="pragma",
        up=(
            author.random.choice(
                (f"PRAGMA user_version = {number}", f"PRAGMA application_id = {number}",
                 "PRAGMA legacy_alter_table = ON",
                 "PRAGMA recursive_triggers = ON", "PRAGMA table_info(t1)", "PRAGMA integrity_check"),
            ),
        ),
        down=("PRAGMA user_version = 0",),
    )  # fmt: skip


def _updated_at(author: Author) -> Pair:
    name = author.new_table()
    return Pair(
        kind="updated-at",
        up=(
            f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, name TEXT, updated_at DATETIME)",
            f"SELECT diesel_manage_updated_at('{name}')",
        ),
        down=(f"DROP TABLE {name}",),
    )


def _trigger(author: Author) -> Pair:
    table, name = author.table(), f"g{author.next_number()}"
    body = f"  UPDATE {table} SET name = 'x;y';\n  DELETE FROM {table} WHERE id > 100;"
    return Pair(
        kind="trigger",
        up=(
            f"CREATE TRIGGER {name} AFTER INSERT ON {table} BEGIN\n{body}\nEND",
            f"INSERT INTO {table} (name) VALUES ('triggered')",
        ),
        down=(f"DROP TRIGGER {name}",),
    )


def _view(author: Author) -> Pair:
    table, name = author.table(), f"v{author.next_number()}"
    return Pair(kind="view", up=(f"CREATE VIEW {name} AS SELECT * FROM {table}",), down=(f"DROP VIEW {name}",))


def _quotes(author: Author) -> Pair:
    name = author.new_table()
    return Pair(
        kind="double-quoted-string",
        up=(
            f'CREATE TABLE {name} (id INTEGER PRIMARY KEY, name TEXT DEFAULT "said")',
            f'INSERT INTO {name} (name) VALUES ("double")',
        ),
        down=(f'DELETE FROM {name} WHERE name = "double"', f"DROP TABLE {name}"),
    )


def _temporary(author: Author) -> Pair:
    number = author.next_number()
    return Pair(
        kind="temporary",
        up=(f"CREATE TEMPORARY TABLE temp{number} (id INTEGER)", f"INSERT INTO temp{number} VALUES (1)"),
        down=(f"DROP TABLE temp{number}",),
    )


def _vacuum(_author: Author) -> Pair:
    return Pair(kind="vacuum", up=("VACUUM",), down=("VACUUM",), alone=True)


def _savepoint(author: Author) -> Pair:
    table, number = author.table(), author.next_number()
    return Pair(
        kind="savepoint",
        up=(f"SAVEPOINT s{number}", f"DELETE FROM {table}", f"ROLLBACK TO s{number}", f"RELEASE s{number}"),
        down=(f"SAVEPOINT s{number}", f"UPDATE {table} SET name = 'down'", f"RELEASE s{number}"),
    )


def _conflict(author: Author) -> Pair:
    table = author.table()
    action = author.random.choice(("IGNORE", "REPLACE", "IGNORE", "ROLLBACK", "FAIL"))
    return Pair(
        kind=f"conflict-{action.lower()}",
        up=(f"INSERT OR {action} INTO {table} (id, name) VALUES (3, 'x'), (1, 'y')",),
        down=(f"DELETE FROM {table} WHERE id = 3",),
    )


def _bookkeeping(author: Author) -> Pair:
    up = author.random.choice(
        ("DELETE FROM __diesel_schema_migrations", "INSERT INTO __diesel_schema_migrations (version) VALUES ('zzzz')",
         "INSERT INTO __diesel_schema_migrations (version) VALUES ('0')", "DROP TABLE __diesel_schema_migrations"),
    )  # fmt: skip
    return Pair(kind="bookkeeping", up=(up,), down=("DELETE FROM __diesel_schema_migrations WHERE version = '0'",))


def _virtual(author: Author) -> Pair:
    name = f"f{author.next_number()}"
    return Pair(
        kind="virtual",
        up=(f"CREATE VIRTUAL TABLE {name} USING fts5(body)", f"INSERT INTO {name} VALUES ('some words')"),
        down=(f"DROP TABLE {name}",),
    )


def _parameters(author: Author) -> Pair:
    """What nobody binds is NULL to ``sqlite3_exec``."""
    table = author.table()
    mark = author.random.choice(("?", ":name", "@name", "?7", "$name"))
    return Pair(
        kind="parameter",
        up=(
            f"INSERT INTO {table} (id, name) VALUES (70, {mark})",
            f"UPDATE {table} SET name = coalesce({mark}, 'none')",
        ),
        down=(f"DELETE FROM {table} WHERE id = 70 AND {mark} IS NULL",),
    )


def _irreversible(author: Author) -> Pair:
    table = author.table()
    return Pair(kind="wrong-down", up=(f"UPDATE {table} SET name = upper(name)",), down=(f"DROP TABLE {table}",))


PIECES: tuple[tuple[int, Callable[[Author], Pair]], ...] = (
    (30, _table),
    (8, _index),
    (10, _column),
    (5, _rename),
    (10, _child),
    (8, _rebuild),
    (4, _foreign_keys),
    (4, _pragma),
    (5, _updated_at),
    (5, _trigger),
    (4, _view),
    (3, _quotes),
    (2, _temporary),
    (3, _vacuum),
    (4, _savepoint),
    (4, _conflict),
    (2, _bookkeeping),
    (2, _virtual),
    (2, _parameters),
    (2, _irreversible),
)

FAULTS: tuple[str, ...] = (
    "INSERT INTO nowhere VALUES (1)",
    "CREATE TABEL x (id INTEGER)",
    "SELECT no_such_function()",
    "DELIMITER //",
    "INSERT INTO __diesel_schema_migrations (version) VALUES (NULL)",
    "CREATE TABLE sqlite_mine (id INTEGER)",
    "SELECT 'x' 'y' FROM",
    "GARBAGE",
)

# A pragma that a transaction ignores tells the two modes apart without failing, whatever it was before.
PROBE = (
    "PRAGMA foreign_keys = OFF;\n"
    "CREATE TABLE probe{n} AS SELECT foreign_keys FROM pragma_foreign_keys;\n"
    "PRAGMA foreign_keys = ON;\n"
    "INSERT INTO probe{n} SELECT foreign_keys FROM pragma_foreign_keys;\n"
    "PRAGMA foreign_keys = OFF"
)
