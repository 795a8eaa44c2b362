"""Proofs of ``type-narrowed``."""

from __future__ import annotations

from glowplug.review.rules.data_loss.type_narrowed import TypeNarrowed
from tests.proof.proof import Proof, Question

ROUNDS, REFUSES = TypeNarrowed.claims

PROOFS = (
    Proof(
        title="rounds",
        rule=TypeNarrowed,
        claims=(ROUNDS,),
        setup="CREATE TABLE prices (amount numeric(12, 4)); INSERT INTO prices VALUES (1.2345)",
        unsafe="ALTER TABLE prices ALTER COLUMN amount TYPE numeric(12, 2)",
        safe=("ALTER TABLE prices ADD COLUMN rounded numeric(12, 2)",),
        question=Question(sql="SELECT amount FROM prices", unsafe="1.23", safe="1.2345"),
    ),
    Proof(
        title="refuses",
        rule=TypeNarrowed,
        claims=(REFUSES,),
        setup="CREATE TABLE users (name varchar(20)); INSERT INTO users VALUES ('a name too long')",
        unsafe="ALTER TABLE users ALTER COLUMN name TYPE varchar(5)",
        safe=("ALTER TABLE users ALTER COLUMN name TYPE varchar(40)",),
    ),
)
