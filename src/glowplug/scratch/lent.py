"""A server that the user lends: where its URL is said, how much of it may be shown, how things on it are named.

Nothing but a database holds what a killed run left behind on such a server, so the next run finds it there: by its
name, and by a lock of the server's that a run holds under that name as long as it lives, and takes before it makes
anything. What bears such a name while nobody holds the lock is a dead run's.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from glowplug.errors import ConfigurationError, NoServer
from glowplug.scratch.settings import SECTION

if TYPE_CHECKING:
    from glowplug.scratch.settings import Request

COMMON_VARIABLE = "GLOWPLUG_SCRATCH_URL"
PRODUCTION_VARIABLE = "DATABASE_URL"
_SCHEMES = frozenset({"postgres", "postgresql", "mysql", "mariadb"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LentUrl:
    """A URL taken apart, the environment variable that held it, and the URL without its password."""

    parts: SplitResult
    port: int | None
    variable: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNames:
    """The names that runs give to what they make on one lent server.

    ``server`` is what tells it from every other, also from those that it replicates to, where its locks don't hold:
    names carry a digest of it. ``suffix`` is what a run's second database adds to the run's name.
    """

    server: str
    suffix: str

    def new(self) -> str:
        """A name that no run has had: ``glowplug_`` and 16 hex digits."""
        return f"{self._prefix}{secrets.token_hex(5)}"

    def run_of(self, name: str) -> str | None:
        """The name of the run that made what is called ``name``; None where no run of glowplug did, on this server."""
        found = re.fullmatch(f"({self._prefix}[0-9a-f]{{10}})(?:{re.escape(self.suffix)})?", name)
        return found[1] if found else None

    @property
    def _prefix(self) -> str:
        return f"glowplug_{hashlib.sha256(self.server.encode()).hexdigest()[:6]}"


def not_reached(variable: str, shown: str, message: str, *, answers: bool) -> NoServer:
    """Make the error that says why a lent server can't be used: it does not answer, or it does and lets nobody in."""
    if answers:
        what, advice = (
            "lets glowplug not in",
            f"See to the user, the password and the database in {variable}, or unset it.",
        )
    else:
        what, advice = "can't be reached", f"Start it, or unset {variable}."
    return NoServer(f"the server that {variable} names, {shown}, {what}: {message}", advice=advice)


def find_lent_url(request: Request, *, own_variable: str, schemes: tuple[str, ...], product: str) -> LentUrl | None:
    """Look into ``own_variable``, the one that ``[scratch] url_env`` names, and the common one.

    A URL of another backend is a mistake in ``own_variable`` only, one of no backend anywhere. No message repeats a
    URL: a password that is not percent-encoded can stand anywhere in it.

    Raises:
        ConfigurationError: what is named is no URL of ``product``, or is where production is named.
    """
    named = request.settings.url_env
    if named == PRODUCTION_VARIABLE:
        raise ConfigurationError(
            f'[scratch] url_env = "{PRODUCTION_VARIABLE}" is refused: that variable names a database that is used',
            advice=f"Put the scratch server's URL into a variable of its own, as {own_variable}.",
            setting=(SECTION, "url_env"),
        )
    for variable in (own_variable, named, COMMON_VARIABLE):
        url = request.environment.get(variable) if variable else None
        if not variable or not url:
            continue
        scheme = url.partition("://")[0].lower()
        if scheme in schemes:
            return _parsed(url, variable)
        if scheme not in _SCHEMES:
            raise ConfigurationError(
                f"{variable} holds no URL of a database server that can be lent",
                advice=f"It begins with one of {', '.join(f'{known}://' for known in sorted(_SCHEMES))}.",
            )
        if variable == own_variable:
            raise ConfigurationError(f"{variable} holds no {product} URL", advice=f"It begins with {schemes[0]}://")
    return None


def _parsed(url: str, variable: str) -> LentUrl:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = None, None
    if parts is None or "@" in parts.path + parts.query + parts.fragment or parts.fragment:
        raise ConfigurationError(
            f"{variable} holds no URL",
            advice="Characters such as / # ? @ in a password are written as %2F %23 %3F %40.",
        )
    user, _, place = parts.netloc.rpartition("@")
    user = user.partition(":")[0]
    return LentUrl(
        parts=parts,
        port=port,
        variable=variable,
        shown=f"{parts.scheme}://{user and f'{user}@'}{place}{parts.path}",
    )
