"""A down, and the up again, as one message: a transaction that looks at what both did, and ends rolled back.

By the time that the answer is there, nothing can be looked at any more: where the answer does not tell all, it is of
no use, and both have to run again, step by step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glowplug.database.postgres.change import changed
from glowplug.database.postgres.local import local_changes
from glowplug.database.postgres.questions import Answer, Wanted
from glowplug.database.postgres.watch import written
from glowplug.sql.postgres_nesting import nesting
from glowplug.sql.postgres_repeating import repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.connection import PostgresConnection
    from glowplug.database.postgres.questions import Watching
    from glowplug.project import Migration
    from glowplug.schema import Schema
    from glowplug.sql.postgres_locality import Locality
    from glowplug.sql.postgres_nesting import Nesting

CONSTRAINTS_AT_ONCE = b"SET CONSTRAINTS ALL IMMEDIATE"
"""What a COMMIT would still check is checked now; it stays so."""

_ATTEMPTS = 4  # what the down wants read may be too little, what the up wants besides, and a proof

_NEAR_BOOKKEEPING = re.compile(rb"schema|search_path|__diesel|owned|role|session_authorization|u&", re.IGNORECASE)
"""What a file says that may be in the bookkeeping's way; \"u&\" may spell anything."""


@dataclass(frozen=True, slots=True)
class FirstUp:
    """An up, for good: the schemas around it, the very objects, how many rows it wrote, by the catalogue's place."""

    migration: Migration
    before: Schema
    after: Schema
    wrote: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What is read beforehand, if that is not what is usual; whether the second up may be proved, and not read."""

    wanted: Wanted | None = None
    proving: bool = True

    def with_(self, wanted: Wanted) -> _Attempt:
        """One that reads this, too."""
        return replace(self, wanted=wanted if self.wanted is None else self.wanted | wanted)


def look_ahead(migration: Migration) -> None:
    """Find out what will be asked of its files when an excursion goes back, for that to be remembered."""
    for content in (migration.down, migration.up):
        text = (content or b"").decode(errors="replace")
        local_changes(text)
        nesting(text)
        repeats(text)


def there_and_back(
    home: PostgresConnection, migration: Migration, down: Nesting, up: Nesting, *, undo: Callable[[], None]
) -> tuple[Schema, Schema] | None:
    """Give the schema after the down and the one after the up again; None where one message can't tell.

    For two files that may be nested, ``down`` and ``up``, of which the down leaves the code that would answer to rows
    that the up changes; ``undo`` undoes what no rollback does. What the second up did is not read but proved where all
    of this holds: the down gave back the very schema that the first up had started from, the up is one that
    ``repeats``, it succeeded, and it wrote as many rows into every catalogue as the first time.
    """
    attempt = _Attempt()
    for _ in range(_ATTEMPTS):
        told = _look_at_both(home, migration, down, up, attempt)
        if not isinstance(told, _Attempt):
            return told
        attempt = told
        undo()
    return None


def _look_at_both(
    home: PostgresConnection, migration: Migration, down: Nesting, up: Nesting, attempt: _Attempt
) -> tuple[Schema, Schema] | _Attempt | None:
    """The same in one message; the next attempt, where one that looks at more may tell."""
    watching = home.watching(attempt.wanted)
    there, back = (local_changes((content or b"").decode()) for content in (migration.down, migration.up))
    if watching is None or there is None or back is None:
        return None
    first = home.first_up(migration) if attempt.proving else None
    proving = first is not None and not there.writes and repeats((migration.up or b"").decode())
    between = ((CONSTRAINTS_AT_ONCE,) * (down.writes or there.evaluates)) + watching.looking
    closing = ((CONSTRAINTS_AT_ONCE,) * (up.writes or back.evaluates)) + (
        (watching.count,) if proving else watching.looking
    )
    runner, bookkeeping = home.runner, home.bookkeeping.moved or _is_near_bookkeeping(migration)
    opening, closing = (b"BEGIN", watching.count), (*closing, b"ROLLBACK")
    if not runner.run_both(migration, opening=opening, between=between, closing=closing, bookkeeping=bookkeeping):
        return None
    size = 1 if proving else watching.size
    answers, ended = runner.answers[:-size], runner.answers[-size:]
    restored = _seen(home, watching, answers[0], answers, there)
    if restored is None or isinstance(restored, Wanted):
        return None if restored is None else attempt.with_(restored)
    if first is not None and proving:
        watch, _ = watching.answers(answers)
        proved = restored is first.before and written(watch, ended[0]) == first.wrote
        return (restored, first.after) if proved else replace(attempt, proving=False)
    again = _seen(home, watching, answers[0], ended, there | back)
    if again is None or isinstance(again, Wanted):
        return None if again is None else attempt.with_(again)
    return restored, again


def _seen(
    home: PostgresConnection, watching: Watching, count: PGresult, answers: Sequence[PGresult], local: Locality
) -> Schema | Wanted | None:
    """Give the schema that a look saw, or what it would have had to see; None: nothing tells."""
    watch, answer = watching.answers(answers)
    seen = home.watched(count, watch)
    if seen is None or (answer is None and watching.reads):
        return None
    return home.look_back(changed(local, seen), answer or Answer((), None))


def _is_near_bookkeeping(migration: Migration) -> bool:
    return any(_NEAR_BOOKKEEPING.search(content or b"") for content in (migration.down, migration.up))
