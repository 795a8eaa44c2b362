"""A state of a server of glowplug's own, kept for another run: its files, as a crash at that moment would leave them.

A server starts from them as it does from a copy (``OwnServer.copy``). Twice, where an excursion is asked for: the twin
of a database that was resumed begins with the same files, and runs what has run since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.scratch.checkpoint import LARGEST, Checkpoints, Manifest
from glowplug.scratch.mysql.own import DATA
from glowplug.scratch.mysql.place import Account, Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.scratch.checkpoint import Checkpoint
    from glowplug.scratch.mysql.own import OwnServer

_TEMPORARY = "ibtmp1"  # made anew whenever a server starts
_PASSWORD, _USER, _USERS_PASSWORD, _HOST = "password", "user", "users_password", "host"


class ResumedPlace(Place):
    """A place whose schema and account were there when its server started."""

    def create_account(self) -> None:
        """Nothing: it is there."""

    def furnish(self) -> None:
        """Connect; raises as ``connect`` does."""
        self.connect()


def keeping(
    checkpoints: Checkpoints, server: Callable[[Place], OwnServer], account: Account
) -> Callable[[Place, str, bytes], None]:
    """Give what keeps the state of a place, whose server ``server`` finds, under a key, with a note.

    Raises (when it keeps):
        LostConnection: the server is gone.
    """

    def keep(place: Place, key: str, note: bytes) -> None:
        own = server(place)
        if own.size() > LARGEST:
            return
        names = {
            _PASSWORD: own.address.password,
            _USER: account.user,
            _USERS_PASSWORD: account.password,
            _HOST: account.host,
        }
        with own.frozen():
            files = sorted(file.name for file in (own.directory / DATA).iterdir() if file.name != _TEMPORARY)
            entries = [f"{DATA}/{file}" for file in files]
            checkpoints.keep(key, Manifest(names=names, note=note), own.directory, entries)

    return keep


def account_of(checkpoint: Checkpoint) -> Account:
    """The migrations' account on a server that starts from ``checkpoint``."""
    names = checkpoint.manifest.names
    return Account(user=names[_USER], password=names[_USERS_PASSWORD], host=names[_HOST])


def password_of(checkpoint: Checkpoint) -> str:
    """Its administrator's password."""
    return checkpoint.manifest.names[_PASSWORD]
