"""Proofs of ``rebuild-swaps-columns``."""

from __future__ import annotations

from glowplug.review.rules.data_loss.rebuild_swaps_columns import RebuildSwapsColumns
from tests.proof.proof import Proof, Question

SETUP = (
    "CREATE TABLE users (id int PRIMARY KEY, email varchar(60), nickname varchar(60)); "
    "INSERT INTO users VALUES (1, 'ada@example.org', 'ada')"
)
CREATE = "CREATE TABLE new_users (id int PRIMARY KEY, nickname varchar(60), email varchar(60), since varchar(60));"
PLACE = "DROP TABLE users; ALTER TABLE new_users RENAME TO users;"

PROOFS = tuple(
    Proof(
        title=f"{claim.dialect.value}: {title}",
        rule=RebuildSwapsColumns,
        claims=(claim,),
        setup=SETUP,
        unsafe=f"{CREATE} INSERT INTO new_users {copy}; {PLACE}",
        safe=(f"{CREATE} INSERT INTO new_users (id, email, nickname, since) SELECT *, NULL FROM users; {PLACE}",),
        question=Question(sql="SELECT email FROM users", unsafe="ada", safe="ada@example.org"),
    )
    for claim in RebuildSwapsColumns.claims
    for title, copy in {
        "all of it": "SELECT *, NULL FROM users",
        "by name": "SELECT id, email, nickname, NULL FROM users",
        "both named": "(id, email, nickname) SELECT id, nickname, email FROM users",
    }.items()
)
