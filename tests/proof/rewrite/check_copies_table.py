"""Proofs of ``check-copies-table``."""

from __future__ import annotations

from glowplug.review.rules.rewrite.check_copies_table import CheckCopiesTable
from tests.proof.proof import Proof

COPIES, REFUSED = CheckCopiesTable.claims
SETUP = "CREATE TABLE orders (id int PRIMARY KEY, total int NOT NULL); INSERT INTO orders VALUES (1, 1)"
UNSAFE = "ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total >= 0)"
INLINE = "ALTER TABLE orders MODIFY total int NOT NULL CHECK (total >= 0)"

PROOFS = (
    *(
        Proof(
            title=unsafe,
            rule=CheckCopiesTable,
            claims=(COPIES,),
            setup=SETUP,
            unsafe=unsafe,
            safe=(INLINE, "ALTER TABLE orders ADD COLUMN tax int CHECK (tax >= 0)"),
        )
        for unsafe in (UNSAFE, "ALTER TABLE orders ADD CHECK (total >= id)")
    ),
    Proof(
        title="a row that violates it",
        rule=CheckCopiesTable,
        claims=(REFUSED,),
        setup=f"{SETUP}; INSERT INTO orders VALUES (2, -1)",
        unsafe=UNSAFE,
        safe=(INLINE,),
    ),
)
