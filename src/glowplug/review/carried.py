"""Which drops of a file lose nothing, for what goes was copied before and has its name again: found in one pass.

Each pass takes time that grows with the file: who holds copies of what is kept as bits, one for each table or column
whose name comes again after it was dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from glowplug.review.whole_file import once_a_file
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

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name
    from glowplug.sql.statement import Script, Statement

_Key = TypeVar("_Key")
_Column = tuple[str, str]  # its table's name and its own, in lower case
_Made = tuple[int, frozenset[str] | None]  # where, and the names of its columns; None: it has any column
_NOTHING: _Made = (-1, frozenset())
_EVERY = -1  # all bits


class Drops(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the columns that a file drops, by the position of each action in all that it does.

    ``positions`` are by an action's identity. ``again``, ``carried`` as of the functions below; ``made``: where an
    index or constraint of a name, in lower case, is made last.
    """

    positions: Mapping[int, int]
    again: frozenset[int]
    carried: frozenset[int]
    made: Mapping[str, int]


@once_a_file
def column_drops(script: Script) -> Drops:
    """Look through a file for the columns that it drops."""
    actions = [each for statement in script.statements for each in _within(statement)]
    made: dict[str, int] = {}
    for position, action in enumerate(actions):
        if isinstance(action, CreateIndex) and action.index is not None:
            made[action.index.casefold()] = position
        elif isinstance(action, AddConstraint) and action.constraint.name:
            made[action.constraint.name.casefold()] = position
    return Drops(
        positions={id(action): position for position, action in enumerate(actions)},
        again=columns_again(actions),
        carried=columns_carried(actions),
        made=made,
    )


def rows_carried(actions: Sequence[Action]) -> frozenset[int]:
    """Give the positions of each DROP TABLE whose rows were copied, and a table or view of its name gets them again."""
    dropped = {_name(action.table) for action in actions if isinstance(action, DropTable)}
    back = {
        (name, source): position
        for position, action in enumerate(actions)
        for name, source in _gives(action)
        if name in dropped and name != source
    }
    copies = _Copies(back)
    carried = set()
    for position, action in enumerate(actions):
        if isinstance(action, DropTable):
            if copies.last(_name(action.table)) > position:
                carried.add(position)
        elif isinstance(action, Insert | CreateTable):
            copies.put(_name(action.table), copies.of(map(_name, action.reads)))
    return frozenset(carried)


def columns_again(actions: Sequence[Action]) -> frozenset[int]:
    """Give the positions of each DROP COLUMN of a column that has another in its place at the end."""
    again = set()
    made: dict[str, _Made] = {}  # what is done last to a table
    added: dict[_Column, tuple[int, bool]] = {}
    for position in range(len(actions) - 1, -1, -1):
        action = actions[position]
        match action:
            case CreateTable():
                its = frozenset(each.name.casefold() for each in action.columns)
                made.setdefault(_name(action.table), (position, its))
            case DropTable():
                made.setdefault(_name(action.table), (position, frozenset()))
            case RenameTable():
                made.setdefault(_name(action.new_name), (position, None))
            case AddColumn():
                added.setdefault((_name(action.table), action.column.name.casefold()), (position, True))
            case RenameColumn():
                added.setdefault((_name(action.table), action.new_name.casefold()), (position, True))
            case DropColumn():
                table, column = key = _column(action)
                at, names = made.get(table, _NOTHING)
                later, there = added.get(key, (-1, False))
                if later < at:
                    there = names is None or column in names
                if there:
                    again.add(position)
                added.setdefault(key, (position, False))
    return frozenset(again)


def columns_carried(actions: Sequence[Action]) -> frozenset[int]:
    """Give the positions of each DROP COLUMN of which every row's value was copied, and the next of its name has it."""
    renamed, given = _ways_back(actions)
    copies = _Copies(renamed, given)
    carried = set()
    for position, action in enumerate(actions):
        if isinstance(action, DropColumn):
            key = _column(action)
            if copies.last(key) > position or any(
                last > position and copies.has(gift.given(copies), key) for gift, last in given.get(key, {}).items()
            ):
                carried.add(position)
        elif isinstance(action, Update) and copies.asked:
            for column, bits in [(gift.column, gift.given(copies)) for gift in _gifts(action)]:
                copies.put(column, bits)
    return frozenset(carried)


def _ways_back(
    actions: Sequence[Action],
) -> tuple[dict[tuple[_Column, _Column], int], dict[_Column, dict[_Gift, int]]]:
    """Give who is renamed to a column that is dropped, and what is given to one, each with its last position."""
    dropped = {_column(action) for action in actions if isinstance(action, DropColumn)}
    renamed: dict[tuple[_Column, _Column], int] = {}
    given: dict[_Column, dict[_Gift, int]] = {}
    for position, action in enumerate(actions):
        if isinstance(action, RenameColumn):
            table = _name(action.table)
            key, source = (table, action.new_name.casefold()), (table, action.column.casefold())
            if key in dropped and key != source:
                renamed[key, source] = position
        elif isinstance(action, Update):
            for gift in _gifts(action):
                lone = gift.without_itself() if gift.column in dropped else None
                if lone is not None:
                    given.setdefault(gift.column, {})[lone] = position  # those alike are asked once
    return renamed, given


