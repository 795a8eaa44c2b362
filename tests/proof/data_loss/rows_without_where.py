"""Proofs of ``rows-without-where``."""

from __future__ import annotations

from glowplug.dialect import Dialect
from glowplug.review.rules.data_loss.rows_without_where import RowsWithoutWhere
from tests.proof.proof import Proof, Question

SETUP = "CREATE TABLE events (id bigint PRIMARY KEY, kind text); INSERT INTO events VALUES (1, 'a'), (2, 'b')"

PROOFS = tuple(
    Proof(
        title=f"{claim.dialect.value}: {unsafe}",
        rule=RowsWithoutWhere,
        claims=(claim,),
        setup=SETUP,
        unsafe=unsafe,
        safe=("DELETE FROM events WHERE kind = 'a'",),
        question=Question(sql="SELECT count(*) FROM events", unsafe="0", safe="1"),
    )
    for claim in RowsWithoutWhere.claims
    for unsafe in ("DELETE FROM events", "DELETE FROM events WHERE 1 = 1", "TRUNCATE TABLE events")
    if claim.dialect is not Dialect.SQLITE or not unsafe.startswith("TRUNCATE")
)
