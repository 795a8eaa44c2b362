"""Proofs of ``reindex-blocks-writes``."""

from __future__ import annotations

from glowplug.review.rules.lock.reindex_blocks_writes import ReindexBlocksWrites
from tests.proof.proof import Alone, Proof

SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
INSERT INTO users SELECT n, n || repeat('.', 500) FROM generate_series(1, 600) AS n;
CREATE INDEX users_email_idx ON users (email);
"""
RELATIONS = {"table": "users", "index": "users_email_idx"}

PROOFS = (
    Proof(
        title="an index",
        rule=ReindexBlocksWrites,
        claims=ReindexBlocksWrites.claims,
        setup=SETUP,
        unsafe="REINDEX INDEX users_email_idx",
        safe=(Alone("REINDEX INDEX CONCURRENTLY users_email_idx"),),
        relations=RELATIONS,
    ),
    Proof(
        title="a table",
        rule=ReindexBlocksWrites,
        claims=ReindexBlocksWrites.claims,
        setup=SETUP,
        unsafe="REINDEX TABLE users",
        safe=(Alone("REINDEX TABLE CONCURRENTLY users"),),
        relations=RELATIONS,
    ),
)
