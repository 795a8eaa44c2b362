"""Proofs of ``transaction-control``."""

from __future__ import annotations

from glowplug.review.rules.fails.transaction_control import TransactionControl
from tests.proof.proof import Proof, Question

ROLLED_BACK, LEFT_OPEN, IN_BLOCK, NESTED = TransactionControl.claims

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
        title="COMMIT in a DO block",
        rule=TransactionControl,
        claims=(IN_BLOCK,),
        unsafe="DO $$ BEGIN CREATE TABLE users (id bigint PRIMARY KEY); COMMIT; END $$",
        safe=("DO $$ BEGIN CREATE TABLE users (id bigint PRIMARY KEY); END $$",),
    ),
    Proof(
        title="COMMIT in a DO block of a batch",
        rule=TransactionControl,
        claims=(IN_BLOCK,),
        unsafe="SELECT 1; DO $$ BEGIN COMMIT; END $$",
        in_transaction=False,
    ),
    Proof(
        title="BEGIN on SQLite",
        rule=TransactionControl,
        claims=(NESTED,),
        unsafe="BEGIN; CREATE TABLE users (id INTEGER PRIMARY KEY); COMMIT",
        safe=("CREATE TABLE users (id INTEGER PRIMARY KEY)",),
    ),
)
