"""Statements for PostgreSQL: what 14 and newer run alike."""

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
            f"CREATE TABLE {name} (\n  id SERIAL PRIMARY KEY, -- the key; of course\n  name TEXT DEFAULT 'a;b')",
            f"INSERT INTO {name} (name) VALUES ('one'), ('two')",
        ),
        down=(f"DROP TABLE {name}",),
    )


def _index(author: Author) -> Pair:
    table, name = author.table(), f"i{author.next_number()}"
    return Pair(kind="index", up=(f"CREATE INDEX {name} ON {table} (name)",), down=(f"DROP INDEX {name}",))


def _concurrently(author: Author) -> Pair:
    table, name = author.table(), f"i{author.next_number()}"
    unique = author.random.choice(("", "", "UNIQUE "))
    column = "(true)" if unique else "name"  # of two rows both are true: the build fails and leaves an invalid index
    return Pair(
        kind="concurrently",
        up=(f"CREATE {unique}INDEX CONCURRENTLY {name} ON {table} ({column})",),
        down=(f"DROP INDEX CONCURRENTLY {name}",),
        alone=True,
    )


def _column(author: Author) -> Pair:
    table, name = author.table(), f"c{author.next_number()}"
    return Pair(
        kind="column",
        up=(
            f"ALTER TABLE {table} ADD COLUMN {name} INTEGER",
            f"UPDATE {table} SET {name} = 1",
            f"ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL",
        ),
        down=(f"ALTER TABLE {table} DROP COLUMN {name}",),
    )


def _child(author: Author) -> Pair:
    parent, name = author.table(), author.new_table()
    deferred = author.random.choice(("", "ON DELETE CASCADE", "DEFERRABLE INITIALLY DEFERRED"))
    key = author.random.choice((1, 1, 1, 99))
    return Pair(
        kind="child",
        up=(
            f"CREATE TABLE {name} (id SERIAL PRIMARY KEY, name TEXT, parent INT REFERENCES {parent} (id) {deferred})",
            f"INSERT INTO {name} (name, parent) VALUES ('child', {key})",
        ),
        down=(f"DROP TABLE {name}",),
    )


def _enum(author: Author) -> Pair:
    name = f"e{author.next_number()}"
    author.enums.append(name)
    return Pair(kind="enum", up=(f"CREATE TYPE {name} AS ENUM ('a', 'b')",), down=(f"DROP TYPE {name}",))


def _add_value(author: Author) -> Pair:
    if not author.enums:
        return _enum(author)
    name = author.random.choice(author.enums)
    use = (f"SELECT 'c'::{name}",) if author.random.randrange(3) == 0 else ()
    return Pair(
        kind="add-value-used" if use else "add-value",
        up=(f"ALTER TYPE {name} ADD VALUE IF NOT EXISTS 'c'", *use),
        down=("SELECT 1",),
        alone=not use and author.random.randrange(2) == 0,
    )


_BODY = "$body$\nBEGIN\n  NEW.name := 'x;y';\n  RETURN NEW;\nEND;\n$body$"


def _function(author: Author) -> Pair:
    table, number = author.table(), author.next_number()
    return Pair(
        kind="function",
        up=(
            f"CREATE FUNCTION f{number}() RETURNS trigger LANGUAGE plpgsql AS {_BODY}",
            f"CREATE TRIGGER g{number} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION f{number}()",
        ),
        down=(f"DROP TRIGGER g{number} ON {table}", f"DROP FUNCTION f{number}()"),
    )


def _schema(author: Author) -> Pair:
    number = author.next_number()
    path = author.random.choice(
        (f"SET search_path TO s{number}, public", f"SET LOCAL search_path TO s{number}, public",
         f"SET search_path TO s{number}", f"SELECT set_config('search_path', 's{number}', true)", "SELECT 1",
         f"SET search_path TO s{number}", "SELECT pg_catalog.set_config('search_path', '', false)",
         "SET search_path TO nowhere"),
    )  # fmt: skip
    return Pair(
        kind="search-path" if "search_path" in path else "schema",
        up=(f"CREATE SCHEMA s{number}", path, f"CREATE TABLE s{number}.inside (id INTEGER)"),
        down=(f"DROP SCHEMA s{number} CASCADE",),
    )


