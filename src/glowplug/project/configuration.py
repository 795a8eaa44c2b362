"""glowplug.toml: tables with positions, and the section that names the chains."""

from __future__ import annotations

import msgspec

from glowplug.dialect import Dialect


class ChainSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[chain]]`` of glowplug.toml; all of it optional but ``migrations``."""

    migrations: str = "migrations"
    backend: Dialect | None = None
    server_version: str | None = None
    encoding: str | None = None
    collation: str | None = None
    session_setup: tuple[str, ...] = ()
    database_setup: tuple[str, ...] = ()
