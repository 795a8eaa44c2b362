"""Proofs of ``enum-values-changed``."""

from __future__ import annotations

from glowplug.review.rules.rewrite.enum_values_changed import EnumValuesChanged
from tests.proof.proof import Proof, Question

COPIES, REFUSED, EMPTY = EnumValuesChanged.claims
SETUP = """
CREATE TABLE jobs (id int PRIMARY KEY, state enum('queued', 'done', 'lost') NOT NULL, tags set('1','2','3','4','5','6',
'7','8')); INSERT INTO jobs VALUES (1, 'done', '1')
"""
APPENDED = "ALTER TABLE jobs MODIFY state enum('queued', 'done', 'lost', 'running') NOT NULL"
REMOVED = "ALTER TABLE jobs MODIFY state enum('queued', 'lost') NOT NULL"

PROOFS = (
    *(
        Proof(
            title=unsafe,
            rule=EnumValuesChanged,
            claims=(COPIES,),
            setup=SETUP,
            unsafe=f"ALTER TABLE jobs MODIFY {unsafe}",
            safe=(APPENDED,),
        )
        for unsafe in (
            "state enum('queued', 'running', 'done', 'lost') NOT NULL",
            "state enum('done', 'queued', 'lost') NOT NULL",
            "state enum('queued', 'done') NOT NULL",
            "tags set('1','2','3','4','5','6','7','8','9')",
        )
    ),
    Proof(
        title="in strict mode",
        rule=EnumValuesChanged,
        claims=(REFUSED,),
        setup=SETUP,
        unsafe=REMOVED,
        safe=(APPENDED,),
        settings={"sql_mode": "'STRICT_TRANS_TABLES'"},
    ),
    Proof(
        title="without strict mode",
        rule=EnumValuesChanged,
        claims=(EMPTY,),
        setup=SETUP,
        unsafe=REMOVED,
        safe=(APPENDED,),
        settings={"sql_mode": "''"},
        question=Question(sql="SELECT state FROM jobs", unsafe="", safe="done"),
    ),
)
