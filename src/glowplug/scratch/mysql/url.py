"""A MySQL or MariaDB server that the user lends: where its URL is said, and its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, unquote

from glowplug.database.mysql import Address
from glowplug.errors import ConfigurationError
from glowplug.scratch.lent import find_lent_url

if TYPE_CHECKING:
    from glowplug.scratch.settings import Request

OWN_VARIABLE = "GLOWPLUG_SCRATCH_URL_MYSQL"
_SCHEMES = ("mysql", "mariadb")
_SOCKET = "unix_socket"


@dataclass(frozen=True, slots=True, kw_only=True)
class LentServer:
    """A server that the user lends: its administrator's address, and ``shown``, the URL without the password."""

    address: Address
    variable: str
    shown: str


def find_lent_server(request: Request) -> LentServer | None:
    """The server that the environment names for MySQL's scratch databases, if it names one.

    Raises:
        ConfigurationError: what is named is no MySQL URL, asks for more than can be given, or is where production is
            named.
    """
    lent = find_lent_url(request, own_variable=OWN_VARIABLE, schemes=_SCHEMES, product="MySQL")
    if lent is None:
        return None
    unknown = sorted(parse_qs(lent.parts.query, keep_blank_values=True).keys() - {_SOCKET})
    if unknown:
        raise ConfigurationError(
            f"{lent.variable}: glowplug does not know the parameter {unknown[0]!r} of a MySQL URL",
            advice=f"Leave it out: the one that it knows is {_SOCKET}. TLS is used where the server has it, and its "
            "certificate is not verified.",
        )
    return LentServer(address=_address(lent.parts, lent.port), variable=lent.variable, shown=lent.shown)


def _address(parts: SplitResult, port: int | None) -> Address:
    where, _, _ = parts.netloc.rpartition("@")
    user, _, password = where.partition(":")
    sockets = parse_qs(parts.query).get(_SOCKET)
    return Address(
        user=unquote(user) or "root",
        password=unquote(password),
        unix_socket=sockets[0] if sockets else None,
        host=None if sockets else parts.hostname or "127.0.0.1",
        port=port or 3306,
    )
