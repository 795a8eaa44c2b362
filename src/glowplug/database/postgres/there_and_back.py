"""A down, and the up again, as one message: a transaction that looks at what both did, and ends rolled back.

By the time that the answer is there, nothing can be looked at any more: where the answer does not tell all, it is of
no use, and both have to run again, step by step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.postgres.change import changed
from glowplug.database.postgres.local import local_changes
from glowplug.database.postgres.watch import written
from glowplug.sql.postgres_nesting import nesting
from glowplug.sql.postgres_repeating import repeats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.database.postgres.connection import PostgresConnection
    from glowplug.project import Migration
    from glowplug.schema import Schema

CONSTRAINTS_AT_ONCE = b"SET CONSTRAINTS ALL IMMEDIATE"
"""What a COMMIT would still check is checked now; it stays so."""

_NEAR_BOOKKEEPING = re.compile(rb"schema|search_path|__diesel|owned|role|session_authorization|u&", re.IGNORECASE)
"""What a file says that may be in the bookkeeping's way; \"u&\" may spell anything."""


@dataclass(frozen=True, slots=True)
class FirstUp:
    """An up, for good: the schemas around it, the very objects, how many rows it wrote, by the catalogue's place."""

    migration: Migration
    before: Schema
    after: Schema
    wrote: Mapping[int, int]


def look_ahead(migration: Migration) -> None:
    """Find out what will be asked of its files when an excursion goes back, for that to be remembered."""
    for content in (migration.down, migration.up):
        text = (content or b"").decode(errors="replace")
        local_changes(text)
        nesting(text)
        repeats(text)


def there_and_back(home: PostgresConnection, migration: Migration, *, writes: bool) -> tuple[Schema, Schema] | None:
    """Give the schema after the down and the one after the up again; None where one message can't tell.

    For two files that may be nested, of which the up changes no rows; ``writes``: the down does.
    What the second up did is not read but proved where all of this holds: the down gave back the very schema that the
    first up had started from, the up is one that ``repeats``, it succeeded, and it wrote as many rows into every
    catalogue as the first time.
    """
    down, up = (local_changes((content or b"").decode()) for content in (migration.down, migration.up))
    watching = home.watching()
    if watching is None or down is None or up is None:
        return None
    first = home.first_up(migration)
    proving = first is not None and not down.writes and repeats((migration.up or b"").decode())
    begun_with = (b"BEGIN", watching.count)
    between = ((CONSTRAINTS_AT_ONCE,) * writes) + watching.looking
    closing = ((watching.count,) if proving else watching.looking) + (b"ROLLBACK",)
    runner, bookkeeping = home.runner, home.bookkeeping.moved or _is_near_bookkeeping(migration)
    if not runner.run_both(migration, opening=begun_with, between=between, closing=closing, bookkeeping=bookkeeping):
        return None
    size = 1 if proving else watching.size
    answers, ended = runner.answers[:-size], runner.answers[-size:]
    watch, answer = watching.answers(answers)
    seen = home.watched(answers[0], watch)
    restored = None if seen is None or answer is None else home.look_back(changed(down, seen), answer)
    if restored is None:
        return None
    if first is not None and proving:
        proved = restored is first.before and written(watch, ended[0]) == first.wrote
        return (restored, first.after) if proved else None
    watch, answer = watching.answers(ended)
    seen = home.watched(answers[0], watch)
    again = None if seen is None or answer is None else home.look_back(changed(down | up, seen), answer)
    return None if again is None else (restored, again)


def _is_near_bookkeeping(migration: Migration) -> bool:
    return any(_NEAR_BOOKKEEPING.search(content or b"") for content in (migration.down, migration.up))
