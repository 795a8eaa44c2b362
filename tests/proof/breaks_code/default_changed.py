"""Proofs of ``default-changed``."""

from __future__ import annotations

from glowplug.review.rules.breaks_code.default_changed import DefaultChanged
from tests.proof.proof import Proof

PROOFS = (
    Proof(
        rule=DefaultChanged,
        claims=DefaultChanged.claims,
        setup="CREATE TABLE jobs (id bigint PRIMARY KEY, priority integer NOT NULL DEFAULT 0)",
        unsafe="ALTER TABLE jobs ALTER COLUMN priority DROP DEFAULT; INSERT INTO jobs (id) VALUES (1)",
        safe=("ALTER TABLE jobs ALTER COLUMN priority SET DEFAULT 1; INSERT INTO jobs (id) VALUES (1)",),
    ),
)
