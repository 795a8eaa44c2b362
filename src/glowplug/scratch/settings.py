"""The ``[scratch]`` section of glowplug.toml, and what is asked of a scratch server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.dialect import Dialect
    from glowplug.project.configuration import ChainSettings
    from glowplug.sql.features import Feature

GIBIBYTE = 1024**3


class ScratchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[scratch]``: where scratch servers come from, and what migrations may do on them."""

    url_env: str | None = None
    fetch: bool = False
    superuser: bool = False
    trust_extensions: tuple[str, ...] = ()
    size_limit: int | str = 2 * GIBIBYTE  # bytes, or "500 MiB", "2 GiB"


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
