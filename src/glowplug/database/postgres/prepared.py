"""glowplug's own prepared statements in the migrations' session, where a migration may see, drop or replace them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from glowplug.database.postgres.within import unreadable, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.session import Session


class PreparedStatements:
    """Prepares each statement once, when first needed.

    A statement is known to be the one that was prepared here by the time of its preparation, which nothing can
    forge; one that was dropped or replaced is prepared again under another name.
    """

    def __init__(self, session: Session, statements: dict[str, str]) -> None:
        """Offer ``statements``: SQL by key; one that takes relations names them ``$1``, an array of oids."""
        self._session = session
        self._statements = statements
        self._prefix = ""
        self._times: dict[str, bytes | None] = {}
        self._forget()

    def run(self, calls: Sequence[tuple[str, str | None]]) -> list[PGresult]:
        """Run statements by key, each with its oids (as "1,2,3") if it takes some; one result for each.

        Raises:
            LostConnection: the server is gone.
            EnvironmentFailure: the server refuses.
        """
        results = self._attempt(calls)
        if results is None:
            self._forget()
            results = self._attempt(calls, last=True)
        return results or []

    def _forget(self) -> None:
        self._prefix = f"glowplug_{secrets.token_hex(8)}_"
        self._times = {}

    def _attempt(self, calls: Sequence[tuple[str, str | None]], *, last: bool = False) -> list[PGresult] | None:
        new = [(key, oids) for key, oids in calls if key not in self._times]
        parts = [
            f"PREPARE {self._prefix}{key}{'' if oids is None else ' (oid[])'} AS {self._statements[key]}"
            for key, oids in new
        ]
        parts.append(
            "SELECT p.name, p.prepare_time::text FROM pg_prepared_statement() p"
            f" WHERE starts_with(p.name, '{self._prefix}')"
        )
        parts += [f"EXECUTE {self._prefix}{key}" + ("" if oids is None else f" ('{{{oids}}}')") for key, oids in calls]
        reply = within(self._session, "; ".join(parts))
        if not reply.ok:
            if last or reply.lost is not None or reply.timed_out:
                raise unreadable(reply)
            return None
        check, *results = reply.results
        times = {
            (check.get_value(row, 0) or b"").decode().removeprefix(self._prefix): check.get_value(row, 1)
            for row in range(check.ntuples)
        }
        self._times.update({key: times.get(key) for key, _ in new})
        genuine = all(times.get(key) is not None and times.get(key) == self._times[key] for key, _ in calls)
        return results if genuine else None
