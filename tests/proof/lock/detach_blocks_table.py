"""Proofs of ``detach-blocks-table``."""

from __future__ import annotations

from glowplug.review.rules.lock.detach_blocks_table import DetachBlocksTable
from tests.proof.proof import Alone, Proof

PROOFS = (
    Proof(
        rule=DetachBlocksTable,
        claims=DetachBlocksTable.claims,
        setup="""
        CREATE TABLE events (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
        CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
        """,
        unsafe="ALTER TABLE events DETACH PARTITION events_2023",
        safe=(Alone("ALTER TABLE events DETACH PARTITION events_2023 CONCURRENTLY"),),
        relations={"table": "events"},
    ),
)
