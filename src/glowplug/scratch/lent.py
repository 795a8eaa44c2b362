"""A server that the user lends: where its URL is said, and how much of it may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from glowplug.errors import ConfigurationError

if TYPE_CHECKING:
    from glowplug.scratch.settings import Request

COMMON_VARIABLE = "GLOWPLUG_SCRATCH_URL"
PRODUCTION_VARIABLE = "DATABASE_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class LentUrl:
    """A URL taken apart, the environment variable that held it, and the URL without its password."""

    parts: SplitResult
    port: int | None
    variable: str
    shown: str


def find_lent_url(request: Request, *, own_variable: str, schemes: tuple[str, ...], product: str) -> LentUrl | None:
    """Look into ``own_variable``, the one that ``[scratch] url_env`` names, and the common one.

    A URL of another scheme counts in ``own_variable`` only, as a mistake. No message repeats a URL: a password that
    is not percent-encoded can stand anywhere in it.

    Raises:
        ConfigurationError: what is named is no URL of ``product``, or is where production is named.
    """
    named = request.settings.url_env
    if named == PRODUCTION_VARIABLE:
        raise ConfigurationError(
            f'[scratch] url_env = "{PRODUCTION_VARIABLE}" is refused: that variable names a database that is used',
            advice=f"Put the scratch server's URL into a variable of its own, as {own_variable}.",
        )
    for variable in (own_variable, named, COMMON_VARIABLE):
        url = request.environment.get(variable) if variable else None
        if not variable or not url:
            continue
        scheme = url.partition("://")[0]
        if scheme in schemes:
            return _parsed(url, variable)
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
