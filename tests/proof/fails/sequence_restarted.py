"""Proofs of ``sequence-restarted``."""

from __future__ import annotations

from glowplug.review.rules.fails.sequence_restarted import SequenceRestarted
from tests.proof.proof import Proof, Question

PROOFS = tuple(
    Proof(
        title=unsafe,
        rule=SequenceRestarted,
        claims=SequenceRestarted.claims,
        setup=f"CREATE TABLE orders (id {kind} PRIMARY KEY, note text); "
        "INSERT INTO orders (note) SELECT 'x' FROM generate_series(1, 9)",
        unsafe=unsafe,
        safe=(
            "SELECT setval('orders_id_seq', coalesce(max(id), 0) + 1, false) FROM orders",
            "SELECT setval(pg_get_serial_sequence('orders', 'id'), coalesce(max(id), 0) + 1, false) FROM orders",
        ),
        question=Question(
            sql="SELECT nextval('orders_id_seq') IN (SELECT id FROM orders)", unsafe="True", safe="False"
        ),
    )
    for kind, unsafe in (
        ("bigserial", "ALTER SEQUENCE orders_id_seq RESTART"),
        ("bigserial", "ALTER SEQUENCE orders_id_seq RESTART WITH 1"),
        ("bigserial", "SELECT setval('orders_id_seq', 1, false)"),
        ("bigserial", "SELECT setval('orders_id_seq', 1)"),
        ("bigint GENERATED ALWAYS AS IDENTITY", "ALTER TABLE orders ALTER COLUMN id RESTART"),
    )
)
