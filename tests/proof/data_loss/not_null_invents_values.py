"""Proofs of ``not-null-invents-values``."""

from __future__ import annotations

from glowplug.review.rules.data_loss.not_null_invents_values import NotNullInventsValues
from tests.proof.proof import Proof, Question

REFUSED, INVENTED = NotNullInventsValues.claims
SETUP = "CREATE TABLE users (id int PRIMARY KEY, age int); INSERT INTO users VALUES (1, NULL)"
UNSAFE = "ALTER TABLE users MODIFY age int NOT NULL"
SAFE = (f"UPDATE users SET age = 18 WHERE age IS NULL; {UNSAFE}",)

PROOFS = (
    Proof(
        title="in strict mode",
        rule=NotNullInventsValues,
        claims=(REFUSED,),
        setup=SETUP,
        unsafe=UNSAFE,
        safe=SAFE,
        settings={"sql_mode": "'STRICT_TRANS_TABLES'"},
    ),
    Proof(
        title="in the server's default mode",
        rule=NotNullInventsValues,
        claims=(REFUSED,),
        setup=SETUP,
        unsafe=UNSAFE,
        safe=SAFE,
    ),
    Proof(
        title="without strict mode",
        rule=NotNullInventsValues,
        claims=(INVENTED,),
        setup=SETUP,
        unsafe=UNSAFE,
        safe=SAFE,
        settings={"sql_mode": "''"},
        question=Question(sql="SELECT age FROM users", unsafe="0", safe="18"),
    ),
)
