"""What rules about dropped columns and tables say of the way back: whether it makes them again, and fills them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Direction
from glowplug.review.wording import actions_of
from glowplug.sql.actions import AddColumn, CreateTable, Insert, RenameColumn, RenameTable, Update
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name


def comes_back(context: Context, table: Name, column: str | None = None) -> str:
    """Say of a drop of a column, or of the whole table, what becomes of it on the way back, to put behind it."""
    if context.down:
        return ", and nothing brings that back"
    text = context.migration.sql(Direction.DOWN)
    if text is None:
        return ", and there is no down.sql"
    what = "table" if column is None else "column"
    done = actions_of(context, Direction.DOWN)
    if any(_makes(action, table, column) for action in done):
        if any(_fills(action, table, column) for action in done):
            return f": down.sql makes the {what} again and fills it from what it still finds elsewhere, no more"
        return f": down.sql makes the {what} again, without what was in it"
    if any(each.unparsed for each in read(text.decode("utf-8", "replace"), context.dialect).statements):
        return ", and no down.sql brings that back, unless it was copied elsewhere first"
    return f", and down.sql does not make the {what} again"


def _makes(action: Action, table: Name, column: str | None) -> bool:
    match action:
        case CreateTable():
            return _same(action.table.name, table.name)
        case RenameTable():
            return _same(action.new_name.name, table.name)
        case AddColumn() if column is not None:
            return _same(action.table.name, table.name) and _same(action.column.name, column)
        case RenameColumn() if column is not None:
            return _same(action.table.name, table.name) and _same(action.new_name, column)
    return False


def _fills(action: Action, table: Name, column: str | None) -> bool:
    match action:
        case CreateTable() | Insert():
            return _same(action.table.name, table.name) and bool(action.reads)
        case RenameTable() | RenameColumn():
            return _makes(action, table, column)
        case Update() if column is not None:
            return _same(action.table.name, table.name) and _is_given_a_value(action, column)
    return False


def _is_given_a_value(action: Update, column: str) -> bool:
    """Whether it is set to something that can differ from row to row."""
    if len(action.values) != len(action.columns):
        return any(_same(each, column) for each in action.columns)
    given = zip(action.columns, action.values, strict=True)
    return any(_same(name, column) and not (value.constant or value.null) for name, value in given)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
