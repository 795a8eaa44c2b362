"""Proofs of ``type-change-reads-table``; ``tests/proof/test_type_changes.py`` tries which changes are free."""

from __future__ import annotations

from glowplug.review.rules.lock.type_change_reads_table import TypeChangeReadsTable
from tests.proof.proof import Proof

SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY, name varchar(900), at timestamp, note text);
INSERT INTO users SELECT n, repeat('.', 500), now(), '' FROM generate_series(1, 600) AS n;
"""
LONGER = "ALTER TABLE users ALTER COLUMN name TYPE varchar(1000)"
CHECK = "ADD CONSTRAINT named CHECK (name <> '')"

PROOFS = (
    Proof(
        rule=TypeChangeReadsTable,
        claims=TypeChangeReadsTable.claims,
        setup=f"{SETUP}; ALTER TABLE users {CHECK}",
        unsafe=LONGER,
        safe=(
            f"ALTER TABLE users DROP CONSTRAINT named, ALTER COLUMN name TYPE varchar(1000), {CHECK} NOT VALID",
            "ALTER TABLE users VALIDATE CONSTRAINT named",
        ),
        relations={"table": "users"},
    ),
    *(
        Proof(
            title=f"{index}: {unsafe}",
            rule=TypeChangeReadsTable,
            claims=TypeChangeReadsTable.claims,
            setup=f"{SETUP}; CREATE INDEX users_idx ON users {index}; CREATE INDEX kept ON users (id) INCLUDE (name)",
            unsafe=f"ALTER TABLE users ALTER COLUMN {unsafe}",
            safe=("ALTER TABLE users ALTER COLUMN name TYPE varchar(1000)",) if "name" not in index else (),
            relations={"table": "users"},
        )
        for index, unsafe in (
            ("(lower(name))", "name TYPE text"),
            ("(id) WHERE name IS NOT NULL", "name TYPE varchar(1000)"),
            ("(name) WHERE id > 0", "name TYPE varchar(1000)"),
            ("(at)", "at TYPE timestamptz"),
            ("(id, note)", 'note TYPE text COLLATE "C"'),
        )
    ),
)
