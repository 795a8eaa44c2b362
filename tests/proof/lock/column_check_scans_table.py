"""Proofs of ``column-check-scans-table``."""

from __future__ import annotations

from glowplug.review.rules.lock.column_check_scans_table import ColumnCheckScansTable
from tests.proof.proof import Proof

SETUP = """
CREATE TABLE versions (id bigint PRIMARY KEY, note text);
INSERT INTO versions SELECT n, repeat('.', 500) FROM generate_series(1, 600) AS n;
"""
SAFE = (
    """ALTER TABLE versions ADD COLUMN sha256 bytea,
       ADD CONSTRAINT sha256_check CHECK (octet_length(sha256) = 32) NOT VALID""",
    "ALTER TABLE versions VALIDATE CONSTRAINT sha256_check",
)

PROOFS = tuple(
    Proof(
        title=title,
        rule=ColumnCheckScansTable,
        claims=ColumnCheckScansTable.claims,
        setup=SETUP,
        unsafe=f"ALTER TABLE versions ADD COLUMN sha256 bytea {rest}",
        safe=SAFE,
        relations={"table": "versions"},
    )
    for title, rest in (
        ("nullable", "CHECK (octet_length(sha256) = 32)"),
        ("true of NULL", "CHECK (sha256 IS NULL OR octet_length(sha256) = 32)"),
        ("with a default", r"NOT NULL DEFAULT '\x00' CHECK (octet_length(sha256) = 1)"),
    )
)
