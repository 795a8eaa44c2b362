"""Proofs of ``partition-of-blocks-parent``."""

from __future__ import annotations

from glowplug.review.rules.lock.partition_of_blocks_parent import PartitionOfBlocksParent
from tests.proof.proof import Proof

BARE = "CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at);"
FILLED = f"""
{BARE}
CREATE TABLE others PARTITION OF events DEFAULT;
INSERT INTO events SELECT n, '2020-01-01', repeat('.', 500) FROM generate_series(1, 600) AS n;
"""
BOUNDS = "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"
ATTACH = (
    f"CREATE TABLE events_2024 (LIKE events INCLUDING ALL); ALTER TABLE events ATTACH PARTITION events_2024 {BOUNDS}"
)
PARENT, DEFAULT = PartitionOfBlocksParent.claims[:1], PartitionOfBlocksParent.claims[1:]

PROOFS = (
    Proof(
        title="the parent",
        rule=PartitionOfBlocksParent,
        claims=PARENT,
        setup=BARE,
        unsafe=f"CREATE TABLE events_2024 PARTITION OF events {BOUNDS}",
        safe=(ATTACH,),
        relations={"table": "events"},
    ),
    Proof(
        title="the DEFAULT partition",
        rule=PartitionOfBlocksParent,
        claims=DEFAULT,
        setup=FILLED,
        unsafe=f"CREATE TABLE events_2024 PARTITION OF events {BOUNDS}",
        safe=(
            "ALTER TABLE others ADD CONSTRAINT none_of_2024 CHECK (at IS NOT NULL AND at < '2024-01-01') NOT VALID",
            "ALTER TABLE others VALIDATE CONSTRAINT none_of_2024",
            ATTACH,
        ),
        relations={"default": "others"},
    ),
)
