"""Proofs of ``type-rewrites-table``; ``test_type_changes.py`` tries every pair of types."""

from __future__ import annotations

from glowplug.review.rules.rewrite.type_rewrites_table import TypeRewritesTable
from tests.proof.proof import Proof

PROOFS = tuple(
    Proof(
        title=unsafe,
        rule=TypeRewritesTable,
        claims=TypeRewritesTable.claims,
        setup="""
        CREATE TABLE downloads (id integer PRIMARY KEY, count integer NOT NULL, note varchar(900));
        INSERT INTO downloads SELECT n, n, repeat('.', 500) FROM generate_series(1, 600) AS n;
        """,
        unsafe=f"ALTER TABLE downloads {unsafe}",
        safe=(
            "ALTER TABLE downloads ADD COLUMN count_bigint bigint",
            "ALTER TABLE downloads ALTER COLUMN note TYPE varchar(1000)",
            "ALTER TABLE downloads ALTER COLUMN note TYPE text",
        ),
        relations={"table": "downloads"},
    )
    for unsafe in (
        "ALTER COLUMN count TYPE bigint",
        "ALTER COLUMN note TYPE varchar(900) USING lower(note)",
        "ADD COLUMN fresh integer, ALTER COLUMN count TYPE numeric",
    )
)
