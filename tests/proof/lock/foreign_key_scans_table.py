"""Proofs of ``foreign-key-scans-table``."""

from __future__ import annotations

from glowplug.review.rules.lock.foreign_key_scans_table import ForeignKeyScansTable
from tests.proof.proof import Proof

SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY);
INSERT INTO users SELECT generate_series(0, 600);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, note text);
INSERT INTO orders SELECT n, n, repeat('.', 500) FROM generate_series(1, 600) AS n;
"""
PLAIN, WIDENED, CHANGED = (
    ForeignKeyScansTable.claims[:3],
    ForeignKeyScansTable.claims[3:5],
    ForeignKeyScansTable.claims[3:],
)
THERE = f"{SETUP} ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);"
EXCHANGED = (
    "ALTER TABLE orders DROP CONSTRAINT orders_user, "
    "ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE"
)

PROOFS = (
    Proof(
        rule=ForeignKeyScansTable,
        claims=PLAIN,
        setup=SETUP,
        unsafe="ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id)",
        safe=(
            "ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_user",
        ),
        relations={"table": "orders", "referenced": "users"},
    ),
    Proof(
        title="a new column with a default",
        rule=ForeignKeyScansTable,
        claims=WIDENED,
        setup=SETUP,
        unsafe="ALTER TABLE orders ADD COLUMN seller_id bigint NOT NULL DEFAULT 0 REFERENCES users (id)",
        safe=(
            "ALTER TABLE orders ADD COLUMN seller_id bigint NOT NULL DEFAULT 0",
            "ALTER TABLE orders ADD CONSTRAINT seller FOREIGN KEY (seller_id) REFERENCES users (id) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT seller",
        ),
        relations={"widened": "orders"},
    ),
    Proof(
        title="a new column with a default of NULL",
        rule=ForeignKeyScansTable,
        claims=WIDENED,
        setup=SETUP,
        unsafe="ALTER TABLE orders ADD COLUMN seller_id bigint DEFAULT NULL REFERENCES users (id)",
        safe=("ALTER TABLE orders ADD COLUMN seller_id bigint REFERENCES users (id)",),
        relations={"widened": "orders"},
    ),
    Proof(
        title="a new column, and the foreign key in a clause of its own",
        rule=ForeignKeyScansTable,
        claims=WIDENED,
        setup=SETUP,
        unsafe="ALTER TABLE orders ADD COLUMN seller_id bigint, ADD FOREIGN KEY (seller_id) REFERENCES users (id)",
        safe=("ALTER TABLE orders ADD COLUMN seller_id bigint REFERENCES users (id)",),
        relations={"widened": "orders"},
    ),
    Proof(
        title="after the foreign key that was there is dropped",
        rule=ForeignKeyScansTable,
        claims=CHANGED,
        setup=THERE,
        unsafe="ALTER TABLE orders DROP CONSTRAINT orders_user; "
        "ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
        relations={"widened": "orders", "was referenced": "users"},
    ),
    Proof(
        title="in the place of one that was there",
        rule=ForeignKeyScansTable,
        claims=CHANGED,
        setup=THERE,
        unsafe=EXCHANGED,
        safe=(
            f"{EXCHANGED} NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_user",
        ),
        relations={"widened": "orders", "was referenced": "users"},
    ),
)
