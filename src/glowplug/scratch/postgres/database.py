"""A scratch database on PostgreSQL: its role, what it starts with, and excursions from it."""

from __future__ import annotations

import contextlib
import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from glowplug.database.creation import refused_setting
from glowplug.database.postgres import Access, Administrator, PostgresConnection, identifier, literal
from glowplug.errors import ConfigurationError, EnvironmentFailure, MissingExtension
from glowplug.scratch.postgres.claim import claim, remove, remove_twin
from glowplug.scratch.postgres.copy import branch, strategy_on
from glowplug.scratch.postgres.excursion import Excursion
from glowplug.scratch.postgres.ownership import give_all_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glowplug.database.interface import Connection
    from glowplug.project import Chain
    from glowplug.scratch.postgres.kept import Keeper
    from glowplug.scratch.settings import Request

_NOT_AVAILABLE = re.compile(r'extension "([^"]+)" is not available')
_ENCODING = "UTF8"
_COLLATION = "C.UTF-8"
_PG_15 = 150000


class PostgresDatabase:
    """A scratch database; implements ``scratch.interface.Database``."""

    def __init__(
        self,
        administrator: Administrator,
        access: Access,
        *,
        keeper: Keeper | None = None,
        resumed: bool = False,
        twin: bool = False,
    ) -> None:
        """Connect the migrations' role to the database that ``access`` names; both exist.

        ``keeper`` keeps states; ``resumed``: migrations have run there before; ``twin``: the role is another's, too.
        """
        self._twin = twin
        self._keeper = keeper
        self.administrator = administrator
        self.access = access
        self.connection: PostgresConnection = PostgresConnection(access, resumed=resumed)

    @contextlib.contextmanager
    def excursion(self) -> Iterator[Connection]:
        """Lend a connection to the same state; what it does leaves no trace here."""
        excursion = Excursion(self.connection, self.administrator)
        try:
            yield excursion
        finally:
            excursion.close()

    def keep(self, chain: Chain, key: str, note: bytes) -> None:
        """Keep this state for another run, on a server of glowplug's own."""
        if self._keeper is not None:
            self._keeper.keep(self.administrator, self.connection, chain, key=key, note=note)

    @contextlib.contextmanager
    def branch(self, *, other_world: bool = False) -> Iterator[Connection]:
        """Lend a connection to a copy of this database in exactly this state; there is but one world here.

        Raises:
            CannotBranch: a migration left an open transaction or temporary tables, or the server refuses to copy.
        """
        del other_world
        with branch(self.connection, self.administrator) as connection:
            yield connection

    @property
    def other_world(self) -> str | None:
        """None: PostgreSQL has no setting that changes what becomes of rows."""
        return None

    def restart_session(self) -> None:
        """End the session of ``connection``; its next call begins another."""
        self.connection.close()

    def close(self) -> None:
        """End its sessions and remove database and role, but for a twin's; never raises."""
        self.connection.close()
        if self._twin:
            remove_twin(self.administrator, self.access.conninfo["dbname"])
        else:
            remove(self.administrator, self.access.conninfo["user"])
        self.administrator.close()


def create_database(
    administrator_conninfo: Mapping[str, str],
    *,
    request: Request,
    superuser: bool,
    private: bool,
    keeper: Keeper | None = None,
) -> PostgresDatabase:
    """Make a fresh database as production had it before the first migration.

    Args:
        administrator_conninfo: libpq's keywords for a role that may create roles and databases, on the maintenance
            database.
        request: the chain's wishes: encoding, collation, database_setup, session_setup, the statement timeout.
        superuser: whether migrations run as a superuser.
        private: whether the server is glowplug's own.
        keeper: keeps states of it; None: none are kept.

    Raises:
        ConfigurationError: a statement of database_setup or session_setup fails, or the collation does not exist.
        LostConnection: the server can't be reached.
        EnvironmentFailure: the server refuses.
    """
    administrator = Administrator(administrator_conninfo)
    name = _name(administrator, private=private)
    access = _access(administrator, name, request, superuser=superuser)
    try:
        _create_role(administrator, access, superuser=superuser, private=private)
        _create(administrator, access, request)
        _furnish(administrator, access, request)
        return PostgresDatabase(administrator, access, keeper=keeper)
    except BaseException:
        remove(administrator, name)
        administrator.close()
        raise


def resume_database(
    administrator_conninfo: Mapping[str, str], name: str, *, request: Request, keeper: Keeper | None
) -> PostgresDatabase:
    """Give the database ``name``, which a server of glowplug's own has kept with its role, as it stands.

    Raises:
        EnvironmentFailure: the server failed.
        ConfigurationError: a statement of session_setup fails.
    """
    administrator = Administrator(administrator_conninfo)
    try:
        access = _access(administrator, name, request, superuser=False)
        return PostgresDatabase(administrator, access, keeper=keeper, resumed=True)
    except BaseException:
        administrator.close()
        raise


