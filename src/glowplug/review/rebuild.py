"""Tables rebuilt within one file on SQLite, where ALTER TABLE can't do it; and what a file leaves of foreign_keys."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

import msgspec

from glowplug.finding import Severity
from glowplug.review.wording import weight
from glowplug.sql.actions import (
    CreateTable,
    DropTable,
    Insert,
    RenameTable,
    SetVariable,
    Transaction,
    TransactionKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context, Terms
    from glowplug.schema.simulation import Simulation
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name, Span

_Key = tuple[str, str]
_ON = frozenset({"1", "on", "true", "yes"})
_OPENS = frozenset({TransactionKind.BEGIN, TransactionKind.SAVEPOINT})
_ENDS = frozenset({TransactionKind.COMMIT, TransactionKind.ROLLBACK})


class Rebuild(msgspec.Struct, frozen=True, kw_only=True):
    """A table that is made anew in a file, under its own name.

    ``old_first``: the old one is renamed before the new one is made, instead of the new one when the old one is gone.
    ``aside`` is the other name: the new table's until it is renamed, or the old one's. ``create``, ``copy``, ``drop``
    and ``rename`` are spans of statements, ``insert`` the copy as an action; None where there is none.
    """

    table: Name
    aside: Name
    old_first: bool
    create: Span
    rename: Span
    drop: Span | None = None
    copy: Span | None = None
    insert: Insert | None = None


class ForeignKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What foreign_keys is at some point of a file.

    ``on`` None: nobody knows; ``said``: by a setting or in the file, so that there is no doubt. ``vain`` is the last
    PRAGMA of the file that does nothing, because a transaction is open.
    """

    on: bool | None
    said: bool
    vain: Span | None = None

    @classmethod
    def of(cls, terms: Terms) -> ForeignKeys:
        """Take what a file starts with."""
        return cls(on=terms.foreign_keys, said=terms.foreign_keys_said)

    @property
    def surely_off(self) -> bool:
        """Whether foreign keys are certainly not heeded."""
        return self.said and self.on is False

    @property
    def condition(self) -> str:
        """What a message says of it, to put behind it."""
        vain = "; its PRAGMA foreign_keys does nothing, for a transaction is open" if self.vain is not None else ""
        if self.on and self.said:
            return vain
        why = ", as in the SQLite that libsqlite3-sys bundles" if self.on else ""
        return (
            f"{vain}. This holds where foreign_keys is ON{why}; if the application switches it off before it runs "
            "migrations, `session_setup` under [[chain]] in glowplug.toml can say so"
        )

    def weight(self, context: Context) -> Severity:
        """How much it weighs: less where foreign_keys may well be OFF."""
        return weight(context) if self.on else weight(context, Severity.WARNING)


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """An action of a file, with what holds just before it; ``number`` counts the file's actions."""

    context: Context
    action: Action
    number: int
    schema: Simulation
    foreign_keys: ForeignKeys
    in_transaction: bool


def moments(contexts: Sequence[Context]) -> Iterator[Moment]:
    """Go through a file, action by action; ``schema`` is the same moving Simulation in all."""
    schema = contexts[0].schema.fork()
    foreign_keys = ForeignKeys.of(contexts[0].terms)
    in_transaction = contexts[0].in_transaction
    number = 0
    for context in contexts:
        for action in context.statement.actions:
            yield Moment(
                context=context,
                action=action,
                number=number,
                schema=schema,
                foreign_keys=foreign_keys,
                in_transaction=in_transaction,
            )
            number += 1
            if isinstance(action, Transaction):
                in_transaction = action.kind in _OPENS or (in_transaction and action.kind not in _ENDS)
            elif isinstance(action, SetVariable) and action.name == "foreign_keys" and action.value is not None:
                if in_transaction:
                    foreign_keys = ForeignKeys(on=foreign_keys.on, said=foreign_keys.said, vain=action.span)
                else:
                    foreign_keys = ForeignKeys(on=action.value.casefold() in _ON, said=True)
            schema.apply(action, context.statement)
        if context.statement.unparsed is not None:
            schema.run(context.statement)


