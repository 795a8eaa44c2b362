"""Whether Diesel's next session would get in: a file can shut the door behind itself, and nothing fails until then.

ALTER DATABASE and ALTER ROLE decide how many may connect, who may, and what is set for everyone who does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.interface import CREATE_BOOKKEEPING_TABLE, SqlError
from glowplug.database.postgres.failure import explain
from glowplug.database.postgres.session import Session, TransactionStatus
from glowplug.database.postgres.within import unreadable, within
from glowplug.errors import LostConnection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.database.postgres.access import Access
    from glowplug.database.postgres.watch import Watch
    from glowplug.sql.postgres_locality import Locality

ENTRANCES = frozenset({"pg_auth_members", "pg_authid", "pg_database", "pg_db_role_setting"})
"""Catalogues that decide on it."""

_STATE = """
SELECT ROW(d.datdba, d.datallowconn, d.datconnlimit, d.datacl, r.rolcanlogin, r.rolconnlimit, r.rolvaliduntil,
  ARRAY(SELECT ROW(s.setdatabase <> 0, s.setrole, s.setconfig)::text FROM pg_db_role_setting s
    WHERE s.setdatabase IN (0, d.oid) AND s.setrole IN (0, r.oid) ORDER BY 1))::text
FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = session_user
  AND d.datconnlimit <> 1 AND r.rolconnlimit <> 1
"""


class Entrance:
    """What decides on it, as it was seen last."""

    def __init__(self, access: Access, setup: tuple[str, ...]) -> None:
        """Know nothing yet of the way in that ``access`` tells; ``setup`` is what Diesel sets in a session."""
        self._access = access
        self._setup = setup
        self._state: bytes | None = None

    def see(self, session: Session | None) -> None:
        """Read it in ``session``; None: it is not known. Errors as of ``read_entry``."""
        self._state = None if session is None else read_entry(session)

    def adopt(self, other: Entrance) -> None:
        """Know what ``other`` does."""
        self._state = other._state

    def is_moved_in(self, session: Session) -> bool:
        """Whether it is another now, in whatever transaction is open; errors as of ``read_entry``."""
        return read_entry(session) != self._state

    def shut_by(self, session: Session) -> SqlError | None:
        """Look whether the file that just ended keeps Diesel's next session from beginning, and let it in again.

        Raises:
            LostConnection: that can't be done, or the server is gone.
            EnvironmentFailure: it can't be read.
        """
        if not session.alive or session.transaction_status is not TransactionStatus.IDLE:
            return None
        before, self._state = self._state, read_entry(session)
        if before == self._state or self._state is None:
            return None
        error = self._try()
        if error is not None:
            self._access.admit_again()
            if self._try() is not None:
                raise LostConnection(f"the scratch server takes no more sessions: {error.message}")
            self._state = read_entry(session)
        return error

    def _try(self) -> SqlError | None:
        return try_entry(self._access.conninfo, self._setup, superuser=self._access.superuser)


def may_shut_out(local: Locality | None, watch: Watch | None) -> bool:
    """Whether a file that ran may have changed it, by what is known of the file and was seen of what it did."""
    if local is None or watch is None:
        return local is None or local.writes
    return not watch.catalogues.isdisjoint(ENTRANCES)


def read_entry(session: Session) -> bytes | None:
    """What decides who may connect, as a text to be compared; None where a second session is one too many.

    Raises:
        LostConnection: the server is gone.
        EnvironmentFailure: it can't be read.
    """
    reply = within(session, _STATE)
    if not reply.ok:
        raise unreadable(reply)
    found = reply.results[0]
    return found.get_value(0, 0) if found.ntuples else None


def try_entry(conninfo: Mapping[str, str], setup: tuple[str, ...], *, superuser: bool) -> SqlError | None:
    """Begin a session as Diesel does before it runs or reverts anything; the error, where that fails.

    ``setup`` is what it sets. A bookkeeping table that was not there is not there afterwards.
    """
    try:
        session = Session(conninfo, statement_timeout=60.0)
    except LostConnection as lost:
        message = lost.message.rpartition("FATAL:")[2].replace(f' "{conninfo.get("dbname")}"', "")
        return _shut(SqlError(code=None, message=message))
    try:
        for statement in (*setup, f"BEGIN; {CREATE_BOOKKEEPING_TABLE}; ROLLBACK"):
            reply = session.batch(statement.encode())
            if reply.failure is not None:
                return _shut(explain(reply.failure, superuser=superuser))
            if not reply.ok:
                return _shut(SqlError(code=None, message=reply.lost or "no answer"))
        return None
    finally:
        session.close()


def _shut(error: SqlError) -> SqlError:
    return SqlError(
        code=error.code,
        message=f"shuts Diesel out: its next session can't begin: {error.message.strip()}",
        detail=error.detail,
        hint=error.hint,
    )
