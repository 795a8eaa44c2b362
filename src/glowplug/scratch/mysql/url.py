"""A MySQL or MariaDB server that the user lends: where its URL is said, and its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from glowplug.database.mysql import Address
from glowplug.errors import ConfigurationError

if TYPE_CHECKING:
    from glowplug.scratch.settings import Request

OWN_VARIABLE = "GLOWPLUG_SCRATCH_URL_MYSQL"
COMMON_VARIABLE = "GLOWPLUG_SCRATCH_URL"
PRODUCTION_VARIABLE = "DATABASE_URL"
_SCHEMES = ("mysql", "mariadb")


@dataclass(frozen=True, slots=True, kw_only=True)
class LentServer:
    """A server that the user lends: its administrator's address, and ``shown``, the URL without the password."""

    address: Address
    variable: str
    shown: str


def find_lent_server(request: Request) -> LentServer | None:
    """The server that the environment names for MySQL's scratch databases, if it names one.

    Raises:
        ConfigurationError: what is named is no MySQL URL, or is where production is named.
    """
    named = request.settings.url_env
    if named == PRODUCTION_VARIABLE:
        raise ConfigurationError(
            f'[scratch] url_env = "{PRODUCTION_VARIABLE}" is refused: that variable names a database that is used',
            advice=f"Put the scratch server's URL into a variable of its own, as {OWN_VARIABLE}.",
        )
    for variable in (OWN_VARIABLE, named, COMMON_VARIABLE):
        url = request.environment.get(variable) if variable else None
        if not variable or not url:
            continue
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:  # its text may hold a part of the password
            raise ConfigurationError(
                f"{variable} holds no URL",
                advice="Characters such as / # ? @ in a password are written as %2F %23 %3F %40.",
            ) from None
        if parts.scheme in _SCHEMES:
            return LentServer(address=_address(parts, port), variable=variable, shown=_shown(parts))
        if variable == OWN_VARIABLE:
            raise ConfigurationError(f"{variable} holds no MySQL URL", advice="It begins with mysql://")
    return None


def _address(parts: SplitResult, port: int | None) -> Address:
    where, _, _ = parts.netloc.rpartition("@")
    user, _, password = where.partition(":")
    sockets = parse_qs(parts.query).get("unix_socket")
    return Address(
        user=unquote(user) or "root",
        password=unquote(password),
        unix_socket=sockets[0] if sockets else None,
        host=None if sockets else parts.hostname or "127.0.0.1",
        port=port or 3306,
    )


def _shown(parts: SplitResult) -> str:
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{user and f'{user}@'}{place}{parts.path}"
