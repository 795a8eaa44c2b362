"""Proofs of ``type-copies-table``; ``test_mysql_type_changes.py`` tries every pair of types."""

from __future__ import annotations

from glowplug.review.rules.rewrite.type_copies_table import TypeCopiesTable
from tests.proof.proof import Proof

COPIES, REFUSED = TypeCopiesTable.claims
SETUP = """
CREATE TABLE attachments (id int PRIMARY KEY, file_size int NOT NULL, name varchar(20), code varchar(20) CHARACTER SET
utf8mb3); INSERT INTO attachments VALUES (1, 2, 'a', 'b')
"""
SAFE = (
    "ALTER TABLE attachments ADD COLUMN file_size_bigint bigint",
    "ALTER TABLE attachments MODIFY name varchar(300)",
    "ALTER TABLE attachments MODIFY name varchar(300) COLLATE utf8mb4_bin",
    "ALTER TABLE attachments MODIFY code varchar(20)",
    "ALTER TABLE attachments MODIFY file_size int(5) NOT NULL",
    "ALTER TABLE attachments CONVERT TO CHARACTER SET utf8mb4",
)

PROOFS = (
    *(
        Proof(
            title=unsafe,
            rule=TypeCopiesTable,
            claims=(COPIES,),
            setup=SETUP,
            unsafe=f"ALTER TABLE attachments {unsafe}",
            safe=SAFE,
        )
        for unsafe in (
            "MODIFY file_size bigint NOT NULL",
            "CHANGE file_size size bigint NOT NULL",
            "MODIFY name varchar(10)",
            "MODIFY name text",
            "ADD COLUMN fresh int, MODIFY file_size bigint",
            "CONVERT TO CHARACTER SET latin1",
        )
    ),
    Proof(
        title="the server was asked not to copy",
        rule=TypeCopiesTable,
        claims=(REFUSED,),
        setup=SETUP,
        unsafe="ALTER TABLE attachments MODIFY file_size bigint NOT NULL, ALGORITHM=INPLACE",
        safe=("ALTER TABLE attachments MODIFY name varchar(300), ALGORITHM=INSTANT",),
    ),
)
