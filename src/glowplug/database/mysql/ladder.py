"""How cheaply the server lets a statement change a table: what is asked of it, from the cheapest on.

The clauses ALGORITHM and LOCK are appended to the very statement. What the server can't do that cheaply it refuses
(1845, 1846) and changes nothing; the first that it takes has run. That proves nothing where an engine changes or a
table's partitions do (the cheapest is taken, and every row moves all the same): there a copy is asked for, or nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.database.mysql.session import quote_name
from glowplug.sql import actions
from glowplug.sql.actions import ObjectKind, TableChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name
    from glowplug.sql.statement import Statement

REFUSALS = frozenset({
    1845,  # ALGORITHM=… is not supported for this operation
    1846,  # … is not supported; the reason is given
})  # fmt: skip

_LOCKS = ("NONE", "SHARED", "EXCLUSIVE")
_PARTITIONS = frozenset(
    {TableChange.PARTITIONING, TableChange.DROP_PARTITION, TableChange.TRUNCATE_PARTITION, TableChange.ORDER_BY}
)
"""Clauses that must stand last, so that none can follow them."""

_ALTERATIONS = (
    *(actions.AddColumn, actions.DropColumn, actions.RenameColumn, actions.ModifyColumn, actions.SetDefault),
    *(actions.AlterColumnSetting, actions.AddConstraint, actions.DropConstraint, actions.AlterConstraint),
    *(actions.CreateIndex, actions.DropIndex, actions.RenameIndex, actions.AlterTableSetting, actions.RenameTable),
)


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that asks for one algorithm and lock."""

    algorithm: str
    lock: str
    sql: str


def rungs(statement: Statement, text: str, *, engine: str | None, mariadb: bool) -> Iterator[Rung]:
    """Give what to ask for, from the cheapest on; nothing where asking would prove nothing.

    Args:
        statement: what is about to run.
        text: the statement's own text.
        engine: of the table as it is; None where it is not known.
        mariadb: MySQL knows no NOCOPY.
    """
    if statement.unparsed is not None or statement.algorithm or statement.lock or engine is None:
        return
    found = _askable(statement, text)
    if found is None:
        return
    head, separator = found
    algorithms = ["INSTANT", "NOCOPY", "INPLACE", "COPY"] if mariadb else ["INSTANT", "INPLACE", "COPY"]
    if _new_engine(statement) not in {None, engine.lower()}:
        algorithms = ["COPY"]
    for algorithm in algorithms:
        for lock in _LOCKS:
            asked = f"{head}{separator}ALGORITHM={algorithm}"
            if algorithm != "INSTANT":
                yield Rung(algorithm=algorithm, lock=lock, sql=f"{asked}{separator}LOCK={lock}")
            elif lock == "NONE":  # with it no other clause may stand (MySQL), and it needs none
                yield Rung(algorithm=algorithm, lock=lock, sql=asked)


def altered_table(statement: Statement) -> Name | None:
    """Give the table that an ALTER TABLE, CREATE INDEX or DROP INDEX is about."""
    found = (each.table for each in statement.actions if isinstance(each, _ALTERATIONS))
    return next(found, None)


def _askable(statement: Statement, text: str) -> tuple[str, str] | None:
    """Give what the clauses are appended to, and what stands before each."""
    words = text.upper().split(None, 4)
    table = altered_table(statement)
    if table is None or not all(isinstance(each, _ALTERATIONS) for each in statement.actions):
        return None
    if words[0] == "ALTER":
        if any(
            isinstance(each, actions.AlterTableSetting) and each.change in _PARTITIONS for each in statement.actions
        ):
            return None
        return text, ", "
    if words[0] == "CREATE":
        return text, " "
    action = statement.actions[0]
    if words[0] != "DROP" or not isinstance(action, actions.DropIndex):
        return None
    existing = "IF EXISTS " if action.if_exists else ""  # DROP INDEX has no such clauses; it is this ALTER TABLE
    name = quote_name(table.name) if table.schema is None else f"{quote_name(table.schema)}.{quote_name(table.name)}"
    return f"ALTER TABLE {name} DROP INDEX {existing}{quote_name(str(action.index))}", ", "


def moves_partitions(statement: Statement) -> bool:
    """Whether it may move the rows of some partitions, and leave the others."""
    return any(
        isinstance(each, actions.AlterTableSetting) and each.change in _PARTITIONS - {TableChange.ORDER_BY}
        for each in statement.actions
    )


def did_nothing(statement: Statement, warnings: int) -> bool:
    """Whether all that it asks for was there, or gone, already: then the server touches no table.

    ``warnings``: it gives one for each IF EXISTS and IF NOT EXISTS that held it back.
    """
    conditional = (
        *(actions.AddColumn, actions.DropColumn, actions.CreateIndex, actions.DropIndex, actions.ModifyColumn),
        *(actions.RenameTable, actions.DropTable, actions.DropView),
    )
    held_back = [
        isinstance(each, conditional) and (getattr(each, "if_exists", False) or getattr(each, "if_not_exists", False))
        for each in statement.actions
    ]
    unmoved = [isinstance(each, actions.RenameTable) and each.table == each.new_name for each in statement.actions]
    return (all(held_back) and warnings >= len(held_back)) or all(unmoved)


def _new_engine(statement: Statement) -> str | None:
    for action in statement.actions:
        if isinstance(action, actions.AlterTableSetting) and action.change is TableChange.ENGINE:
            return (action.value or "").strip("'\"`").lower()
    return None


def locked_tables(statement: Statement) -> Iterator[Name]:
    """Give the tables, views and sequences that no other session may use at some moment while it runs.

    That is a metadata lock of the mode EXCLUSIVE: even an INSTANT change waits for every transaction that has read
    the table, and whoever comes after waits behind it. A trigger's table is not in DROP TRIGGER: ask the catalogue.
    """
    for action in statement.actions:
        name = _locked(action)
        if name is not None:
            yield name
    for inner in statement.inner():
        if not inner.conditional:
            yield from locked_tables(inner)


def _locked(action: Action) -> Name | None:
    match action:
        case (
            actions.CreateTable(table=name, or_replace=True, temporary=False)
            | actions.DropTable(table=name, temporary=False)
        ):
            return name
        case (
            actions.Truncate(table=name)
            | actions.CreateTrigger(table=name)
            | actions.CreateView(view=name)
            | actions.DropView(view=name)
        ):
            return name
        case actions.Alter(kind=ObjectKind.SEQUENCE, name=name) | actions.Drop(kind=ObjectKind.SEQUENCE, name=name):
            return name
        case actions.Maintain(verb="optimize", table=table):
            return table
    return action.table if isinstance(action, _ALTERATIONS) else None
