"""What can be told of a file from its actions: that it takes any row there may be, that it keeps to what it locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.files.text import actions_of, followed
from glowplug.sql.actions import (
    AddColumn,
    AddConstraint,
    AddEnumValue,
    Comment,
    Create,
    CreateIndex,
    CreateRoutine,
    CreateSequence,
    CreateTable,
    CreateTrigger,
    CreateType,
    CreateView,
    Delete,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropNotNull,
    DropTable,
    DropTrigger,
    DropView,
    Grant,
    Insert,
    LockTable,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    RenameTable,
    SetDefault,
    SetNotNull,
    SetVariable,
    Transaction,
    Update,
    ValidateConstraint,
)

if TYPE_CHECKING:
    from glowplug.sql.statement import Script

_LOOK_AT_NO_ROW = (
    AddEnumValue,
    Comment,
    Create,
    CreateRoutine,
    CreateSequence,
    CreateTrigger,
    CreateType,
    DropConstraint,
    DropIndex,
    DropNotNull,
    DropTable,
    DropTrigger,
    DropView,
    Grant,
    LockTable,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    RenameTable,
    SetDefault,
    SetVariable,
    Transaction,
)


_AT_HOME = (
    AddColumn,
    AddConstraint,
    Comment,
    CreateIndex,
    CreateTable,
    CreateTrigger,
    CreateView,
    Delete,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropNotNull,
    DropTable,
    DropTrigger,
    DropView,
    Insert,
    LockTable,
    SetDefault,
    SetNotNull,
    Update,
    ValidateConstraint,
)

_REFUSE_OR_KEEP = (
    *_LOOK_AT_NO_ROW,
    AddColumn,
    AddConstraint,
    CreateIndex,
    CreateTable,
    CreateView,
    DropColumn,
    SetNotNull,
    ValidateConstraint,
)


def changes_what_it_locks(script: Script | None) -> bool:
    """Whether PostgreSQL locks each table that a file makes another: no type, and no name, that others use changes."""
    if script is None or not followed(script):
        return False
    return all(isinstance(action, _AT_HOME) for action, _ in actions_of(script))


def may_refuse_rows(script: Script | None, dialect: Dialect) -> bool:
    """Whether a file does anything that may fail where a row is odd, or something that can't be read."""
    if script is None or not followed(script):
        return True
    return not all(_looks_at_no_row(action, dialect) for action, _ in actions_of(script))


def may_change_rows(script: Script | None) -> bool:
    """Whether a file may write to rows that were there, or leave some out, or holds something that can't be read.

    Not whether it takes columns or tables away: that it does of all rows.
    """
    if script is None or not followed(script):
        return True
    return any(
        not isinstance(action, _REFUSE_OR_KEEP) or (isinstance(action, CreateTable) and action.from_query)
        for action, _ in actions_of(script)
    )


def _looks_at_no_row(action: object, dialect: Dialect) -> bool:
    match action:
        case AddColumn():
            return action.column.generated is None and not action.column.constraints
        case DropColumn():
            return dialect is not Dialect.MYSQL  # there it shortens unique keys, which rows may then break
        case CreateTable():
            return not action.from_query and action.partition_of is None
        case CreateView():
            return not action.materialized
        case _:
            return isinstance(action, _LOOK_AT_NO_ROW)
