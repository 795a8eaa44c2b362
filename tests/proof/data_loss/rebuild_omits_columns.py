"""Proofs of ``rebuild-omits-columns``."""

from __future__ import annotations

from glowplug.review.rules.data_loss.rebuild_omits_columns import RebuildOmitsColumns
from tests.proof.proof import Proof, Question

SETUP = "CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT); INSERT INTO users VALUES (1, '1'), (2, '2');"
CREATE = "CREATE TABLE new_users (id INTEGER PRIMARY KEY, phone TEXT);"
PLACE = "DROP TABLE users; ALTER TABLE new_users RENAME TO users;"

PROOFS = tuple(
    Proof(
        title=title,
        rule=RebuildOmitsColumns,
        claims=RebuildOmitsColumns.claims,
        setup=SETUP,
        unsafe=f"{CREATE} {copy} {PLACE}",
        safe=(f"{CREATE} INSERT INTO new_users (id, phone) SELECT id, phone FROM users; {PLACE}",),
        question=Question(sql="SELECT count(phone) FROM users", unsafe="0", safe="2"),
    )
    for title, copy in {
        "left out": "INSERT INTO new_users (id) SELECT id FROM users;",
        "NULL": "INSERT INTO new_users (id, phone) SELECT id, NULL FROM users;",
        "no rows": "",
    }.items()
)
