"""Proofs of ``unique-blocks-table``."""

from __future__ import annotations

from glowplug.review.rules.lock.unique_blocks_table import UniqueBlocksTable
from tests.proof.proof import Alone, Proof

SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
INSERT INTO users SELECT n, n || repeat('.', 500) FROM generate_series(1, 600) AS n;
"""

PROOFS = (
    Proof(
        rule=UniqueBlocksTable,
        claims=UniqueBlocksTable.claims,
        setup=SETUP,
        unsafe="ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email)",
        safe=(
            Alone("CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email)"),
            "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key",
        ),
        relations={"table": "users"},
    ),
    Proof(
        title="a new column",
        rule=UniqueBlocksTable,
        claims=UniqueBlocksTable.claims,
        setup=SETUP,
        unsafe="ALTER TABLE users ADD COLUMN nick text UNIQUE",
        safe=(
            "ALTER TABLE users ADD COLUMN nick text",
            Alone("CREATE UNIQUE INDEX CONCURRENTLY users_nick_key ON users (nick)"),
            "ALTER TABLE users ADD CONSTRAINT users_nick_key UNIQUE USING INDEX users_nick_key",
        ),
        relations={"table": "users"},
    ),
)
