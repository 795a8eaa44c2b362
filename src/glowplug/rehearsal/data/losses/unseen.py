"""Tables that a migration may take something from, and in which no row was there to show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.rehearsal.data.files.names import found
from glowplug.rehearsal.data.files.reversibility import says
from glowplug.rehearsal.data.files.text import actions_of, names_in
from glowplug.rehearsal.measured import DataOutcome, Reversibility
from glowplug.sql.actions import (
    AddColumn,
    AlterColumnType,
    AlterTableSetting,
    Copy,
    CreateTable,
    Delete,
    DropColumn,
    DropTable,
    Insert,
    ModifyColumn,
    RenameTable,
    Truncate,
    Update,
)
from glowplug.sql.parts import Constraint

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.measured import Data
    from glowplug.sql.parts import Name

_MAY_TAKE = (
    AddColumn,
    AlterColumnType,
    AlterTableSetting,
    Copy,
    CreateTable,
    Delete,
    DropColumn,
    DropTable,
    Insert,
    ModifyColumn,
    RenameTable,
    Truncate,
    Update,
)


def unless_unseen(
    subject: Subject,
    data: Data,
    *,
    empty: Collection[str],
    unwritten: Collection[str],
    unmet: Sequence[str] = (),
    refused: str | None = None,
) -> Data:
    """Take back that nothing is lost where there was no row to lose.

    ``empty``: tables without a row before the up, by their names then; ``unwritten``: those to which nothing could be
    written after it. ``unmet``: what is said of conditions by which rows are taken, and that none was seen to meet.
    ``refused``: what the up said of the rows that it would not take.
    """
    touched = subject.touched
    if data.outcome is not DataOutcome.LOSSLESS or not (touched.before or touched.after):
        return data
    whole = {table.name for table in (*subject.before, *subject.after) if table.partition_of is None}
    here, without = (touched.before, empty) if touched.before else (touched.after, unwritten)
    if here & whole <= set(without):
        why = "no table that it touches could be given a row"
    elif says(subject.text, with_down=subject.has_down) is Reversibility.LOSSLESS or not subject.settings.rows:
        return data
    else:
        tables = _taken_from(subject, empty, unwritten)
        if not tables and not unmet:
            return data
        why = (
            unmet[0]
            if not tables
            else f"no row could be written to {', '.join(tables)}, of which it may take something away"
        )
    if refused is not None:
        why = f"its up refuses the rows that were made for it: {refused}"
    return replace(data, outcome=DataOutcome.NOT_MEASURED, why=data.why or why)


def _taken_from(subject: Subject, empty: Collection[str], unwritten: Collection[str]) -> list[str]:
    old = {table.name for table in subject.before}
    new = {table.name for table in subject.after}
    dialect = subject.dialect
    ups = _named(subject, up=True)
    downs = _named(subject, up=False)
    before = {match for name in ups if (match := found(name, old, dialect)) is not None}
    after = {match for name in downs if (match := found(name, new, dialect)) is not None}
    return sorted(before.intersection(empty) | after.intersection(unwritten))


def _named(subject: Subject, *, up: bool) -> list[Name]:
    script = subject.text.up if up else subject.text.down
    return [
        name
        for action, _ in actions_of(script)
        if isinstance(action, _MAY_TAKE)
        for name in names_in(action, but=Constraint)
    ]
