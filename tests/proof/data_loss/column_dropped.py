"""Proofs of ``column-dropped``."""

from __future__ import annotations

from glowplug.review.rules.data_loss.column_dropped import ColumnDropped
from tests.proof.proof import Proof, Question

NUMBERED = "CREATE TABLE users (id bigint PRIMARY KEY, phone text); INSERT INTO users VALUES (1, '1'), (2, '2')"

PROOFS = tuple(
    Proof(
        title=claim.dialect.value,
        rule=ColumnDropped,
        claims=(claim,),
        setup=NUMBERED,
        unsafe="ALTER TABLE users DROP COLUMN phone; ALTER TABLE users ADD COLUMN phone text",
        safe=("ALTER TABLE users RENAME COLUMN phone TO unused", "ALTER TABLE users RENAME COLUMN unused TO phone"),
        question=Question(sql="SELECT count(phone) FROM users", unsafe="0", safe="2"),
    )
    for claim in ColumnDropped.claims
)
