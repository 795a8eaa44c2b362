"""Proofs of ``cascade-drops-more``."""

from __future__ import annotations

from glowplug.review.rules.data_loss.cascade_drops_more import CascadeDropsMore
from tests.proof.proof import Proof, Question

PROOFS = (
    Proof(
        rule=CascadeDropsMore,
        claims=CascadeDropsMore.claims,
        setup="CREATE TABLE users (id bigint, email text); CREATE VIEW addresses AS SELECT email FROM users",
        unsafe="ALTER TABLE users DROP COLUMN email CASCADE",
        safe=("ALTER TABLE users DROP COLUMN id",),
        question=Question(sql="SELECT to_regclass('addresses') IS NULL", unsafe="True", safe="False"),
    ),
)
