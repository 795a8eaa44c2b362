"""A copy of a scratch database, with what a template does not carry."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

from glowplug.database.postgres import PostgresConnection, identifier, literal
from glowplug.errors import CannotBranch, EnvironmentFailure, GlowplugError, LostConnection
from glowplug.scratch.postgres.claim import copy_of, drop_database

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glowplug.database.postgres import Administrator, SessionState

_PG_15 = 150000
_LISTS = frozenset({
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
})  # fmt: skip
"""Settings whose stored text is a list that is quoted already (pg_dump's variable_is_guc_list_quote)."""

_NO_LIMITS = {
    "default_transaction_read_only": "off",
    "lock_timeout": "0",
    "statement_timeout": "0",
    "transaction_timeout": "0",
}
"""What CREATE DATABASE has to have."""

_WAITING = "idle_session_timeout"
_CREATING = "creating a database"
_SINCE = {"transaction_timeout": 170000}


class DatabaseCopy:
    """Another database in the same state, with a session in the same state; ``close`` removes it.

    Its template may have one session, if that is the one that copies: so the migrations' own does it, and may create
    a database for that moment alone.
    """

    def __init__(self, home: PostgresConnection, administrator: Administrator, state: SessionState) -> None:
        """Copy the database of ``home``, whose session is idle and in ``state``.

        Raises:
            EnvironmentFailure: the server refuses.
            LostConnection: the server is gone.
        """
        self._administrator = administrator
        self._role = home.access.conninfo["user"]
        self._template = home.access.conninfo["dbname"]
        self._name = copy_of(self._template)
        self._role_settings = self._settings_of_role()
        try:
            copy_by(home, self._administrator, self._name, state)
            carry_settings(self._administrator, self._template, self._name)
            carry_privileges(self._administrator, self._template, self._name, role=self._role)
            self.connection = PostgresConnection(home.access.to(self._name), bookkeeping=False, copied=True)
            self._set(state)
            self.connection.adopt(home)
        except BaseException:
            self._drop()
            raise

    def close(self) -> None:
        """End its session and drop it, and put back what the role's own settings were; never raises."""
        self.connection.close()
        self._drop()
        with contextlib.suppress(GlowplugError):
            self._restore_role_settings()

    def _set(self, state: SessionState) -> None:
        if state.settings:
            self.connection.require(f"SELECT {', '.join(itertools.starmap(_set_config, state.settings))}")
        if state.role != "none":
            self.connection.require(f"SET ROLE {identifier(state.role)}")

    def _settings_of_role(self) -> frozenset[str]:
        """Read ALTER ROLE … SET, which belongs to the whole server: a file may change it from within the copy."""
        rows = self._administrator.rows(
            "SELECT item FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS items (item)"
            f" WHERE s.setdatabase = 0 AND s.setrole = (SELECT oid FROM pg_roles WHERE rolname = {literal(self._role)})"
        )
        return frozenset(item or "" for (item,) in rows)

    def _restore_role_settings(self) -> None:
        if self._settings_of_role() == self._role_settings:
            return
        role = identifier(self._role)
        self._administrator.execute(f"ALTER ROLE {role} RESET ALL")
        for item in sorted(self._role_settings):
            self._administrator.execute(f"ALTER ROLE {role} {_set_clause(item)}")

    def _drop(self) -> None:
        with contextlib.suppress(GlowplugError):
            if self._administrator.answers():
                drop_database(self._administrator, self._name)


def copy_by(home: PostgresConnection, administrator: Administrator, name: str, state: SessionState) -> None:
    """Create the database ``name`` with that of ``home`` as template, by its session, which is idle and in ``state``.

    Raises:
        EnvironmentFailure: the server refuses.
        LostConnection: the server is gone.
    """
    template = identifier(home.access.conninfo["dbname"])
    with _in_turn(home, administrator), _creator(home, administrator), _able_to_create(home, state):
        home.require(f"CREATE DATABASE {identifier(name)} TEMPLATE {template}{strategy_on(administrator)}")


def strategy_on(administrator: Administrator) -> str:
    """Give the words that let files be copied, where a checkpoint waits for no disk, as on a server of our own."""
    if administrator.server_version < _PG_15:
        return ""  # there is no other strategy
    return " STRATEGY file_copy" if administrator.rows("SELECT 1 WHERE current_setting('fsync') = 'off'") else ""


def carry_settings(administrator: Administrator, template: str, name: str) -> None:
    """Give the database ``name``, a copy of ``template``, what ALTER DATABASE and ALTER ROLE have set in that.

    Raises:
        EnvironmentFailure: the server refuses.
    """
    for role, item in administrator.rows(
        "SELECT CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END, item FROM pg_db_role_setting s"
        " CROSS JOIN LATERAL unnest(s.setconfig) AS items (item)"
        f" WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = {literal(template)})"
    ):
        place = f"DATABASE {identifier(name)}"
        target = place if role is None else f"ROLE {identifier(role)} IN {place}"
        administrator.execute(f"ALTER {target} {_set_clause(item or '')}")


def carry_privileges(administrator: Administrator, template: str, name: str, *, role: str) -> None:
    """Give the database ``name``, a copy of ``template`` and ``role``'s, the privileges, comment and limit of that.

    Raises:
        EnvironmentFailure: the server refuses.
    """
    copy = identifier(name)
    original = f"pg_database d WHERE d.datname = {literal(template)}"
    statements = [f"REVOKE ALL ON DATABASE {copy} FROM PUBLIC, {identifier(role)}"]
    for privilege, grantee, grantable in administrator.rows(
        "SELECT a.privilege_type, CASE WHEN a.grantee <> 0 THEN quote_ident(pg_get_userbyid(a.grantee))"
        " ELSE 'PUBLIC' END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END"
        f" FROM (SELECT * FROM {original}) d CROSS JOIN LATERAL"
        " aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a"
    ):
        statements.append(f"GRANT {privilege} ON DATABASE {copy} TO {grantee}{grantable}")
    ((comment, limit),) = administrator.rows(
        f"SELECT shobj_description(d.oid, 'pg_database'), d.datconnlimit FROM {original}"
    )
    if comment is not None:
        statements.append(f"COMMENT ON DATABASE {copy} IS {literal(comment)}")
    statements.append(f"ALTER DATABASE {copy} CONNECTION LIMIT {limit}")
    administrator.execute("; ".join(statements))


@contextlib.contextmanager
def branch(home: PostgresConnection, administrator: Administrator) -> Iterator[PostgresConnection]:
    """Lend a connection to a copy of the database of ``home``, in the same state.

    Raises:
        CannotBranch: something of the state is the session's alone, or the server refuses to copy it.
        LostConnection: the server is gone.
    """
    state = home.state()
    if state.open_transaction:
        raise CannotBranch("a migration left its transaction open: no other session sees what was done in it")
    if state.temporary:
        raise CannotBranch("a migration left temporary tables: no other session has them")
    waiting = {_WAITING: "0"} if _WAITING in dict(state.settings) else {}
    with _set_aside(home, state, waiting) if waiting else contextlib.nullcontext():
        try:
            copy = DatabaseCopy(home, administrator, state)
        except LostConnection:
            raise
        except EnvironmentFailure as failure:
            raise CannotBranch(f"the database can't be copied: {failure.message}", advice=failure.advice) from failure
        try:
            yield copy.connection
        finally:
            copy.close()


@contextlib.contextmanager
def _in_turn(home: PostgresConnection, administrator: Administrator) -> Iterator[None]:
    """Wait until no other process lets the role of ``home`` create a database."""
    if not home.access.shared:
        yield
        return
    administrator.wait_for(_CREATING)
    try:
        yield
    finally:
        administrator.unlock(_CREATING)


@contextlib.contextmanager
def _creator(home: PostgresConnection, administrator: Administrator) -> Iterator[None]:
    """Let the role of ``home`` create a database for a moment; what interrupts it ends the role, too."""
    if home.access.superuser:
        yield
        return
    role = identifier(home.access.conninfo["user"])
    administrator.execute(f"ALTER ROLE {role} CREATEDB")
    try:
        yield
    except GlowplugError:
        administrator.execute(f"ALTER ROLE {role} NOCREATEDB")
        raise
    administrator.execute(f"ALTER ROLE {role} NOCREATEDB")


@contextlib.contextmanager
def _able_to_create(home: PostgresConnection, state: SessionState) -> Iterator[None]:
    """Set aside for a moment what a migration may have set that forbids CREATE DATABASE, or gives it little time."""
    set_role = "" if state.role == "none" else f"SET ROLE {identifier(state.role)}"
    with _set_aside(home, state, _NO_LIMITS, besides=("RESET ROLE", set_role) if set_role else None):
        yield


@contextlib.contextmanager
def _set_aside(
    home: PostgresConnection,
    state: SessionState,
    settings: Mapping[str, str],
    *,
    besides: tuple[str, str] | None = None,
) -> Iterator[None]:
    """Give the session ``settings`` for a moment, then those of ``state`` again, or the ones that it began with.

    ``besides``: another statement before these, and one after those. An interrupted session is nobody's any more.
    """
    version, before = home.session.server_version, dict(state.settings)
    names = [name for name in settings if version >= _SINCE.get(name, 0)]
    begin = [f"SET {name} = {settings[name]}" for name in names]
    end = [f"SET {name} = {literal(before[name])}" if name in before else f"RESET {name}" for name in names]
    first, last = ((), ()) if besides is None else ((besides[0],), (besides[1],))
    home.require(";".join((*first, *begin)))
    try:
        yield
    except GlowplugError:
        if home.session.alive:
            home.require(";".join((*end, *last)))
        raise
    home.require(";".join((*end, *last)))


def _set_config(setting: str, value: str) -> str:
    return f"pg_catalog.set_config({literal(setting)}, {literal(value)}, false)"


def _set_clause(item: str) -> str:
    name, _, value = item.partition("=")
    parts = ".".join(identifier(part) for part in name.split("."))
    if name in _LISTS:
        return f"SET {parts} TO {value or literal('')}"
    return f"SET {parts} TO {literal(value)}"
