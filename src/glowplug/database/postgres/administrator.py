"""The administrator's session on the maintenance database: roles and databases, and an end to a backend."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from glowplug.database.interface import Closing
from glowplug.database.postgres.failure import explain
from glowplug.database.postgres.session import Session
from glowplug.errors import EnvironmentFailure, LostConnection

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 60.0
_AT_ONCE = 2.0  # seconds, for what takes no time on a server that answers


class Administrator(Closing):
    """A session of a role that may create roles and databases; it resolves no name outside pg_catalog."""

    def __init__(self, conninfo: Mapping[str, str]) -> None:
        """Connect.

        Raises:
            LostConnection: the server can't be reached, or refuses.
        """
        self.conninfo = conninfo
        self._session = Session(conninfo, statement_timeout=SECONDS)
        self.execute("SET search_path = pg_catalog, pg_temp")
        self.server_version = self._session.server_version

    def execute(self, sql: str) -> None:
        """Run statements.

        Raises:
            EnvironmentFailure: one fails; the message is the server's.
            LostConnection: the server is gone.
        """
        self._send(sql)

    def rows(self, sql: str) -> list[tuple[str | None, ...]]:
        """Run statements and give the rows of the last that has some; errors as for ``execute``."""
        results = self._send(sql)
        return results[-1] if results else []

    def identity(self) -> str:
        """What tells the server from any other that its databases may be restored on."""
        ((number,),) = self.rows("SELECT system_identifier FROM pg_control_system()")
        return number or ""

    def lock(self, name: str) -> bool:
        """Take the server's lock ``name`` for as long as this session lives, unless another session has it.

        Advisory locks are a database's own, so that it is looked for in all of them.
        """
        key = _key(name)
        held = (
            "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
            f" AND (classid::bigint << 32) | objid::bigint = {key}"
        )
        self.rows("SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'")
        return self.rows(f"SELECT CASE WHEN EXISTS ({held}) THEN false ELSE pg_try_advisory_lock({key}) END") == [
            ("t",)
        ]

    def wait_for(self, name: str) -> None:
        """Take the lock ``name`` of this session's database once no other session of it has it."""
        self.execute(f"SELECT pg_advisory_lock({_key(name)})")

    def unlock(self, name: str) -> None:
        """Let go of the lock ``name``."""
        self.execute(f"SELECT pg_advisory_unlock({_key(name)})")

    def terminate(self, backend_pid: int) -> None:
        """End another session of this server; errors as for ``execute``, soon."""
        self._send(f"SELECT pg_terminate_backend({backend_pid})", seconds=_AT_ONCE)

    def answers(self) -> bool:
        """Whether the server answers, before it is asked for more on the way out; if not, this session is given up."""
        try:
            self._send("SELECT", seconds=_AT_ONCE)
        except EnvironmentFailure:
            self.close()
            return False
        return True

    def close(self) -> None:
        """End the session; never raises."""
        self._session.close()

    def _send(self, sql: str, *, seconds: float = SECONDS) -> list[list[tuple[str | None, ...]]]:
        self._session.statement_timeout, self._session.cancels = seconds, seconds > _AT_ONCE
        reply = self._session.batch(sql.encode(), rows=True, timed=True)
        if reply.lost is not None:
            raise LostConnection(f"the administrator's connection was lost: {reply.lost.strip()}")
        if reply.failure is not None:
            error = explain(reply.failure, superuser=True)
            raise EnvironmentFailure(f"the scratch server refuses: {error.message}", advice=error.hint)
        if not reply.ok:
            raise EnvironmentFailure(f"the scratch server did not answer within {seconds:g} s: {sql[:80]}")
        return [
            [
                tuple(_text(result.get_value(row, column)) for column in range(result.nfields))
                for row in range(result.ntuples)
            ]
            for result in reply.results
        ]


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
