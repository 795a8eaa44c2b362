"""Proofs of ``inline-reference-ignored``: that MariaDB makes a key of it, as MySQL before 9.0 does not."""

from __future__ import annotations

from glowplug.review.rules.integrity.inline_reference_ignored import InlineReferenceIgnored
from tests.proof.proof import Proof, Question

KEYS = "SELECT COUNT(*) FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()"

PROOFS = tuple(
    Proof(
        title=unsafe,
        rule=InlineReferenceIgnored,
        claims=InlineReferenceIgnored.claims,
        setup="CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE notes (id int PRIMARY KEY)",
        unsafe=unsafe,
        safe=("CREATE TABLE posts (id int PRIMARY KEY, user_id int)",),
        question=Question(sql=KEYS, unsafe="1", safe="0"),
    )
    for unsafe in (
        "CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users (id))",
        "ALTER TABLE notes ADD COLUMN user_id int REFERENCES users (id)",
    )
)
