"""Proofs of ``column-without-default``."""

from __future__ import annotations

from glowplug.review.rules.breaks_code.column_without_default import ColumnWithoutDefault
from tests.proof.proof import Proof, Question

INVENTED, REFUSED = ColumnWithoutDefault.claims
SETUP = "CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1)"
UNSAFE, SAFE = (
    "ALTER TABLE users ADD COLUMN age int NOT NULL",
    "ALTER TABLE users ADD COLUMN age int NOT NULL DEFAULT 18",
)
STRICT = {"sql_mode": "'STRICT_TRANS_TABLES'"}

PROOFS = (
    Proof(
        title="rows that were there",
        rule=ColumnWithoutDefault,
        claims=(INVENTED,),
        setup=SETUP,
        unsafe=UNSAFE,
        safe=(SAFE,),
        settings=STRICT,
        question=Question(sql="SELECT age FROM users", unsafe="0", safe="18"),
    ),
    Proof(
        title="INSERTs that leave it out",
        rule=ColumnWithoutDefault,
        claims=(REFUSED,),
        setup=SETUP,
        unsafe=f"{UNSAFE}; INSERT INTO users (id) VALUES (2)",
        safe=(f"{SAFE}; INSERT INTO users (id) VALUES (2)",),
        settings=STRICT,
    ),
)
