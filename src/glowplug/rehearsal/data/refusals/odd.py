"""Edge rows on one branch: which file refuses some, what is lost of them, and whether the up then runs again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.rehearsal.data.files.harmless import may_change_rows
from glowplug.rehearsal.data.losses.losses import (
    Since,
    lost_for_good,
    lost_of_odd,
    lost_there_and_back,
    may_be_lost,
    written_after,
)
from glowplug.rehearsal.data.refusals.edge_rows import write_edges
from glowplug.rehearsal.data.refusals.folding import folded
from glowplug.rehearsal.data.refusals.odd_documents import odd_documents
from glowplug.rehearsal.measured import When
from glowplug.rehearsal.seeding import edges

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.rehearsal.data.losses.missing import State
    from glowplug.rehearsal.data.trip import Trip
    from glowplug.rehearsal.measured import Loss
    from glowplug.rehearsal.seeding import Edge
    from glowplug.schema.tables import Table


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """What came of edge rows: why a file ``refused`` them, or what it lost of them.

    ``again``: why the up can't run on what its down has left of them, though both took them.
    """

    refused: SqlError | None = None
    losses: tuple[Loss, ...] = ()
    again: SqlError | None = None


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What is suspected of edge rows, and to be examined apart: the files that ``refuse`` some; what is lost of them.

    ``again``: when those were written on which the up seems not to run a second time.
    """

    refuse: frozenset[Direction] = frozenset()
    losses: tuple[Loss, ...] = ()
    again: frozenset[When] = frozenset()


def tried(here: Trip, *, without: frozenset[str]) -> Tried:
    """Try edge rows where a branch stands after its up: the down over them, then the up.

    Other rows may be in the way there: a direction that is suspected is then examined on branches of its own.
    """
    if not any(map(here.subject.may_refuse, Direction)):
        return Tried()
    later = back_over(here, edges_of(here, Direction.DOWN, without))
    if later.refused is not None:
        return Tried(refuse=frozenset(Direction))
    again = frozenset[When]() if later.again is None else frozenset({When.AFTER})
    up = Tried(refuse=frozenset({Direction.UP}), losses=later.losses, again=again)
    if later.again is not None or (here.is_up and here.run(Direction.DOWN) is not None):
        return up
    if here.subject.may_refuse(Direction.UP) and not _is_restored(here):
        return up
    sooner = over(here, edges_of(here, Direction.UP, without))
    if sooner.refused is not None:
        return up
    again = frozenset[When]() if sooner.again is None else frozenset({When.BEFORE})
    return Tried(losses=(*sooner.losses, *later.losses), again=again)


def edges_of(here: Trip, direction: Direction, without: frozenset[str]) -> tuple[Edge, ...]:
    """Make the edge rows that a file may refuse, for the tables as they are before it runs."""
    subject = here.subject
    if not subject.may_refuse(direction):
        return ()
    up = direction is Direction.UP
    only = (subject.touched.edges_before if up else subject.touched.edges_after) - without
    tables = subject.before if up else subject.after
    later = subject.later if up else subject.earlier
    settings = subject.settings
    return (
        *folded(here, direction, only),
        *odd_documents(here.rows, subject.text, direction, tables, later, settings=settings, only=only),
        *edges(here.rows, tables, later=later, dialect=subject.dialect, settings=settings, only=only),
    )


def over(here: Trip, chosen: Sequence[Edge]) -> Came:
    """Run the up over edge rows, the down where there is one, and the up again if that left other than there was."""
    if not chosen:
        return Came()
    subject = here.subject
    there = here.old()
    write_edges(here, Direction.UP, chosen)
    before = here.old()
    only = written_after(there, before)
    error = here.run(Direction.UP)
    if error is not None:
        return Came(refused=error)
    after = here.new()
    if not subject.has_down or here.run(Direction.DOWN) is not None:
        return Came(losses=lost_for_good(before, after, subject.names, only=only))
    restored, back = here.restored()
    return Came(
        losses=lost_there_and_back(before, after, restored, subject.names, back, only=only),
        again=None if _rows(restored) == _rows(before) and _is_restored(here) else here.run(Direction.UP),
    )


def back_over(here: Trip, chosen: Sequence[Edge]) -> Came:
    """Run the down over edge rows, and the up again."""
    subject = here.subject
    looks = bool(chosen) and may_change_rows(subject.text.down)
    there = here.new() if looks else {}
    write_edges(here, Direction.DOWN, chosen)
    written = here.new() if looks else {}
    error = here.run(Direction.DOWN)
    if error is not None or not chosen:
        return Came(refused=error)
    restored, down = here.restored() if looks else ({}, subject.names)
    stuck = here.run(Direction.UP)
    since = Since(there=there, written=written, restored=restored, again={})
    if not looks or not may_be_lost(since, subject.names, down):
        return Came(again=stuck)
    again = here.new() if stuck is None else {}
    return Came(losses=lost_of_odd(replace(since, again=again), subject.names, down), again=stuck)


def _rows(state: State) -> Mapping[str, object]:
    return {name: reading.contents for name, reading in state.items()}


def _is_restored(here: Trip) -> bool:
    """Whether the tables ask what they did before the up: else rows that it refuses can't be written any more."""
    return _asked(here.tables_back()) == _asked(here.subject.before)


def _asked(tables: Sequence[Table]) -> Mapping[str, object]:
    return {
        table.name: (
            {column.name: (column.type, column.nullable) for column in table.columns},
            {check.expression for check in table.checks},
            {(unique.columns, unique.expressions, unique.predicate) for unique in table.uniques},
            {(key.columns, key.table, key.referenced) for key in table.foreign_keys},
        )
        for table in tables
    }
