"""Proofs of ``validation-in-same-transaction``."""

from __future__ import annotations

from glowplug.review.rules.lock.validation_in_same_transaction import ValidationInSameTransaction
from tests.proof.proof import Proof

SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY);
INSERT INTO users SELECT generate_series(1, 600);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, note text);
INSERT INTO orders SELECT n, n, repeat('.', 500) FROM generate_series(1, 600) AS n;
"""
CHECK, FOREIGN_KEY = ValidationInSameTransaction.claims[:2], ValidationInSameTransaction.claims[2:]
VALIDATE = "ALTER TABLE orders VALIDATE CONSTRAINT added"
ADD_CHECK = "ALTER TABLE orders ADD CONSTRAINT added CHECK (user_id > 0) NOT VALID"
ADD_FOREIGN_KEY = "ALTER TABLE orders ADD CONSTRAINT added FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID"

PROOFS = tuple(
    Proof(
        title=title + (" in a transaction" if in_transaction else " as one batch"),
        rule=ValidationInSameTransaction,
        claims=claims,
        setup=SETUP,
        unsafe=f"{add}; {VALIDATE}",
        safe=(add, VALIDATE),
        relations=relations,
        in_transaction=in_transaction,
    )
    for in_transaction in (True, False)
    for title, add, claims, relations in (
        ("a CHECK", ADD_CHECK, CHECK, {"checked": "orders"}),
        ("a foreign key", ADD_FOREIGN_KEY, FOREIGN_KEY, {"referencing": "orders", "referenced": "users"}),
    )
)
