"""Proofs of ``cannot-run-in-transaction``."""

from __future__ import annotations

from glowplug.review.rules.fails.cannot_run_in_transaction import CannotRunInTransaction
from tests.proof.proof import Alone, Proof

SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY, email text);
INSERT INTO users SELECT n, n::text FROM generate_series(1, 10) AS n;
"""

PROOFS = tuple(
    Proof(
        title=unsafe.partition(" users")[0],
        rule=CannotRunInTransaction,
        claims=CannotRunInTransaction.claims,
        setup=SETUP + more,
        unsafe=unsafe,
        safe=(Alone(unsafe),) if watched else (),
        relations={"table": "users"},
    )
    for unsafe, more, watched in (
        ("CREATE INDEX CONCURRENTLY users_email ON users (email)", "", True),
        ("DROP INDEX CONCURRENTLY users_email", "CREATE INDEX users_email ON users (email);", True),
        ("REINDEX TABLE CONCURRENTLY users", "", True),
        ("VACUUM users", "", False),
        (
            "ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY",
            """CREATE TABLE events (id bigint NOT NULL) PARTITION BY RANGE (id);
               CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (9);""",
            False,
        ),
    )
)