def _within(statement: Statement) -> Iterator[Action]:
    """Give what a statement does, the statements in its body included."""
    yield from statement.actions
    for inner in statement.body:
        yield from _within(inner)


class _Copies(Generic[_Key]):
    """Who holds copies of what so far, and when it last comes back from somebody who does by now.

    ``back``: what, and who gives it its name again, with the last position at which that is done; ``more``: what else
    is asked about.
    """

    def __init__(self, back: Mapping[tuple[_Key, _Key], int], more: Iterable[_Key] = ()) -> None:
        self._back = back
        self._every = list(dict.fromkeys([*(what for what, _ in back), *more]))
        self._bits = {what: 1 << number for number, what in enumerate(self._every)}
        self._held = dict(self._bits)
        self._last: dict[_Key, int] = {}
        self._awaited: dict[_Key, int] = {}
        for what, giver in back:
            self._awaited[giver] = self._awaited.get(giver, 0) | self._bits[what]

    @property
    def asked(self) -> bool:
        """Whether anything is asked about at all."""
        return bool(self._every)

    def of(self, holders: Iterable[_Key]) -> int:
        """Of what one of these holds a copy, or is it."""
        bits = 0
        for holder in holders:
            bits |= self._held.get(holder, 0)
        return bits

    def has(self, bits: int, what: _Key) -> bool:
        """Whether it is among these bits."""
        return bool(bits & self._bits.get(what, 0))

    def put(self, holder: _Key, bits: int) -> None:
        """Let somebody hold copies of these."""
        fresh = bits & ~self._held.get(holder, 0)
        if not fresh:
            return
        self._held[holder] = self._held.get(holder, 0) | fresh
        awaited = fresh & self._awaited.get(holder, 0)
        while awaited:
            what = self._every[awaited.bit_length() - 1]
            self._last[what] = max(self.last(what), self._back[what, holder])
            awaited ^= self._bits[what]

    def last(self, what: _Key) -> int:
        """When it last gets its name back from somebody who holds a copy now; -1: never."""
        return self._last.get(what, -1)


class _Gift(msgspec.Struct, frozen=True, kw_only=True):
    """An UPDATE gives a column a value that is made from others, in every row where those of its WHERE are not NULL.

    ``where`` are the columns of its WHERE, ``present`` those that it wants to be NOT NULL; both empty: every row.
    """

    column: _Column
    sources: frozenset[_Column]
    every: bool
    where: frozenset[_Column] = frozenset()
    present: frozenset[_Column] = frozenset()

    def given(self, copies: _Copies[_Column]) -> int:
        """Of what the column then holds a copy."""
        if self.every:
            return copies.of(self.sources)
        bits = _EVERY
        for column in self.where:
            bits &= copies.of((column,))
        return bits & ~copies.of(self.present - self.where) & copies.of(self.sources)

    def without_itself(self) -> _Gift | None:
        """Give what it is once the column's own old value is gone; None: nothing."""
        sources = self.sources - {self.column}
        if not sources or self.column in self.where:
            return None
        return msgspec.structs.replace(self, sources=sources, present=self.present - {self.column})


def _gifts(update: Update) -> Iterator[_Gift]:
    """Say what an UPDATE gives to all rows that have something to give."""
    table = _name(update.table)

    def named(columns: Iterable[str]) -> frozenset[_Column]:
        return frozenset((table, each.casefold()) for each in columns)

    every = update.where is None or bool(update.tautology)
    where = present = frozenset[_Column]()
    if not every and update.where is not None:
        where, present = named(update.where.columns), named(update.where.not_null_columns)
    if update.limited or len(update.columns) != len(update.values) or not (every or (where and where <= present)):
        return
    for name, value in zip(update.columns, update.values, strict=True):
        if value.columns:
            column = (table, name.casefold())
            yield _Gift(column=column, sources=named(value.columns), every=every, where=where, present=present)


def _gives(action: Action) -> Iterator[tuple[str, str]]:
    """Say which name a table or view gets by an action, and from whom its rows are."""
    match action:
        case RenameTable():
            yield _name(action.new_name), _name(action.table)
        case Insert() | CreateTable():
            yield from ((_name(action.table), _name(each)) for each in action.reads)
        case CreateView():
            yield from ((_name(action.view), _name(each)) for each in action.reads)


def _column(action: DropColumn) -> _Column:
    return _name(action.table), action.column.casefold()


def _name(name: Name) -> str:
    return name.name.casefold()
