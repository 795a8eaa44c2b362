"""Proofs of ``lock-timeout-missing``."""

from __future__ import annotations

from glowplug.review.rules.lock.lock_timeout_missing import LockTimeoutMissing
from tests.proof.proof import Alone, Proof, Question

WITHOUT_END, REFUSED = LockTimeoutMissing.claims

PROOFS = (
    Proof(
        title="the default",
        rule=LockTimeoutMissing,
        claims=(WITHOUT_END,),
        unsafe="SELECT 1",
        safe=("SET lock_timeout = '5s'",),
        question=Question(sql="SELECT current_setting('lock_timeout')", unsafe="0", safe="5s"),
    ),
    Proof(
        title="in front of CONCURRENTLY",
        rule=LockTimeoutMissing,
        claims=(REFUSED,),
        setup="CREATE TABLE users (id bigint PRIMARY KEY, email text)",
        unsafe="SET lock_timeout = '5s'; CREATE INDEX CONCURRENTLY users_email_idx ON users (email)",
        in_transaction=False,
        safe=("SET lock_timeout = '5s'", Alone("CREATE INDEX CONCURRENTLY users_email_idx ON users (email)")),
        relations={"table": "users"},
    ),
)
