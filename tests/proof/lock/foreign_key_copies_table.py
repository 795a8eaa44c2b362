"""Proofs of ``foreign-key-copies-table``."""

from __future__ import annotations

from glowplug.review.rules.lock.foreign_key_copies_table import ForeignKeyCopiesTable
from tests.proof.proof import Proof

COPIES, REFUSED = ForeignKeyCopiesTable.claims
SETUP = """
CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int PRIMARY KEY, user_id int);
INSERT INTO users VALUES (1); INSERT INTO posts VALUES (1, 1)
"""
UNSAFE = "ALTER TABLE posts ADD CONSTRAINT posts_user FOREIGN KEY (user_id) REFERENCES users (id)"
SAFE = ("SET foreign_key_checks = 0", UNSAFE, "SET foreign_key_checks = 1")

PROOFS = (
    *(
        Proof(title=unsafe, rule=ForeignKeyCopiesTable, claims=(COPIES,), setup=SETUP, unsafe=unsafe, safe=SAFE)
        for unsafe in (
            UNSAFE,
            "ALTER TABLE posts ADD KEY (user_id), ADD FOREIGN KEY (user_id) REFERENCES users (id)",
            "ALTER TABLE posts ADD COLUMN author int REFERENCES users (id)",
            "ALTER TABLE posts ADD COLUMN author int, ADD FOREIGN KEY (author) REFERENCES users (id)",
        )
    ),
    Proof(
        title="a row without parent",
        rule=ForeignKeyCopiesTable,
        claims=(REFUSED,),
        setup=f"{SETUP}; INSERT INTO posts VALUES (2, 2)",
        unsafe=UNSAFE,
        safe=(f"DELETE FROM posts WHERE user_id NOT IN (SELECT id FROM users); {UNSAFE}",),
    ),
)
