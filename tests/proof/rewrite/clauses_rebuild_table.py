"""Proofs of ``clauses-rebuild-table``."""

from __future__ import annotations

from glowplug.review.rules.rewrite.clauses_rebuild_table import ClausesRebuildTable
from tests.proof.proof import Proof

PROOFS = tuple(
    Proof(
        title=unsafe,
        rule=ClausesRebuildTable,
        claims=ClausesRebuildTable.claims,
        setup="CREATE TABLE users (id int PRIMARY KEY, email varchar(9), old int); INSERT INTO users VALUES (1, '', 1)",
        unsafe=f"ALTER TABLE users {unsafe}",
        safe=(
            "ALTER TABLE users ADD COLUMN nick varchar(50), DROP COLUMN old",
            "ALTER TABLE users ADD INDEX (email)",
            "ALTER TABLE users ADD UNIQUE (email)",
        ),
    )
    for unsafe in (
        "ADD COLUMN nick varchar(50), ADD INDEX (email)",
        "ADD COLUMN nick varchar(50), ADD UNIQUE (email)",
        "ADD COLUMN nick varchar(50), ADD CONSTRAINT one UNIQUE KEY (email)",
        "ADD COLUMN nick int NOT NULL DEFAULT 1 FIRST, ADD KEY (nick)",
        "DROP COLUMN old, ADD INDEX (email)",
    )
)
