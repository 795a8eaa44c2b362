"""Proofs of ``not-null-without-default``."""

from __future__ import annotations

from glowplug.review.rules.fails.not_null_without_default import NotNullWithoutDefault
from tests.proof.proof import Proof

SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY, email text);
INSERT INTO users SELECT n, n::text FROM generate_series(1, 10) AS n;
"""

PROOFS = tuple(
    Proof(
        title=definition,
        rule=NotNullWithoutDefault,
        claims=NotNullWithoutDefault.claims,
        setup=SETUP,
        unsafe=f"ALTER TABLE users ADD COLUMN phone {definition}",
        safe=(
            "ALTER TABLE users ADD COLUMN phone text",
            "ALTER TABLE users ADD COLUMN fax text NOT NULL DEFAULT ''",
            "ALTER TABLE users ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY",
        ),
    )
    for definition in ("text NOT NULL", "text NOT NULL DEFAULT NULL")
)
