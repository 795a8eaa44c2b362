"""The way down as it was before what is new: whether that is to blame for where the whole way down stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Direction
from glowplug.rehearsal.chain_down import chain_down
from glowplug.rehearsal.outcome import WayDown

if TYPE_CHECKING:
    from collections.abc import Collection

    from glowplug.project import Chain
    from glowplug.rehearsal.outcome import ChainDown, Rehearsal
    from glowplug.scratch.interface import Server


def stops_only_since(chain: Chain, server: Server, rehearsal: Rehearsal, new: Collection[str]) -> bool:
    """Whether the way down stops at a migration that it would have got past without those named in ``new``.

    Goes up and down once more on a fresh database, only where that is the question.

    Raises:
        EnvironmentFailure: the server, not a migration, failed.
    """
    down = rehearsal.chain_down
    names = {migration.version: migration.name for migration in chain.migrations if migration.runnable}
    if down.outcome is not WayDown.FAILED or down.failed_at not in names or names[down.failed_at] in new:
        return False
    if not any(names.get(version) in new for version in rehearsal.recorded[: down.reverted]):
        return False
    before = _way_down_without(chain, server, new)
    if before is None:
        return False
    return before.outcome is WayDown.COMPLETE or (before.failed_at is not None and before.failed_at < down.failed_at)


def _way_down_without(chain: Chain, server: Server, new: Collection[str]) -> ChainDown | None:
    database = server.create()
    try:
        baseline = database.connection.snapshot()
        for migration in chain.migrations:
            if not migration.runnable or migration.name in new:
                continue
            if database.connection.run(migration, Direction.UP).error is not None:
                return None  # history needs what is new: it has no way down of its own
        database.restart_session()
        return chain_down(chain, database, baseline, progress=lambda _count, _migration: None)
    finally:
        database.close()
