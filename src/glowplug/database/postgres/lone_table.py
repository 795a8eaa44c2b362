"""Whose index a file makes or drops that does nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres.quoting import identifier, literal

if TYPE_CHECKING:
    from glowplug.database.postgres.session import Session
    from glowplug.sql.postgres_concurrent import LoneIndex


def lone_tables(session: Session, *lone: LoneIndex) -> list[str | None]:
    """Find the tables' oids, names resolved as the files' own statements would resolve them now; None: there is none.

    None for all where the server does not tell.
    """
    reply = session.batch(f"SELECT {', '.join(map(_oid, lone))}".encode(), rows=True)
    if not reply.ok or not reply.results:
        return [None for _ in lone]
    found = [reply.results[0].get_value(0, column) for column in range(len(lone))]
    return [None if oid is None else oid.decode() for oid in found]


def _oid(lone: LoneIndex) -> str:
    full = f"{identifier(lone.schema)}.{identifier(lone.name)}" if lone.schema else identifier(lone.name)
    oid = f"pg_catalog.to_regclass({literal(full)})::pg_catalog.oid"
    if lone.dropped:
        return f"(SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid OPERATOR(pg_catalog.=) {oid})"
    return oid
