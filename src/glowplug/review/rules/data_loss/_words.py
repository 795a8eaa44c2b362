"""What rules about dropped columns and tables say: whether the way back makes them again."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect, Direction
from glowplug.sql.actions import AddColumn, CreateTable, Insert, RenameColumn, RenameTable, Update
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name
    from glowplug.sql.statement import Statement

_Made = tuple[str, str | None]  # a table's name and a column's, None for the table itself, in lower case


class _WayBack(msgspec.Struct, frozen=True, kw_only=True):
    """What a down.sql makes, and of that what it fills; ``clear`` where all of it is understood."""

    made: frozenset[_Made]
    filled: frozenset[_Made]
    clear: bool


def comes_back(context: Context, table: Name, column: str | None = None) -> str:
    """Say of a drop of a column, or of the whole table, what becomes of it on the way back, to put behind it."""
    if context.down:
        return ", and nothing brings that back"
    content = context.migration.sql(Direction.DOWN)
    if content is None:
        return ", and there is no down.sql"
    what = "table" if column is None else "column"
    way_back = _way_back(content, context.dialect)
    wanted: set[_Made] = {(table.name.casefold(), None)}
    wanted |= set() if column is None else {(table.name.casefold(), column.casefold())}
    if wanted & way_back.made:
        if wanted & way_back.filled:
            return f": down.sql makes the {what} again and fills it from what it still finds elsewhere, no more"
        return f": down.sql makes the {what} again, without what was in it"
    if not way_back.clear:
        return ", and no down.sql brings that back, unless it was copied elsewhere first"
    return f", and down.sql does not make the {what} again"


@functools.lru_cache(maxsize=1)  # each drop of a file asks
def _way_back(content: bytes, dialect: Dialect) -> _WayBack:
    statements = read(content.decode("utf-8", "replace"), dialect).statements
    actions = list(_actions(statements))
    return _WayBack(
        made=frozenset(each for action in actions for each in _makes(action)),
        filled=frozenset(each for action in actions for each in _fills(action)),
        clear=all(each.unparsed is None for each in statements),
    )


def _actions(statements: Iterable[Statement]) -> Iterator[Action]:
    for statement in statements:
        yield from statement.actions
        yield from _actions(statement.body)


def _makes(action: Action) -> Iterator[_Made]:
    match action:
        case CreateTable():
            yield action.table.name.casefold(), None
        case RenameTable():
            yield action.new_name.name.casefold(), None
        case AddColumn():
            yield action.table.name.casefold(), action.column.name.casefold()
        case RenameColumn():
            yield action.table.name.casefold(), action.new_name.casefold()


def _fills(action: Action) -> Iterator[_Made]:
    match action:
        case CreateTable() | Insert():
            if action.reads:
                yield action.table.name.casefold(), None
        case RenameTable() | RenameColumn():
            yield from _makes(action)
        case Update():
            for column in _given_a_value(action):
                yield action.table.name.casefold(), column.casefold()


def _given_a_value(action: Update) -> Iterator[str]:
    """Give the columns that are set to something that can differ from row to row."""
    if len(action.values) != len(action.columns):
        yield from action.columns
        return
    for name, value in zip(action.columns, action.values, strict=True):
        if not (value.constant or value.null):
            yield name
