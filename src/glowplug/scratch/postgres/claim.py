"""Names on a server that the user lends, and the removal of what bears them: by the run itself, else by the next."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from glowplug.database.postgres import Administrator, identifier, literal
from glowplug.errors import EnvironmentFailure, GlowplugError
from glowplug.scratch.lent import RunNames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_COPY = "_copy"
_FORCE_SINCE = 130000


def claim(administrator: Administrator) -> str:
    """A name for a database and its role, which is this run's as long as the administrator's session lives.

    The server's lock of that name says so to other runs; the server lets go of it when the session ends, however the
    run ends. Nothing is made yet.

    Raises:
        EnvironmentFailure: the server does not give the lock.
    """
    name = _names(administrator).new()
    if not administrator.lock(name):
        raise EnvironmentFailure(f"the scratch server does not give the lock of the name {name}")
    return name


def copy_of(name: str) -> str:
    """The name of the copy of the database ``name``."""
    return f"{name}{_COPY}"


def sweep(conninfo: Mapping[str, str]) -> tuple[str, ...]:
    """Remove what killed runs left on the server; a sentence for the reader about each.

    Raises:
        LostConnection: the server can't be reached.
    """
    with Administrator(conninfo) as administrator:
        run_of = _names(administrator).run_of
        rows = administrator.rows("SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles")
        runs = {run for (name,) in rows if (run := run_of(name or ""))}
        return tuple(_sweep(administrator, run) for run in sorted(runs) if administrator.lock(run))


def remove(administrator: Administrator, name: str) -> None:
    """End the role's sessions, then drop the database, its copy and the role; never raises.

    Of a server that does not answer nothing can be removed: the next run's sweep does it.
    """
    if not administrator.answers():
        return
    for step in _removal(administrator, name):
        with contextlib.suppress(GlowplugError):
            step()


def remove_twin(administrator: Administrator, name: str) -> None:
    """Drop a database and its copy, and leave the role, which is another's as well; never raises."""
    if administrator.answers():
        for each in (copy_of(name), name):
            with contextlib.suppress(GlowplugError):
                drop_database(administrator, each)


def drop_database(administrator: Administrator, name: str) -> None:
    """Drop a database with whoever is in it, if it is there, and with what was prepared there and never committed.

    Raises:
        EnvironmentFailure: the server refuses.
        LostConnection: the server is gone.
    """
    force = " WITH (FORCE)" if administrator.server_version >= _FORCE_SINCE else ""
    statement = f"DROP DATABASE IF EXISTS {identifier(name)}{force}"
    try:
        administrator.execute(statement)
    except EnvironmentFailure:
        prepared = administrator.rows(f"SELECT owner, gid FROM pg_prepared_xacts WHERE database = {literal(name)}")
        if not prepared:
            raise
        with Administrator({**administrator.conninfo, "dbname": name}) as inside:
            for owner, gid in prepared:
                inside.execute(f"SET ROLE {identifier(owner or '')}")
                inside.execute(f"ROLLBACK PREPARED {literal(gid or '')}")
        administrator.execute(statement)


def _sweep(administrator: Administrator, run: str) -> str:
    """Remove what ``run`` left, whose lock is held; the next run's sweep tries again where that fails."""
    try:
        for step in _removal(administrator, run):
            step()
    except EnvironmentFailure as failure:
        return f"a killed run left {run} on the server, which can't be removed: {failure.message}"
    finally:
        administrator.unlock(run)
    return f"removed {run}, which a killed run had left on the server"


def _removal(administrator: Administrator, run: str) -> Iterator[Callable[[], None]]:
    sessions = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {literal(run)}"
    yield lambda: administrator.execute(sessions)
    yield lambda: drop_database(administrator, copy_of(run))
    yield lambda: drop_database(administrator, run)
    yield lambda: administrator.execute(f"DROP ROLE IF EXISTS {identifier(run)}")


def _names(administrator: Administrator) -> RunNames:
    return RunNames(server=administrator.identity(), suffix=_COPY)
