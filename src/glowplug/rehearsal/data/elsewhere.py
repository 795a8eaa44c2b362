"""The same under a setting that production may have: what is worse there than under the one that gave the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.rehearsal.data.losses.losses import lost_for_good, lost_there_and_back, outcome_of
from glowplug.rehearsal.data.refusals.edge_rows import write_edges
from glowplug.rehearsal.data.trip import trip
from glowplug.rehearsal.measured import DataOutcome, Failure, Loss, OtherWorld, When

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.rehearsal.data.files.names import Names
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.measured import Data
    from glowplug.rehearsal.seeding import Edge


def beyond(losses: tuple[Loss, ...], known: tuple[Loss, ...]) -> tuple[Loss, ...]:
    """Give the losses of what is not lost anyway."""
    places = {(loss.table, loss.column, loss.by) for loss in known}
    return tuple(
        loss for loss in losses if not {(loss.table, loss.column, loss.by), (loss.table, None, loss.by)} & places
    )


def beyond_plain(odd: tuple[Loss, ...], plain: tuple[Loss, ...], up: Names) -> tuple[Loss, ...]:
    """Give the losses of odd rows where plain ones lose nothing by either file.

    What a down takes of the up's own tables says nothing of rows that were there before it: one may be called as they.
    What it loses of the up's own columns is no more than is known where it loses of the table what was there before.
    """
    known = tuple(replace(loss, by=by) for loss in plain for by in Direction)
    unexpected = tuple(loss for loss in known if not loss.expected)
    old = up.back()
    short = {loss.table for loss in plain if loss.by is Direction.DOWN and loss.written is When.BEFORE}
    sooner = tuple(loss for loss in odd if loss.written is When.BEFORE)
    later = tuple(
        loss
        for loss in odd
        if loss.written is When.AFTER
        and (
            loss.column is None
            or (loss.table, loss.column) in old.columns
            or old.tables.get(loss.table, loss.table) not in short
        )
    )
    return (*beyond(sooner, unexpected), *beyond(later, known))


def other_world(
    subject: Subject, data: Data, refused: Sequence[Edge], *, without: Collection[str], down_fails: bool
) -> tuple[OtherWorld, ...]:
    """Go there and back once under the other setting; only what is worse there is told.

    With the rows that the up has ``refused`` here: another setting may take them, and cut them.
    """
    world = subject.database.other_world
    if world is None:
        return ()
    other = _there_and_back(subject, refused, without)
    if other.up is not None and refused:
        other = _there_and_back(subject, (), without)
    if other.up is not None:
        failure = Failure(direction=Direction.UP, error=other.up)
        return (OtherWorld(world=world, outcome=DataOutcome.FAILS_ON_DATA, failure=failure),)
    more = beyond(other.losses, (*data.losses, *data.odd_losses))
    fails = None if other.down is None or down_fails else Failure(direction=Direction.DOWN, error=other.down)
    if not more and fails is None:
        return ()
    outcome = outcome_of(more) if fails is None else DataOutcome.FAILS_ON_DATA
    return (OtherWorld(world=world, outcome=outcome, losses=more, failure=fails),)


class _Other(msgspec.Struct, frozen=True, kw_only=True):
    """What the files did under the other setting: their errors, and what was lost."""

    up: SqlError | None = None
    down: SqlError | None = None
    losses: tuple[Loss, ...] = ()


def _there_and_back(subject: Subject, chosen: Sequence[Edge], without: Collection[str]) -> _Other:
    with trip(subject, other_world=True) as here:
        here.fill(without=without)
        write_edges(here, Direction.UP, chosen)
        before = here.old()
        up = here.run(Direction.UP)
        if up is not None:
            return _Other(up=up)
        after = here.new()
        down = here.run(Direction.DOWN) if subject.has_down else None
        if down is not None or not subject.has_down:
            return _Other(down=down, losses=lost_for_good(before, after, subject.names))
        restored, back = here.restored()
        return _Other(losses=lost_there_and_back(before, after, restored, subject.names, back))
