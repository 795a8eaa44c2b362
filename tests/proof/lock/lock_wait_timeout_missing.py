"""Proofs of ``lock-wait-timeout-missing``."""

from __future__ import annotations

from glowplug.review.rules.lock.lock_wait_timeout_missing import LockWaitTimeoutMissing
from tests.proof.proof import Proof, Question

A_DAY, REFUSED = LockWaitTimeoutMissing.claims

PROOFS = (
    Proof(
        title="the default",
        rule=LockWaitTimeoutMissing,
        claims=(A_DAY,),
        unsafe="SELECT 1",
        safe=("SET SESSION lock_wait_timeout = 5",),
        question=Question(sql="SELECT @@lock_wait_timeout", unsafe="86400", safe="5"),
    ),
    Proof(
        title="a table that another session has read",
        rule=LockWaitTimeoutMissing,
        claims=(REFUSED,),
        setup="CREATE TABLE users (id int PRIMARY KEY)",
        unsafe="ALTER TABLE users ADD COLUMN email text",
        safe=("CREATE TABLE shops (id int PRIMARY KEY)",),
        settings={"lock_wait_timeout": "1"},
        relations={"read elsewhere": "users"},
    ),
)
