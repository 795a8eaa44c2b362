"""A database on a server of glowplug's own, kept for another run in the state that it had at one moment.

At that moment it is copied, by template. When the server ends, the copy gets the
original's name, for definitions may hold it, everything else is dropped, and the data directory of the server, which
was shut down in order, is kept whole: roles and their settings are the server's.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from glowplug.database.postgres import Administrator, identifier, is_as_it_began, literal
from glowplug.errors import GlowplugError
from glowplug.scratch.checkpoint import Checkpoints, Manifest, may_grow_to
from glowplug.scratch.postgres.claim import drop_database
from glowplug.scratch.postgres.copy import carry_privileges, carry_settings, copy_by
from glowplug.scratch.postgres.dividing import stays_in_its_database
from glowplug.scratch.postgres.template import ENTRIES

if TYPE_CHECKING:
    from glowplug.database.postgres import PostgresConnection
    from glowplug.project import Chain
    from glowplug.scratch.postgres.own import OwnServer

NAME = "name"
_SUFFIX = "_kept"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What was copied: ``name`` is the original's and its role's, ``role`` what the server said of that."""

    name: str
    role: tuple[tuple[str | None, ...], ...]
    key: str
    note: bytes

    @property
    def copy(self) -> str:
        """The name of the copy."""
        return f"{self.name}{_SUFFIX}"


class Keeper:
    """Keeps one state of one database of a server: the last that it is asked for."""

    def __init__(self, own: OwnServer, checkpoints: Checkpoints, *, limit: int) -> None:
        """Keep states of databases on ``own``, which may hold ``limit`` bytes."""
        self._own = own
        self._checkpoints = checkpoints
        self._most = may_grow_to(limit)
        self.kept: Kept | None = None

    def keep(
        self, administrator: Administrator, connection: PostgresConnection, chain: Chain, *, key: str, note: bytes
    ) -> None:
        """Copy the database of ``connection``, if a session that begins there is as the one that made it.

        Nothing is kept where the session holds what another would not have, where the chain looks beyond its database,
        or where the database is large.

        Raises:
            LostConnection: the server is gone.
            EnvironmentFailure: it can't be read.
        """
        name = connection.access.conninfo["dbname"]
        if connection.access.superuser or not stays_in_its_database(chain) or not is_as_it_began(connection):
            return
        ((size,),) = administrator.rows(f"SELECT pg_database_size({literal(name)})")
        if int(size or 0) > self._most:
            return
        if self.kept is not None:
            drop_database(administrator, self.kept.copy)
        self.kept = None
        kept = Kept(name=name, role=_role(administrator, name), key=key, note=note)
        try:
            copy_by(connection, administrator, kept.copy, connection.state())
            carry_settings(administrator, name, kept.copy)
            carry_privileges(administrator, name, kept.copy, role=name)
        except GlowplugError:  # full, or somebody is in there: it is not kept, and that is all
            with contextlib.suppress(GlowplugError):
                drop_database(administrator, kept.copy)
            return
        self.kept = kept

    def finish(self) -> None:
        """Shut the server down and keep what was copied, all other databases having been removed; never raises."""
        kept, self.kept = self.kept, None
        if kept is None:
            return
        with contextlib.suppress(GlowplugError, OSError):
            with Administrator(self._own.conninfo) as administrator:
                others = administrator.rows(
                    "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname NOT IN"
                    f" ('postgres', {literal(kept.copy)})"
                )
                if _role(administrator, kept.name) != kept.role:
                    return  # a role is the server's: what came later has changed it
                for (other,) in others:
                    drop_database(administrator, other or "")
                administrator.execute(f"ALTER DATABASE {identifier(kept.copy)} RENAME TO {identifier(kept.name)}")
            if self._own.shut_down():
                manifest = Manifest(names={NAME: kept.name}, note=kept.note)
                self._checkpoints.keep(kept.key, manifest, self._own.home, ENTRIES)


def _role(administrator: Administrator, name: str) -> tuple[tuple[str | None, ...], ...]:
    """Read what can be set of a role, its password aside: it has to be trusted on this server."""
    return tuple(administrator.rows(f"SELECT r::text FROM pg_roles r WHERE rolname = {literal(name)}"))
