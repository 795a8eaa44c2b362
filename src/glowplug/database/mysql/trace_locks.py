"""Metadata locks: those that a statement takes and lets go of itself, and those that a transaction holds.

A statement that changes the schema commits before it begins and when it ends. The locks of one that changes rows are
held to the end of the transaction; MariaDB shows them where its plugin METADATA_LOCK_INFO is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.database.mysql.session import quote_text, text_of
from glowplug.database.trace import Lock
from glowplug.sql import actions

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from glowplug.database.mysql.snapshot import Files, SnapshotReader
    from glowplug.database.trace import Seen
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Constraint, Name
    from glowplug.sql.statement import Statement

EXCLUSIVE = "EXCLUSIVE"
NO_WRITE = "SHARED_NO_WRITE"
NOT_SHOWN = "the server shows no metadata locks (METADATA_LOCK_INFO): which a transaction holds is not told"

_WEAKER_FIRST = (
    *("SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_WRITE", "SHARED_UPGRADABLE", "SHARED_READ_ONLY"),
    *(NO_WRITE, "SHARED_NO_READ_WRITE", EXCLUSIVE),
)
_STRENGTH = {mode: strength for strength, mode in enumerate(_WEAKER_FIRST)}
_FROM_BEGINNING_TO_END = frozenset({"DROP", "RENAME", "TRUNCATE"})
_AT_ANY_TIME = (actions.Dynamic, actions.Block, actions.SetVariable)


def held_throughout(word: str, statement: Statement) -> bool:
    """Whether a statement holds its EXCLUSIVE locks for as long as it runs.

    An ALTER TABLE, whatever its algorithm, and OPTIMIZE hold them for moments; how long can't be seen.
    """
    replaces = any(isinstance(each, actions.CreateTable) and each.or_replace for each in statement.actions)
    return replaces or (word in _FROM_BEGINNING_TO_END and not any(map(_is_of_an_index, statement.actions)))


def _is_of_an_index(action: object) -> bool:
    return isinstance(action, (actions.DropIndex, actions.DropTrigger))


def locked_by_hand(statement: Statement, files: Files) -> Iterator[tuple[Name, str]]:
    """Give what LOCK TABLES locks, and the mode; ``files`` tell which tables are InnoDB's."""
    for action in statement.actions:
        if isinstance(action, actions.LockTable):
            if "WRITE" in action.mode.upper():
                yield action.table, "SHARED_NO_READ_WRITE"
            elif action.table.name in files:
                yield action.table, "SHARED_READ_ONLY"


def new_parents(statement: Statement) -> Iterator[Name]:
    """Give the tables that foreign keys which it adds refer to.

    Where the server copies the table, and so checks them, nobody else may write these for as long as it runs.
    """
    for action in statement.actions:
        found: tuple[Constraint, ...] = ()
        if isinstance(action, actions.AddConstraint):
            found = (action.constraint,)
        elif isinstance(action, actions.AddColumn):
            found = action.column.constraints
        yield from (each.references for each in found if each.references is not None)


class MetadataLocks:
    """Reads what a session holds, from the administrator's."""

    def __init__(self, reader: SnapshotReader, schema: str, number: int) -> None:
        """Look at those that the session ``number`` has in ``schema``."""
        self._reader = reader
        self._question = (
            "SELECT table_name, lock_mode FROM information_schema.metadata_lock_info"
            f" WHERE thread_id = {number} AND table_schema = {quote_text(schema)}"
            " AND lock_type = 'Table metadata lock'"
        )
        self._shown: bool | None = None

    @property
    def shown(self) -> bool:
        """Whether the server shows them."""
        if self._shown is None:
            active = "plugin_name = 'METADATA_LOCK_INFO' AND plugin_status = 'ACTIVE'"
            self._shown = bool(self._reader.ask(f"SELECT 1 FROM information_schema.plugins WHERE {active}"))
        return self._shown

    def now(self) -> dict[str, str]:
        """Give the strongest mode of each relation."""
        strongest: dict[str, str] = {}
        for table, mode in self._reader.ask(self._question) if self.shown else ():
            name, word = text_of(table) or "", (text_of(mode) or "").removeprefix("MDL_")
            if name not in strongest or _STRENGTH.get(word, 0) > _STRENGTH.get(strongest[name], 0):
                strongest[name] = word
        return strongest


class _Held(msgspec.Struct, frozen=True, kw_only=True):
    """A lock that a transaction holds: the number of the statement that took it, and when that began."""

    mode: str
    statement: int
    since: float


class Transaction:
    """What the transaction holds, on a clock that only the file's own statements move (seconds)."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._held: dict[str, list[_Held]] = {}

    @property
    def holds(self) -> bool:
        """Whether there is any lock."""
        return bool(self._held)

    def after(
        self, seen: list[Seen], now: Mapping[str, str], statement: Statement | None, *, began: float, ended: float
    ) -> None:
        """Note what is held ``now`` that ``statement``, the last of ``seen``, has run; its new locks are put there."""
        locks_tables = statement is not None and any(isinstance(each, actions.LockTable) for each in statement.actions)
        gone = [name for name in self._held if locks_tables or name not in now]
        if gone:
            self._let_go(seen, gone, _when(statement, began, ended))
        last = len(seen) - 1
        taken = []
        for name, mode in sorted(now.items()):
            its = self._held.setdefault(name, [])
            if all(_STRENGTH.get(each.mode, 0) < _STRENGTH.get(mode, 0) for each in its):
                its.append(_Held(mode=mode, statement=last, since=began))
                taken.append(Lock(relation=name, mode=mode))
        if taken:
            new = {lock.relation for lock in taken}
            others = (lock for lock in seen[last].locks if lock.relation not in new)
            seen[last] = replace(seen[last], locks=(*others, *taken))

    def ends(self, seen: list[Seen], still: Container[str], at: float) -> None:
        """Let go of all but those that are held ``still``, of which nobody knows until when."""
        self._let_go(seen, [name for name in self._held if name not in still], at)

    def _let_go(self, seen: list[Seen], names: Iterable[str], at: float | None) -> None:
        for name in names:
            for held in self._held.pop(name):
                if at is None:
                    continue
                one = seen[held.statement]
                known = {(name, held.mode): at - held.since}
                locks = tuple(
                    replace(lock, held_seconds=known.get((lock.relation, lock.mode), lock.held_seconds))
                    for lock in one.locks
                )
                seen[held.statement] = replace(one, locks=locks)


def _when(statement: Statement | None, began: float, ended: float) -> float | None:
    """Tell when a statement lets go of what was held before it; None where that may be at any time in between.

    Source: MariaDB's manual, "SQL statements that cause an implicit commit".
    """
    whole = () if statement is None else statement.actions
    if not whole or any(isinstance(each, _AT_ANY_TIME) for each in whole):
        return None
    if any(_ends_transaction(each) for each in whole):
        return ended
    return began


def _ends_transaction(action: Action) -> bool:
    if isinstance(action, actions.Transaction):
        return action.kind in {actions.TransactionKind.COMMIT, actions.TransactionKind.ROLLBACK}
    return isinstance(action, actions.Other) and action.verb.startswith("unlock")
