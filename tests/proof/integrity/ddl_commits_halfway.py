"""Proofs of ``ddl-commits-halfway``."""

from __future__ import annotations

from glowplug.review.rules.integrity.ddl_commits_halfway import DdlCommitsHalfway
from tests.proof.proof import Proof, Question

STAYS, FAILED, STOPS = DdlCommitsHalfway.claims
SETUP = "CREATE TABLE users (id int PRIMARY KEY, email varchar(50)); INSERT INTO users VALUES (1, 'a'), (2, 'a')"
FIRST = "ALTER TABLE users ADD COLUMN nick varchar(50)"
COLUMNS = (
    "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name IN ('nick', 'age')"
)

PROOFS = (
    Proof(
        title="what was done stays",
        rule=DdlCommitsHalfway,
        claims=(STAYS, FAILED),
        setup=SETUP,
        unsafe=f"{FIRST}; ALTER TABLE users ADD UNIQUE (email)",
        safe=("DELETE FROM users; ROLLBACK",),
        question=Question(sql=COLUMNS, unsafe="1", safe="0"),
    ),
    Proof(
        title="the file again, after its second statement failed",
        rule=DdlCommitsHalfway,
        claims=(STOPS,),
        setup=f"{SETUP}; {FIRST}",
        unsafe=f"{FIRST}; ALTER TABLE users ADD UNIQUE (email)",
        safe=("ALTER TABLE users ADD COLUMN age int, ADD KEY (email)",),
    ),
)
