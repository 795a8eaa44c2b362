"""Proofs of ``enum-value-used``."""

from __future__ import annotations

from glowplug.review.rules.fails.enum_value_used import EnumValueUsed
from glowplug.review.version import Versions
from tests.proof.proof import Proof

SETUP = """
CREATE TYPE state AS ENUM ('open', 'closed');
CREATE TABLE tickets (id bigint PRIMARY KEY, state state);
"""
ADD = "ALTER TYPE state ADD VALUE 'paused'"
ROW = "INSERT INTO tickets VALUES (1, 'paused')"
USES = (
    ("a row", ROW),
    ("a default", "ALTER TABLE tickets ALTER COLUMN state SET DEFAULT 'paused'"),
    ("a comparison", "UPDATE tickets SET id = 2 WHERE state = 'paused'"),
)
NAMES = "ALTER TYPE state ADD VALUE 'late' AFTER 'paused'; ALTER TYPE state RENAME VALUE 'paused' TO 'halted'"
OF_NEW_TYPE = "CREATE TYPE mood AS ENUM ('calm'); ALTER TYPE mood ADD VALUE 'wild'; SELECT 'wild'::mood"

PROOFS = (
    *(
        Proof(
            title=f"{title}, {'in' if in_transaction else 'without'} a transaction",
            rule=EnumValueUsed,
            claims=EnumValueUsed.claims,
            setup=SETUP,
            unsafe=f"{ADD}; {use}",
            safe=(ADD, use),
            in_transaction=in_transaction,
        )
        for in_transaction in (True, False)
        for title, use in USES
    ),
    *(
        Proof(
            title=title,
            rule=EnumValueUsed,
            claims=EnumValueUsed.claims,
            setup=SETUP,
            unsafe=f"{ADD}; {ROW}",
            safe=(safe,),
        )
        for title, safe in (
            ("the file commits before", f"{ADD}; COMMIT; {ROW}"),
            ("it is named and not used", f"{ADD}; {NAMES}"),
        )
    ),
    Proof(
        title="of a type that the file makes, before version 17",
        rule=EnumValueUsed,
        claims=EnumValueUsed.claims,
        versions=Versions(until=(17,)),
        unsafe=OF_NEW_TYPE,
        safe=("CREATE TYPE mood AS ENUM ('calm', 'wild'); SELECT 'wild'::mood",),
    ),
    Proof(
        title="of a type that the file makes, from version 17 on",
        rule=EnumValueUsed,
        claims=EnumValueUsed.claims,
        versions=Versions(since=(17,)),
        setup=SETUP,
        unsafe=f"{ADD}; {ROW}",
        safe=(OF_NEW_TYPE,),
    ),
)
