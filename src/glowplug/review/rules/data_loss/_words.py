"""What rules about dropped columns and tables say: whether the way back makes them again, and whether the file does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Direction
from glowplug.review.wording import actions_of
from glowplug.sql.actions import (
    AddColumn,
    AddConstraint,
    CreateIndex,
    CreateTable,
    CreateView,
    DropColumn,
    DropTable,
    Insert,
    RenameColumn,
    RenameTable,
    Update,
)
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name
    from glowplug.sql.statement import Statement


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


def actions_within(statement: Statement) -> Iterator[Action]:
    """Give what a statement does, the statements in its body included."""
    yield from statement.actions
    for inner in statement.body:
        yield from actions_within(inner)


def made(actions: Sequence[Action]) -> frozenset[str]:
    """Give the names of the indexes and constraints that are made, in lower case."""
    names = [each.index for each in actions if isinstance(each, CreateIndex) and each.index is not None]
    names += [each.constraint.name for each in actions if isinstance(each, AddConstraint) and each.constraint.name]
    return frozenset(map(str.casefold, names))


def rows_carried(actions: Sequence[Action], at: int, table: Name) -> bool:
    """Whether the rows of the table that is dropped at ``at`` were copied, and a table of its name gets them again."""
    holders = {table.name.casefold()}
    for action in actions[:at]:
        if isinstance(action, (Insert, CreateTable)) and _reads(action, holders):
            holders.add(action.table.name.casefold())
    holders.discard(table.name.casefold())
    return any(
        (isinstance(action, RenameTable) and action.table.name.casefold() in holders and _makes(action, table, None))
        or (
            isinstance(action, (Insert, CreateTable))
            and _same(action.table.name, table.name)
            and _reads(action, holders)
        )
        or (isinstance(action, CreateView) and _same(action.view.name, table.name) and _reads(action, holders))
        for action in actions[at + 1 :]
    )


def _reads(action: Insert | CreateTable | CreateView, names: Collection[str]) -> bool:
    return any(name.name.casefold() in names for name in action.reads)


def column_again(actions: Sequence[Action], at: int, table: Name, column: str) -> bool:
    """Whether a column that is dropped at ``at`` has another in its place at the end."""
    there = False
    for action in actions[at + 1 :]:
        if _makes(action, table, column):
            there = not isinstance(action, CreateTable) or any(_same(each.name, column) for each in action.columns)
        elif isinstance(action, (DropColumn, DropTable)) and _same(action.table.name, table.name):
            there = there and isinstance(action, DropColumn) and not _same(action.column, column)
    return there


def values_carried(actions: Sequence[Action], at: int, table: Name, column: str) -> bool:
    """Whether every row's value of the column that is dropped at ``at`` was copied, and the next of its name has it."""
    holders = {column.casefold()}
    updates = [
        (n, each) for n, each in enumerate(actions) if isinstance(each, Update) and _same(each.table.name, table.name)
    ]
    for number, update in updates:
        if number < at:
            holders |= _given(update, holders)
    holders.discard(column.casefold())
    if not holders:
        return False
    renamed = any(
        isinstance(each, RenameColumn) and each.column.casefold() in holders and _makes(each, table, column)
        for each in actions[at + 1 :]
    )
    return renamed or any(column.casefold() in _given(update, holders) for number, update in updates if number > at)


def _given(update: Update, holders: Collection[str]) -> set[str]:
    """Give the columns to which an UPDATE of every row that has something there gives a value from one of others."""
    where = update.where
    partial = where is not None and not update.tautology
    if partial and where is not None:
        present = {each.casefold() for each in where.not_null_columns} & set(holders)
        partial = not present or {each.casefold() for each in where.columns} != present
    if partial or update.limited or len(update.columns) != len(update.values):
        return set()
    return {
        name.casefold()
        for name, value in zip(update.columns, update.values, strict=True)
        if any(each.casefold() in holders for each in value.columns)
    }


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
