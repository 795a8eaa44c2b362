"""Proofs of ``set-not-null-scans-table``."""

from __future__ import annotations

from glowplug.review.rules.lock.set_not_null_scans_table import SetNotNullScansTable
from glowplug.review.version import Versions
from tests.proof.proof import Proof

SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY, email text);
INSERT INTO users SELECT n, repeat('.', 500) FROM generate_series(1, 600) AS n;
"""
CHECK = "ALTER TABLE users ADD CONSTRAINT users_email_present CHECK (email IS NOT NULL) NOT VALID"
SET = "ALTER TABLE users ALTER COLUMN email SET NOT NULL"

PROOFS = (
    Proof(
        rule=SetNotNullScansTable,
        claims=SetNotNullScansTable.claims,
        setup=SETUP,
        unsafe=SET,
        safe=(CHECK, "ALTER TABLE users VALIDATE CONSTRAINT users_email_present", SET),
        relations={"table": "users"},
    ),
    Proof(
        title="a CHECK that is not validated proves nothing, one of several conditions does",
        rule=SetNotNullScansTable,
        claims=SetNotNullScansTable.claims,
        setup=f"{SETUP}; {CHECK}",
        unsafe=SET,
        safe=(
            "ALTER TABLE users ADD CONSTRAINT both_present CHECK (email IS NOT NULL AND id > 0) NOT VALID",
            "ALTER TABLE users VALIDATE CONSTRAINT both_present",
            SET,
        ),
        relations={"table": "users"},
    ),
    Proof(
        title="a column of the same file",
        rule=SetNotNullScansTable,
        claims=SetNotNullScansTable.claims,
        setup=SETUP,
        unsafe="ALTER TABLE users ADD COLUMN age integer DEFAULT 0; ALTER TABLE users ALTER COLUMN age SET NOT NULL",
        safe=("ALTER TABLE users ADD COLUMN age integer NOT NULL DEFAULT 0",),
        relations={"table": "users"},
    ),
    Proof(
        title="as a named constraint",
        rule=SetNotNullScansTable,
        claims=SetNotNullScansTable.claims,
        versions=Versions(since=(18,)),
        setup=SETUP,
        unsafe="ALTER TABLE users ADD CONSTRAINT users_email_not_null NOT NULL email",
        safe=(
            "ALTER TABLE users ADD CONSTRAINT users_email_not_null NOT NULL email NOT VALID",
            "ALTER TABLE users VALIDATE CONSTRAINT users_email_not_null",
        ),
        relations={"table": "users"},
    ),
)