def end_of(contexts: Sequence[Context]) -> Simulation:
    """Give the schema when the file has ended."""
    schema = contexts[0].schema.fork()
    for context in contexts:
        schema.run(context.statement)
    return schema


def rebuilds(contexts: Sequence[Context]) -> tuple[Rebuild, ...]:
    """Find the tables that a file makes anew, in the order of their renames."""
    actions = [(context, action) for context in contexts for action in context.statement.actions]
    if not any(isinstance(action, RenameTable) for _, action in actions):
        return ()
    file = _File(actions)
    return tuple(found for at in file.renames for found in [file.rebuild(at)] if found is not None)


class _File:
    """A file's actions by number, and where in it each table is made, filled, renamed and dropped."""

    def __init__(self, actions: Sequence[tuple[Context, Action]]) -> None:
        self.actions = actions
        self.renames: list[int] = []
        self.created: dict[_Key, list[int]] = {}
        self.filled: dict[_Key, list[int]] = {}
        self.dropped: dict[_Key, list[int]] = {}
        kinds = {CreateTable: self.created, Insert: self.filled, DropTable: self.dropped}
        for at, (_, action) in enumerate(actions):
            if isinstance(action, RenameTable):
                self.renames.append(at)
            elif isinstance(action, (CreateTable, Insert, DropTable)):
                kinds[type(action)].setdefault(_key(action.table), []).append(at)

    def rebuild(self, at: int) -> Rebuild | None:
        """Tell of what the rename at ``at`` is a part."""
        rename = self.actions[at][1]
        if not isinstance(rename, RenameTable):
            return None
        old, new = rename.table, rename.new_name
        drop, create = _last(self.dropped, new, 0, at), _last(self.created, old, 0, at)
        if drop is not None and create is not None:
            made, copied = self.actions[create][1], self._copy(create, drop, into=old, out_of=new)
            if copied is None and isinstance(made, CreateTable) and made.from_query:
                copied = create
            return self._made((new, old), create=create, rename=at, drop=drop, copied=copied)
        end = len(self.actions)
        create = _last(self.created, old, at, end)
        if create is None:
            return None
        drop = _last(self.dropped, new, create, end)
        copied = self._copy(create, end if drop is None else drop, into=old, out_of=new)
        return self._made((old, new), create=create, rename=at, drop=drop, copied=copied)

    def _copy(self, since: int, until: int, *, into: Name, out_of: Name) -> int | None:
        """Find the first INSERT in a stretch of the file that fills one table from the other."""
        numbers = self.filled.get(_key(into), [])
        for at in numbers[bisect.bisect_left(numbers, since) :]:
            action = self.actions[at][1]
            if at >= until:
                return None
            if isinstance(action, Insert) and any(same(one, out_of) for one in action.reads):
                return at
        return None

    def _made(
        self, names: tuple[Name, Name], *, create: int, rename: int, drop: int | None, copied: int | None
    ) -> Rebuild:
        """Put it together from the numbers of its actions; ``names`` are the table's and the other one."""
        copy = None if copied is None else self.actions[copied]
        return Rebuild(
            table=names[0],
            aside=names[1],
            old_first=rename < create,
            create=self.actions[create][0].statement.span,
            rename=self.actions[rename][0].statement.span,
            drop=None if drop is None else self.actions[drop][0].statement.span,
            copy=None if copy is None else copy[0].statement.span,
            insert=copy[1] if copy is not None and isinstance(copy[1], Insert) else None,
        )


def _last(numbers: dict[_Key, list[int]], table: Name, since: int, until: int) -> int | None:
    """Give the last number of a table in a stretch of the file."""
    own = numbers.get(_key(table), [])
    at = bisect.bisect_left(own, until) - 1
    return own[at] if at >= 0 and own[at] >= since else None


def _key(name: Name) -> _Key:
    return name.name.casefold(), (name.schema or "main").casefold()


def same(one: Name, other: Name) -> bool:
    """Whether two names of SQLite's mean one table; ``main`` is what is meant where nothing is said."""
    return _key(one) == _key(other)
