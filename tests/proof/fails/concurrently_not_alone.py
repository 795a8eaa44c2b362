"""Proofs of ``concurrently-not-alone``."""

from __future__ import annotations

from glowplug.review.rules.fails.concurrently_not_alone import ConcurrentlyNotAlone
from tests.proof.proof import Alone, Proof

SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY, email text);
INSERT INTO users SELECT n, n::text FROM generate_series(1, 10) AS n;
"""

PROOFS = tuple(
    Proof(
        title=title,
        rule=ConcurrentlyNotAlone,
        claims=ConcurrentlyNotAlone.claims,
        setup=SETUP,
        unsafe=unsafe,
        safe=(Alone("CREATE INDEX CONCURRENTLY users_email ON users (email)"),),
        relations={"table": "users"},
        in_transaction=False,
    )
    for title, unsafe in (
        ("after a timeout", "SET lock_timeout = '2s'; CREATE INDEX CONCURRENTLY users_email ON users (email)"),
        ("first of two", "CREATE INDEX CONCURRENTLY users_email ON users (email); ANALYZE users"),
        (
            "two of a kind",
            "CREATE INDEX CONCURRENTLY a ON users (email); CREATE INDEX CONCURRENTLY b ON users (email)",
        ),
    )
)
