"""How the migrations' role gets in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glowplug.database.postgres.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How the migrations' role reaches its database, and what its session is set up with.

    ``conninfo`` has libpq's keywords, ``session_setup`` runs after Diesel's own settings, ``statement_timeout`` is
    in seconds, ``terminate`` ends the backend with a process id from outside. ``readmit`` lets the role into the
    database with that name again, whatever a migration did to them. ``shared``: other processes of glowplug's have the
    same role at work, in databases of their own.
    """

    conninfo: Mapping[str, str]
    session_setup: tuple[str, ...] = ()
    statement_timeout: float | None = None
    terminate: Callable[[int], None] | None = None
    readmit: Callable[[str], None] | None = None
    superuser: bool = False
    shared: bool = False

    def to(self, database: str) -> Access:
        """The same access to another database."""
        return replace(self, conninfo={**self.conninfo, "dbname": database})

    def admit_again(self) -> None:
        """Let the role into its database again, as far as anybody can."""
        if self.readmit is not None:
            self.readmit(self.conninfo["dbname"])

    def connect(self) -> Session:
        """Begin a session, with nothing set up in it.

        Raises:
            LostConnection: the server can't be reached, or refuses.
        """
        return Session(self.conninfo, statement_timeout=self.statement_timeout, terminate=self.terminate)
