"""What tells one PostgreSQL server from another on which a migration might show something else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from glowplug.errors import EnvironmentFailure
from glowplug.scratch.postgres import staging

if TYPE_CHECKING:
    from glowplug.database.postgres import Administrator
    from glowplug.scratch.postgres.installation import Installation

_SETTINGS = (
    "SELECT name, boot_val, reset_val FROM pg_settings WHERE source NOT IN ('client', 'session')"
    " AND category NOT LIKE 'File Locations%' AND name NOT IN ('port', 'cluster_name', 'external_pid_file') ORDER BY 1"
)
"""What a session sets for itself, and what tells where the server lies, aside."""

_OF_A_LENT_SERVER = (
    "SELECT version()",
    _SETTINGS,
    "SELECT name, version FROM pg_available_extension_versions ORDER BY 1, 2",
    "SELECT rolname, r::text FROM pg_roles r WHERE rolname NOT LIKE 'glowplug%' ORDER BY 1",
    "SELECT datname FROM pg_database WHERE datname NOT LIKE 'glowplug%' ORDER BY 1",
)


def own_identity(installation: Installation) -> str:
    """A server that glowplug makes: its version, its program's size, where it comes from, its extensions' files."""
    try:
        extensions = staging.find_layout(installation).extensions
        files = sorted(f"{file.name} {file.stat().st_size}" for file in extensions.iterdir())
    except (EnvironmentFailure, OSError):
        files = []
    size = installation.program.stat().st_size
    digest = hashlib.sha256("\0".join(files).encode("utf-8", "surrogateescape")).hexdigest()
    return f"PostgreSQL {installation.version} {installation.place.source} {size} {digest}"


def lent_identity(administrator: Administrator) -> str:
    """A server that the user lends: its version, settings, extensions, roles and databases, glowplug's own aside.

    Raises:
        EnvironmentFailure: it does not tell.
    """
    answers = [administrator.rows(question) for question in _OF_A_LENT_SERVER]
    return f"url {hashlib.sha256(repr(answers).encode()).hexdigest()}"
