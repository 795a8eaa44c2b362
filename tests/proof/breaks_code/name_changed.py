"""Proofs of ``name-changed``."""

from __future__ import annotations

from glowplug.review.rules.breaks_code.name_changed import NameChanged
from tests.proof.proof import Proof

PROOFS = tuple(
    Proof(
        title=unsafe,
        rule=NameChanged,
        claims=NameChanged.claims,
        setup="CREATE TABLE users (id bigint PRIMARY KEY, email text)",
        unsafe=unsafe,
        relations={"table": "users"},
    )
    for unsafe in ("ALTER TABLE users RENAME TO people", "ALTER TABLE users RENAME COLUMN email TO address")
)
