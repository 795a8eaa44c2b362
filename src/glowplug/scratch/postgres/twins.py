"""Other databases in the state of one, of the same role, for processes that work on them at once."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from glowplug.database.postgres import Administrator
from glowplug.scratch.postgres.copy import carry_privileges, carry_settings, copy_by
from glowplug.scratch.postgres.database import PostgresDatabase, led_by

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from glowplug.scratch.interface import Account, Database
    from glowplug.scratch.postgres.server import PostgresServer


class Twins:
    """Makes them; implements ``scratch.interface.DividingServer``."""

    def __init__(self, server: PostgresServer, home: PostgresDatabase) -> None:
        """Copy ``home`` on ``server``; its session is as it began."""
        self._server = server
        self._home = home
        self._numbers = itertools.count(1)

    def apart(self) -> Callable[[], Database]:
        """Make another, and give what begins a session there.

        Raises:
            EnvironmentFailure: the server refuses.
        """
        home, role = self._home, self._home.access.conninfo["user"]
        original = home.access.conninfo["dbname"]
        name = f"{original}_twin_{next(self._numbers)}"
        with Administrator(self._server.conninfo) as administrator:
            copy_by(home.connection, administrator, name, home.connection.state())
            carry_settings(administrator, original, name)
            carry_privileges(administrator, original, name, role=role)
        return partial(self._enter, name)

    def _enter(self, name: str) -> Database:
        administrator = Administrator(self._server.conninfo)
        try:
            access = led_by(replace(self._home.access.to(name), shared=True), administrator)
            return self._server.watched(PostgresDatabase(administrator, access, resumed=True, twin=True))
        except BaseException:
            administrator.close()
            raise

    def divided(self) -> AbstractContextManager[None]:
        """Do nothing on the server meanwhile from this process."""
        return self._server.divided()

    def account(self) -> Account:
        """Tell what this process knows of the server that others have to know."""
        return self._server.account()

    def settle(self, account: Account) -> None:
        """Know what another process has told."""
        self._server.settle(account)