def _access(administrator: Administrator, name: str, request: Request, *, superuser: bool) -> Access:
    access = Access(
        conninfo={**administrator.conninfo, "user": name, "password": secrets.token_urlsafe(24), "dbname": name},
        session_setup=request.chain.session_setup,
        statement_timeout=request.statement_timeout,
        superuser=superuser,
    )
    return led_by(access, administrator)


def led_by(access: Access, administrator: Administrator) -> Access:
    """Give the same access with an administrator who ends its backends, and lets the role in again."""
    return replace(
        access,
        terminate=administrator.terminate,
        readmit=lambda database: _readmit(administrator, access, database),
    )


def _name(administrator: Administrator, *, private: bool) -> str:
    if private:
        return f"glowplug_{secrets.token_hex(8)}"
    try:
        return claim(administrator)
    except BaseException:
        administrator.close()
        raise


def _create_role(administrator: Administrator, access: Access, *, superuser: bool, private: bool) -> None:
    """Make the migrations' role; a server of glowplug's own asks for no password, and none has to be digested."""
    role = identifier(access.conninfo["user"])
    rights = "SUPERUSER" if superuser else "NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS"
    password = "" if private else f" PASSWORD {literal(access.conninfo['password'])}"
    administrator.execute(f"CREATE ROLE {role} LOGIN {rights}{password}")
    if not private and administrator.rows("SELECT 1 FROM pg_roles WHERE rolname = current_user AND NOT rolsuper"):
        administrator.execute(f"GRANT {role} TO CURRENT_USER")  # who gives a database away must be of that role


def _readmit(administrator: Administrator, access: Access, database: str) -> None:
    role, name = identifier(access.conninfo["user"]), identifier(database)
    password = literal(access.conninfo["password"])
    for statement in (
        f"ALTER ROLE {role} LOGIN CONNECTION LIMIT -1 VALID UNTIL 'infinity' PASSWORD {password}",
        f"ALTER ROLE {role} RESET ALL",
        f"ALTER ROLE {role} IN DATABASE {name} RESET ALL",
        f"ALTER DATABASE {name} RESET ALL",
        f"ALTER DATABASE {name} CONNECTION LIMIT -1",
        f"ALTER DATABASE {name} ALLOW_CONNECTIONS true",
        f"GRANT CONNECT ON DATABASE {name} TO {role}",
    ):
        administrator.execute(statement)


def _create(administrator: Administrator, access: Access, request: Request) -> None:
    name = identifier(access.conninfo["dbname"])
    collation = request.chain.collation or _COLLATION
    statement = (
        f"CREATE DATABASE {name} OWNER {identifier(access.conninfo['user'])} TEMPLATE template0 "
        f"ENCODING {literal(request.chain.encoding or _ENCODING)}{strategy_on(administrator)}"
    )
    try:
        administrator.execute(f"{statement} LC_COLLATE {literal(collation)} LC_CTYPE {literal(collation)}")
    except EnvironmentFailure as failure:
        if request.chain.collation or request.chain.encoding:
            raise ConfigurationError(
                f"no database with this encoding and collation: {failure.message}",
                advice="Change encoding or collation in glowplug.toml, or use a server that has them.",
                setting=refused_setting(
                    failure.message, encoding=request.chain.encoding, collation=request.chain.collation
                ),
            ) from failure
        administrator.execute(statement)
    administrator.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")


def _furnish(administrator: Administrator, access: Access, request: Request) -> None:
    """Run database_setup as the administrator, then hand over all that came of it; the last time he is in there."""
    if not request.chain.database_setup and administrator.server_version >= _PG_15:
        return
    with Administrator({**administrator.conninfo, "dbname": access.conninfo["dbname"]}) as inside:
        inside.execute("RESET search_path")
        for index, statement in enumerate(request.chain.database_setup):
            try:
                inside.execute(statement)
            except EnvironmentFailure as failure:
                lacking = _NOT_AVAILABLE.search(failure.message)
                if lacking is not None:
                    raise MissingExtension(
                        f"database_setup asks for the extension {lacking[1]!r}, which the scratch server lacks",
                        setting=("database_setup", index),
                    ) from failure
                raise ConfigurationError(
                    f"database_setup fails: {failure.message}",
                    advice=f"The statement is: {statement}",
                    setting=("database_setup", index),
                ) from failure
        give_all_to(inside, access.conninfo["user"])
