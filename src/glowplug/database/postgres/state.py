"""What a session has set, to be set again in another."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.postgres.quoting import literal
from glowplug.database.postgres.session import TransactionStatus
from glowplug.database.postgres.temporary import HAS_TEMPORARY_OBJECTS
from glowplug.database.postgres.within import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.database.postgres.session import Session

_OWN = re.compile(
    rb"\bSET\s+(?:SESSION\s+)?([a-z_][\w$]*\.[\w$.]+)|\bset_config\s*\(\s*'([^'.]+\.[^']+)'", re.IGNORECASE
)

# No name in it is resolved by search_path, which is itself one of the settings; so is client_encoding: hence the hex.
_READ = f"""
SELECT s.name, pg_catalog.encode(pg_catalog.convert_to(s.setting, 'UTF8'), 'hex')
  FROM pg_catalog.pg_show_all_settings() s
  WHERE s.source OPERATOR(pg_catalog.=) 'session'::pg_catalog.text
  AND s.name OPERATOR(pg_catalog.<>) ALL (ARRAY['transaction_deferrable', 'transaction_isolation',
    'transaction_read_only']::pg_catalog.text[]);
SELECT pg_catalog.current_setting('role'), {HAS_TEMPORARY_OBJECTS}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """Settings by SET, the role by SET ROLE ("none" for its own), and what no other session can have.

    ``open_transaction``: a file left a transaction open; then nothing else is known. ``temporary``: there are temporary
    objects.
    """

    settings: tuple[tuple[str, str], ...] = ()
    role: str = "none"
    temporary: bool = False
    open_transaction: bool = False


@functools.lru_cache(maxsize=4096)
def own_settings(content: bytes) -> frozenset[str]:
    """Name the settings of the project's own ("app.user") that a file sets: no catalogue lists these."""
    found = [each for pair in _OWN.findall(content) for each in pair if each]
    return frozenset(each.decode(errors="replace").lower() for each in found)


def read_state(session: Session, own: Iterable[str] = ()) -> SessionState:
    """Read what ``session`` has set, among them the settings of the project's ``own`` that have a value.

    Raises:
        LostConnection: the server is gone.
        EnvironmentFailure: it can't be read.
    """
    if session.transaction_status is not TransactionStatus.IDLE:
        return SessionState(open_transaction=True)
    questions = "".join(
        f"; SELECT {literal(name)}, pg_catalog.encode(pg_catalog.convert_to("
        f"pg_catalog.current_setting({literal(name)}, true), 'UTF8'), 'hex')"
        for name in sorted(own)
    )
    reply = session.batch(f"{_READ}{questions}".encode(), rows=True)
    if not reply.ok:
        raise unreadable(reply)
    settings, rest, *extra = reply.results
    pairs = [(settings.get_value(row, 0), settings.get_value(row, 1)) for row in range(settings.ntuples)]
    pairs += [(one.get_value(0, 0), one.get_value(0, 1)) for one in extra]
    return SessionState(
        settings=tuple(
            (name.decode(), bytes.fromhex(value.decode()).decode())
            for name, value in pairs
            if name and value is not None
        ),
        role=(rest.get_value(0, 0) or b"none").decode(),
        temporary=rest.get_value(0, 1) == b"t",
    )
