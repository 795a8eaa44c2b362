"""Proofs of ``index-blocks-writes``."""

from __future__ import annotations

from glowplug.review.rules.lock.index_blocks_writes import IndexBlocksWrites
from tests.proof.proof import Alone, Proof

USERS = """
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
INSERT INTO users SELECT n, n || repeat('.', 500) FROM generate_series(1, 600) AS n;
"""

PARTITIONED = """
CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
INSERT INTO events SELECT n, '2023-01-01', repeat('.', 500) FROM generate_series(1, 600) AS n;
"""
PLAIN, THERE, PARTITIONS, WIDENED = (
    IndexBlocksWrites.claims[:2],
    IndexBlocksWrites.claims[2:3],
    IndexBlocksWrites.claims[3:6],
    IndexBlocksWrites.claims[6:],
)

PROOFS = (
    Proof(
        rule=IndexBlocksWrites,
        claims=PLAIN,
        setup=USERS,
        unsafe="CREATE INDEX users_email_idx ON users (email)",
        safe=(Alone("CREATE INDEX CONCURRENTLY users_email_idx ON users (email)"),),
        relations={"table": "users"},
    ),
    Proof(
        title="unique",
        rule=IndexBlocksWrites,
        claims=PLAIN,
        setup=USERS,
        unsafe="CREATE UNIQUE INDEX users_email_idx ON users (email)",
        safe=(Alone("CREATE UNIQUE INDEX CONCURRENTLY users_email_idx ON users (email)"),),
        relations={"table": "users"},
    ),
    Proof(
        title="a materialized view",
        rule=IndexBlocksWrites,
        claims=PLAIN,
        setup=f"{USERS} CREATE MATERIALIZED VIEW emails AS SELECT * FROM users",
        unsafe="CREATE INDEX emails_email_idx ON emails (email)",
        relations={"table": "emails"},
    ),
    Proof(
        title="IF NOT EXISTS, and it is there",
        rule=IndexBlocksWrites,
        claims=THERE,
        setup=f"{USERS} CREATE INDEX users_email_idx ON users (email)",
        unsafe="CREATE INDEX IF NOT EXISTS users_email_idx ON users (email)",
        safe=("SELECT 1",),
        relations={"indexed": "users"},
    ),
    Proof(
        title="a partitioned table",
        rule=IndexBlocksWrites,
        claims=PARTITIONS,
        setup=PARTITIONED,
        unsafe="CREATE INDEX events_id_idx ON events (id)",
        safe=(
            "CREATE INDEX events_id_idx ON ONLY events (id)",
            Alone("CREATE INDEX CONCURRENTLY events_2023_id_idx ON events_2023 (id)"),
            "ALTER INDEX events_id_idx ATTACH PARTITION events_2023_id_idx",
        ),
        relations={"parent": "events", "partition": "events_2023"},
    ),
    Proof(
        title="after a new column",
        rule=IndexBlocksWrites,
        claims=WIDENED,
        setup=USERS,
        unsafe="ALTER TABLE users ADD COLUMN name text; CREATE INDEX users_email_idx ON users (email)",
        safe=(
            "ALTER TABLE users ADD COLUMN name text",
            Alone("CREATE INDEX CONCURRENTLY users_email_idx ON users (email)"),
        ),
        relations={"widened": "users"},
    ),
)
