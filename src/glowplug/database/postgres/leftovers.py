"""What a session holds beside its settings, that another session of the same role would not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres.within import unreadable

if TYPE_CHECKING:
    from glowplug.database.postgres.connection import PostgresConnection

# No name in it is resolved by search_path, which a migration may have set. glowplug's own statements are set aside.
_HELD = b"""
SELECT EXISTS (SELECT FROM pg_catalog.pg_prepared_statements p WHERE p.from_sql
    AND p.name OPERATOR(pg_catalog.!~) '^glowplug_[0-9a-f]{8}_'::pg_catalog.text)
  OR EXISTS (SELECT FROM pg_catalog.pg_cursors c WHERE c.is_holdable)
  OR EXISTS (SELECT FROM pg_catalog.pg_listening_channels())
  OR EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'::pg_catalog.text
    AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid())
"""


def is_as_it_began(connection: PostgresConnection) -> bool:
    """Whether the session is as a new one would be, so that it may end and what comes next begin another.

    Compared with a session made for that: settings, role; temporary objects, prepared statements, cursors, channels and
    advisory locks there must be none of. What no catalogue lists is not seen: ``currval``, what a library remembers.

    Raises:
        LostConnection: the server is gone.
        EnvironmentFailure: it can't be read.
    """
    state = connection.state()
    if state.open_transaction or state.temporary:
        return False
    reply = connection.session.batch(_HELD, rows=True)
    if not reply.ok:
        raise unreadable(reply)
    if reply.results[0].get_value(0, 0) != b"f":
        return False
    other = type(connection)(connection.access, bookkeeping=False)
    try:
        fresh = other.state()
    finally:
        other.close()
    return (sorted(fresh.settings), fresh.role) == (sorted(state.settings), state.role)
