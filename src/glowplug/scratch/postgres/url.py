"""A PostgreSQL server that the user names: where its URL is said, and its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from glowplug.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.scratch.settings import Request

OWN_VARIABLE = "GLOWPLUG_SCRATCH_URL_POSTGRES"
COMMON_VARIABLE = "GLOWPLUG_SCRATCH_URL"
PRODUCTION_VARIABLE = "DATABASE_URL"
_SCHEMES = ("postgres", "postgresql")
_PLACE = re.compile(r"(\[[^\]]*\]|[^:]*)(?::(\d*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedServer:
    """A server that the user lends: libpq's keywords of its administrator, and ``shown``, without the password."""

    conninfo: Mapping[str, str]
    variable: str
    shown: str


def find_named_server(request: Request) -> NamedServer | None:
    """The server that the environment names for PostgreSQL's scratch databases, if it names one.

    Raises:
        ConfigurationError: what is named is no PostgreSQL URL, or is where production is named.
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
            parts.port  # noqa: B018 - it is parsed here, and may be refused
        except ValueError as error:
            raise ConfigurationError(f"{variable} holds no URL: {error}") from None
        if parts.scheme in _SCHEMES:
            return NamedServer(conninfo=_conninfo(parts), variable=variable, shown=_shown(parts))
        if variable == OWN_VARIABLE:
            raise ConfigurationError(f"{variable} holds no PostgreSQL URL", advice="It begins with postgres://")
    return None


def _conninfo(parts: SplitResult) -> dict[str, str]:
    who, _, place = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    found = _PLACE.fullmatch(place)
    host, port = found.groups() if found else (place, "")
    database = unquote(parts.path.removeprefix("/"))
    given = {
        "host": unquote(host).strip("[]"),
        "port": port or "",
        "user": unquote(user),
        "password": unquote(password),
        "dbname": database or "postgres",
    }
    return {name: value for name, value in given.items() if value} | dict(parse_qsl(parts.query))


def _shown(parts: SplitResult) -> str:
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{user and f'{user}@'}{place}{parts.path}"
