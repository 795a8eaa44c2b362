"""What a session has set, to be set again in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.postgres.session import TransactionStatus
from glowplug.database.postgres.within import unreadable

if TYPE_CHECKING:
    from glowplug.database.postgres.session import Session

# No name in it is resolved by search_path, which is itself one of the settings.
_READ = """
SELECT s.name, s.setting FROM pg_catalog.pg_show_all_settings() s
  WHERE s.source OPERATOR(pg_catalog.=) 'session'::pg_catalog.text;
SELECT pg_catalog.current_setting('role'), pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """Settings by SET, the role by SET ROLE ("none" for its own), and what no other session can have.

    ``open_transaction``: a file left a transaction open; then nothing else is known. ``temporary``: there are, or
    have been, temporary objects.
    """

    settings: tuple[tuple[str, str], ...] = ()
    role: str = "none"
    temporary: bool = False
    open_transaction: bool = False


def read_state(session: Session) -> SessionState:
    """Read what ``session`` has set.

    Raises:
        LostConnection: the server is gone.
        EnvironmentFailure: it can't be read.
    """
    if session.transaction_status is not TransactionStatus.IDLE:
        return SessionState(open_transaction=True)
    reply = session.batch(_READ.encode(), rows=True)
    if not reply.ok:
        raise unreadable(reply)
    settings, rest = reply.results
    return SessionState(
        settings=tuple(
            ((settings.get_value(row, 0) or b"").decode(), (settings.get_value(row, 1) or b"").decode())
            for row in range(settings.ntuples)
        ),
        role=(rest.get_value(0, 0) or b"none").decode(),
        temporary=rest.get_value(0, 1) == b"t",
    )
