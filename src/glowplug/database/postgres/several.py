"""Several files as one message, each in a transaction of its own: less waiting, and nothing else."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from glowplug.database.interface import SEVERAL
from glowplug.database.postgres.bookkeeping import moves_bookkeeping
from glowplug.database.postgres.state import own_settings
from glowplug.dialect import Direction
from glowplug.sql.postgres_moments import asks_the_time

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from glowplug.database.postgres.session import Reply
    from glowplug.project import Migration

_BYTES = 1 << 16


def together(
    migrations: Sequence[Migration], direction: Direction, is_plain: Callable[[Migration, Direction], bool]
) -> list[Migration]:
    """Give the first files that may as well be sent at once: those whose text tells what they do, and not too much.

    To one message there is one moment: of what asks for it no more than one file goes along.
    """
    size, asking, found = 0, 0, []
    for migration in migrations[:SEVERAL]:
        sql = migration.sql(direction) or b""
        size += len(sql)
        asking += asks_the_time(sql.decode(errors="replace"))
        if size > _BYTES or asking > 1 or moves_bookkeeping(sql) or own_settings(sql):
            break
        if not is_plain(migration, direction):
            break
        found.append(migration)
    return found


def all_forgotten(migrations: Sequence[Migration], reply: Reply) -> bool:
    """Whether the server says of each of these downs that it deleted one row of the bookkeeping."""
    ends = zip(reply.commands, reply.commands[1:], strict=False)
    return reply.ok and sum(pair == (b"DELETE 1", b"COMMIT") for pair in ends) == len(migrations)


def ran(migrations: Sequence[Migration], direction: Direction, recorded: Collection[str]) -> int:
    """Count the first files that have run, by what is ``recorded``."""
    up = direction is Direction.UP
    return len(list(takewhile(lambda migration: (migration.version in recorded) is up, migrations)))
