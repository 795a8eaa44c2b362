"""Whether rows are to blame for what a file would not do with them: what it does with none of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Direction
from glowplug.rehearsal.data.refusals.refusals import refused
from glowplug.rehearsal.data.trip import trip

if TYPE_CHECKING:
    from glowplug.database.interface import SqlError
    from glowplug.database.trace import Trace
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.measured import Refusal, When


def down_alone(subject: Subject) -> SqlError | None:
    """Say why the down fails without any rows of ours; None: it does not."""
    with trip(subject) as bare:
        return bare.run(Direction.UP) or bare.run(Direction.DOWN)


def runs_down_twice(subject: Subject) -> bool:
    """Whether the down runs again, after the up again, without any rows of ours."""
    with trip(subject) as bare:
        return all(bare.run(direction) is None for direction in (Direction.UP, Direction.DOWN) * 2)


def not_again(subject: Subject, error: SqlError, written: When) -> Refusal | None:
    """Say that, with rows, the up can't run on what its down has left; None where it can't without any either."""
    with trip(subject) as bare:
        alone = bare.run(Direction.UP) or bare.run(Direction.DOWN) or bare.run(Direction.UP)
    return None if alone is not None else refused(subject, Direction.UP, error, written)


def without_rows(subject: Subject, observed: Trace) -> Trace:
    """See what the up does where none of our rows stops it; as it was ``observed`` where it fails without them."""
    with trip(subject) as bare:
        seen = bare.observe(Direction.UP)
    return observed if seen.error is not None else seen
