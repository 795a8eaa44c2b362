"""A down, and the up again, as one message: a transaction that looks at what both did, and ends rolled back.

By the time that the answer is there, nothing can be looked at any more: where the answer does not tell all, it is of
no use, and both have to run again, step by step.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from glowplug.database.postgres.ahead import look_up_ahead
from glowplug.database.postgres.bookkeeping import is_near_bookkeeping
from glowplug.database.postgres.change import changed
from glowplug.database.postgres.local import local_changes
from glowplug.database.postgres.questions import Answer, Wanted
from glowplug.database.postgres.watch import written
from glowplug.schema import Schema
from glowplug.sql.postgres_repeating import repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.connection import PostgresConnection
    from glowplug.database.postgres.questions import Watching
    from glowplug.project import Migration
    from glowplug.sql.postgres_locality import Locality
    from glowplug.sql.postgres_nesting import Nesting

CONSTRAINTS_AT_ONCE = b"SET CONSTRAINTS ALL IMMEDIATE"
"""What a COMMIT would still check is checked now; it stays so."""

_ATTEMPTS = 4  # what the down wants read may be too little, what the up wants besides, and a proof


@dataclass(frozen=True, slots=True)
class FirstUp:
    """An up, for good: the schemas around it, the very objects, how many rows it wrote, by the catalogue's place.

    ``like`` it are those of the same kinds of statements that wrote as much of what a down may leave: that a table has
    triggers, or room for long values.
    """

    migration: Migration
    before: Schema
    after: Schema
    wrote: Mapping[int, int]
    like: Hashable


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What is read beside what is expected to have to be; whether the second up may be proved, and not read."""

    wanted: Wanted = field(default_factory=Wanted)
    proving: bool = True

    def with_(self, wanted: Wanted) -> _Attempt:
        """One that reads this, too."""
        return replace(self, wanted=self.wanted | wanted)


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
    there, back = (local_changes((content or b"").decode()) for content in (migration.down, migration.up))
    if there is None or back is None:
        return None
    first = None if there.writes or not repeats((migration.up or b"").decode()) else home.first_up(migration)
    proving = first is not None and attempt.proving and home.forecast.repeats(first.like)
    watching = home.watching(attempt.wanted | home.forecast.of_undoing(there, None if proving else there | back))
    if watching is None:
        return None
    between = ((CONSTRAINTS_AT_ONCE,) * (down.writes or there.evaluates)) + watching.looking
    closing = ((CONSTRAINTS_AT_ONCE,) * (up.writes or back.evaluates)) + (
        (watching.count,) if proving else watching.looking
    )
    near = any(is_near_bookkeeping(content or b"") for content in (migration.down, migration.up))
    runner = home.runner
    if not runner.run_both(
        migration,
        opening=(b"BEGIN", watching.count),
        between=between,
        closing=(*closing, b"ROLLBACK"),
        bookkeeping=home.bookkeeping.moved or near,
        silent=not (down.writes or up.writes),
        meanwhile=partial(look_up_ahead, home.next_after(migration)),
    ):
        return None
    size = 1 if proving else watching.size
    answers, ended = runner.answers[:-size], runner.answers[-size:]
    restored = _seen(home, watching, answers[0], answers, there)
    again = restored
    if isinstance(restored, Schema):
        proved = False
        if first is not None and restored is first.before:
            last = ended[0] if proving else watching.answers(ended)[0]
            proved = written(watching.answers(answers)[0], last) == first.wrote
            home.forecast.repeated(first.like, so=proved)
        if proving:
            return (restored, first.after) if first is not None and proved else replace(attempt, proving=False)
        again = _seen(home, watching, answers[0], ended, there | back)
        if isinstance(again, Schema):
            return restored, again
    return attempt.with_(again) if isinstance(again, Wanted) else None


def _seen(
    home: PostgresConnection, watching: Watching, count: PGresult, answers: Sequence[PGresult], local: Locality
) -> Schema | Wanted | None:
    """Give the schema that a look saw, or what it would have had to see; None: nothing tells."""
    watch, answer = watching.answers(answers)
    seen = home.watched(count, watch)
    if seen is None or (answer is None and watching.reads):
        return None
    return home.look_back(changed(local, seen), answer or Answer((), None))
