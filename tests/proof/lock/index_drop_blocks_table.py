"""Proofs of ``index-drop-blocks-table``."""

from __future__ import annotations

from glowplug.review.rules.lock.index_drop_blocks_table import IndexDropBlocksTable
from tests.proof.proof import Alone, Proof

PROOFS = (
    Proof(
        rule=IndexDropBlocksTable,
        claims=IndexDropBlocksTable.claims,
        setup="CREATE TABLE users (id bigint PRIMARY KEY, email text); CREATE INDEX users_email_idx ON users (email)",
        unsafe="DROP INDEX users_email_idx",
        safe=(Alone("DROP INDEX CONCURRENTLY users_email_idx"),),
        relations={"table": "users"},
    ),
)
