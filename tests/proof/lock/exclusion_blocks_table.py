"""Proofs of ``exclusion-blocks-table``."""

from __future__ import annotations

from glowplug.review.rules.lock.exclusion_blocks_table import ExclusionBlocksTable
from tests.proof.proof import Proof

PROOFS = (
    Proof(
        rule=ExclusionBlocksTable,
        claims=ExclusionBlocksTable.claims,
        setup="""
        CREATE TABLE bookings (id bigint PRIMARY KEY, during int4range NOT NULL, note text);
        INSERT INTO bookings SELECT n, int4range(n, n + 1), repeat('.', 500) FROM generate_series(1, 600) AS n;
        """,
        unsafe="ALTER TABLE bookings ADD CONSTRAINT bookings_during_excl EXCLUDE USING gist (during WITH &&)",
        safe=(
            "CREATE TABLE new_bookings (id bigint PRIMARY KEY, during int4range, EXCLUDE USING gist (during WITH &&))",
        ),
        relations={"table": "bookings"},
    ),
)
