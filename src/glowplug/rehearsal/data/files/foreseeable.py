"""An up that can't be undone as it is, in words that can be: both leave the same tables behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.sql.postgres_concurrent import lone_index

if TYPE_CHECKING:
    from glowplug.project import Migration

_CONCURRENTLY = re.compile(r"(\bINDEX\s+)CONCURRENTLY\b\s*", re.IGNORECASE)


def foreseeable(migration: Migration, dialect: Dialect) -> Migration:
    """Give an up that makes or drops one index CONCURRENTLY without that word, in a transaction; any other as it is."""
    if dialect is not Dialect.POSTGRES or migration.run_in_transaction or migration.up is None:
        return migration
    text = migration.up.decode(errors="replace")
    if lone_index(text) is None:
        return migration
    return replace(migration, up=_CONCURRENTLY.sub(r"\1", text, count=1).encode(), run_in_transaction=True)
