"""What a run makes on a server that the user lends, and its removal: by the run itself, else by the next one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from glowplug.database.mysql import PATIENCE, PROBE, Administrator, StatementRefused
from glowplug.errors import EnvironmentFailure, GlowplugError
from glowplug.scratch.lent import RunNames

if TYPE_CHECKING:
    from glowplug.database.mysql import Address

HOST = "%"
"""From where the migrations' account may come: a lent server sees glowplug's machine under names of its own."""

_TWIN = "_twin"
_SIGN_OF_LIFE = 10.0  # seconds, on the way out


class Claim:
    """A name on a lent server for a schema, its twin and their account; nobody else uses it while this lives.

    The server's lock of that name (GET_LOCK) says so to other runs; the server lets go of it when the session that
    took it ends, however the run ends.
    """

    def __init__(self, address: Address) -> None:
        """Take the lock of a new name; nothing is made yet.

        Raises:
            LostConnection: the server can't be reached.
            EnvironmentFailure: the server does not give the lock.
        """
        self._administrator = Administrator(address)
        with contextlib.ExitStack() as stack:
            stack.callback(self._administrator.close)
            self.name = _locked(self._administrator)
            stack.pop_all()

    @property
    def twin(self) -> str:
        """The twin's name."""
        return f"{self.name}{_TWIN}"

    def close(self) -> None:
        """End the account's sessions, remove all that bears the name, then let go of it; never raises."""
        with contextlib.suppress(GlowplugError):
            self._administrator.wait_for(_SIGN_OF_LIFE)
            self._administrator.version()
            self._administrator.wait_for(PATIENCE)
            _remove(self._administrator, self.name)
        self._administrator.close()


def sweep(address: Address) -> tuple[str, ...]:
    """Remove what killed runs left on the server at ``address``; a sentence for the reader about each.

    Raises:
        LostConnection: the server can't be reached.
    """
    with Administrator(address) as administrator:
        run_of = _names(administrator).run_of
        found = (*administrator.schemas(), *administrator.accounts())
        runs = {run for name in found if (run := run_of(name.removesuffix(PROBE)))}
        return tuple(_sweep(administrator, run) for run in sorted(runs) if administrator.lock(run))


def _locked(administrator: Administrator) -> str:
    name = _names(administrator).new()
    if not administrator.lock(name):
        raise EnvironmentFailure(
            f"the scratch server does not give the lock {name}, without which other runs take this one for dead",
            advice="Name a server that is no proxy and no cluster.",
        )
    return name


def _sweep(administrator: Administrator, run: str) -> str:
    """Remove what ``run`` left, whose lock is held; the next run's sweep tries again where that fails."""
    try:
        _remove(administrator, run)
    except StatementRefused as refused:
        return f"a killed run left {run} on the server, which can't be removed: {refused.error.message}"
    finally:
        administrator.unlock(run)
    return f"removed {run}, which a killed run had left on the server"


def _remove(administrator: Administrator, run: str) -> None:
    administrator.interrupt(run, by_force=True)
    for schema in (run, f"{run}{_TWIN}"):
        administrator.drop_schema(schema)
        administrator.drop_schema(f"{schema}{PROBE}")
    administrator.drop_account(run, host=HOST)


def _names(administrator: Administrator) -> RunNames:
    return RunNames(server=administrator.identity(), suffix=_TWIN)
