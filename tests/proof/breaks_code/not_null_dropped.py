"""Proofs of ``not-null-dropped``."""

from __future__ import annotations

from glowplug.review.rules.breaks_code.not_null_dropped import NotNullDropped
from tests.proof.proof import Proof, Question

SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL)"
DROP = "ALTER TABLE users ALTER COLUMN email DROP NOT NULL"
INSERT = "INSERT INTO users (id) VALUES (1)"
NULLS = Question(sql="SELECT count(*) FROM users WHERE email IS NULL", unsafe="1", safe="0")

PROOFS = (
    Proof(
        rule=NotNullDropped,
        claims=NotNullDropped.claims,
        setup=SETUP,
        unsafe=f"{DROP}; {INSERT}",
        safe=(f"ALTER TABLE users ALTER COLUMN email SET DEFAULT ''; {INSERT}",),
        question=NULLS,
    ),
    Proof(
        title="a CHECK that stays, validated or not",
        rule=NotNullDropped,
        claims=NotNullDropped.claims,
        setup=SETUP,
        unsafe=f"{DROP}; {INSERT}",
        safe=(
            "ALTER TABLE users ADD CONSTRAINT users_email_present CHECK (email IS NOT NULL) NOT VALID",
            DROP,
            f"DO $$ BEGIN {INSERT}; EXCEPTION WHEN check_violation THEN NULL; END $$",
        ),
        question=NULLS,
    ),
)
