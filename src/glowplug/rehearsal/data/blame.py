"""Whether rows are to blame for what a file would not do with them: what it does with none of ours, or with few."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.rehearsal.data.refusals import refused
from glowplug.rehearsal.data.trip import trip
from glowplug.rehearsal.measured import When

if TYPE_CHECKING:
    from collections.abc import Collection

    from glowplug.database.interface import SqlError
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.measured import Refusal

_FEW = (1, 2)
"""Rows a table; two, for what no two may be alike in."""


def down_alone(subject: Subject) -> SqlError | None:
    """Say why the down fails without any rows of ours; None: it does not."""
    with trip(subject) as bare:
        return bare.run(Direction.UP) or bare.run(Direction.DOWN)


def not_again(subject: Subject, error: SqlError, written: When) -> Refusal | None:
    """Say that, with rows, the up can't run on what its down has left; None where it can't without any either."""
    with trip(subject) as bare:
        alone = bare.run(Direction.UP) or bare.run(Direction.DOWN) or bare.run(Direction.UP)
    return None if alone is not None else refused(subject, Direction.UP, error, written)


def stops_the_way_back(subject: Subject, error: SqlError, without: Collection[str]) -> Refusal:
    """Say that the down refuses plain rows that were there before the up, and how few of them are enough for that.

    That is not asked where the chain or ``seeds/`` wrote rows, which the down takes, or glowplug.toml gives them.
    """
    refusal = refused(subject, Direction.DOWN, error, When.BEFORE)
    tables = subject.touched.before.difference(without) if refusal.table is None else {refusal.table}
    given = subject.seeds or any(table.rows for table in subject.settings.table)
    if error.timed_out or given or any(table.rows for table in subject.before if table.name in tables):
        return refusal
    for rows in _FEW[: subject.settings.rows]:
        with trip(replace(subject, settings=replace(subject.settings, rows=rows))) as here:
            here.fill(without=without)
            if here.run(Direction.UP) is None and here.run(Direction.DOWN) is not None:
                return replace(refusal, enough=rows)
    return refusal
