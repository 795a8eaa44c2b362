"""Files that take any row that there may be: what they do looks at none, so that no edge rows need be tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.text import actions_of, followed
from glowplug.sql.actions import (
    AddColumn,
    AddEnumValue,
    Comment,
    Create,
    CreateRoutine,
    CreateSequence,
    CreateTable,
    CreateTrigger,
    CreateType,
    CreateView,
    DropColumn,
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


def may_refuse_rows(script: Script | None, dialect: Dialect) -> bool:
    """Whether a file does anything that may fail where a row is odd, or something that can't be read."""
    if script is None or not followed(script):
        return True
    return not all(_looks_at_no_row(action, dialect) for action, _ in actions_of(script))


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
