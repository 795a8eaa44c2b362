"""Other databases in the state of one, of the same role, for threads that work on them at once."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from glowplug.database.postgres import Administrator
from glowplug.scratch.postgres.copy import carry_privileges, carry_settings, copy_by
from glowplug.scratch.postgres.database import PostgresDatabase

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from glowplug.scratch.interface import Database


class Twins:
    """Makes them; implements ``scratch.interface.DividingServer``."""

    def __init__(
        self,
        home: PostgresDatabase,
        administrator_conninfo: Mapping[str, str],
        *,
        watched: Callable[[PostgresDatabase], Database],
        times_limited: Callable[[], int],
    ) -> None:
        """Copy ``home``, whose session is as it began; ``watched`` lets a database's size be watched."""
        self._home = home
        self._conninfo = administrator_conninfo
        self._watched = watched
        self._times_limited = times_limited
        self._numbers = itertools.count(1)

    def create_apart(self, stop: threading.Event) -> Database:
        """Make another, whose sessions end once ``stop`` is set.

        Raises:
            EnvironmentFailure: the server refuses.
        """
        home, role = self._home, self._home.access.conninfo["user"]
        original = home.access.conninfo["dbname"]
        name = f"{original}_twin_{next(self._numbers)}"
        administrator = Administrator(self._conninfo)
        try:
            copy_by(home.connection, administrator, name, home.connection.state())
            carry_settings(administrator, original, name)
            carry_privileges(administrator, original, name, role=role)
            access = replace(home.access.to(name), terminate=administrator.terminate, stop=stop)
            return self._watched(PostgresDatabase(administrator, access, resumed=True, twin=True))
        except BaseException:
            administrator.close()
            raise

    @property
    def times_limited(self) -> int:
        """How often the size limit was reached so far."""
        return self._times_limited()