def _do(author: Author) -> Pair:
    number = author.next_number()
    end = author.random.choice(("", "", "COMMIT;", "RAISE EXCEPTION 'no; never';", "ROLLBACK;"))
    return Pair(
        kind="do-block",
        up=(f"DO $$ BEGIN\n  CREATE TABLE d{number} (id INTEGER);\n  RAISE NOTICE 'made';\n  {end}\nEND $$",),
        down=(f"DROP TABLE d{number}",),
    )


def _view(author: Author) -> Pair:
    table, name = author.table(), f"v{author.next_number()}"
    return Pair(kind="view", up=(f"CREATE VIEW {name} AS SELECT name FROM {table}",), down=(f"DROP VIEW {name}",))


def _session(author: Author) -> Pair:
    number = author.next_number()
    up = author.random.choice(
        ("SET lock_timeout = '3s'", "SET LOCAL statement_timeout = '20s'", "SELECT pg_advisory_xact_lock(17)",
         "SELECT pg_advisory_lock(18)", f"CREATE TEMPORARY TABLE temp{number} (id INTEGER)",
         f"PREPARE p{number} AS SELECT 1", "SET default_transaction_read_only = on", "SET TIME ZONE 'Asia/Tokyo'",
         f"LISTEN c{number}", "SET client_min_messages = debug1", "SET CONSTRAINTS ALL DEFERRED", "DISCARD ALL",
         "SET standard_conforming_strings = off", "SET client_encoding = 'LATIN1'", "RESET ALL",
         "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"),
    )  # fmt: skip
    return Pair(kind="session", up=(up,), down=("SELECT 1",))


def _time_zone(author: Author) -> Pair:
    name = f"z{author.next_number()}"
    return Pair(
        kind="time-zone",
        up=(
            f"CREATE TABLE {name} AS SELECT current_setting('TimeZone') AS a, current_setting('client_encoding') AS b",
        ),
        down=(f"DROP TABLE {name}",),
    )


def _outside(author: Author) -> Pair:
    """What no transaction block allows."""
    table = author.table()
    return Pair(
        kind="outside",
        up=(author.random.choice((f"VACUUM {table}", f"REINDEX TABLE CONCURRENTLY {table}")),),
        down=(f"VACUUM {table}",),
        alone=True,
    )


def _bookkeeping(author: Author) -> Pair:
    up = author.random.choice(
        ("DELETE FROM __diesel_schema_migrations", "INSERT INTO __diesel_schema_migrations (version) VALUES ('zzzz')",
         "INSERT INTO __diesel_schema_migrations (version) VALUES ('0')", "DROP TABLE __diesel_schema_migrations",
         "CREATE TEMPORARY TABLE __diesel_schema_migrations (version TEXT)"),
    )  # fmt: skip
    return Pair(kind="bookkeeping", up=(up,), down=("DELETE FROM __diesel_schema_migrations WHERE version = '0'",))


def _savepoint(author: Author) -> Pair:
    table, number = author.table(), author.next_number()
    return Pair(
        kind="savepoint",
        up=(f"SAVEPOINT s{number}", f"DELETE FROM {table}", f"ROLLBACK TO SAVEPOINT s{number}"),
        down=(f"UPDATE {table} SET name = 'down'",),
    )


def _irreversible(author: Author) -> Pair:
    table = author.table()
    return Pair(
        kind="wrong-down", up=(f"UPDATE {table} SET name = upper(name)",), down=(f"DROP TABLE {table} CASCADE",)
    )


PIECES: tuple[tuple[int, Callable[[Author], Pair]], ...] = (
    (30, _table),
    (6, _index),
    (9, _concurrently),
    (9, _column),
    (9, _child),
    (6, _enum),
    (6, _add_value),
    (6, _function),
    (7, _schema),
    (5, _do),
    (3, _view),
    (8, _session),
    (3, _time_zone),
    (3, _outside),
    (3, _bookkeeping),
    (4, _savepoint),
    (2, _irreversible),
)

FAULTS: tuple[str, ...] = (
    "INSERT INTO nowhere VALUES (1)",
    "CREATE TABEL x (id INTEGER)",
    "SELECT 1/0",
    "DO $$ BEGIN RAISE EXCEPTION 'no'; END $$",
    "\\d",
    "CREATE TABLE pg_catalog.mine (id INTEGER)",
    "INSERT INTO __diesel_schema_migrations (version) VALUES (NULL)",
    "CREATE EXTENSION there_is_no_such_extension",
)

# In a transaction, now() is BEGIN's; on its own it is the batch's.
PROBE = "CREATE TABLE probe{n} AS SELECT now() < statement_timestamp() AS in_transaction"
