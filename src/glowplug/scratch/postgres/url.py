"""A PostgreSQL server that the user names: where its URL is said, and its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote

from glowplug.scratch.lent import find_lent_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.scratch.settings import Request

OWN_VARIABLE = "GLOWPLUG_SCRATCH_URL_POSTGRES"
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
    lent = find_lent_url(request, own_variable=OWN_VARIABLE, schemes=_SCHEMES, product="PostgreSQL")
    if lent is None:
        return None
    return NamedServer(conninfo=_conninfo(lent.parts), variable=lent.variable, shown=lent.shown)


def is_answer(message: str) -> bool:
    """Whether what libpq says of a connection that failed is the server's own word, in whatever language.

    Between the severity and the message libpq's format has two blanks (fe-protocol3.c, pqBuildErrorMessage3); what it
    says itself has one. Where the server asks for a password and there is none, libpq alone says so (fe_sendauth).
    """
    return re.search(r"\w:  \S|fe_sendauth:", message) is not None


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
