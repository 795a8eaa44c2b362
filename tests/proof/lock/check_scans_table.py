"""Proofs of ``check-scans-table``."""

from __future__ import annotations

from glowplug.review.rules.lock.check_scans_table import CheckScansTable
from tests.proof.proof import Proof

PROOFS = (
    Proof(
        rule=CheckScansTable,
        claims=CheckScansTable.claims,
        setup="""
        CREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL, note text);
        INSERT INTO orders SELECT n, n, repeat('.', 500) FROM generate_series(1, 600) AS n;
        """,
        unsafe="ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0)",
        safe=(
            "ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check",
        ),
        relations={"table": "orders"},
    ),
)
