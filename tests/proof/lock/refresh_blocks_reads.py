"""Proofs of ``refresh-blocks-reads``."""

from __future__ import annotations

from glowplug.review.rules.lock.refresh_blocks_reads import RefreshBlocksReads
from tests.proof.proof import Proof

PROOFS = (
    Proof(
        rule=RefreshBlocksReads,
        claims=RefreshBlocksReads.claims,
        setup="""
        CREATE TABLE orders (id bigint PRIMARY KEY, note text);
        INSERT INTO orders SELECT n, repeat('.', 500) FROM generate_series(1, 600) AS n;
        CREATE MATERIALIZED VIEW totals AS SELECT id, note FROM orders;
        CREATE UNIQUE INDEX totals_id_idx ON totals (id);
        """,
        unsafe="REFRESH MATERIALIZED VIEW totals",
        safe=("REFRESH MATERIALIZED VIEW CONCURRENTLY totals",),
        relations={"view": "totals"},
    ),
)
