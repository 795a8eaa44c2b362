"""Proofs of ``foreign-key-locks-parent``."""

from __future__ import annotations

from glowplug.review.rules.lock.foreign_key_locks_parent import ForeignKeyLocksParent
from tests.proof.proof import Proof

SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY);
INSERT INTO users SELECT generate_series(1, 600);
CREATE TABLE orders (id bigint PRIMARY KEY);
INSERT INTO orders SELECT generate_series(1, 600);
"""
PLAIN, WIDENED = ForeignKeyLocksParent.claims[:1], ForeignKeyLocksParent.claims[1:]

PROOFS = (
    Proof(
        rule=ForeignKeyLocksParent,
        claims=PLAIN,
        setup=SETUP,
        unsafe="CREATE TABLE bills (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id))",
        safe=("CREATE TABLE bills (id bigint PRIMARY KEY, user_id bigint)",),
        relations={"referenced": "users"},
    ),
    Proof(
        title="a new column",
        rule=ForeignKeyLocksParent,
        claims=PLAIN,
        setup=SETUP,
        unsafe="ALTER TABLE orders ADD COLUMN user_id bigint REFERENCES users (id)",
        safe=("ALTER TABLE orders ADD COLUMN user_id bigint",),
        relations={"referenced": "users"},
    ),
    Proof(
        title="of a table that is new",
        rule=ForeignKeyLocksParent,
        claims=PLAIN,
        setup=SETUP,
        unsafe="CREATE TABLE bills (user_id bigint); ALTER TABLE bills ADD FOREIGN KEY (user_id) REFERENCES users (id)",
        relations={"referenced": "users"},
    ),
    Proof(
        title="of a table that gets a column in the same file",
        rule=ForeignKeyLocksParent,
        claims=WIDENED,
        setup=SETUP,
        unsafe="ALTER TABLE users ADD COLUMN name text; "
        "CREATE TABLE bills (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id))",
        safe=("CREATE TABLE bills (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id))",),
        relations={"widened": "users"},
    ),
)
