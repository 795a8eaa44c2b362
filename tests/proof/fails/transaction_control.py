"""Proofs of ``transaction-control``."""

from __future__ import annotations

from glowplug.review.rules.fails.transaction_control import TransactionControl
from tests.proof.proof import Proof, Question

ROLLED_BACK, LEFT_OPEN, NESTED = TransactionControl.claims

PROOFS = (
    Proof(
        title="ROLLBACK",
        rule=TransactionControl,
        claims=(ROLLED_BACK,),
        unsafe="CREATE TABLE users (id bigint PRIMARY KEY); ROLLBACK",
        safe=("CREATE TABLE users (id bigint PRIMARY KEY)",),
        question=Question(sql="SELECT to_regclass('users') IS NULL", unsafe="True", safe="False"),
    ),
    Proof(
        title="BEGIN alone",
        rule=TransactionControl,
        claims=(LEFT_OPEN,),
        unsafe="BEGIN; CREATE TABLE users (id bigint PRIMARY KEY)",
        safe=("CREATE TABLE users (id bigint PRIMARY KEY)",),
        in_transaction=False,
        question=Question(sql="SELECT pg_current_xact_id_if_assigned() IS NOT NULL", unsafe="True", safe="False"),
    ),
    Proof(
        title="BEGIN on SQLite",
        rule=TransactionControl,
        claims=(NESTED,),
        unsafe="BEGIN; CREATE TABLE users (id INTEGER PRIMARY KEY); COMMIT",
        safe=("CREATE TABLE users (id INTEGER PRIMARY KEY)",),
    ),
)
