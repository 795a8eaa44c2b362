"""Whether Diesel's next session would get in: a file can shut the door behind itself, and nothing fails until then.

An account may give itself another password, or one that has expired, without any right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.interface import SqlError
from glowplug.database.mysql.session import CONNECT_SECONDS, Refused, Session
from glowplug.errors import LostConnection

if TYPE_CHECKING:
    from glowplug.database.mysql.session import Address

_DOOR = re.compile(rb"\b(?:PASSWORD|USER|GRANT|REVOKE|PREPARE|EXECUTE|CALL|MYSQL)\b", re.IGNORECASE)
# What limits the number of sessions is left out: this one is one more than Diesel has.
_SHUT = frozenset({
    1044,  # access denied to a schema
    1045,  # access denied: another password, or no such account
    1698,  # access denied, by authentication
    1820,  # the password has expired
    1862,  # the same
    3118,  # locked (MySQL)
    4151,  # locked (MariaDB)
})  # fmt: skip


def may_shut(content: bytes) -> bool:
    """Whether a file may change who gets in: it names what does, or what runs SQL that is not in the file."""
    return _DOOR.search(content) is not None


def try_entry(address: Address) -> SqlError | None:
    """Begin a session as Diesel does before it runs or reverts anything; the error, where the account is refused."""
    try:
        session = Session(address, patience=CONNECT_SECONDS)
    except Refused as refused:
        error = refused.error
        if error.number not in _SHUT:
            return None
        said = f"shuts Diesel out: its next session can't begin: {error.message} ({error.number})"
        return SqlError(code=error.sqlstate, message=said)
    except LostConnection:  # no file's doing, and whoever needs the server next is told
        return None
    try:
        reply = session.batch(b"DO 0")
    finally:
        session.close()
    if reply.error is None or reply.error.number not in _SHUT:
        return None
    said = f"shuts Diesel out: its next session can do nothing: {reply.error.message} ({reply.error.number})"
    return SqlError(code=reply.error.sqlstate, message=said)
