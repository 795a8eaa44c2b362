"""Find out what will be asked of files before it is asked, while the server works: all of it is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres.bookkeeping import is_near_bookkeeping, moves_bookkeeping
from glowplug.database.postgres.local import local_changes, statement_kinds
from glowplug.database.postgres.state import own_settings
from glowplug.sql.postgres_concurrent import lone_index
from glowplug.sql.postgres_nesting import nesting
from glowplug.sql.postgres_repeating import repeats

if TYPE_CHECKING:
    from glowplug.project import Migration


def look_back_ahead(migration: Migration) -> None:
    """Look at the files of a migration, whose up runs, for the way back and there again."""
    for content in (migration.down or b"", migration.up or b""):
        text = content.decode(errors="replace")
        local_changes(text)
        nesting(text)
        statement_kinds(text)
        is_near_bookkeeping(content)
    repeats((migration.up or b"").decode(errors="replace"))


def look_up_ahead(migration: Migration | None) -> None:
    """Look at the up of the migration that probably comes next, if any does."""
    if migration is None:
        return
    content = migration.up or b""
    text = content.decode(errors="replace")
    own_settings(content)
    moves_bookkeeping(content)
    if not migration.run_in_transaction:
        lone_index(text)
    elif local_changes(text) is not None:
        statement_kinds(text)
