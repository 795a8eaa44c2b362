"""Proofs of ``vacuum-in-transaction``."""

from __future__ import annotations

from glowplug.review.rules.fails.vacuum_in_transaction import VacuumInTransaction
from tests.proof.proof import Alone, Proof

PROOFS = (
    Proof(
        rule=VacuumInTransaction,
        claims=VacuumInTransaction.claims,
        setup="CREATE TABLE users (id INTEGER PRIMARY KEY)",
        unsafe="VACUUM",
        safe=(Alone("VACUUM"), Alone("BEGIN; CREATE TABLE posts (id INTEGER); COMMIT; VACUUM")),
    ),
)
