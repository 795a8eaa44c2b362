"""What the review says is closed to others by the end of a file: as the table of locks has it, and live servers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.review.held import Held, Taken
from glowplug.schema.simulation import Simulation
from glowplug.sql.actions import RenameTable
from glowplug.sql.reader import read

from .postgres import administrator, available
from .postgres_locks import ALONE, SETUP, Form, forms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .postgres import Session
    from .proof import Servers

NEWEST = 18
TABLE = [form for form in forms() if form.section != ALONE]
NOT_FOLLOWED = {
    "ALTER TABLE t DROP a CASCADE",  # a view goes along
    "ALTER TABLE s2 ALTER id DROP IDENTITY",  # a sequence
    "TRUNCATE s2 RESTART IDENTITY",
    "ALTER TABLE inh ADD CONSTRAINT k1 CHECK (x > 0) NO INHERIT",  # heirs too, on 18
    "ALTER TABLE t SET (user_catalog_table = true)",
    "ALTER TABLE p ALTER v SET DEFAULT 3",  # partitions too, but for ONLY, which no Action tells
    "TRUNCATE inh",  # heirs too, likewise
    "LOCK TABLE v",
    "LOCK TABLE inh",
    "DROP FUNCTION stamp() CASCADE",
    "CREATE OR REPLACE VIEW v AS SELECT id, b, a FROM t",
    "ALTER VIEW v RENAME TO vv",
    "ALTER VIEW v SET (security_barrier)",
    "ALTER VIEW v SET (security_invoker)",
    "ALTER VIEW v OWNER TO CURRENT_USER",
    "ALTER MATERIALIZED VIEW m RENAME TO mm",
    "ALTER TYPE pair ADD ATTRIBUTE z int CASCADE",
    "ALTER TYPE pair RENAME ATTRIBUTE x TO xx CASCADE",
    "ALTER TYPE pair DROP ATTRIBUTE y CASCADE",
    "DROP TYPE mood CASCADE",
    "DROP TYPE pair CASCADE",
    "DROP DOMAIN small CASCADE",
    "DROP SCHEMA other CASCADE",
    "ALTER SEQUENCE seq RENAME TO seq2",
    "ALTER SEQUENCE seq SET SCHEMA other",
    "ALTER SEQUENCE seq OWNER TO CURRENT_USER",
    "DROP SEQUENCE seq",
}
"""Of which less is said than is held; of none is more said."""


def held(sql: str, setup: str) -> set[str]:
    """The relations that the review takes to be closed to others after a file, by their names before."""
    schema, now = Simulation(Dialect.POSTGRES, server_version=(NEWEST,)), Held()
    renamed: set[str] = set()
    for number, text in enumerate((setup, sql)):
        schema.begin(index=number, version=str(number), migration=str(number), file=str(number), text=text)
        now, renamed = now.in_another_file(), set()
        waiting = list(read(text, Dialect.POSTGRES).statements)
        while waiting:
            statement = waiting.pop(0)
            now.take(statement.actions, lambda _: Taken(line=1), schema)
            renamed |= {str(each.new_name.name) for each in statement.actions if isinstance(each, RenameTable)}
            for action in statement.actions:
                schema.apply(action, statement)
            waiting = [*statement.inner(), *waiting]
    return {name.name for name in now.taken} - renamed - {"nope"}


@pytest.mark.parametrize("form", TABLE, ids=lambda form: form.sql)
def test_the_table_of_locks_says_the_same(form: Form) -> None:
    is_closed = {name for name, mode in form.effects(NEWEST).locks.items() if mode == "ACCESS EXCLUSIVE"}
    said = held(form.sql, SETUP)
    if form.sql in NOT_FOLLOWED:
        assert said < is_closed
    elif form.sql.startswith("ALTER TABLE t_b_idx RENAME"):  # an index, named as if it were a table
        assert said == {"t_b_idx"}
    else:
        assert said == is_closed


SHOP = """
CREATE TABLE users (id bigint PRIMARY KEY, name text UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL CONSTRAINT orders_user REFERENCES users,
  boss bigint CONSTRAINT orders_boss REFERENCES orders);
CREATE TABLE events (at date NOT NULL, user_id bigint) PARTITION BY RANGE (at);
CREATE TABLE events_23 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE VIEW names AS SELECT name FROM users;
CREATE INDEX orders_user_idx ON orders (user_id);
"""
FILES = (
    "ALTER TABLE orders DROP CONSTRAINT orders_user; CREATE INDEX ON users (id)",
    "ALTER TABLE orders DROP CONSTRAINT orders_user, ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users",
    "ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES users; CREATE INDEX ON orders (user_id)",
    "ALTER TABLE orders DROP COLUMN user_id; CREATE INDEX ON users (id)",
    "ALTER TABLE orders ALTER COLUMN user_id TYPE integer",
    "ALTER TABLE orders RENAME TO bills; CREATE INDEX ON bills (user_id)",
    "CREATE TABLE new (id bigint REFERENCES users); ALTER TABLE users ADD COLUMN x text",
    "DO $$ BEGIN ALTER TABLE users ADD COLUMN x text; END $$; CREATE INDEX ON users (x)",
    "ALTER TABLE events DETACH PARTITION events_23; CREATE INDEX ON events (user_id)",
    "CREATE TABLE e24 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
    "CREATE TABLE e (LIKE events); ALTER TABLE events ATTACH PARTITION e FOR VALUES FROM ('2024-1-1') TO ('2025-1-1')",
    "DROP TABLE events_23",
    "DROP TABLE orders",
    "DROP INDEX orders_user_idx; CREATE INDEX ON orders (user_id)",
    "ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE",
    "ALTER TABLE users DROP CONSTRAINT users_name_key CASCADE",
    "ALTER TABLE orders VALIDATE CONSTRAINT orders_user; COMMENT ON TABLE users IS 'x'",
    "CREATE POLICY p ON users USING (true); ALTER TABLE orders DISABLE TRIGGER USER",
    "ALTER TABLE users ADD COLUMN x text; COMMIT; BEGIN; CREATE INDEX ON users (x)",
)


@pytest.mark.postgres
@pytest.mark.parametrize("sql", FILES)
def test_a_server_holds_the_same(servers: Servers, sql: str) -> None:
    for major in sorted({available()[0], available()[-1]}):
        server = servers.get(f"postgres {major}", lambda major=major: administrator(major))
        assert held(sql, SHOP) & names_of(SHOP) == closed(server, sql), major


def names_of(setup: str) -> set[str]:
    """The tables that are there before."""
    words = setup.replace("\n", " ").split()
    return {after for word, after in itertools.pairwise(words) if word == "TABLE"}


def closed(server: Session, sql: str) -> set[str]:
    """The tables of ``SHOP`` that nobody else can read when the file has run, before it commits."""
    server.execute("CREATE SCHEMA held; SET search_path = held")
    try:
        server.execute(SHOP)
        known = _rows(
            server.execute("SELECT oid::int, relname FROM pg_class WHERE relnamespace = 'held'::regnamespace")
        )
        server.execute(f"BEGIN; {sql}")
        modes = server.execute(
            "SELECT relation::int, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'"
        )
        locked = {oid for oid, mode in _rows(modes) if mode == "AccessExclusiveLock"}
        return {str(name) for oid, name in known if oid in locked} & names_of(SHOP)
    finally:
        server.execute("ROLLBACK; RESET ALL; DROP SCHEMA held CASCADE")


def _rows(rows: Iterable[tuple[object, ...]]) -> list[tuple[object, object]]:
    return [(row[0], row[1]) for row in rows]
