"""The ``[scratch]`` section of glowplug.toml, and what is asked of a scratch server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from glowplug.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.dialect import Dialect
    from glowplug.project.configuration import ChainSettings, Configuration
    from glowplug.sql.features import Feature

SECTION = "scratch"
GIBIBYTE = 1024**3
LEAST_SIZE = 64 * 2**20
"""Bytes. With one migration that makes a table, a PostgreSQL grows by 10 MiB and a MariaDB by 12; with the sixteen of
examples/bookshop a PostgreSQL by 52 (18.6, at four jobs). Below that, who is ended is a matter of the moment."""

_UNITS = {"": 1, "B": 1, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")
_WRITTEN = 'write bytes, or as in "500 MiB" or "2 GiB"'
_LARGEST = 2**60  # the system counts a file's bytes in 63 bits


class ScratchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[scratch]``: where scratch servers come from, and what migrations may do on them."""

    url_env: str | None = None
    fetch: bool = False
    superuser: bool = False
    trust_extensions: tuple[str, ...] = ()
    size_limit: int | str = 2 * GIBIBYTE  # bytes, or "500 MiB", "2 GiB"

    @classmethod
    def of(cls, configuration: Configuration) -> ScratchSettings:
        """Read it.

        Raises:
            ConfigurationError: an unknown key, a wrong type, a size that is none, or less than an empty server takes.
        """
        settings = configuration.section(SECTION, cls)
        problem = wrong_with_size(settings.size_limit)
        if problem is not None:
            raise configuration.error(problem, (SECTION, "size_limit"))
        return settings


def wrong_with_size(size: int | str) -> str | None:
    """Say what keeps ``size`` from being a limit of a server's size, and what to write; None: nothing does."""
    count = _bytes(size)
    if count is None:
        return f"[scratch] size_limit = {size!r} is no size; {_WRITTEN}"
    if count < LEAST_SIZE:
        least = show_size(LEAST_SIZE)
        return (
            f"[scratch] size_limit = {size!r} is less than an empty server and a few migrations take; say {least} or "
            "more"
        )
    return None


def parse_size(size: int | str) -> int:
    """Bytes of ``size``: a number, or text as "500 MiB" or "2 GB".

    Raises:
        ConfigurationError: it is no size, none above zero, or more than any disk holds.
    """
    count = _bytes(size)
    if count is None:
        message = f"[scratch] size_limit = {size!r} is no size; {_WRITTEN}"
        raise ConfigurationError(message, setting=(SECTION, "size_limit"))
    return count


def _bytes(size: int | str) -> int | None:
    found = _SIZE.fullmatch(str(size))
    unit = _UNITS.get(found[2].upper()) if found else None
    count = int(min(float(found[1]) * unit, 2.0 * _LARGEST)) if found and unit else 0
    return count if 0 < count <= _LARGEST else None


def show_size(size: int) -> str:
    """``size`` in bytes, for a reader: "500 MiB"."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One chain's wish for a scratch server.

    ``foreign_keys`` is SQLite's setting with the reason it was taken, None on other backends;
    ``statement_timeout`` is in seconds; ``extensions`` names those that the chain seems to
    ask for and no stand-in does for, ``features`` the same of what PostgreSQL is built with; ``environment`` is what
    the process was started with. ``resume``: keys of states that another run may have kept (``Database.keep``), the
    preferred first, for a server to start with.
    """

    dialect: Dialect
    chain: ChainSettings
    settings: ScratchSettings
    statement_timeout: float = 60.0
    foreign_keys: tuple[bool, str] | None = None
    extensions: frozenset[str] = frozenset()
    features: frozenset[Feature] = frozenset()
    environment: Mapping[str, str] = field(default_factory=dict)
    resume: tuple[str, ...] = ()
