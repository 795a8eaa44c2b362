"""Whose index a file makes or drops that does nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres.quoting import identifier, literal

if TYPE_CHECKING:
    from glowplug.database.postgres.session import Session
    from glowplug.sql.postgres_concurrent import LoneIndex


def lone_table(session: Session, lone: LoneIndex) -> str | None:
    """Find the table's oid, the name resolved as the file's own statement will resolve it; None: there is none."""
    full = f"{identifier(lone.schema)}.{identifier(lone.name)}" if lone.schema else identifier(lone.name)
    oid = f"pg_catalog.to_regclass({literal(full)})::pg_catalog.oid"
    if lone.dropped:
        oid = f"(SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid OPERATOR(pg_catalog.=) {oid})"
    reply = session.batch(f"SELECT {oid}".encode(), rows=True)
    found = reply.results[0].get_value(0, 0) if reply.ok and reply.results else None
    return None if found is None else found.decode()
