"""Proofs of ``enum-value-used``."""

from __future__ import annotations

from glowplug.review.rules.fails.enum_value_used import EnumValueUsed
from tests.proof.proof import Proof

SETUP = """
CREATE TYPE state AS ENUM ('open', 'closed');
CREATE TABLE tickets (id bigint PRIMARY KEY, state state);
"""

PROOFS = tuple(
    Proof(
        title=f"{title}, {'in' if in_transaction else 'without'} a transaction",
        rule=EnumValueUsed,
        claims=EnumValueUsed.claims,
        setup=SETUP,
        unsafe=f"ALTER TYPE state ADD VALUE 'paused'; {use}",
        safe=("ALTER TYPE state ADD VALUE 'paused'", use),
        in_transaction=in_transaction,
    )
    for in_transaction in (True, False)
    for title, use in (
        ("a row", "INSERT INTO tickets VALUES (1, 'paused')"),
        ("a default", "ALTER TABLE tickets ALTER COLUMN state SET DEFAULT 'paused'"),
        ("a comparison", "UPDATE tickets SET id = 2 WHERE state = 'paused'"),
    )
)
