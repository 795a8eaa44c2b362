"""Statements for MySQL and MariaDB."""

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
            f"CREATE TABLE {name} (\n  id INT AUTO_INCREMENT PRIMARY KEY, -- a;b\n  name VARCHAR(99) DEFAULT 'a;b')",
            f"INSERT INTO {name} (name) VALUES ('one'), ('two')",
        ),
        down=(f"DROP TABLE {name}",),
    )


def _index(author: Author) -> Pair:
    table, name = author.table(), f"i{author.next_number()}"
    return Pair(kind="index", up=(f"CREATE INDEX {name} ON {table} (name)",), down=(f"DROP INDEX {name} ON {table}",))


def _column(author: Author) -> Pair:
    table, name = author.table(), f"c{author.next_number()}"
    return Pair(
        kind="column",
        up=(f"ALTER TABLE {table} ADD COLUMN {name} INT NOT NULL DEFAULT 7", f"UPDATE {table} SET {name} = id"),
        down=(f"ALTER TABLE {table} DROP COLUMN {name}",),
    )


def _child(author: Author) -> Pair:
    parent, name = author.table(), author.new_table()
    key = author.random.choice((1, 1, 1, 99))
    return Pair(
        kind="child",
        up=(
            f"CREATE TABLE {name} (id INT PRIMARY KEY, name VARCHAR(9), parent INT)",
            f"ALTER TABLE {name} ADD FOREIGN KEY (parent) REFERENCES {parent} (id)",
            f"INSERT INTO {name} VALUES (1, 'child', {key})",
        ),
        down=(f"DROP TABLE {name}",),
    )


def _checks_off(author: Author) -> Pair:
    table, name = author.table(), author.new_table()
    return Pair(
        kind="foreign-key-checks",
        up=(
            "SET FOREIGN_KEY_CHECKS = 0",
            f"CREATE TABLE {name} (id INT PRIMARY KEY, name INT, FOREIGN KEY (name) REFERENCES later{name} (id))",
            *(("SET FOREIGN_KEY_CHECKS = 1",) if author.random.randrange(2) else ()),
        ),
        down=("SET FOREIGN_KEY_CHECKS = 0", f"DROP TABLE {name}", f"SELECT COUNT(*) FROM {table}"),
    )


def _partial(author: Author) -> Pair:
    """Data changes, then DDL: its implicit commit keeps them whatever comes."""
    table, name = author.table(), f"c{author.next_number()}"
    return Pair(
        kind="implicit-commit",
        up=(
            f"UPDATE {table} SET name = 'changed'",
            f"ALTER TABLE {table} ADD COLUMN {name} INT",
            f"DELETE FROM {table}",
            *(("SELECT missing FROM nowhere",) if author.random.randrange(2) else ()),
        ),
        down=(f"ALTER TABLE {table} DROP COLUMN {name}",),
    )


def _rows(author: Author) -> Pair:
    table = author.table()
    return Pair(
        kind="rows",
        up=(f"INSERT INTO {table} (name) VALUES ('more')", f"DELETE FROM {table} WHERE name = 'two'"),
        down=(f"DELETE FROM {table} WHERE name = 'more'",),
    )


def _procedure(author: Author) -> Pair:
    name = f"p{author.next_number()}"
    return Pair(
        kind="procedure",
        up=(f"CREATE PROCEDURE {name}()\nBEGIN\n  SELECT 1;\n  SELECT 2;\nEND", f"CALL {name}()"),
        down=(f"DROP PROCEDURE {name}",),
    )


def _trigger(author: Author) -> Pair:
    table, name = author.table(), f"g{author.next_number()}"
    return Pair(
        kind="trigger",
        up=(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW BEGIN SET NEW.name = 'x;y'; END",
            f"INSERT INTO {table} (name) VALUES ('z')",
        ),
        down=(f"DROP TRIGGER {name}",),
    )


def _view(author: Author) -> Pair:
    table, name = author.table(), f"v{author.next_number()}"
    return Pair(kind="view", up=(f"CREATE VIEW {name} AS SELECT name FROM {table}",), down=(f"DROP VIEW {name}",))


def _session(author: Author) -> Pair:
    table, number = author.table(), author.next_number()
    up = author.random.choice(
        ("SET autocommit = 0", "SET sql_mode = ''", "SET sql_mode = 'ANSI_QUOTES'", f"LOCK TABLES {table} WRITE",
         f"CREATE TEMPORARY TABLE temp{number} (id INT)", "SET NAMES latin1", "SET @x = 1",
         "PREPARE p FROM 'SELECT 1'", "SET SESSION TRANSACTION READ ONLY", "SET time_zone = '+09:00'",
         "FLUSH TABLES", "UNLOCK TABLES", "SET SESSION lock_wait_timeout = 5"),
    )  # fmt: skip
    return Pair(kind="session", up=(up,), down=("SELECT 1",))


def _told(author: Author) -> Pair:
    name = f"z{author.next_number()}"
    return Pair(
        kind="session-told",
        up=(
            f"CREATE TABLE {name} (a TEXT, b TEXT, c TEXT, d TEXT)",
            f"INSERT INTO {name} SELECT @@time_zone, @@character_set_client, @@character_set_connection, @@sql_mode",
            f"INSERT INTO {name} SELECT @@character_set_results, @@autocommit, @@foreign_key_checks, @@tx_isolation",
            f"INSERT INTO {name} VALUES ('größer \N{ROCKET}', 'a\\nb', '', CHARSET('x'))",
        ),
        down=(f"DROP TABLE {name}",),
    )


def _bookkeeping(author: Author) -> Pair:
    up = author.random.choice(
        ("DELETE FROM __diesel_schema_migrations", "INSERT INTO __diesel_schema_migrations (version) VALUES ('zzzz')",
         "INSERT INTO __diesel_schema_migrations (version) VALUES ('0')", "DROP TABLE __diesel_schema_migrations"),
    )  # fmt: skip
    return Pair(kind="bookkeeping", up=(up,), down=("DELETE FROM __diesel_schema_migrations WHERE version = '0'",))


def _irreversible(author: Author) -> Pair:
    table = author.table()
    return Pair(kind="wrong-down", up=(f"UPDATE {table} SET name = upper(name)",), down=(f"DROP TABLE {table}",))


PIECES: tuple[tuple[int, Callable[[Author], Pair]], ...] = (
    (30, _table),
    (6, _index),
    (9, _column),
    (8, _child),
    (4, _checks_off),
    (7, _partial),
    (7, _rows),
    (4, _procedure),
    (4, _trigger),
    (3, _view),
    (6, _session),
    (4, _told),
    (3, _bookkeeping),
    (2, _irreversible),
)

FAULTS: tuple[str, ...] = (
    "INSERT INTO nowhere VALUES (1)",
    "CREATE TABEL x (id INT)",
    "SELECT no_such_function()",
    "DELIMITER //",
    "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'",
    "CREATE TABLE t1 (id INT), (x INT)",
    "INSERT INTO __diesel_schema_migrations (version) VALUES (NULL)",
    "ALTER TABLE nowhere ADD COLUMN x INT",
)

PROBE = "SET @probe = @@in_transaction;\nCREATE TABLE probe{n} AS SELECT @probe AS in_transaction"
