"""Proofs of ``modify-narrows-type``; ``test_mysql_type_changes.py`` tries every pair of types."""

from __future__ import annotations

from glowplug.review.rules.data_loss.modify_narrows_type import ModifyNarrowsType
from tests.proof.proof import Proof, Question

ROUNDS, REFUSES, CUTS = ModifyNarrowsType.claims
STRICT, LAX = {"sql_mode": "'STRICT_TRANS_TABLES'"}, {"sql_mode": "''"}
NAMES = "CREATE TABLE users (name varchar(20)); INSERT INTO users VALUES ('a name too long')"
SHORTER, LONGER = "ALTER TABLE users MODIFY name varchar(6)", ("ALTER TABLE users MODIFY name varchar(40)",)

PROOFS = (
    Proof(
        title="rounds",
        rule=ModifyNarrowsType,
        claims=(ROUNDS,),
        setup="CREATE TABLE prices (amount decimal(12, 4)); INSERT INTO prices VALUES (1.2345)",
        unsafe="ALTER TABLE prices MODIFY amount decimal(12, 2)",
        safe=("ALTER TABLE prices ADD COLUMN rounded decimal(12, 2)",),
        settings=STRICT,
        question=Question(sql="SELECT amount FROM prices", unsafe="1.23", safe="1.2345"),
    ),
    Proof(title="refuses", rule=ModifyNarrowsType, claims=(REFUSES,), setup=NAMES, unsafe=SHORTER, safe=LONGER),
    Proof(
        title="cuts",
        rule=ModifyNarrowsType,
        claims=(CUTS,),
        setup=NAMES,
        unsafe=SHORTER,
        safe=LONGER,
        settings=LAX,
        question=Question(sql="SELECT name FROM users", unsafe="a name", safe="a name too long"),
    ),
)
