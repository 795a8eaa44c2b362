"""Proofs of ``table-dropped``."""

from __future__ import annotations

from glowplug.review.rules.data_loss.table_dropped import TableDropped
from tests.proof.proof import Proof

PROOFS = (
    Proof(
        rule=TableDropped,
        claims=TableDropped.claims,
        setup="""
        CREATE TABLE users (id bigint PRIMARY KEY);
        CREATE TABLE sessions (id bigint PRIMARY KEY, user_id bigint REFERENCES users);
        """,
        unsafe="DROP TABLE sessions",
        relations={"table": "sessions", "referenced": "users"},
    ),
)
